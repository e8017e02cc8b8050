"""Functions that SQLite lacks, in Python, so that the portable catalogue means the same there."""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import math
import re
import sqlite3
import struct
import uuid
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Any

from fascicle.sql.patterns import read_pattern, to_regexp

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_WIDE = Context(prec=400)
_SECONDS = {"microsecond": 1e-6, "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def register(connection: sqlite3.Connection) -> None:
    """Define the functions and aggregates that our SQL for SQLite calls; once for each connection."""
    for name, arity, function in _FUNCTIONS:
        connection.create_function(name, arity, function, deterministic=True)
    for name, arity, aggregate in _AGGREGATES:
        connection.create_aggregate(name, arity, aggregate)
    present = {row[0] for row in connection.execute("PRAGMA function_list")}
    for name, arity, function in _MATHS:
        if name not in present:
            connection.create_function(name, arity, _or_null(function), deterministic=True)


def _or_null(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that NULL in gives NULL out, and so does a value outside its domain."""

    def guarded(*args: Any) -> Any:
        if None in args:
            return None
        try:
            return function(*args)
        except ValueError:
            return None
        except OverflowError as error:
            # sqlite3 would report an OverflowError as a string that is too big.
            raise ArithmeticError(str(error)) from error

    return guarded


# text ------------------------------------------------------------------------------------------------------


def _like(pattern: str, text: str, escape: str, fold: int) -> bool | None:
    return _like_matcher(str(pattern), str(escape), bool(fold)).fullmatch(str(text)) is not None


@lru_cache(maxsize=256)
def _like_matcher(pattern: str, escape: str, fold: bool) -> re.Pattern[str]:
    flags = re.DOTALL | (re.IGNORECASE if fold else 0)
    return re.compile(to_regexp(read_pattern(pattern, escape)), flags)


def _regexp(pattern: str, text: str) -> bool:
    return re.search(str(pattern), str(text)) is not None


def _concat_ws(separator: str | None, *parts: str | None) -> str | None:
    return None if separator is None else separator.join(part for part in parts if part is not None)


def _substring(text: str, start: int, length: int | None = None) -> str:
    if start < 0:
        start += len(text) + 1
    if start < 1 or start > len(text):
        return ""
    return text[start - 1 :] if length is None else text[start - 1 : start - 1 + max(length, 0)]


def _pad_left(text: str, width: int, filler: str) -> str | None:
    return _padding(text, width, filler) + text if len(text) < width else text[: max(width, 0)]


def _pad_right(text: str, width: int, filler: str) -> str | None:
    return text + _padding(text, width, filler) if len(text) < width else text[: max(width, 0)]


def _padding(text: str, width: int, filler: str) -> str:
    missing = width - len(text)
    return (filler * (missing // len(filler) + 1))[:missing] if filler else ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _number_text(value: float) -> str:
    if value == math.trunc(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _decimal_text(value: int, scale: int) -> str:
    return str(Decimal(value).scaleb(-scale)) if scale == 0 else f"{Decimal(value).scaleb(-scale):.{scale}f}"


# conversions -----------------------------------------------------------------------------------------------


def _to_float(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _to_decimal(text: str, scale: int) -> int | None:
    return _scaled(Decimal(text.strip()), scale) if _NUMBER.fullmatch(text) else None


def _float_decimal(value: float, scale: int) -> int:
    return _scaled(Decimal(repr(value)), scale)


def _scaled(number: Decimal, scale: int) -> int:
    scaled = int(_WIDE.scaleb(number, scale).to_integral_value(ROUND_HALF_UP))
    if abs(scaled) >= 1 << 63:
        raise ArithmeticError("a number beyond 64 bits")
    return scaled


def _to_date(text: str) -> str | None:
    moment = _moment(text)
    return None if moment is None else moment.date().isoformat()


def _to_datetime(text: str, digits: int) -> str | None:
    moment = _moment(text)
    return None if moment is None else _print(moment, digits)


def _to_time(text: str, digits: int) -> str | None:
    found = re.fullmatch(r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?", text.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3]) > 59:
        return None
    fraction = (found[4] or "").ljust(6, "0")[:digits]
    return text.strip()[:8] + (f".{fraction}" if digits else "")


def _to_uuid(text: str) -> bytes | None:
    return uuid.UUID(text).bytes if _UUID.fullmatch(text) else None


def _uuid_text(value: bytes) -> str:
    return str(uuid.UUID(bytes=value))


def _float32(value: float) -> float | None:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def _whole(value: float) -> int:
    if isinstance(value, int):
        return value
    raise ArithmeticError("a whole number beyond 64 bits")


# moments ---------------------------------------------------------------------------------------------------


def _moment(text: str) -> dt.datetime | None:
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction = found.groups()
    try:
        return dt.datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")),
        )
    except ValueError:
        return None


def _print(moment: dt.datetime, digits: int) -> str:
    text = moment.strftime("%Y-%m-%d %H:%M:%S").rjust(19, "0")
    return f"{text}.{moment.microsecond:06d}"[: 20 + digits] if digits else text


def _shift(text: str, amount: float, unit: str, digits: int) -> str | None:
    """Add so many units; `digits` -1 asks for a date."""
    moment = _moment(text)
    if moment is None:
        return None
    try:
        if unit in _MONTHS:
            moment = _add_months(moment, int(amount) * _MONTHS[unit])
        elif isinstance(amount, int):
            moment += (
                dt.timedelta(seconds=amount * _SECONDS[unit]) if unit != "microsecond" else _micro(amount)
            )
        else:
            moment += _micro(round(amount * _SECONDS[unit] * 1_000_000))
    except (OverflowError, ValueError):
        return None
    return moment.date().isoformat() if digits < 0 else _print(moment, digits)


def _micro(amount: int) -> dt.timedelta:
    return dt.timedelta(microseconds=amount)


def _add_months(moment: dt.datetime, months: int) -> dt.datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _difference(unit: str, start: str, end: str) -> int | None:
    first, last = _moment(start), _moment(end)
    if first is None or last is None:
        return None
    if unit in _MONTHS:
        whole = abs(_months_between(min(first, last), max(first, last))) // _MONTHS[unit]
        return whole if last >= first else -whole
    passed = (last - first) // dt.timedelta(microseconds=1)
    whole = abs(passed) // round(_SECONDS[unit] * 1_000_000)
    return whole if passed >= 0 else -whole


def _months_between(first: dt.datetime, last: dt.datetime) -> int:
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - ((last.day, last.time()) < (first.day, first.time()))


def _date_format(text: str, form: str) -> str | None:
    moment = _moment(text)
    if moment is None:
        return None
    return re.sub(r"%(.)", lambda found: _FORMATS[found[1]](moment), form)


_MONTH_NAMES: tuple[str, ...] = (
    *"January February March April May June July August September October November December".split(),
)
_DAY_NAMES: tuple[str, ...] = (*"Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),)
_FORMATS: dict[str, Callable[[dt.datetime], str]] = {
    "Y": lambda m: f"{m.year:04d}",
    "y": lambda m: f"{m.year % 100:02d}",
    "m": lambda m: f"{m.month:02d}",
    "d": lambda m: f"{m.day:02d}",
    "H": lambda m: f"{m.hour:02d}",
    "i": lambda m: f"{m.minute:02d}",
    "s": lambda m: f"{m.second:02d}",
    "f": lambda m: f"{m.microsecond:06d}",
    "j": lambda m: f"{m.timetuple().tm_yday:03d}",
    "M": lambda m: _MONTH_NAMES[m.month - 1],
    "b": lambda m: _MONTH_NAMES[m.month - 1][:3],
    "W": lambda m: _DAY_NAMES[m.weekday()],
    "a": lambda m: _DAY_NAMES[m.weekday()][:3],
    "%": lambda m: "%",
}


def _isoweek(text: str) -> int | None:
    moment = _moment(text)
    return None if moment is None else moment.isocalendar().week


# aggregates ------------------------------------------------------------------------------------------------


class _Spread:
    """Variance in one pass (Welford), so that large means do not cost digits."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def step(self, value: float | None) -> None:
        if value is None:
            return
        self.count += 1
        delta = value - self.mean
        self.mean += delta / self.count
        self.squares += delta * (value - self.mean)


class _VarPop(_Spread):
    def finalize(self) -> float | None:
        return self.squares / self.count if self.count else None


class _VarSamp(_Spread):
    def finalize(self) -> float | None:
        return self.squares / (self.count - 1) if self.count > 1 else None


class _StdPop(_Spread):
    def finalize(self) -> float | None:
        return math.sqrt(self.squares / self.count) if self.count else None


class _StdSamp(_Spread):
    def finalize(self) -> float | None:
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else None


class _Joined:
    """Texts joined in an order: value, separator, directions (``a`` or ``d`` for each key), distinct, keys."""

    def __init__(self) -> None:
        self.items: list[tuple[Any, ...]] = []
        self.separator = ","
        self.directions = ""
        self.distinct = False

    def step(self, text: str | None, separator: str, directions: str, distinct: int, *keys: Any) -> None:
        self.separator, self.directions, self.distinct = separator, directions, bool(distinct)
        if text is not None:
            self.items.append((text, *keys))

    def finalize(self) -> str | None:
        if not self.items:
            return None
        items = self.items
        for place in reversed(range(len(self.directions))):
            items.sort(key=lambda item: _sort_key(item[place + 1]), reverse=self.directions[place] == "d")
        texts = [item[0] for item in items]
        return self.separator.join(dict.fromkeys(texts) if self.distinct else texts)


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    return (
        (1, value)
        if isinstance(value, int | float)
        else (2, value if isinstance(value, bytes) else value.encode())
    )


_Function = tuple[str, int, Callable[..., Any]]
_FUNCTIONS: tuple[_Function, ...] = tuple(
    (f"fascicle_{name}", arity, _or_null(function) if name != "concat_ws" else function)
    for name, arity, function in (
        ("like", 4, _like),
        ("regexp", 2, _regexp),
        ("lower", 1, str.lower),
        ("upper", 1, str.upper),
        ("reverse", 1, lambda text: text[::-1]),
        ("repeat", 2, lambda text, count: text * max(count, 0)),
        ("substring", 2, _substring),
        ("substring", 3, _substring),
        ("lpad", 3, _pad_left),
        ("rpad", 3, _pad_right),
        ("concat_ws", -1, _concat_ws),
        ("md5", 1, _md5),
        ("text", 1, _number_text),
        ("decimal_text", 2, _decimal_text),
        ("to_float", 1, _to_float),
        ("to_decimal", 2, _to_decimal),
        ("float_decimal", 2, _float_decimal),
        ("to_date", 1, _to_date),
        ("to_datetime", 2, _to_datetime),
        ("to_time", 2, _to_time),
        ("to_uuid", 1, _to_uuid),
        ("uuid_text", 1, _uuid_text),
        ("unhex", 1, bytes.fromhex),
        ("float32", 1, _float32),
        ("whole", 1, _whole),
        ("exp", 1, math.exp),
        ("power", 2, math.pow),
        ("shift", 4, _shift),
        ("difference", 3, _difference),
        ("date_format", 2, _date_format),
        ("isoweek", 1, _isoweek),
    )
)
_AGGREGATES: tuple[tuple[str, int, type], ...] = (
    ("fascicle_var_pop", 1, _VarPop),
    ("fascicle_var_samp", 1, _VarSamp),
    ("fascicle_stddev_pop", 1, _StdPop),
    ("fascicle_stddev_samp", 1, _StdSamp),
    ("fascicle_join", -1, _Joined),
)
# Built into most SQLite libraries, not into all.
_MATHS: tuple[_Function, ...] = (
    ("sqrt", 1, math.sqrt),
    ("ln", 1, math.log),
    ("log10", 1, math.log10),
    ("log2", 1, math.log2),
    ("sin", 1, math.sin),
    ("cos", 1, math.cos),
    ("tan", 1, math.tan),
    ("asin", 1, math.asin),
    ("acos", 1, math.acos),
    ("atan", 1, math.atan),
    ("atan2", 2, math.atan2),
    ("radians", 1, math.radians),
    ("degrees", 1, math.degrees),
    ("floor", 1, math.floor),
    ("ceil", 1, math.ceil),
    ("trunc", 1, math.trunc),
    ("sign", 1, lambda x: (x > 0) - (x < 0)),
)
