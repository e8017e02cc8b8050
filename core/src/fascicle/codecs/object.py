"""``<object@store>``: a file or folder of any format, kept beside its row's key, fetched as a lazy reference."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fascicle.codecs.context import CodecContext, required
from fascicle.codecs.folders import file_metadata, store_folder
from fascicle.codecs.hash import store_only
from fascicle.codecs.protocol import Codec
from fascicle.codecs.refs.objects import ObjectRef
from fascicle.codecs.sharing import reused
from fascicle.stores import Store
from fascicle.stores.checksums import Digest, DigestingWriter, digest_of_file
from fascicle.stores.protocol import CHUNK_BYTES


class ObjectCodec(Codec):
    """Files and folders in a store.

    Given is the path of a file or folder, bytes, ``(extension, bytes)``, a stream opened for reading, or a reference
    that was fetched.  Fetched is an `ObjectRef`.
    """

    name = "object"
    can_be_staged = True

    def get_dtype(self, is_store: bool) -> str:
        """``"json"``; only in a store.

        Raises
        ------
        CodecError
            If no store is named.
        """
        if not is_store:
            raise store_only(self.name, "<attach> keeps a file in the table")
        return "json"

    def validate(self, value: Any) -> None:
        """Refuse what is no file, folder, bytes or stream."""
        if isinstance(value, tuple):
            if len(value) != 2 or not isinstance(value[0], str) or not _is_bytes(value[1]):
                raise TypeError("a tuple given here is (extension, bytes)")
            if "/" in value[0] or "\0" in value[0] or ".." in value[0]:
                raise ValueError(f"{value[0]!r} is no extension")
        elif isinstance(value, str | os.PathLike) and not isinstance(value, ObjectRef):
            if not Path(value).exists():
                raise ValueError(f"there is no file or folder {os.fspath(value)!r}")
        elif not (_is_bytes(value) or isinstance(value, ObjectRef) or hasattr(value, "read")):
            raise TypeError(f"a path, bytes or a stream is stored here, not a {type(value).__name__}")

    def encode(
        self,
        value: Any,
        *,
        key: Mapping[str, Any] | None = None,
        store_name: str | None = None,
        context: Any = None,
    ) -> dict[str, Any]:
        """Copy the value into the store and return the row's metadata."""
        here = required(context, self.name)
        store = here.store(store_name)
        if isinstance(value, ObjectRef):
            return reused(value, here, store) or _copied(value, key, store, here)
        if isinstance(value, tuple):
            return _from_bytes(value[1], value[0], key, store, here)
        if _is_bytes(value):
            return _from_bytes(value, "", key, store, here)
        if isinstance(value, str | os.PathLike):
            return _from_path(Path(value), key, store, here)
        return _from_stream(value, key, store, here)

    def decode(self, stored: Any, *, key: Mapping[str, Any] | None = None, context: Any = None) -> ObjectRef:
        """Return a reference; nothing is read."""
        return ObjectRef(stored, required(context, self.name).stores)

    def referenced_paths(self, stored: Any) -> list[tuple[str, str | None]]:
        """Path and store of the file or folder."""
        return [(stored["path"], stored.get("store"))]


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes | bytearray | memoryview)


def _from_bytes(
    data: Any, extension: str, key: Mapping[str, Any] | None, store: Store, here: CodecContext
) -> dict[str, Any]:
    digest = Digest()
    digest.update(data)
    path = here.new_path(store, key, extension)
    store.put(path, data)
    return file_metadata(path, store, extension, digest.facts)


def _from_path(
    source: Path, key: Mapping[str, Any] | None, store: Store, here: CodecContext
) -> dict[str, Any]:
    if source.is_dir():
        return store_folder(source, here.new_path(store, key), store, here)
    path = here.new_path(store, key, source.suffix)
    facts = digest_of_file(source).facts
    store.upload(path, source)
    return file_metadata(path, store, source.suffix, facts)


def _from_stream(
    stream: Any, key: Mapping[str, Any] | None, store: Store, here: CodecContext
) -> dict[str, Any]:
    extension = Path(str(getattr(stream, "name", ""))).suffix
    path = here.new_path(store, key, extension)
    with store.writer(path) as target:
        writer = DigestingWriter(target)
        shutil.copyfileobj(stream, writer, CHUNK_BYTES)
    return file_metadata(path, store, extension, writer.digest.facts)


def _copied(
    ref: ObjectRef, key: Mapping[str, Any] | None, store: Store, here: CodecContext
) -> dict[str, Any]:
    """Copy an object of another schema or store."""
    if not ref.is_dir:
        with ref.open() as stream:
            return {**_from_stream(stream, key, store, here), "ext": ref.ext}
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return store_folder(ref.download(Path(folder) / "copy"), here.new_path(store, key), store, here)
