"""Defaults as definitions write them, turned into Python values of the attribute's type and back."""

from __future__ import annotations

import datetime as dt
import math
import re
import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from fascicle.definition.cursor import quote
from fascicle.definition.syntax import DefaultText
from fascicle.errors import DefinitionError
from fascicle.model import CoreType, CurrentTimestamp

_Clock = TypeVar("_Clock", dt.time, dt.datetime)
_NOW = re.compile(r"current_timestamp(?:\s*\(\s*(\d*)\s*\))?", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d\d?:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
_MAX_FLOAT32 = 3.4028234663852886e38
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def is_null(default: DefaultText) -> bool:
    """Whether a default is the bare word null."""
    return not default.quoted and default.text.lower() == "null"


def convert_default(type_: CoreType, default: DefaultText) -> Any:
    """Turn a default other than null into a value of the type.

    Parameters
    ----------
    type_ : CoreType
        Type of the attribute.
    default : DefaultText
        The default as written.

    Returns
    -------
    Any
        A Python value: int, float, bool, `decimal.Decimal`, str, date, time, datetime (naive, UTC),
        `uuid.UUID`, or a `CurrentTimestamp`.

    Raises
    ------
    DefinitionError
        If the text is no value of the type; without a position, which the caller adds.
    """
    now = None if default.quoted else _NOW.fullmatch(default.text)
    if now:
        return _current(type_, now.group(1))
    reader = _READERS.get(type_.name)
    if reader is None:
        raise DefinitionError(
            f"{type_.name} takes no default but null",
            why="not every database admits another one for this type",
            try_=f"write 'name = null : {type_}' or no default",
        )
    if type_.name == "native" and default.quoted:
        return default.text
    return reader(type_, default.text)


def print_default(value: Any) -> str:
    """Write a default so that `convert_default` reads the same value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, CurrentTimestamp)):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return quote(value.isoformat(" ") if isinstance(value, dt.datetime) else str(value))


def _fault(type_: CoreType, text: str, why: str | None = None, try_: str | None = None) -> DefinitionError:
    return DefinitionError(f"the default {text!r} is no value of {type_}", why=why, try_=try_)


def _current(type_: CoreType, digits: str | None) -> CurrentTimestamp:
    if type_.name != "datetime" and not (type_.name == "native" and str(type_).startswith("timestamp")):
        raise DefinitionError(
            f"CURRENT_TIMESTAMP is no default of {type_}",
            why="only a datetime takes the time of its insertion",
        )
    own = int(type_.args[0]) if type_.name == "datetime" and type_.args else 0
    if digits and int(digits) != own and type_.name == "datetime":
        raise DefinitionError(
            f"CURRENT_TIMESTAMP({digits}) does not fit {type_}",
            why="the digits after the second must be those of the type",
            try_=f"write {CurrentTimestamp(own)}",
        )
    return CurrentTimestamp(own if type_.name == "datetime" else int(digits or 0))


def _integer(type_: CoreType, text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise _fault(type_, text, "a whole number is expected")
    low, high = type_.bounds
    if not low <= int(text) <= high:
        raise _fault(type_, text, f"{type_} holds {low} to {high}")
    return int(text)


def _float(type_: CoreType, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _fault(type_, text, "a number is expected") from None
    if not math.isfinite(value):
        raise _fault(
            type_, text, "NaN and infinities are no values of a column", "write null for a missing value"
        )
    if type_.name == "float32" and abs(value) > _MAX_FLOAT32:
        raise _fault(type_, text, f"float32 holds at most {_MAX_FLOAT32}")
    return value


def _bool(type_: CoreType, text: str) -> bool:
    if text.lower() not in _FLAGS:
        raise _fault(type_, text, "true, false, 1 or 0 is expected")
    return _FLAGS[text.lower()]


def _decimal(type_: CoreType, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise _fault(type_, text, "a number is expected") from None
    precision, scale = (int(a) for a in type_.args)
    if not value.is_finite():
        raise _fault(type_, text, "NaN and infinities are no values of a column")
    _, digits, exponent = value.normalize().as_tuple()
    whole = len(digits) + int(exponent)
    if -int(exponent) > scale or (value and whole > precision - scale):
        raise _fault(type_, text, f"it holds {precision - scale} digits before the point, {scale} after")
    return value


def _text(type_: CoreType, text: str) -> str:
    length = int(type_.args[0])
    if len(text) > length:
        raise _fault(type_, text, f"it has {len(text)} characters")
    return text


def _enum(type_: CoreType, text: str) -> str:
    if text not in type_.args:
        raise _fault(type_, text, f"the values are {', '.join(repr(a) for a in type_.args)}")
    return text


def _date(type_: CoreType, text: str) -> dt.date:
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise _fault(type_, text, "a date of the calendar is expected", "write 'YYYY-MM-DD'")


def _time(type_: CoreType, text: str) -> dt.time:
    try:
        if _TIME.fullmatch(text):
            return _checked(type_, text, dt.time.fromisoformat("0" + text if text[1] == ":" else text))
    except ValueError:
        pass
    raise _fault(type_, text, "a time of the day is expected", "write 'HH:MM:SS'")


def _datetime(type_: CoreType, text: str) -> dt.datetime:
    date, _, time = text.replace("T", " ").partition(" ")
    try:
        if _DATE.fullmatch(date) and (not time or _TIME.fullmatch(time)):
            clock = "0" + time if time[1:2] == ":" else time or "00:00"
            return _checked(type_, text, dt.datetime.fromisoformat(f"{date} {clock}"))
    except ValueError:
        pass
    raise _fault(
        type_,
        text,
        "a time without zone is expected, understood as UTC",
        "write 'YYYY-MM-DD HH:MM:SS', or CURRENT_TIMESTAMP without quotes",
    )


def _checked(type_: CoreType, text: str, value: _Clock) -> _Clock:
    digits = int(type_.args[0]) if type_.args else 0
    if value.microsecond % 10 ** (6 - digits):
        raise _fault(type_, text, f"{type_} keeps {digits} digits after the second")
    return value


def _uuid(type_: CoreType, text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise _fault(type_, text, "32 hexadecimal digits are expected") from None


def _native(_: CoreType, text: str) -> int | float | str:
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


_READERS: dict[str, Callable[[CoreType, str], Any]] = {
    "int8": _integer,
    "int16": _integer,
    "int32": _integer,
    "int64": _integer,
    "float32": _float,
    "float64": _float,
    "bool": _bool,
    "decimal": _decimal,
    "char": _text,
    "varchar": _text,
    "enum": _enum,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "uuid": _uuid,
    "native": _native,
}
