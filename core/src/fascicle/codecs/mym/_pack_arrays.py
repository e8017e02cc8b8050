"""Numpy arrays to the pieces of a blob, without copying where memory already has the stored order."""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np

from fascicle.codecs.mym._format import (
    KINDS,
    TAG_ARRAY,
    TAG_CELL,
    TAG_RECORDS,
    TAG_STRUCT,
    TYPE_OBJECT,
    U32,
    U64,
)
from fascicle.codecs.mym._matlab import MatCell, MatStruct
from fascicle.codecs.mym._scalars import type_of
from fascicle.errors import CodecError

Array = np.ndarray[Any, np.dtype[Any]]

_REMEDIES: Final = {
    "f": "array.astype('float32') or 'float64', or the codec <npy@>, which keeps every dtype.",
    "c": "array.astype('complex128'), or the codec <npy@>, which keeps every dtype.",
    "m": "seconds as float64: array / numpy.timedelta64(1, 's'), or the codec <npy@>.",
    "M": "give the array a unit: array.astype('datetime64[us]').",
    "V": "array.tobytes(), or a dtype with named fields.",
}


class Sink(Protocol):
    """Where pieces go: a list of buffers, and whether the blob needs the dj0 magic word."""

    parts: list[bytes | memoryview]
    dj0: bool

    def emit_items(self, items: list[Any]) -> int:
        """Append values with their lengths; returns the number of bytes appended."""
        ...


def emit_array(sink: Sink, array: Array) -> int:
    """Append an array of any kind; returns the number of bytes appended.

    Raises
    ------
    CodecError
        If the format has no place for its dtype or mask.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise CodecError(
            "A masked array cannot be kept in a blob.",
            why="the format has no place for the mask",
            try_="array.filled(value), or {'data': array.data, 'mask': array.mask}.",
        )
    if array.dtype.names is not None:
        return _emit_struct(sink, array) if isinstance(array, MatStruct) else _emit_records(sink, array)
    if isinstance(array, MatCell):
        return _emit_cell(sink, array)
    if array.dtype.kind in "OUS":
        return _emit_objects(sink, array)
    return _emit_numeric(sink, array)


def _emit_numeric(sink: Sink, array: Array) -> int:
    known = type_of(array.dtype)
    if known is None:
        raise _unsupported(array.dtype)
    code, stored, is_complex = known
    if array.ndim == 0 or array.dtype.kind == "M":
        sink.dj0 = True
    head = _head(TAG_ARRAY, array) + KINDS.pack(code, is_complex)
    sink.parts.append(head)
    if is_complex:
        real, imag = array.real, array.imag
        return len(head) + _emit_column_major(sink, real, stored) + _emit_column_major(sink, imag, stored)
    return len(head) + _emit_column_major(sink, array, stored)


def _emit_column_major(sink: Sink, array: Array, stored: np.dtype[Any]) -> int:
    if array.dtype != stored:
        array = _converted(array, stored)
    if array.size == 0:
        return 0
    # A transposed view of column-major memory is row-major, which is what a memoryview can flatten.
    flat = np.asarray(array).T
    if not flat.flags.c_contiguous:
        flat = np.ascontiguousarray(flat)
    sink.parts.append(flat.reshape(-1).view(np.uint8).data)
    return flat.nbytes


def _converted(array: Array, stored: np.dtype[Any]) -> Array:
    """``array`` in the byte order and unit that are stored, having checked that no time overflows."""
    if array.dtype.kind == "M":
        multiple = np.datetime_data(array.dtype)[1]
        ticks = array.astype(array.dtype.newbyteorder("=")).view(np.int64)
        reach = np.iinfo(np.int64).max // multiple
        inside = (np.abs(ticks) <= reach) | np.isnat(array)
        if not inside.all():
            raise CodecError(
                f"Times of dtype {array.dtype} are out of range.",
                why=f"blobs store them as {stored}, in 64 bits",
                try_="a coarser unit.",
            )
    return array.astype(stored)


def _emit_objects(sink: Sink, array: Array) -> int:
    """Objects and strings, element by element: strings come back as an array of dtype object."""
    sink.dj0 = True
    head = _head(TAG_ARRAY, array) + KINDS.pack(TYPE_OBJECT, 0)
    sink.parts.append(head)
    return len(head) + sink.emit_items(_column_major_items(array))


def _emit_cell(sink: Sink, array: Array) -> int:
    head = _head(TAG_CELL, array)
    sink.parts.append(head)
    return len(head) + sink.emit_items(_column_major_items(array))


def _emit_struct(sink: Sink, array: Array) -> int:
    names = array.dtype.names or ()
    head = _head(TAG_STRUCT, array) + U32.pack(len(names)) + _names(names)
    sink.parts.append(head)
    plain = array.view(np.ndarray)
    columns = [_column_major_items(plain[name]) for name in names]
    return len(head) + sink.emit_items([item for row in zip(*columns, strict=True) for item in row])


def _emit_records(sink: Sink, array: Array) -> int:
    names = array.dtype.names or ()
    if not names:
        raise CodecError("A record array without fields cannot be kept in a blob.", try_="an empty dict.")
    sink.dj0 = True
    head = bytes([TAG_RECORDS]) + U32.pack(len(names)) + _names(names)
    sink.parts.append(head)
    plain = np.asarray(array).view(np.ndarray)
    total = len(head)
    for name in names:
        column = plain[name]
        if column.shape != plain.shape:
            raise CodecError(
                f"Field {name!r} holds an array in each record, which a blob cannot keep.",
                why="the format stores one value per record and field",
                try_="a dict of arrays, one for each field, or the codec <npy@>.",
            )
        total += emit_array(sink, column)
    return total


def _column_major_items(array: Array) -> list[Any]:
    items: list[Any] = np.asarray(array).ravel(order="F").tolist()
    return items


def _head(tag: int, array: Array) -> bytes:
    return b"".join([bytes([tag]), U64.pack(array.ndim), *map(U64.pack, array.shape)])


def _names(names: tuple[str, ...]) -> bytes:
    for name in names:
        if "\0" in name:
            raise CodecError(f"Field name {name!r} contains a NUL character.", try_="another name.")
    return b"".join(name.encode() + b"\0" for name in names)


def _unsupported(dtype: np.dtype[Any]) -> CodecError:
    return CodecError(
        f"Arrays of dtype {dtype} cannot be kept in a blob.",
        why="the published format has no code for it, so no reader could read it",
        try_=_REMEDIES.get(dtype.kind, "another dtype, or the codec <npy@>, which keeps every dtype."),
    )
