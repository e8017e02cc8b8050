"""A folder of a store as a mapping, the interface that array libraries take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fascicle.errors import FascicleError, MissingExternalFile
from fascicle.stores import Store
from fascicle.stores.paths import checked_path, joined


class StoreMap(Mapping[str, bytes]):
    """Objects below a folder by their path relative to it; read-only.

    Parameters
    ----------
    store : Store
    folder : str
    """

    def __init__(self, store: Store, folder: str) -> None:
        self.store = store
        self.folder = folder

    def _path(self, name: str) -> str:
        return joined(self.folder, checked_path(name))

    def __getitem__(self, name: str) -> bytes:
        try:
            return self.store.read(self._path(name))
        except MissingExternalFile as error:
            raise KeyError(name) from error

    def part(self, name: str, start: int, stop: int | None = None) -> bytes:
        """Return some bytes of a file.

        Raises
        ------
        KeyError
            If it is not there.
        """
        try:
            return self.store.read(self._path(name), start, stop)
        except MissingExternalFile as error:
            raise KeyError(name) from error

    def size_of(self, name: str) -> int:
        """Return the bytes of a file.

        Raises
        ------
        KeyError
            If it is not there.
        """
        try:
            return self.store.stat(self._path(name)).size
        except MissingExternalFile as error:
            raise KeyError(name) from error

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and self.store.exists(self._path(name))
        except FascicleError:
            return False

    def __iter__(self) -> Iterator[str]:
        start = len(self.folder) + 1
        return (entry.path[start:] for entry in self.store.entries(self.folder))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<StoreMap {self.folder} in {self.store.name}>"
