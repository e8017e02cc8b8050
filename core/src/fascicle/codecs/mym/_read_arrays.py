"""Arrays, cells, structs, records and sparse matrices from bytes.

Every length is held against the bytes that remain before anything is allocated for it.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from fascicle.codecs.mym._format import (
    DTYPES,
    KINDS,
    MAX_DIMENSIONS,
    MAX_FIELDS,
    NARROW,
    TAG_ARRAY,
    TAG_RECORDS,
    TYPE_CHAR,
    TYPE_OBJECT,
    U32,
)
from fascicle.codecs.mym._matlab import MatCell, MatStruct
from fascicle.codecs.mym._read_scalars import Buffer, damaged
from fascicle.errors import BlobError

_LARGEST: Final = 2**62
_CHAR: Final = np.dtype("<u2")


class Source(Protocol):
    """What reading an array needs of the reader of the blob."""

    data: Buffer
    copy: bool
    depth: int
    squeeze: bool
    word: int

    def number(self, at: int, stop: int) -> tuple[int, int]:
        """A length or dimension, and where the next thing begins."""

    def items(self, at: int, stop: int, count: int) -> tuple[list[Any], int]:
        """``count`` values with their lengths, and where the next thing begins."""

    def deeper(self) -> None:
        """Count one level of nesting, which must not become too many."""

    def shallower(self) -> None:
        """Leave a level."""


class _Content(NamedTuple):
    """Header of a numeric array: what its bytes are and how many there must be."""

    dtype: np.dtype[Any]
    complex: bool
    size: int


def read_array(source: Source, at: int, stop: int) -> tuple[Any, int]:
    """The array whose own bytes begin at ``at``, and where it ends.

    Arrays without dimensions become numpy scalars, characters in one row a string; further rows of
    characters stay an array of single characters.
    """
    shape, at = _shape(source, at, stop)
    if stop - at < KINDS.size:
        raise damaged("an array's header is cut off", at)
    code, flag = KINDS.unpack_from(source.data, at)
    at += KINDS.size
    if flag > 1 or (flag and not _may_be_complex(code)):
        raise damaged("an array's complex flag does not fit its type", at)
    if code == TYPE_OBJECT:
        items, at = source.items(at, stop, prod(shape))
        return _squeezed(source, _objects(items, shape)), at
    dtype = _CHAR if code == TYPE_CHAR else DTYPES.get(code)
    if dtype is None:
        raise damaged(f"arrays of type {code} are not known", at)
    content = _Content(dtype, bool(flag), prod(shape))
    end = at + content.size * dtype.itemsize * (1 + flag)
    if end > stop:
        raise damaged(f"an array of {content.size} elements is cut off", at)
    flat = _numbers(source, at, content)
    if code == TYPE_CHAR:
        return _characters(flat, shape), end
    return _squeezed(source, flat.reshape(shape, order="F")), end


def _may_be_complex(code: int) -> bool:
    return code in DTYPES and DTYPES[code].kind in "fiu"


def _shape(source: Source, at: int, stop: int) -> tuple[tuple[int, ...], int]:
    dimensions, at = source.number(at, stop)
    if dimensions > MAX_DIMENSIONS:
        raise damaged(f"an array of {dimensions} dimensions", at)
    shape = []
    for _ in range(dimensions):
        extent, at = source.number(at, stop)
        shape.append(extent)
    # An empty array allocates nothing, but numpy refuses it where the other extents overflow.
    if prod(extent for extent in shape if extent) * 16 > _LARGEST:
        raise damaged("an array of impossible size", at)
    if source.word == NARROW and source.depth == 1 and _may_be_cut_off(shape):
        raise damaged("an array that MATLAB does not make", at)
    return tuple(shape), at


def _may_be_cut_off(shape: list[int]) -> bool:
    """Whether an outermost array of 32-bit mYm could be the beginning of one of 64 bits.

    The upper half of a number of dimensions then reads as a first extent of zero. MATLAB's own arrays
    have two dimensions at least.
    """
    return len(shape) < 2 or (shape[0] == 0 and (any(shape) or len(shape) > 2))


def _numbers(source: Source, at: int, content: _Content) -> np.ndarray[Any, np.dtype[Any]]:
    """The elements in stored order: a fresh aligned copy, or a view of the blob if so asked."""
    dtype, is_complex, count = content
    nbytes = count * dtype.itemsize
    stored = np.frombuffer(source.data, np.uint8, nbytes * (1 + is_complex), at)
    if is_complex:
        real, imag = stored[:nbytes].view(dtype), stored[nbytes:].view(dtype)
        both = np.empty(count, np.complex64 if dtype.itemsize == 4 and dtype.kind == "f" else np.complex128)
        both.real, both.imag = real, imag
        return both
    if dtype.kind == "b":
        return np.not_equal(stored, 0)  # a bool of any byte but 0 and 1 would equal neither
    return (stored.copy() if source.copy else stored).view(dtype)


def _characters(codes: np.ndarray[Any, np.dtype[Any]], shape: tuple[int, ...]) -> Any:
    if codes.size == 0 or len(shape) == 1 or (len(shape) == 2 and shape[0] == 1):
        return codes.tobytes().decode("utf-16-le", errors="surrogatepass")
    letters = codes.astype("<u4").view("<U1").reshape(shape, order="F")
    return letters if shape else str(letters)


def _objects(items: list[Any], shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.object_]]:
    array = np.empty(len(items), dtype=object)
    for k, item in enumerate(items):
        array[k] = item
    return array.reshape(shape, order="F")


def _squeezed(source: Source, array: np.ndarray[Any, Any]) -> Any:
    if source.squeeze:
        array = array.squeeze()
        if array.ndim == 0 and array.dtype.kind not in "OM":
            return array.item()
    if array.ndim == 0 and array.dtype.kind != "O":
        return array[()]
    return array


def read_cell(source: Source, at: int, stop: int) -> tuple[Any, int]:
    """A MATLAB cell array, as an object array of class :class:`MatCell`."""
    shape, at = _shape(source, at, stop)
    items, at = source.items(at, stop, prod(shape))
    cell = _objects(items, shape).view(MatCell)
    return cell.squeeze() if source.squeeze else cell, at


def read_struct(source: Source, at: int, stop: int) -> tuple[Any, int]:
    """A MATLAB struct array, as a record array of class :class:`MatStruct`."""
    shape, at = _shape(source, at, stop)
    names, at = _names(source, at, stop)
    count = prod(shape)
    if count > MAX_FIELDS and not names:
        raise damaged(f"{count} structs without fields", at)
    items, at = source.items(at, stop, count * len(names))
    flat = np.empty(count, dtype=[(name, object) for name in names])
    for k, name in enumerate(names):
        flat[name] = _objects(items[k :: len(names)], (count,))
    struct = flat.reshape(shape, order="F").view(MatStruct)
    return struct.squeeze() if source.squeeze else struct, at


def read_records(source: Source, at: int, stop: int) -> tuple[Any, int]:
    """A structured array, as a record array; one record if it has no dimensions."""
    names, at = _names(source, at, stop)
    columns: list[np.ndarray[Any, Any]] = []
    source.deeper()
    for _ in names:
        column, at = _column(source, at, stop)
        columns.append(column)
    source.shallower()
    if len({column.shape for column in columns}) != 1:
        raise damaged("the columns of a record array differ in shape", at)
    shape = columns[0].shape
    dtype = np.dtype([(name, column.dtype) for name, column in zip(names, columns, strict=True)])
    records = np.empty(shape, dtype, order="F")
    for name, column in zip(names, columns, strict=True):
        records[name] = column
    if source.squeeze:
        records = records.squeeze()
    return (records.view(np.recarray) if records.ndim else records.view(np.recarray)[()]), at


def _column(source: Source, at: int, stop: int) -> tuple[np.ndarray[Any, Any], int]:
    if at >= stop:
        raise damaged("a record array lacks a column", at)
    tag = source.data[at]
    if tag == TAG_ARRAY:
        value, at = read_array(source, at + 1, stop)
    elif tag == TAG_RECORDS:
        value, at = read_records(source, at + 1, stop)
    else:
        raise damaged("a column of a record array is no array", at)
    return np.asarray(value), at


def _names(source: Source, at: int, stop: int) -> tuple[tuple[str, ...], int]:
    if stop - at < U32.size:
        raise damaged("field names are cut off", at)
    count = U32.unpack_from(source.data, at)[0]
    at += U32.size
    if count > min(stop - at, MAX_FIELDS):
        raise damaged(f"{count} field names", at)
    names = []
    for _ in range(count):
        end = _find_nul(source.data, at, stop)
        try:
            names.append(str(source.data[at:end], "utf-8"))
        except UnicodeDecodeError as err:
            raise damaged("a field name is not UTF-8", at) from err
        at = end + 1
    if len(set(names)) != count or "" in names:
        raise damaged("field names repeat or are empty", at)
    return tuple(names), at


def _find_nul(data: Buffer, at: int, stop: int) -> int:
    """Offset of the next NUL; a memoryview cannot search, so it is copied in short stretches."""
    for start in range(at, stop, 256):
        found = bytes(data[start : min(start + 256, stop)]).find(0)
        if found >= 0:
            return start + found
    raise damaged("a field name does not end", at)


def read_sparse(source: Source, at: int, stop: int) -> tuple[Any, int]:
    """A sparse matrix of MATLAB, as ``scipy.sparse.csc_matrix``.

    Raises
    ------
    BlobError
        If scipy is not installed, too.
    """
    (rows, at), wide = source.number(at, stop), np.dtype(f"<u{source.word}")
    columns, at = source.number(at, stop)
    stored, at = source.number(at, stop)
    if stop - at < KINDS.size or max(rows, columns, stored) > _LARGEST:
        raise damaged("the header of a sparse matrix is cut off", at)
    code, flag = KINDS.unpack_from(source.data, at)
    at += KINDS.size
    dtype = DTYPES.get(code)
    if dtype is None or dtype.kind not in "bf" or flag > 1:
        raise damaged("a sparse matrix of unknown type", at)
    indices_at = at + (columns + 1) * wide.itemsize
    values_at = indices_at + stored * wide.itemsize
    end = values_at + stored * dtype.itemsize * (1 + flag)
    if end > stop:
        raise damaged("a sparse matrix is cut off", at)
    starts = _numbers(source, at, _Content(wide, False, columns + 1)).astype(np.int64)
    indices = _numbers(source, indices_at, _Content(wide, False, stored)).astype(np.int64)
    values = _numbers(source, values_at, _Content(dtype, bool(flag), stored))
    used = int(starts[-1])
    ordered = starts[0] == 0 and bool((np.diff(starts) >= 0).all()) and used <= stored
    if not ordered or not ((indices[:used] >= 0) & (indices[:used] < rows)).all():
        raise damaged("a sparse matrix has elements out of place", at)
    return _sparse((values[:used], indices[:used], starts), (rows, columns)), end


def _sparse(parts: tuple[Any, Any, Any], shape: tuple[int, int]) -> Any:
    try:
        from scipy.sparse import csc_matrix  # type: ignore[import-untyped,unused-ignore]
    except ImportError as err:
        raise BlobError(
            "The blob holds a sparse matrix of MATLAB.",
            why="scipy is not installed",
            try_="pip install scipy.",
        ) from err
    return csc_matrix(parts, shape=shape)
