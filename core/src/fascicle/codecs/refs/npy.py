"""References to ``.npy`` files."""

from __future__ import annotations

import os
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.codecs.refs import slicing
from fascicle.codecs.refs.base import StoredRef
from fascicle.errors import StoreError
from fascicle.stores.checksums import Digest, compare, mismatch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fascicle.codecs.npyformat import Header


class ArrayRef(StoredRef):
    """An array in a store: shape and type are known, values are read when they are asked for."""

    _kind: ClassVar[str]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self._metadata["shape"])

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Type of its items."""
        from fascicle.codecs.npyformat import dtype_from_text

        return dtype_from_text(self._metadata["dtype"])

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of items."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the array in memory."""
        return self.size * self.dtype.itemsize

    def load(self) -> NDArray[Any]:
        """Read the whole array, verified."""
        raise NotImplementedError

    def _gather(self, axes: list[slicing.Axis]) -> NDArray[Any]:
        """Read the positions picked along each axis."""
        raise NotImplementedError

    def __getitem__(self, index: Any) -> Any:
        """Read part of the array, as numpy would index it; only the bytes needed are moved.

        Indices of several dimensions (such as a mask of the array's shape) read the whole array first.

        Raises
        ------
        IndexError
            If the index lies outside of the array.
        """
        plan = slicing.axes_of(index, self.shape)
        if plan is None:
            return self.load()[index]
        axes, final = plan
        return self._gather(axes)[final]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        array = self.load()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without dimensions has no length")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<{self._kind} {self._metadata['dtype']} {self.shape} in {self.store}: {self.path}>"


class NpyRef(ArrayRef):
    """An array in a ``.npy`` file in a store.

    ``ref.shape``, ``ref.dtype``, ``ref.size`` are known without reading; ``ref[1000:1010]`` reads ten rows;
    ``numpy.asarray(ref)`` reads and verifies all of it, and keeps it.
    """

    _kind: ClassVar[str] = "NpyRef"
    _loaded: NDArray[Any] | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether the whole array was read already and is kept."""
        return self._loaded is not None

    @cached_property
    def _header(self) -> Header:
        from fascicle.codecs.npyformat import Header, read_header

        facts = self._metadata
        if "offset" in facts and "order" in facts:
            return Header(self.dtype, self.shape, facts["order"] == "F", int(facts["offset"]))
        store = self._store
        header = read_header(lambda start, stop: store.read(self.path, start, stop))
        if header.shape != self.shape or header.dtype != self.dtype:
            raise mismatch(
                self.path,
                store,
                f"it holds {header.dtype} {header.shape}, and the row says {self.dtype} {self.shape}",
            )
        return header

    def _read(self, start: int, stop: int) -> bytes:
        offset = self._header.offset
        data = self._store.read(self.path, offset + start, offset + stop)
        if len(data) != stop - start:
            raise mismatch(self.path, self._store, "it ends before the array does")
        return data

    def _gather(self, axes: list[slicing.Axis]) -> NDArray[Any]:
        if self._loaded is not None:
            import numpy as np

            return self._loaded[np.ix_(*(list(axis.positions) for axis in axes))] if axes else self._loaded
        fortran = self._header.fortran
        order = axes[::-1] if fortran else axes
        out = slicing.gather(self._read, order, self.dtype, parallel=not self._store.is_local)
        return out.T if fortran else out

    def load(self, mmap_mode: str | None = None) -> NDArray[Any]:
        """Read the whole array and verify it.

        Parameters
        ----------
        mmap_mode : {"r", "c"}, optional
            Map the file of a local store into memory instead: pages are read when they are used, unverified.

        Raises
        ------
        MissingExternalFile, ChecksumError
        StoreError
            If the store is not local, or the mode would write.
        """
        if mmap_mode is not None:
            return self._mapped(mmap_mode)
        if self._loaded is None:
            self._loaded = self._whole()
        return self._loaded

    def _mapped(self, mode: str) -> NDArray[Any]:
        import numpy as np

        store = self._store
        if mode not in ("r", "c") or not store.is_local:
            raise StoreError(
                f"the array cannot be mapped with mode {mode!r}",
                where=self.full_path,
                why="an object of a row is not written to" if store.is_local else "its store is not local",
                try_="mmap_mode='r' on a local store, ref[a:b] for a part, or ref.download() first",
            )
        place: Any = os.fspath(self)
        return np.load(place, mmap_mode="r" if mode == "r" else "c", allow_pickle=False)  # type: ignore[no-any-return]

    def _whole(self) -> NDArray[Any]:
        import numpy as np

        from fascicle.codecs.npyformat import bytes_of

        header, store = self._header, self._store
        array = np.empty(self.shape, self.dtype, order="F" if header.fortran else "C")
        flat = array.T if header.fortran else array
        view = bytes_of(flat)
        total = header.offset + array.nbytes

        def fill(start: int) -> None:
            stop = min(start + slicing.RUN_BYTES, total)
            data = store.read(self.path, start, stop)
            if len(data) != stop - start:
                raise mismatch(self.path, store, "it ends before the array does")
            view[start - header.offset : stop - header.offset] = data

        first = store.read(self.path, 0, header.offset)
        slicing.run(fill, range(header.offset, total, slicing.RUN_BYTES), not store.is_local)
        self._check(first, view)
        return array

    def _check(self, first: bytes, view: memoryview) -> None:
        from zlib import crc32

        expected = self._metadata.get("crc32")
        if expected is not None:
            if f"{crc32(view, crc32(first)):08x}" != expected:
                raise mismatch(self.path, self._store, "its CRC-32 is not that of the row")
        elif self.hash is not None:
            digest = Digest()
            digest.update(first)
            digest.update(view)
            compare({"hash": self.hash}, digest, self.path, self._store)
