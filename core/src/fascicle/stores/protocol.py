"""What a store does: keep objects by path, whole or not at all."""

from __future__ import annotations

import io
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

from fascicle.errors import MissingExternalFile, StoreError
from fascicle.stores.reader import RangeReader

CHUNK_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """An object in a store.

    Parameters
    ----------
    path : str
        Path inside the store.
    size : int
        Bytes.
    modified : float
        Seconds since 1970 by the store's own clock.
    """

    path: str
    size: int
    modified: float


class Store(ABC):
    """Objects by path; safe for several threads.

    An object appears at its path whole or not at all, and once a method that writes has returned it outlasts a
    crash.  Paths are relative, with ``/`` between segments; a path that would leave the store is refused.

    Parameters
    ----------
    name : str
        Name in definitions and settings.

    Attributes
    ----------
    protocol : str
        Value of the setting ``protocol`` that chooses this class.
    is_local : bool
        Whether ranged reads cost no more than a system call.
    """

    protocol: ClassVar[str]
    is_local: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    @abstractmethod
    def location(self) -> str:
        """Where the store is, for people; never with secrets."""

    # --- writing -------------------------------------------------------------------------------------------
    @abstractmethod
    def put(self, path: str, data: Any) -> None:
        """Store bytes under a path, replacing what is there.

        Parameters
        ----------
        path : str
        data : bytes-like, or iterable of bytes-like
        """

    @abstractmethod
    def writer(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Return a context manager that yields a stream to write an object to.

        The object appears when the block ends; left by an exception, the block leaves nothing.  Memory is
        bounded whatever the size.
        """

    def upload(self, path: str, source: Path) -> None:
        """Store the contents of a local file."""
        with source.open("rb") as stream, self.writer(path) as target:
            shutil.copyfileobj(stream, target, CHUNK_BYTES)

    @abstractmethod
    def touch(self, path: str, size: int) -> bool:
        """Make an object as new as one just written.

        Returns
        -------
        bool
            False if it is not there, or has not `size` bytes; then it must be written anew.
        """

    @abstractmethod
    def remove(self, paths: Iterable[str]) -> None:
        """Remove objects; those that are not there are left out silently."""

    # --- reading -------------------------------------------------------------------------------------------
    @abstractmethod
    def read(self, path: str, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes of an object, or those from `start` up to `stop`; fewer where it ends before.

        Raises
        ------
        MissingExternalFile
            If there is no such object.
        """

    @abstractmethod
    def stat(self, path: str) -> Entry:
        """Return size and time of an object.

        Raises
        ------
        MissingExternalFile
            If there is no such object.
        """

    @abstractmethod
    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Go through the objects whose path lies in the folder `prefix` (all if empty), in no promised order."""

    def debris(self, prefix: str = "") -> Iterator[Entry]:
        """Go through what interrupted writes left behind in the folder `prefix`; `entries` shows none of it."""
        return iter(())

    def discard(self, debris: Iterable[Entry]) -> None:
        """Remove what `debris` found."""
        self.remove(entry.path for entry in debris)

    def exists(self, path: str) -> bool:
        """Whether there is an object at a path."""
        try:
            self.stat(path)
        except MissingExternalFile:
            return False
        return True

    def is_folder(self, path: str) -> bool:
        """Whether objects lie in the folder `path`."""
        return any(True for _ in self.entries(path))

    def open(self, path: str, size: int | None = None) -> BinaryIO:
        """Open an object for reading, with seeks that move only what is read.

        Parameters
        ----------
        path : str
        size : int, optional
            Bytes of the object, where they are known already: it saves a request.
        """
        total = self.stat(path).size if size is None else size
        return io.BufferedReader(RangeReader(self, path, total), RangeReader.BLOCK_BYTES)

    def download(self, path: str, target: Path) -> None:
        """Copy an object to a local file, which appears whole or not at all."""
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as stream:
                for block in self.blocks(path):
                    stream.write(block)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def blocks(self, path: str, size: int | None = None) -> Iterator[bytes]:
        """Read an object from its beginning in blocks of bounded size.

        Raises
        ------
        MissingExternalFile
            If it is not there, or vanishes while it is read.
        """
        total = self.stat(path).size if size is None else size
        for start in range(0, total, CHUNK_BYTES):
            yield self.read(path, start, min(start + CHUNK_BYTES, total))

    def local_path(self, path: str) -> str:
        """Return where a local store has an object on this machine.

        Raises
        ------
        StoreError
            If the store is not local.
        """
        raise StoreError(
            "the object has no path on this machine",
            where=f"{path} in store {self.name!r} ({self.location})",
            why="its store is not local",
            try_="download it first, or open() it",
        )

    # --- life ----------------------------------------------------------------------------------------------
    def close(self) -> None:  # noqa: B027  (most stores hold nothing open)
        """Give back what the store holds open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} at {self.location}>"

    # --- errors --------------------------------------------------------------------------------------------
    def missing(self, path: str) -> MissingExternalFile:
        """Make the error for an object that is not there."""
        return MissingExternalFile(
            "there is no such object in the store",
            where=f"{path} in store {self.name!r} ({self.location})",
            why="it was removed by hand, or the store's settings point to another place",
            try_="check the location in the settings of the store; restore the file from a backup",
            path=path,
            store=self.name,
        )

    def failed(self, action: str, path: str, error: BaseException) -> StoreError:
        """Make the error for an object that could not be written or read."""
        return StoreError(
            f"an object could not be {action}",
            where=f"{path} in store {self.name!r} ({self.location})",
            why=str(error) or type(error).__name__,
            path=path,
            store=self.name,
        )


def pieces_of(data: Any) -> Iterable[Any]:
    """Return what `Store.put` was given as an iterable of bytes-like pieces."""
    if isinstance(data, bytes | bytearray | memoryview):
        return (data,)
    return data  # type: ignore[no-any-return]
