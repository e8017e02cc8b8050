"""Scalars of Python and numpy to bytes: each function returns the value with its length before it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from struct import Struct
from typing import Any, Final

import numpy as np

from fascicle.codecs.mym._format import (
    DATETIME_UNITS,
    KINDS,
    MAX_INT_BYTES,
    TAG_ARRAY,
    TAG_BOOL,
    TAG_BYTES,
    TAG_COMPLEX,
    TAG_DECIMAL,
    TAG_FLOAT,
    TAG_INT,
    TAG_NONE,
    TAG_STR,
    TAG_TIME,
    TAG_UUID,
    TYPE_CODES,
    TYPE_DATETIME,
    U64,
)
from fascicle.errors import CodecError

_TEXT: Final = Struct("<QBQ")  # length of the value, tag, length of the text
_INT: Final = Struct("<QBH")
_FLOAT: Final = Struct("<QBd")
_COMPLEX: Final = Struct("<QBdd")
_MOMENT: Final = Struct("<QBiq")
_TAG: Final = Struct("<QB")
_TRUE: Final = _TAG.pack(2, TAG_BOOL) + b"\1"
_FALSE: Final = _TAG.pack(2, TAG_BOOL) + b"\0"
_NONE: Final = _TAG.pack(1, TAG_NONE)
#: Day numbers, labels and flags: most integers of nested metadata.
_SMALL: Final = tuple(_INT.pack(4, TAG_INT, 1) + bytes([k]) for k in range(128))


def pack_float(value: float) -> bytes:
    return _FLOAT.pack(9, TAG_FLOAT, value)


def pack_int(value: int) -> bytes:
    if 0 <= value < 128:
        return _SMALL[value]
    size = value.bit_length() // 8 + 1
    if size > MAX_INT_BYTES:
        raise CodecError(
            "An integer is too large for a blob.",
            why=f"it takes {size} bytes; the format allows {MAX_INT_BYTES}",
            try_="Store it as text or bytes.",
        )
    return _INT.pack(size + 3, TAG_INT, size) + value.to_bytes(size, "little", signed=True)


def pack_str(value: str) -> bytes:
    try:
        text = value.encode()
    except UnicodeEncodeError as err:
        raise CodecError(
            "A string cannot be written as UTF-8.",
            why=f"it holds a lone surrogate at position {err.start}",
            try_="Store os.fsencode(name), or the text with errors='replace'.",
        ) from err
    return _TEXT.pack(9 + len(text), TAG_STR, len(text)) + text


def pack_bytes(value: bytes | bytearray | memoryview) -> bytes:
    data = bytes(value)
    return _TEXT.pack(9 + len(data), TAG_BYTES, len(data)) + data


def pack_bool(value: bool) -> bytes:
    return _TRUE if value else _FALSE


def pack_none(_: None) -> bytes:
    return _NONE


def pack_complex(value: complex) -> bytes:
    return _COMPLEX.pack(17, TAG_COMPLEX, value.real, value.imag)


def pack_decimal(value: Decimal) -> bytes:
    text = str(value).encode()
    return _TEXT.pack(9 + len(text), TAG_DECIMAL, len(text)) + text


def pack_uuid(value: uuid.UUID) -> bytes:
    return _TAG.pack(17, TAG_UUID) + value.bytes


def pack_date(value: dt.date) -> bytes:
    return _MOMENT.pack(13, TAG_TIME, _day(value), -1)


def pack_time(value: dt.time) -> bytes:
    _refuse_zone(value.tzinfo)
    return _MOMENT.pack(13, TAG_TIME, -1, _clock(value))


def pack_datetime(value: dt.datetime) -> bytes:
    _refuse_zone(value.tzinfo)
    if type(value) is not dt.datetime:
        _refuse_foreign_moment(value)
    return _MOMENT.pack(13, TAG_TIME, _day(value), _clock(value))


def _day(value: dt.date) -> int:
    return (value.year * 100 + value.month) * 100 + value.day


def _clock(value: dt.time | dt.datetime) -> int:
    return ((value.hour * 100 + value.minute) * 100 + value.second) * 1_000_000 + value.microsecond


def _refuse_foreign_moment(value: dt.datetime) -> None:
    """Turn away what timestamps of pandas hold beyond a datetime: nanoseconds, and no time at all."""
    nanosecond: int = getattr(value, "nanosecond", 0)
    if nanosecond or value.year != value.year:  # a missing time has NaN for a year
        raise CodecError(
            "A timestamp cannot be kept in a blob.",
            why="times in blobs end at microseconds and are never missing",
            try_="numpy.datetime64(value, 'ns'), value.round('us'), or None for a missing time.",
        )


def _refuse_zone(zone: dt.tzinfo | None) -> None:
    if zone is not None:
        raise CodecError(
            "A time with a time zone cannot be kept in a blob.",
            why="the format stores wall-clock fields only, so the zone would be lost",
            try_="value.astimezone(timezone.utc).replace(tzinfo=None) and say UTC in the attribute's name.",
        )


def type_of(dtype: np.dtype[Any]) -> tuple[int, np.dtype[Any], bool] | None:
    """Type code, dtype of one stored component, and whether it is complex; None if it has no code.

    ``datetime64`` in multiples of a unit is stored in the unit.
    """
    kind, size = dtype.kind, dtype.itemsize
    if kind == "c" and size in (8, 16):
        return TYPE_CODES["f", size // 2], np.dtype(f"<f{size // 2}"), True
    if kind == "M":
        unit = np.datetime_data(dtype)[0]
        if unit in DATETIME_UNITS:
            return TYPE_DATETIME + DATETIME_UNITS.index(unit), np.dtype(f"<M8[{unit}]"), False
        return None
    code = TYPE_CODES.get((kind, size))
    return None if code is None else (code, dtype.newbyteorder("<"), False)


def _numpy_scalar_packer(kind: type[np.generic]) -> Callable[[Any], bytes]:
    """A function that packs numpy scalars of one class as arrays without dimensions."""
    code, stored, is_complex = type_of(np.dtype(kind)) or (0, np.dtype(kind), False)
    body = bytes([TAG_ARRAY]) + U64.pack(0) + KINDS.pack(code, is_complex)
    # Real and imaginary part of one number lie side by side, as the format wants them.
    head = U64.pack(len(body) + stored.itemsize * (1 + is_complex)) + body

    def pack_scalar(value: np.generic) -> bytes:
        return head + value.tobytes()

    return pack_scalar


_NUMPY_CLASSES: Final = (
    *(np.bool_, np.float32, np.float64, np.complex64, np.complex128),
    *(np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64),
    *(np.longlong, np.ulonglong, np.intc, np.uintc),
)
#: Class -> function for every scalar but ``datetime64`` and subclasses.
SCALARS: Final[dict[type, Callable[[Any], bytes]]] = {
    float: pack_float,
    int: pack_int,
    str: pack_str,
    bytes: pack_bytes,
    bool: pack_bool,
    type(None): pack_none,
    complex: pack_complex,
    Decimal: pack_decimal,
    uuid.UUID: pack_uuid,
    dt.date: pack_date,
    dt.time: pack_time,
    dt.datetime: pack_datetime,
    **{kind: _numpy_scalar_packer(kind) for kind in _NUMPY_CLASSES},
}
#: Subclasses go to the first of these that fits: a datetime is a date, too.
SCALAR_BASES: Final[tuple[tuple[type, Callable[[Any], bytes]], ...]] = (
    (str, pack_str),
    (bytes, pack_bytes),
    (bytearray, pack_bytes),
    (memoryview, pack_bytes),
    (dt.datetime, pack_datetime),
    (dt.date, pack_date),
    (dt.time, pack_time),
    (uuid.UUID, pack_uuid),
    (Decimal, pack_decimal),
    (int, pack_int),
    (float, pack_float),
    (complex, pack_complex),
)
