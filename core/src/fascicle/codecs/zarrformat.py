"""Arrays in Zarr format 2: chunks of equal shape as files beside their metadata.

Written and read here without the zarr package, so that it takes part whatever its version.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil, prod
from typing import TYPE_CHECKING, Any, Final

from fascicle.errors import CodecError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ARRAY: Final = ".zarray"
GROUP: Final = ".zgroup"
ATTRIBUTES: Final = ".zattrs"
#: Two neighbouring chunks stay below a megabyte, so that a few rows move no more than that.
CHUNK_BYTES: Final = 400 << 10
#: A chunk that shrinks less than this is stored as it is.
WORTH: Final = 0.8
_LEVEL: Final = 1
_SAMPLE_BYTES: Final = 64 << 10


@dataclass(frozen=True)
class Grid:
    """How an array is cut and coded.

    Parameters
    ----------
    shape, chunks : tuple of int
    dtype : numpy.dtype
    compressor : mapping or None
        As the metadata have it.
    order : str
        ``"C"`` or ``"F"`` inside a chunk.
    separator : str
        Between the numbers in a chunk's name.
    fill : Any
        Value of chunks that are not there.
    filters : tuple of mapping
        Steps before compression.
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    compressor: Mapping[str, Any] | None = None
    order: str = "C"
    separator: str = "."
    fill: Any = 0
    filters: tuple[Mapping[str, Any], ...] = ()

    @property
    def counts(self) -> tuple[int, ...]:
        """Chunks along each axis."""
        return tuple(ceil(n / c) for n, c in zip(self.shape, self.chunks, strict=True))

    def name(self, position: tuple[int, ...]) -> str:
        """Return the name of a chunk's file."""
        return self.separator.join(map(str, position)) if position else "0"

    def positions(self) -> Iterator[tuple[int, ...]]:
        """Go through the positions of all chunks."""
        return product(*map(range, self.counts))

    def metadata(self) -> dict[str, Any]:
        """Return the contents of ``.zarray``."""
        import numpy as np

        descr = np.lib.format.dtype_to_descr(self.dtype)
        return {
            "zarr_format": 2,
            "shape": list(self.shape),
            "chunks": list(self.chunks),
            "dtype": descr,
            "compressor": None if self.compressor is None else dict(self.compressor),
            "fill_value": self.fill,
            "order": self.order,
            "filters": [dict(f) for f in self.filters] or None,
            "dimension_separator": self.separator,
        }

    @classmethod
    def read(cls, text: bytes | str | Mapping[str, Any]) -> Grid:
        """Read the contents of ``.zarray``.

        Raises
        ------
        CodecError
            If they are not of this format.
        """
        import numpy as np

        from fascicle.codecs.npyformat import check_dtype

        try:
            facts = text if isinstance(text, Mapping) else json.loads(text)
            descr = facts["dtype"]
            dtype = np.dtype([tuple(f) for f in descr] if isinstance(descr, list) else descr)
            grid = cls(
                shape=tuple(int(n) for n in facts["shape"]),
                chunks=tuple(int(n) for n in facts["chunks"]),
                dtype=dtype,
                compressor=facts.get("compressor"),
                order=facts.get("order", "C"),
                separator=facts.get("dimension_separator", "."),
                fill=facts.get("fill_value"),
                filters=tuple(facts.get("filters") or ()),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise _damaged(f"its metadata cannot be read ({type(error).__name__})") from error
        check_dtype(grid.dtype)
        if (
            facts.get("zarr_format") != 2
            or len(grid.shape) != len(grid.chunks)
            or not all(c > 0 for c in grid.chunks)
        ):
            raise _damaged("its metadata are not those of format 2")
        if min(grid.shape, default=0) < 0 or grid.order not in ("C", "F") or grid.separator not in (".", "/"):
            raise _damaged("its metadata make no sense")
        return grid

    # --- chunks --------------------------------------------------------------------------------------------
    def encode(self, block: NDArray[Any]) -> bytes:
        """Return the file of a chunk; a block at the array's edge is filled up to the chunk's shape."""
        import numpy as np

        block = np.asarray(block, self.dtype)  # a scalar forgets the length of its text
        if block.shape != self.chunks:
            whole = np.zeros(self.chunks, self.dtype)
            whole[tuple(slice(0, n) for n in block.shape)] = block
            block = whole
        data = np.ascontiguousarray(block).tobytes()
        return data if self.compressor is None else zlib.compress(data, _LEVEL)

    def decode(self, data: bytes) -> NDArray[Any]:
        """Return the block of a chunk's file.

        Raises
        ------
        CodecError
            If it is damaged, or coded by what is not installed.
        """
        import numpy as np

        size = prod(self.chunks) * self.dtype.itemsize
        raw = _decompressed(data, self.compressor, size)
        for step in reversed(self.filters):
            raw = _by_numcodecs(step, raw)
        if len(raw) != size:
            raise _damaged(f"a chunk has {len(raw)} bytes instead of {size}")
        return np.frombuffer(raw, self.dtype).reshape(self.chunks, order="F" if self.order == "F" else "C")

    def filled(self) -> NDArray[Any]:
        """Return the block of a chunk that is not there."""
        import numpy as np

        fill = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}.get(str(self.fill), self.fill)
        if isinstance(fill, list):
            fill = complex(*fill)
        if fill is None or self.dtype.kind in "SUV":
            return np.zeros(self.chunks, self.dtype)
        return np.full(self.chunks, fill, self.dtype)


def _decompressed(data: bytes, compressor: Mapping[str, Any] | None, size: int) -> Any:
    if compressor is None:
        return data
    kind = compressor.get("id")
    try:
        if kind == "zlib":
            return _inflated(data, zlib.MAX_WBITS, size)
        if kind == "gzip":
            return _inflated(data, zlib.MAX_WBITS | 16, size)
    except (zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise _damaged(f"a chunk cannot be decompressed ({error})") from error
    return _by_numcodecs(compressor, data)


def _inflated(data: bytes, bits: int, size: int) -> bytes:
    # One byte more than a chunk has: a longer one is an error, not a reason to fill the memory.
    stream = zlib.decompressobj(bits)
    raw = stream.decompress(data, size + 1)
    if not stream.eof and len(raw) <= size:
        raise zlib.error("it is cut short")
    return raw


def _by_numcodecs(step: Mapping[str, Any], data: Any) -> Any:
    try:
        import numcodecs
    except ImportError as error:
        raise CodecError(
            f"the array is coded by {step.get('id')!r}",
            why="numcodecs is not installed",
            try_="pip install numcodecs",
        ) from error
    try:
        return memoryview(numcodecs.get_codec(dict(step)).decode(data)).cast("B")
    except (ValueError, RuntimeError, TypeError) as error:
        raise _damaged(f"a chunk cannot be decoded ({error})") from error


def _damaged(why: str) -> CodecError:
    return CodecError(
        "this is no array in Zarr format 2", why=why, try_="restore the files, or insert it again"
    )


def grid_for(shape: tuple[int, ...], dtype: np.dtype[Any], sample: bytes = b"") -> Grid:
    """Choose chunks, and whether they are compressed, for an array.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    sample : bytes
        Some bytes of it, on which compression is tried.
    """
    from fascicle.codecs.npyformat import check_dtype

    check_dtype(dtype)
    shrinks = bool(sample) and len(zlib.compress(sample, _LEVEL)) < WORTH * len(sample)
    return Grid(
        shape,
        chunks_for(shape, dtype.itemsize),
        dtype,
        compressor={"id": "zlib", "level": _LEVEL} if shrinks else None,
        fill={"b": False, "i": 0, "u": 0, "f": 0}.get(dtype.kind),
    )


def chunks_for(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return a chunk shape that holds whole last axes as far as they fit, and spans the first one least."""
    room = max(1, CHUNK_BYTES // max(1, itemsize))
    chunks: list[int] = []
    for length in reversed(shape):
        chunk = max(1, min(length, room))
        chunks.append(chunk)
        room = max(1, room // chunk)
    return tuple(reversed(chunks))


def sample_of(array: Any) -> bytes:
    """Return some bytes from the beginning, the middle and the end of an array."""
    import numpy as np

    if not array.size or not array.ndim:
        return b""
    rows = max(1, _SAMPLE_BYTES // max(1, array.dtype.itemsize * prod(array.shape[1:])))
    length = array.shape[0]  # arrays of the zarr package have no len()
    starts = {0, max(0, length // 2 - rows // 2), max(0, length - rows)}
    if array.dtype.itemsize * prod(array.shape[1:]) > _SAMPLE_BYTES:
        inner = (0,) * (array.ndim - 1)
        items = max(1, _SAMPLE_BYTES // array.dtype.itemsize)
        return b"".join(
            np.ascontiguousarray(array[(s, *inner[:-1], slice(0, items))]).tobytes() for s in starts
        )
    return b"".join(np.ascontiguousarray(array[s : s + rows]).tobytes() for s in sorted(starts))
