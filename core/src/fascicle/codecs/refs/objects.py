"""References to files and folders."""

from __future__ import annotations

import datetime as dt
import json
import mimetypes
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from fascicle.codecs.refs.base import StoredRef, check_mode, fetch_file
from fascicle.codecs.refs.mapping import StoreMap
from fascicle.errors import MissingExternalFile, StoreError
from fascicle.stores.checksums import check_quickly, compare, digest_of_object, mismatch
from fascicle.stores.paths import checked_path, joined, name_of

MANIFEST = ".manifest.json"


class ObjectRef(StoredRef):
    """A file or a folder in a store.

    Size and kind are known without reading.  A folder's files are listed in a manifest, with their checksums.
    """

    @property
    def marker(self) -> tuple[str, int | None]:
        """The object whose time says how old this one is, and its size."""
        if self.is_dir:
            return self.path + MANIFEST, self._metadata.get("manifest_size")
        return self.path, self._metadata.get("size")

    # --- known without reading ----------------------------------------------------------------------------
    @property
    def size(self) -> int | None:
        """Bytes in all."""
        return self._metadata.get("size")

    @property
    def ext(self) -> str | None:
        """Extension of the file's name."""
        return self._metadata.get("ext")

    @property
    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return bool(self._metadata.get("is_dir"))

    @property
    def item_count(self) -> int | None:
        """Number of files in a folder."""
        return self._metadata.get("item_count")

    @property
    def timestamp(self) -> dt.datetime | None:
        """When it was stored."""
        text = self._metadata.get("timestamp")
        return dt.datetime.fromisoformat(text) if text else None

    @property
    def mime_type(self) -> str | None:
        """Kind of contents that its name suggests."""
        return self._metadata.get("mime_type") or mimetypes.guess_type(self.path)[0]

    @property
    def url(self) -> str | None:
        """URL that the row has, if any."""
        return self._metadata.get("url")

    # --- reading -------------------------------------------------------------------------------------------
    def read(self) -> bytes:
        """Return the contents of the file, verified.

        Raises
        ------
        StoreError
            If it is a folder.
        MissingExternalFile, ChecksumError
        """
        self._refuse_folder("read")
        data = self._store.read(self.path)
        check_quickly(self._metadata, data, self.path, self._store)
        return data

    def open(self, subpath: str | None = None, mode: str = "rb") -> IO[Any]:  # type: ignore[override]
        """Open the file, or a file of the folder; seeks move only what is read.

        Parameters
        ----------
        subpath : str, optional
            Which file of a folder.
        mode : {"rb", "r"}
        """
        if subpath in ("rb", "r", "rt") and not self.is_dir:
            return super().open(subpath)
        if subpath is None:
            self._refuse_folder("open")
            return super().open(mode)
        check_mode(mode)
        size = self._sizes.get(subpath) if self.is_dir else None
        stream = self._store.open(self._inside(subpath), size)
        if "b" in mode:
            return stream
        import io

        return io.TextIOWrapper(stream, encoding="utf-8")

    def exists(self, subpath: str | None = None) -> bool:
        """Whether the file is there, or the folder's manifest or any file of it (one request)."""
        if subpath is not None:
            return self._store.exists(self._inside(subpath))
        if not self.is_dir:
            return super().exists()
        return self._store.exists(self.path + MANIFEST) or self._store.is_folder(self.path)

    def listdir(self, subpath: str = "") -> list[str]:
        """Return the names in the folder, or in a folder of it, sorted."""
        prefix = f"{checked_path(subpath)}/" if subpath else ""
        names = {path[len(prefix) :].split("/")[0] for path in self.files if path.startswith(prefix)}
        return sorted(names)

    def walk(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """Go through the folders as `os.walk` does: path, folders in it, files in it."""
        inside: dict[str, tuple[set[str], set[str]]] = {"": (set(), set())}
        for path in self.files:
            *folders, name = path.split("/")
            here = ""
            for folder in folders:
                inside[here][0].add(folder)
                here = joined(here, folder)
                inside.setdefault(here, (set(), set()))
            inside[here][1].add(name)
        for folder in sorted(inside):
            yield folder, sorted(inside[folder][0]), sorted(inside[folder][1])

    @property
    def files(self) -> list[str]:
        """Paths of the folder's files, relative to it, sorted."""
        if not self.is_dir:
            raise StoreError("a file has no files in it", where=self.path, try_="open() or read() it")
        return sorted(self._sizes)

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What was stored with a folder: ``files`` with path and size, ``total_size``, ``item_count``, ``created``.

        Raises
        ------
        MissingExternalFile
            If the folder has none, as one that others put together by hand.
        ChecksumError
            If it is not the one that the row means.
        """
        return self._manifest

    @cached_property
    def _manifest(self) -> Mapping[str, Any]:
        path = self.path + MANIFEST
        data = self._store.read(path)
        facts = {"size": self._metadata.get("manifest_size"), "crc32": self._metadata.get("manifest_crc32")}
        check_quickly(facts, data, path, self._store)
        try:
            manifest = json.loads(data)
            return {**manifest, "files": [{**f, "path": checked_path(f["path"])} for f in manifest["files"]]}
        except (ValueError, KeyError, TypeError) as error:
            raise mismatch(path, self._store, "it is no manifest") from error

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """Size of each file of a folder, from the manifest, or from the store where there is none."""
        try:
            return {file["path"]: file["size"] for file in self.manifest["files"]}
        except MissingExternalFile:
            start = len(self.path) + 1
            return {entry.path[start:]: entry.size for entry in self._store.entries(self.path)}

    def download(self, destination: str | os.PathLike[str] = ".", subpath: str | None = None) -> Path:
        """Copy the file, the folder or a file of it to the local file system, verified.

        Parameters
        ----------
        destination : path
            A file or folder to write; an existing folder receives it under its own name.
        subpath : str, optional
            Which file of a folder.

        Returns
        -------
        Path
            What was written.

        Raises
        ------
        MissingExternalFile, ChecksumError
        """
        if subpath is None and not self.is_dir:
            return super().download(destination)
        target = Path(destination)
        facts = {file["path"]: file for file in self._listed()}
        if subpath is not None:
            target = target / name_of(checked_path(subpath)) if target.is_dir() else target
            target.parent.mkdir(parents=True, exist_ok=True)
            fetch_file(self._store, self._inside(subpath), facts.get(subpath, {}), target)
            return target.absolute()
        target = target / name_of(self.path) if target.is_dir() else target
        target.mkdir(parents=True, exist_ok=True)

        def fetch(path: str) -> None:
            place = target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            fetch_file(self._store, self._inside(path), facts[path], place)

        for _ in self._stores.parallel(fetch, sorted(facts)):
            pass
        return target.absolute()

    def _listed(self) -> list[Mapping[str, Any]]:
        try:
            return list(self.manifest["files"])
        except MissingExternalFile:
            return [{"path": path, "size": size} for path, size in self._sizes.items()]

    def verify(self) -> bool:
        """Read everything and compare it with what the row, and a folder's manifest, say.

        Raises
        ------
        MissingExternalFile, ChecksumError
        """
        if not self.is_dir:
            return super().verify()
        facts = self._listed()

        def check(file: Mapping[str, Any]) -> None:
            path = self._inside(file["path"])
            compare(file, digest_of_object(self._store, path), path, self._store)

        for _ in self._stores.parallel(check, facts):
            pass
        if self.size is not None and sum(file["size"] for file in facts) != self.size:
            raise mismatch(self.path, self._store, "the sizes of its files do not add up to the row's")
        return True

    # --- for other libraries -------------------------------------------------------------------------------
    @property
    def fsmap(self) -> StoreMap:
        """The folder as a read-only mapping of paths to bytes, which zarr and others open."""
        return StoreMap(self._store, self.path)

    def _inside(self, subpath: str) -> str:
        return joined(self.path, checked_path(subpath))

    def _refuse_folder(self, action: str) -> None:
        if self.is_dir:
            raise StoreError(
                f"a folder cannot be {action if action == 'read' else 'opened'} as a file",
                where=self.path,
                try_="name a file of it, ref.open('sub/file.bin'); ref.listdir() shows them",
            )

    def __repr__(self) -> str:
        kind = f"folder of {self.item_count} files" if self.is_dir else "file"
        return f"<ObjectRef {kind}, {self.size} bytes, in {self.store}: {self.path}>"
