"""Scalars from bytes: each function is given the exact extent of the value's own bytes.

Extents have been checked against the blob before these are called; lengths inside them have not.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from fascicle.codecs.mym._format import (
    COMPLEX,
    F64,
    MOMENT,
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
    U16,
    U64,
)
from fascicle.errors import BlobError

Buffer = bytes | memoryview


def damaged(why: str, at: int | None = None) -> BlobError:
    """The error for bytes that break the format; ``at`` is the offset in the uncompressed blob."""
    return BlobError(
        "The bytes are not a valid blob.",
        where=None if at is None else f"byte {at}",
        why=why,
        try_="Restore the row or compute it again; if the column holds other bytes, declare it `bytes`.",
    )


def read_float(data: Buffer, start: int, stop: int) -> float:
    if stop - start != 8:
        raise damaged("a float does not have 8 bytes", start)
    value: float = F64.unpack_from(data, start)[0]
    return value


def read_int(data: Buffer, start: int, stop: int) -> int:
    if stop - start < 2 or U16.unpack_from(data, start)[0] != stop - start - 2:
        raise damaged("an integer's length disagrees with its extent", start)
    if stop - start == 3:  # most integers of metadata are small
        byte = data[start + 2]
        return byte - 256 if byte > 127 else byte
    return int.from_bytes(data[start + 2 : stop], "little", signed=True)


def read_str(data: Buffer, start: int, stop: int) -> str:
    if stop - start < 8 or U64.unpack_from(data, start)[0] != stop - start - 8:
        raise damaged("a string's length disagrees with its extent", start)
    try:
        return str(data[start + 8 : stop], "utf-8")
    except UnicodeDecodeError as err:
        raise damaged("a string is not UTF-8", start) from err


def read_bytes(data: Buffer, start: int, stop: int) -> bytes:
    if stop - start < 8 or U64.unpack_from(data, start)[0] != stop - start - 8:
        raise damaged("the length of bytes disagrees with their extent", start)
    return bytes(data[start + 8 : stop])


def read_bool(data: Buffer, start: int, stop: int) -> bool:
    if stop - start != 1:
        raise damaged("a bool does not have one byte", start)
    return data[start] != 0


def read_none(_: Buffer, start: int, stop: int) -> None:
    if stop != start:
        raise damaged("None has content", start)


def read_complex(data: Buffer, start: int, stop: int) -> complex:
    if stop - start != 16:
        raise damaged("a complex number does not have 16 bytes", start)
    return complex(*COMPLEX.unpack_from(data, start))


def read_decimal(data: Buffer, start: int, stop: int) -> Decimal:
    text = read_str(data, start, stop)
    try:
        return Decimal(text)
    except ArithmeticError as err:
        raise damaged("a decimal is not a number", start) from err


def read_uuid(data: Buffer, start: int, stop: int) -> uuid.UUID:
    if stop - start != 16:
        raise damaged("a UUID does not have 16 bytes", start)
    return uuid.UUID(bytes=bytes(data[start:stop]))


def read_time(data: Buffer, start: int, stop: int) -> dt.date | dt.time | None:
    """A date, a time of day, both, or None where neither is given."""
    if stop - start != MOMENT.size:
        raise damaged("a time does not have 12 bytes", start)
    day, clock = MOMENT.unpack_from(data, start)
    try:
        if clock == -1:
            return None if day == -1 else _date(day)
        return _time(clock) if day == -1 else dt.datetime.combine(_date(day), _time(clock))
    except (ValueError, OverflowError) as err:
        raise damaged(f"no such time: {err}", start) from err


def _date(day: int) -> dt.date:
    return dt.date(day // 10000, day // 100 % 100, day % 100)


def _time(clock: int) -> dt.time:
    seconds, microsecond = divmod(clock, 1_000_000)
    return dt.time(seconds // 10000, seconds // 100 % 100, seconds % 100, microsecond)


#: Tag -> function.
READERS: Final[dict[int, Callable[[Buffer, int, int], Any]]] = {
    TAG_FLOAT: read_float,
    TAG_INT: read_int,
    TAG_STR: read_str,
    TAG_BYTES: read_bytes,
    TAG_BOOL: read_bool,
    TAG_NONE: read_none,
    TAG_COMPLEX: read_complex,
    TAG_DECIMAL: read_decimal,
    TAG_UUID: read_uuid,
    TAG_TIME: read_time,
}
