"""Values of restrictions in the type of what they are compared with."""

from __future__ import annotations

import datetime as dt
import math
import re
import struct
import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from fascicle.errors import QueryError
from fascicle.model import CoreType
from fascicle.query.families import (
    DATE,
    FLOAT64,
    INT64,
    datetime_type,
    digits_of,
    family,
    natural_type,
    scale_of,
)
from fascicle.query.scalar import Literal
from fascicle.query.tabular import plain

_MOMENT = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?\s*"
)
_TIME = re.compile(r"\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*")
_PLAIN = frozenset(
    {int, float, str, bool, bytes, type(None), dt.date, dt.datetime, dt.time, Decimal, uuid.UUID}
)


def coerce(value: Any, type_: CoreType | None) -> Literal:
    """Turn a value into a literal of a type, so that every database compares it the same way.

    Parameters
    ----------
    value : Any
        Python or numpy scalar; text for dates, numbers, uuids is parsed.
    type_ : CoreType or None
        Type of the attribute or expression that the value is compared with.

    Returns
    -------
    Literal
        Of `type_`, or of a wider type where the value does not fit it (``2.5`` against a whole number).

    Raises
    ------
    QueryError
        If the value can never be of the type.
    """
    if type(value) not in _PLAIN:
        value = plain(value.value if isinstance(value, Enum) else value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return Literal(None, type_)
    if isinstance(value, float) and math.isinf(value):
        raise QueryError("infinity is no value", why="not every database can store or compare it")
    convert = _COERCE.get(family(type_))
    if convert is None or type_ is None:
        # Text beside a type of one database stays as it is: that database alone can read it.
        as_it_is = type_ is not None and type_.name == "native" and isinstance(value, str)
        return Literal(value, type_ if as_it_is else None if type_ is None else natural_type(value))
    try:
        return convert(value, type_)
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        raise QueryError(
            f"{_show(value)} is no {type_.name}", why=_reason(error), try_=_EXPECTED.get(family(type_))
        ) from None


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _reason(error: Exception) -> str | None:
    text = str(error)
    return text if text and not isinstance(error, InvalidOperation) else None


def _to_int(value: Any, type_: CoreType) -> Literal:
    if isinstance(value, int):
        return Literal(int(value), INT64 if -(1 << 63) <= value < 1 << 63 else natural_type(value))
    if isinstance(value, (float, Decimal)):
        return Literal(value, natural_type(value))
    if isinstance(value, str):
        return _to_int(_number(value), type_)
    raise TypeError(f"it is a {type(value).__name__}")


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        raise ValueError("") from None
    if not math.isfinite(number):
        raise ValueError("it is not finite")
    return number


def _to_float(value: Any, type_: CoreType) -> Literal:
    if not isinstance(value, (int, float, Decimal, str)):
        raise TypeError(f"it is a {type(value).__name__}")
    number = float(_number(value)) if isinstance(value, str) else float(value)
    if type_.name == "float32":
        try:
            return Literal(struct.unpack("<f", struct.pack("<f", number))[0], type_)
        except OverflowError:
            return Literal(number, FLOAT64)
    return Literal(number, type_)


def _to_bool(value: Any, type_: CoreType) -> Literal:
    if isinstance(value, str):
        value = {"true": 1, "false": 0, "1": 1, "0": 0}.get(value.strip().lower(), value)
    if isinstance(value, (int, float, Decimal)) and value in (0, 1):
        return Literal(bool(value), type_)
    raise TypeError("")


def _to_decimal(value: Any, type_: CoreType) -> Literal:
    if isinstance(value, int):
        number = Decimal(int(value))
    elif isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, (str, Decimal)):
        number = Decimal(value)
        if not number.is_finite():
            raise ValueError("it is not finite")
    else:
        raise TypeError(f"it is a {type(value).__name__}")
    own = natural_type(number)
    if own is not None and scale_of(own) <= scale_of(type_) and _whole(own) <= _whole(type_):
        return Literal(number, type_)
    return Literal(number, own)


def _whole(type_: CoreType) -> int:
    return int(type_.args[0]) - scale_of(type_)


def _to_text(value: Any, type_: CoreType) -> Literal:
    if isinstance(value, str):
        return Literal(value, type_)
    if isinstance(value, (bool, bytes | bytearray | memoryview | dict | list)):
        raise TypeError(f"it is a {type(value).__name__}")
    return Literal(str(value), type_)


def parse_moment(text: str) -> dt.datetime | dt.date:
    """Read ``YYYY-MM-DD[ HH:MM[:SS[.ffffff]]][offset]``; an offset is turned into UTC.

    Raises
    ------
    ValueError
        If the text has another form or names no day of the calendar.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError("")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    if hour is None:
        return dt.date(int(year), int(month), int(day))
    micro = int((fraction or "0").ljust(6, "0")[:6])
    moment = dt.datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), micro)
    if offset is None or offset == "Z":
        return moment
    shift = dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    return moment - shift if offset[0] == "+" else moment + shift


def _moment(value: Any) -> dt.datetime | dt.date:
    if isinstance(value, str):
        return parse_moment(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, dt.date):
        return value
    raise TypeError(f"it is a {type(value).__name__}")


def _to_date(value: Any, type_: CoreType) -> Literal:
    moment = _moment(value)
    if not isinstance(moment, dt.datetime):
        return Literal(moment, DATE)
    if moment.time() == dt.time():
        return Literal(moment.date(), DATE)
    return Literal(moment, datetime_type(6 if moment.microsecond else 0))


def _to_datetime(value: Any, type_: CoreType) -> Literal:
    moment = _moment(value)
    if not isinstance(moment, dt.datetime):
        return Literal(dt.datetime.combine(moment, dt.time()), type_)
    return Literal(moment, type_ if fits_digits(moment.microsecond, digits_of(type_)) else datetime_type(6))


def fits_digits(microsecond: int, digits: int) -> bool:
    """Whether so many fractional digits hold the microseconds exactly."""
    return digits >= 6 or microsecond % 10 ** (6 - digits) == 0


def _to_time(value: Any, type_: CoreType) -> Literal:
    if isinstance(value, dt.timedelta):
        if not dt.timedelta() <= value < dt.timedelta(days=1):
            raise ValueError("it lies outside one day")
        value = (dt.datetime.min + value).time()
    if isinstance(value, str):
        found = _TIME.fullmatch(value)
        if found is None:
            raise ValueError("")
        hour, minute, second, fraction = found.groups()
        value = dt.time(int(hour), int(minute), int(second or 0), int((fraction or "0").ljust(6, "0")[:6]))
    if not isinstance(value, dt.time):
        raise TypeError(f"it is a {type(value).__name__}")
    return Literal(
        value, type_ if fits_digits(value.microsecond, digits_of(type_)) else CoreType("time", (6,))
    )


def _to_uuid(value: Any, type_: CoreType) -> Literal:
    if isinstance(value, uuid.UUID):
        return Literal(value, type_)
    if isinstance(value, bytes) and len(value) == 16:
        return Literal(uuid.UUID(bytes=value), type_)
    if isinstance(value, str):
        return Literal(uuid.UUID(value), type_)
    raise TypeError(f"it is a {type(value).__name__}")


def _to_bytes(value: Any, type_: CoreType) -> Literal:
    if isinstance(value, bytes | bytearray | memoryview):
        return Literal(bytes(value), type_)
    raise TypeError(f"it is a {type(value).__name__}")


_COERCE: dict[str, Callable[[Any, CoreType], Literal]] = {
    "int": _to_int,
    "float": _to_float,
    "bool": _to_bool,
    "decimal": _to_decimal,
    "text": _to_text,
    "date": _to_date,
    "datetime": _to_datetime,
    "time": _to_time,
    "uuid": _to_uuid,
    "bytes": _to_bytes,
}
_EXPECTED = {
    "int": "write a whole number, e.g. 3",
    "float": "write a number, e.g. 2.5",
    "bool": "write TRUE, FALSE, 1 or 0",
    "decimal": "write a number, e.g. 2.50",
    "date": "write a day as 'YYYY-MM-DD'",
    "datetime": "write a moment as 'YYYY-MM-DD HH:MM:SS'",
    "time": "write a time of day as 'HH:MM:SS'",
    "uuid": "write it as 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'",
    "bytes": "write bytes as X'0f1e' in text, or give a bytes object",
}
