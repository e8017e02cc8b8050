"""Objects that are written in place before their row exists."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import IO, Any

from fascicle.codecs.context import CodecContext
from fascicle.codecs.folders import file_metadata, files_below, store_folder, write_manifest
from fascicle.errors import MissingExternalFile, StoreError
from fascicle.stores import Store, checked_path
from fascicle.stores.checksums import Digest, digest_of_file
from fascicle.stores.paths import joined


class Staged:
    """A value whose object is in its place already; its metadata go into the row as they are.

    Parameters
    ----------
    metadata : dict
    """

    def __init__(self, metadata: dict[str, Any]) -> None:
        self.metadata = metadata


class StagedMap(MutableMapping[str, bytes]):
    """A folder of a store as a mapping to write to, as zarr 2 and others take it.

    Parameters
    ----------
    store : Store
    folder : str
    """

    def __init__(self, store: Store, folder: str) -> None:
        self.store = store
        self.folder = folder
        self._files: dict[str, dict[str, Any]] = {}

    def _path(self, name: str) -> str:
        return joined(self.folder, checked_path(name))

    def __setitem__(self, name: str, value: Any) -> None:
        data = memoryview(value).cast("B") if not isinstance(value, bytes) else value
        digest = Digest()
        digest.update(data)
        self.store.put(self._path(name), data)
        self._files[name] = {"path": name, **digest.facts}

    def __getitem__(self, name: str) -> bytes:
        if name not in self._files:
            raise KeyError(name)
        return self.store.read(self._path(name))

    def part(self, name: str, start: int, stop: int | None = None) -> bytes:
        """Return some bytes of a file.

        Raises
        ------
        KeyError
            If it is not there.
        """
        if name not in self._files:
            raise KeyError(name)
        return self.store.read(self._path(name), start, stop)

    def size_of(self, name: str) -> int:
        """Return the bytes of a file.

        Raises
        ------
        KeyError
            If it is not there.
        """
        return int(self._files[name]["size"])

    def __delitem__(self, name: str) -> None:
        if name not in self._files:
            raise KeyError(name)
        self.store.remove([self._path(name)])
        del self._files[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._files))

    def __len__(self) -> int:
        return len(self._files)

    @property
    def files(self) -> list[dict[str, Any]]:
        """What was written, as a manifest lists it."""
        return [self._files[name] for name in sorted(self._files)]


class Place:
    """Where one attribute's object is written before its row.

    Parameters
    ----------
    here : CodecContext
    store : Store
    path : str
        Path of the object in the store.
    extension : str
    spool : callable
        Returns the folder for what cannot be written in place, because the store is not local.
    """

    def __init__(
        self, here: CodecContext, store: Store, path: str, extension: str, spool: Callable[[], Path]
    ) -> None:
        self.here = here
        self.store = store
        self.path = path
        self.extension = extension
        self._spool = spool
        self._map: StagedMap | None = None
        self._local: Path | None = None
        self._streams: list[IO[Any]] = []

    def mapping(self) -> StagedMap:
        """Return the object as a folder to write to by names."""
        if self._local is not None:
            raise StoreError("this object is being written as a file already", where=self.path)
        self._map = self._map or StagedMap(self.store, self.path)
        return self._map

    def local(self) -> Path:
        """Return a path on this machine to write a file or folder to: the object's own in a local store."""
        if self._map is not None:
            raise StoreError("this object is being written by names already", where=self.path)
        if self._local is None:
            if self.store.is_local:
                self._local = Path(self.store.local_path(self.path))
            else:
                self._local = self._spool() / self.path.rpartition("/")[2]
            self._local.parent.mkdir(parents=True, exist_ok=True)
        return self._local

    def open(self, mode: str) -> IO[Any]:
        """Open the object as a file to write, with seeks."""
        stream = self.local().open("w+b" if mode in ("wb", "w", "xb") else mode)
        self._streams.append(stream)
        return stream

    def finish(self) -> dict[str, Any]:
        """Bring the object to its place and to the disk, and return its metadata.

        Raises
        ------
        StoreError
            If nothing was written.
        """
        for stream in self._streams:
            stream.close()
        if self._map is not None:
            return write_manifest(self._map.files, self.path, self.store, self.here)
        local = self.local()
        if not local.exists():
            raise StoreError(
                "nothing was written where an object was announced",
                where=str(local),
                try_="write to it, or do not ask",
            )
        if not self.store.is_local:
            return self._uploaded(local)
        return self._in_place(local)

    def _uploaded(self, local: Path) -> dict[str, Any]:
        if local.is_dir():
            return store_folder(local, self.path, self.store, self.here)
        facts = digest_of_file(local).facts
        self.store.upload(self.path, local)
        return file_metadata(self.path, self.store, self.extension, facts)

    def _in_place(self, local: Path) -> dict[str, Any]:
        root = Path(self.store.location)
        if local.is_dir():
            files = []
            for name, path in files_below(local):
                files.append({"path": name, **digest_of_file(path).facts})
                _settle(path, root)
            return write_manifest(files, self.path, self.store, self.here)
        _settle(local, root)
        return file_metadata(self.path, self.store, self.extension, digest_of_file(local).facts)

    def abandon(self) -> None:
        """Remove what was written, as far as that goes."""
        for stream in self._streams:
            stream.close()
        if self._local is not None:
            if self._local.is_dir():
                shutil.rmtree(self._local, ignore_errors=True)
            else:
                self._local.unlink(missing_ok=True)
        try:
            self.store.remove([entry.path for entry in self.store.entries(self.path)])
        except (StoreError, MissingExternalFile):
            return


def _settle(path: Path, root: Path) -> None:
    """Wait until the disk has a file and the folders that lead to it."""
    folders = [folder for folder in path.parents if folder.is_relative_to(root)]
    for place in (path, *folders):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
