"""What every reference to an object knows and does."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self

from fascicle.errors import StoreError
from fascicle.stores import Store, Stores
from fascicle.stores.checksums import compare, digest_of_object, mismatch
from fascicle.stores.paths import name_of


class StoredRef:
    """An object in a store, known by the metadata of a row; nothing is read until it is asked for.

    Parameters
    ----------
    metadata : mapping
        What the row has.
    stores : Stores
        Stores by name.
    """

    def __init__(self, metadata: Mapping[str, Any], stores: Stores) -> None:
        self._metadata = dict(metadata)
        self._stores = stores

    @classmethod
    def from_json(cls, metadata: Mapping[str, Any], stores: Stores) -> Self:
        """Make a reference from what `to_json` returned."""
        return cls(metadata, stores)

    def to_json(self) -> dict[str, Any]:
        """Return the metadata that the row has."""
        return dict(self._metadata)

    # --- known without reading ----------------------------------------------------------------------------
    @property
    def path(self) -> str:
        """Path inside the store."""
        return str(self._metadata["path"])

    @property
    def store(self) -> str:
        """Name of the store."""
        return self._stores.resolve(self._metadata.get("store"))

    @property
    def marker(self) -> tuple[str, int | None]:
        """The object whose time says how old this one is, and its size."""
        return self.path, self._metadata.get("size")

    @property
    def hash(self) -> str | None:
        """SHA-256 of the contents in hexadecimal digits, where the row has it."""
        return self._metadata.get("hash")

    @property
    def full_path(self) -> str:
        """Location of the store and path in it, for people."""
        return f"{self._store.location.rstrip('/')}/{self.path}"

    @property
    def _store(self) -> Store:
        return self._stores[self.store]

    # --- reading -------------------------------------------------------------------------------------------
    def exists(self) -> bool:
        """Whether the object is there (one request)."""
        return self._store.exists(self.path)

    def open(self, mode: str = "rb") -> IO[Any]:
        """Open the object; seeks move only what is read.

        Parameters
        ----------
        mode : {"rb", "r"}
            Bytes, or text in UTF-8.

        Raises
        ------
        StoreError
            If `mode` would write: an object belongs to its row and does not change.
        """
        check_mode(mode)
        stream = self._store.open(self.path, self._metadata.get("size"))
        return stream if "b" in mode else io.TextIOWrapper(stream, encoding="utf-8")

    def download(self, destination: str | os.PathLike[str] = ".") -> Path:
        """Copy the object to a local file, verified.

        Parameters
        ----------
        destination : path
            A file to write, or a folder to write it into under its own name.

        Returns
        -------
        Path
            The file, which appears whole or not at all.

        Raises
        ------
        MissingExternalFile, ChecksumError
        """
        target = Path(destination)
        if target.is_dir():
            target = target / name_of(self.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        fetch_file(self._store, self.path, self._metadata, target)
        return target.absolute()

    def verify(self) -> bool:
        """Read the whole object and compare it with what the row says.

        Returns
        -------
        bool
            True.

        Raises
        ------
        MissingExternalFile, ChecksumError
        """
        compare(self._metadata, digest_of_object(self._store, self.path), self.path, self._store)
        return True

    def __fspath__(self) -> str:
        return self._store.local_path(self.path)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return (self.store, self.path) == (other.store, other.path)

    def __hash__(self) -> int:
        return hash((self._metadata.get("store"), self.path))


def check_mode(mode: str) -> None:
    """Refuse modes that write.

    Raises
    ------
    StoreError
    """
    if mode not in ("rb", "r", "rt"):
        raise StoreError(
            f"an object of a row cannot be opened with mode {mode!r}",
            why="it belongs to its row, whose checksum it has",
            try_="insert a new row, or update1 this one with a new value; `staged_insert1` writes in place",
        )


def fetch_file(store: Store, path: str, facts: Mapping[str, Any], target: Path) -> None:
    """Copy an object to a local file and compare it on the way; a copy that differs does not stay.

    Raises
    ------
    MissingExternalFile, ChecksumError
    """
    from fascicle.stores.checksums import digest_of_file

    part = target.with_name(f".{target.name}.{os.getpid()}.fetched")
    try:
        store.download(path, part)
        size = facts.get("size")
        if size is not None and part.stat().st_size != size:
            raise mismatch(path, store, f"it has {part.stat().st_size} bytes, and the row says {size}")
        if facts.get("hash") or facts.get("crc32"):
            compare(facts, digest_of_file(part), path, store)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
