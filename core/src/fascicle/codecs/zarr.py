"""``<zarr@store>``: arrays and groups of arrays in Zarr format 2, chunk by chunk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fascicle.codecs import zarrformat as fmt
from fascicle.codecs.context import CodecContext, required
from fascicle.codecs.folders import store_folder, write_manifest
from fascicle.codecs.hash import store_only
from fascicle.codecs.protocol import Codec
from fascicle.codecs.refs.zarr import ZarrRef
from fascicle.codecs.sharing import reused
from fascicle.errors import CodecError, MissingExternalFile
from fascicle.stores import Store
from fascicle.stores.checksums import Digest
from fascicle.stores.paths import joined


class ZarrCodec(Codec):
    """Arrays in chunks, in the format that versions 2 and 3 of the zarr package read.

    Given is an array, an array or group of the zarr package, the path of a ``.zarr`` folder of format 2, or a
    reference that was fetched.  Fetched is a `ZarrRef`, which reads the chunks that an index touches.
    """

    name = "zarr"
    can_be_staged = True
    extension = ".zarr"

    def get_dtype(self, is_store: bool) -> str:
        """``"json"``; only in a store.

        Raises
        ------
        CodecError
            If no store is named.
        """
        if not is_store:
            raise store_only(self.name, "<blob> keeps arrays in the table")
        return "json"

    def validate(self, value: Any) -> None:
        """Refuse what is no array, group or folder of the format."""
        if isinstance(value, ZarrRef):
            return
        if isinstance(value, str | os.PathLike):
            folder = Path(value)
            if not any((folder / name).is_file() for name in (fmt.ARRAY, fmt.GROUP)):
                raise ValueError(f"{os.fspath(value)!r} is no folder in Zarr format 2")
        elif _is_array(value):
            from fascicle.codecs.npyformat import check_dtype

            check_dtype(value.dtype)
        elif not _is_group(value):
            raise TypeError(f"an array is stored here, not a {type(value).__name__}")

    def encode(
        self,
        value: Any,
        *,
        key: Mapping[str, Any] | None = None,
        store_name: str | None = None,
        context: Any = None,
    ) -> dict[str, Any]:
        """Write the chunks and return the row's metadata."""
        here = required(context, self.name)
        store = here.store(store_name)
        if isinstance(value, ZarrRef) and (shared := reused(value, here, store)):
            return shared
        path = here.new_path(store, key, self.extension)
        if isinstance(value, str | os.PathLike) and not isinstance(value, ZarrRef):
            return self.staged(store_folder(Path(value), path, store, here), store)
        writer = _Writer(path, store, here)
        if _is_array(value) or (isinstance(value, ZarrRef) and value.is_array):
            writer.array("", value)
        else:
            writer.group("", value)
        return self.staged(write_manifest(writer.files, path, store, here), store)

    def staged(self, metadata: dict[str, Any], store: Store) -> dict[str, Any]:
        """Add shape, type and chunks, read from what was written."""
        path = metadata["path"]
        try:
            grid = fmt.Grid.read(store.read(joined(path, fmt.ARRAY)))
        except MissingExternalFile:
            if not store.exists(joined(path, fmt.GROUP)):
                raise CodecError(
                    "what was written is not in Zarr format 2",
                    where=path,
                    why=f"it has neither {fmt.ARRAY} nor {fmt.GROUP}",
                    try_="zarr_format=2 in zarr.open and its like",
                ) from None
            return {**metadata, "zarr": "group"}
        facts = {"dtype": str(grid.dtype), "shape": list(grid.shape), "zarray": grid.metadata()}
        return {**metadata, "zarr": "array", **facts}

    def decode(self, stored: Any, *, key: Mapping[str, Any] | None = None, context: Any = None) -> ZarrRef:
        """Return a reference; nothing is read."""
        return ZarrRef(stored, required(context, self.name).stores)

    def referenced_paths(self, stored: Any) -> list[tuple[str, str | None]]:
        """The folder's path and store."""
        return [(stored["path"], stored.get("store"))]


def _is_array(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("shape", "dtype", "__getitem__", "ndim"))


def _is_group(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("arrays", "groups", "attrs"))


class _Writer:
    """Writes arrays and groups below a path, noting the files for the manifest."""

    def __init__(self, path: str, store: Store, here: CodecContext) -> None:
        self.path = path
        self.store = store
        self.here = here
        self.files: list[dict[str, Any]] = []

    def group(self, inside: str, group: Any) -> None:
        """Write a group of the zarr package with all that is in it."""
        self._json(joined(inside, fmt.GROUP), {"zarr_format": 2})
        self._attributes(inside, group)
        for name, array in group.arrays():
            self.array(joined(inside, name), array)
        for name, inner in group.groups():
            self.group(joined(inside, name), inner)

    def array(self, inside: str, array: Any) -> None:
        """Write an array; the blocks of one that is mapped or stored are read one after the other."""
        import numpy as np

        from fascicle.codecs.npyformat import release_of

        grid = fmt.grid_for(tuple(array.shape), np.dtype(array.dtype), fmt.sample_of(array))
        release = release_of(array) if isinstance(array, np.ndarray) else lambda: None
        self._json(joined(inside, fmt.ARRAY), grid.metadata())
        self._attributes(inside, array)

        def write(position: tuple[int, ...]) -> dict[str, Any]:
            block = np.asarray(array[tuple(_extent(grid, position))])
            name = joined(inside, grid.name(position))
            facts = self._put(name, grid.encode(block))
            release()
            return {"path": name, **facts}

        self.files += self.here.in_parallel(write, self._noted(inside, grid))

    def _noted(self, inside: str, grid: fmt.Grid) -> Iterator[tuple[int, ...]]:
        for position in grid.positions():
            self.here.journal.note(self.store, joined(self.path, inside, grid.name(position)))
            yield position

    def _attributes(self, inside: str, value: Any) -> None:
        attributes = dict(getattr(value, "attrs", {}))
        if attributes:
            self._json(joined(inside, fmt.ATTRIBUTES), attributes)

    def _json(self, name: str, value: Any) -> None:
        self.here.journal.note(self.store, joined(self.path, name))
        self.files.append({"path": name, **self._put(name, json.dumps(value, indent=1).encode())})

    def _put(self, name: str, data: bytes) -> dict[str, Any]:
        digest = Digest()
        digest.update(data)
        self.store.put(joined(self.path, name), data)
        return digest.facts


def _extent(grid: fmt.Grid, position: tuple[int, ...]) -> Iterator[slice]:
    for number, chunk, length in zip(position, grid.chunks, grid.shape, strict=True):
        yield slice(number * chunk, min((number + 1) * chunk, length))
