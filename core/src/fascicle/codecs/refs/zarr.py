"""References to arrays and groups in Zarr format 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.codecs import zarrformat as fmt
from fascicle.codecs.refs import slicing
from fascicle.codecs.refs.npy import ArrayRef
from fascicle.codecs.refs.objects import MANIFEST, ObjectRef
from fascicle.errors import CodecError, MissingExternalFile, StoreError
from fascicle.stores.checksums import check_quickly, mismatch
from fascicle.stores.paths import checked_path, joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

Part = tuple[tuple[Any, ...], tuple[Any, ...]]


class ZarrRef(ArrayRef):
    """An array, or a group of arrays, in a store.

    Of an array shape and type are known without reading, ``ref[1000:1010]`` reads the chunks that it touches, and
    ``numpy.asarray(ref)`` reads all of them.  ``ref["name"]`` is a member of a group.  `open` hands it to the
    zarr package.
    """

    _kind: ClassVar[str] = "ZarrRef"

    @property
    def marker(self) -> tuple[str, int | None]:
        """The object whose time says how old this one is, and its size."""
        return self.path + MANIFEST, self._metadata.get("manifest_size")

    @property
    def is_array(self) -> bool:
        """Whether it is an array and not a group."""
        return "zarray" in self._metadata

    @cached_property
    def folder(self) -> ObjectRef:
        """The files."""
        return ObjectRef(self._metadata, self._stores)

    @cached_property
    def grid(self) -> fmt.Grid:
        """How the array is cut and coded."""
        return fmt.Grid.read(self._metadata["zarray"])

    @property
    def chunks(self) -> tuple[int, ...]:
        """Shape of the chunks."""
        return self.grid.chunks

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """Attributes that were stored with it (one request)."""
        import json

        try:
            return dict(json.loads(self._store.read(joined(self.path, fmt.ATTRIBUTES))))
        except MissingExternalFile:
            return {}

    # --- groups --------------------------------------------------------------------------------------------
    def keys(self) -> list[str]:
        """Return the names of a group's members."""
        return [name for name in self.folder.listdir() if not name.startswith(".")]

    def arrays(self) -> Iterator[tuple[str, ZarrRef]]:
        """Go through the arrays of a group."""
        return ((name, member) for name, member in self._members() if member.is_array)

    def groups(self) -> Iterator[tuple[str, ZarrRef]]:
        """Go through the groups of a group."""
        return ((name, member) for name, member in self._members() if not member.is_array)

    def _members(self) -> Iterator[tuple[str, ZarrRef]]:
        return ((name, self.member(name)) for name in self.keys())

    def member(self, name: str) -> ZarrRef:
        """Return an array or group inside a group.

        Raises
        ------
        KeyError
            If there is none of the name.
        """
        path = joined(self.path, checked_path(name))
        base = {"path": path, "store": self._metadata.get("store"), "is_dir": True}
        try:
            grid = fmt.Grid.read(self._store.read(joined(path, fmt.ARRAY)))
        except MissingExternalFile:
            if not self._store.exists(joined(path, fmt.GROUP)):
                raise KeyError(name) from None
            return _Member(base, self._stores, self, name)
        facts = {"dtype": str(grid.dtype), "shape": list(grid.shape), "zarray": grid.metadata()}
        return _Member({**base, **facts}, self._stores, self, name)

    def __getitem__(self, index: Any) -> Any:
        """Read part of an array, or take a member of a group by its name."""
        if not self.is_array:
            if isinstance(index, str):
                return self.member(index)
            raise CodecError("a group is indexed by the names of its members", where=self.path)
        return super().__getitem__(index)

    # --- reading -------------------------------------------------------------------------------------------
    def _gather(
        self, axes: list[slicing.Axis], facts: Mapping[str, Mapping[str, Any]] | None = None
    ) -> NDArray[Any]:
        import numpy as np

        out = np.empty([axis.count for axis in axes], self.dtype)
        if not out.size:
            return out
        split = [list(_by_chunk(axis, chunk)) for axis, chunk in zip(axes, self.chunks, strict=True)]

        def fill(parts: tuple[tuple[int, Any, Any], ...]) -> None:
            block = self._chunk(tuple(number for number, _, _ in parts), facts or {})
            kept = slicing.selected(block, tuple(inner for _, inner, _ in parts))
            slicing.assign(out, tuple(outer for _, _, outer in parts), kept)

        slicing.run(fill, product(*split), not self._store.is_local)
        return out

    def _chunk(self, position: tuple[int, ...], facts: Mapping[str, Mapping[str, Any]]) -> NDArray[Any]:
        name = self.grid.name(position)
        path = joined(self.path, name)
        try:
            data = self._store.read(path)
        except MissingExternalFile:
            if name in self._files:
                raise
            return self.grid.filled()  # chunks that were never written stand for the fill value
        check_quickly(facts.get(name, {}), data, path, self._store)
        try:
            return self.grid.decode(data)
        except CodecError as error:
            raise mismatch(path, self._store, str(error.why or error.what)) from error

    @cached_property
    def _files(self) -> dict[str, Mapping[str, Any]]:
        """What the manifest says of each file; nothing where there is no manifest."""
        try:
            return {file["path"]: file for file in self.folder.manifest["files"]}
        except MissingExternalFile:
            return {}

    def load(self) -> NDArray[Any]:
        """Read the whole array; every chunk is compared with the manifest.

        Raises
        ------
        MissingExternalFile, ChecksumError
        CodecError
            If it is a group.
        """
        if not self.is_array:
            raise CodecError(
                "a group is no array", where=self.path, try_=f"one of {', '.join(self.keys()[:5])}"
            )
        return self._gather([slicing.Axis(n, range(n)) for n in self.shape], self._files)

    def exists(self) -> bool:
        """Whether the folder is there (one request)."""
        return self.folder.exists()

    def verify(self) -> bool:
        """Read everything and compare it with the manifest.

        Raises
        ------
        MissingExternalFile, ChecksumError
        """
        return self.folder.verify()

    def download(self, destination: Any = ".") -> Any:
        """Copy the folder to the local file system, verified."""
        return self.folder.download(destination)

    def open(self, mode: str = "r") -> Any:
        """Open it with the zarr package, for reading.

        Raises
        ------
        PluginError
            If zarr is not installed.
        StoreError
            If `mode` would write.
        """
        if mode != "r":
            raise StoreError(f"an object of a row cannot be opened with mode {mode!r}", try_="mode 'r'")
        from fascicle.codecs.zarrstore import as_zarr_store

        store = as_zarr_store(self.folder.fsmap)  # says what to install where zarr is missing
        import zarr

        return zarr.open(store, mode="r")

    def __repr__(self) -> str:
        return super().__repr__() if self.is_array else f"<ZarrRef group in {self.store}: {self.path}>"


class _Member(ZarrRef):
    """Part of a group: its files are in the group's manifest."""

    def __init__(self, metadata: dict[str, Any], stores: Any, group: ZarrRef, name: str) -> None:
        super().__init__(metadata, stores)
        self._group = group
        self._name = name

    @cached_property
    def folder(self) -> ObjectRef:
        whole = self._group.folder
        inner = ObjectRef(self._metadata, self._stores)
        start = f"{self._name}/"
        try:
            files = whole.manifest["files"]
        except MissingExternalFile:
            return inner
        own = [{**f, "path": f["path"][len(start) :]} for f in files if f["path"].startswith(start)]
        inner.__dict__["_manifest"] = {"files": own}
        return inner


def _by_chunk(axis: slicing.Axis, chunk: int) -> Iterator[tuple[int, Any, Any]]:
    """Split what is picked along an axis by chunks: number, positions inside, positions in the result."""
    import numpy as np

    positions = np.asarray(axis.positions, np.intp)
    numbers = positions // chunk
    for number in np.unique(numbers).tolist():
        outer = np.flatnonzero(numbers == number)
        inner = positions[outer] - number * chunk
        yield number, _as_slice(inner), _as_slice(outer)


def _as_slice(positions: NDArray[Any]) -> Any:
    """Return a slice where positions follow one another evenly, which copies nothing."""
    first, last, count = int(positions[0]), int(positions[-1]), len(positions)
    if last - first == count - 1 and bool((positions[1:] > positions[:-1]).all()):
        return slice(first, last + 1)
    return positions
