"""``<attach>``: a file with its name, kept in the table or in a store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fascicle.codecs.context import CodecContext
from fascicle.codecs.protocol import Codec
from fascicle.errors import CodecError, UnsafePathError
from fascicle.stores.paths import checked_path

_NUL: Final = b"\0"
_MOST_NAMESAKES: Final = 10_000


class AttachCodec(Codec):
    """A file as one value: given by its path, fetched as the path of a copy.

    Stored are the file's name, a NUL and its contents; ``<attach@store>`` keeps equal files once.  A fetch puts the
    file into the folder of the setting ``download_path``.
    """

    name = "attach"
    uses_row = False
    reads_objects = True

    def get_dtype(self, is_store: bool) -> str:
        """``"bytes"`` in the table, ``"<hash>"`` in a store."""
        return "<hash>" if is_store else "bytes"

    def validate(self, value: Any) -> None:
        """Refuse what is no path of a file."""
        if not isinstance(value, str | os.PathLike):
            raise TypeError(f"the path of a file is given here, not a {type(value).__name__}")
        if not Path(value).is_file():
            raise ValueError(f"there is no file {os.fspath(value)!r}")

    def encode(
        self, value: Any, *, key: Mapping[str, Any] | None = None, store_name: str | None = None
    ) -> bytes:
        """Name and contents of a file."""
        path = Path(value)
        try:
            return path.name.encode() + _NUL + path.read_bytes()
        except OSError as error:
            raise ValueError(f"the file {str(path)!r} cannot be read: {error.strerror}") from error

    def decode(self, stored: Any, *, key: Mapping[str, Any] | None = None, context: Any = None) -> str:
        """Write the file into the folder of downloads and return its path.

        Raises
        ------
        UnsafePathError
            If the stored name would lead out of the folder.
        """
        name, separator, contents = bytes(stored).partition(_NUL)
        if not separator:
            raise CodecError("a stored attachment has no name", why="there is no NUL byte after one")
        folder = context.downloads if isinstance(context, CodecContext) else Path()
        return str(_written(Path(folder), safe_name(name), contents))


def safe_name(raw: bytes) -> str:
    """Return the name of an attachment if it names a file and nothing else.

    Raises
    ------
    UnsafePathError
    """
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise UnsafePathError("the name of an attachment is no text", where=repr(raw)[:100]) from None
    if "/" in name:
        raise UnsafePathError(
            "the name of an attachment would lead to another folder",
            where=repr(name),
            why="a file's name has no '/'",
            try_="read the raw bytes of the column, if you trust who wrote them",
        )
    return checked_path(name)


def _written(folder: Path, name: str, contents: bytes) -> Path:
    """Write a file, under a further name if another one has its own; the same file is not written again."""
    folder.mkdir(parents=True, exist_ok=True)
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(_MOST_NAMESAKES):
        place = folder / (name if number == 0 else f"{stem}_{number:04d}{suffix}")
        try:
            with place.open("xb") as stream:
                stream.write(contents)
            return place.absolute()
        except FileExistsError:
            if place.is_file() and place.stat().st_size == len(contents) and place.read_bytes() == contents:
                return place.absolute()
    raise CodecError(f"there are {_MOST_NAMESAKES} files named like {name!r} already", where=str(folder))
