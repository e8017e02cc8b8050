"""One value against one attribute: the careful conversion behind the fast column checks.

Every function returns the canonical Python value (``None`` for NULL) or raises `CellError` saying what was expected.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import uuid
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from fascicle.model import Attribute

FLOAT32_MAX = 3.4028234663852886e38
MICROSECOND_DIGITS = 6


class CellError(ValueError):
    """A value that does not fit; the text says what would."""


def convert(attribute: Attribute, value: Any) -> Any:
    """Return the canonical value of a cell for an attribute without a codec.

    Raises
    ------
    CellError
        If the value does not fit the attribute's type.
    """
    value = plain(value)
    if value is None or (value == "" and _is_number(attribute)):  # an empty field of a form or a CSV file
        return None
    converter = CONVERTERS.get(attribute.type.name)
    return value if converter is None else converter(attribute, value)


def _is_number(attribute: Attribute) -> bool:
    return attribute.type.is_integer or attribute.type.name in ("float32", "float64", "decimal")


def plain(value: Any) -> Any:
    """Turn numpy and pandas scalars into Python's own, and their missing values into ``None``."""
    if value is None or type(value) in (str, int, bool, bytes):
        return value
    if isinstance(value, float):
        return None if value != value else float(value)
    module = type(value).__module__
    if module.startswith("pandas") and type(value).__name__ in ("NaTType", "NAType"):
        return None
    if module.startswith("pandas") and hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    if module.startswith("numpy"):
        return _plain_numpy(value)
    return value


def _plain_numpy(value: Any) -> Any:
    if getattr(value, "ndim", 0) != 0:
        return value
    if value.dtype.kind == "M":
        moment = value.astype("datetime64[us]").item()
        return moment if isinstance(moment, dt.date) else None
    item = value.item()
    return None if isinstance(item, float) and item != item else item


def _integer(attribute: Attribute, value: Any) -> int:
    if isinstance(value, str):
        try:
            value = int(value.strip())
        except ValueError:
            raise CellError(f"expected a whole number, got {value!r}") from None
    elif isinstance(value, (float, Decimal)):
        if value != int(value) if math.isfinite(value) else True:
            raise CellError(f"expected a whole number, got {value!r}")
        value = int(value)
    elif not isinstance(value, int):
        raise CellError(f"expected a whole number, got {kind_of(value)}")
    low, high = attribute.type.bounds
    if not low <= value <= high:
        raise CellError(f"{value} is out of range of {attribute.type} ({low} to {high})")
    return int(value)


def _float(attribute: Attribute, value: Any) -> float | None:
    if isinstance(value, str) and value.strip() == "":
        raise CellError("expected a number, got an empty text")
    if not isinstance(value, (int, float, Decimal, str)):
        raise CellError(f"expected a number, got {kind_of(value)}")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise CellError(f"expected a number, got {value!r}") from None
    if number != number:
        return None
    limit = FLOAT32_MAX if attribute.type.name == "float32" else math.inf
    if math.isinf(number) or abs(number) > limit:
        raise CellError(f"{number!r} cannot be stored as {attribute.type}: it must be finite and in range")
    return number


def _bool(attribute: Attribute, value: Any) -> bool:
    words = {
        "true": True,
        "false": False,
        "1": True,
        "0": False,
        "t": True,
        "f": False,
        "yes": True,
        "no": False,
    }
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    raise CellError(f"expected true or false, got {value!r}")


def _decimal(attribute: Attribute, value: Any) -> Decimal | None:
    precision, scale = (int(a) for a in attribute.type.args)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise CellError(f"expected a decimal number, got {kind_of(value)}")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise CellError(f"expected a decimal number, got {value!r}") from None
    if number.is_nan():
        return None
    if number.is_infinite() or abs(number) >= Decimal(10) ** (precision - scale):
        raise CellError(f"{value} has more digits than {attribute.type} holds")
    number = number.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
    if abs(number) >= Decimal(10) ** (precision - scale):
        raise CellError(f"{value} has more digits than {attribute.type} holds")
    return number


def _text(attribute: Attribute, value: Any) -> str:
    if isinstance(value, (int, float, Decimal, uuid.UUID)) and not isinstance(value, bool):
        value = str(value)
    elif hasattr(value, "__fspath__"):
        value = value.__fspath__()
    if not isinstance(value, str):
        raise CellError(f"expected text, got {kind_of(value)}")
    if attribute.type.name == "enum":
        if value not in attribute.type.args:
            options = ", ".join(repr(option) for option in attribute.type.args)
            raise CellError(f"{value!r} is not one of {options}")
        return str(value)
    limit = int(attribute.type.args[0]) if attribute.type.args else None
    if limit is not None and len(value) > limit:
        raise CellError(f"text of {len(value)} characters is longer than {attribute.type}")
    if "\x00" in value:
        raise CellError("text holds a NUL character, which not every database stores")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise CellError("text holds a lone surrogate, which is no character") from None
    return str(value)


def _date(attribute: Attribute, value: Any) -> dt.date:
    if isinstance(value, str):
        moment = _parse_moment(value, "a date such as '2026-01-31'")
    elif isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        return value
    else:
        raise CellError(f"expected a date, got {kind_of(value)}")
    if moment.time() != dt.time():
        raise CellError(f"{moment} has a time of day; the attribute holds a date only")
    return moment.date()


def _datetime(attribute: Attribute, value: Any) -> dt.datetime:
    if isinstance(value, str):
        value = _parse_moment(value, "a date and time such as '2026-01-31 12:30:00'")
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    if not isinstance(value, dt.datetime):
        raise CellError(f"expected a date and time, got {kind_of(value)}")
    if value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    digits = int(attribute.type.args[0]) if attribute.type.args else 0
    return _rounded(value, digits)


def _rounded(moment: dt.datetime, digits: int) -> dt.datetime:
    step = 10 ** (MICROSECOND_DIGITS - digits)
    rest = moment.microsecond % step
    if rest == 0:
        return moment
    # Half up, as MySQL and PostgreSQL round.
    return moment + dt.timedelta(microseconds=(step - rest) if rest * 2 >= step else -rest)


def _parse_moment(text: str, expected: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise CellError(f"expected {expected}, got {text!r}") from None
    return moment if moment.tzinfo is None else moment.astimezone(dt.UTC).replace(tzinfo=None)


def _time(attribute: Attribute, value: Any) -> dt.time:
    if isinstance(value, dt.timedelta):
        value = (dt.datetime.min + value).time()
    if isinstance(value, str):
        try:
            value = dt.time.fromisoformat(value.strip())
        except ValueError:
            raise CellError(f"expected a time of day such as '12:30:00', got {value!r}") from None
    if not isinstance(value, dt.time):
        raise CellError(f"expected a time of day, got {kind_of(value)}")
    digits = int(attribute.type.args[0]) if attribute.type.args else 0
    anchor = dt.datetime.combine(dt.date(2000, 1, 1), value.replace(tzinfo=None))
    return _rounded(anchor, digits).time()


def _json(attribute: Attribute, value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CellError(f"expected a value that JSON holds: {error}") from None
    return value


def _uuid(attribute: Attribute, value: Any) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    try:
        if isinstance(value, bytes):
            return uuid.UUID(bytes=value)
        return uuid.UUID(str(value))
    except (ValueError, AttributeError):
        raise CellError(f"expected a UUID, got {value!r:.60}") from None


def _bytes(attribute: Attribute, value: Any) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise CellError(f"expected bytes, got {kind_of(value)}")


def kind_of(value: Any) -> str:
    """Name a value's type, and its shape if it is an array."""
    shape = getattr(value, "shape", None)
    name = type(value).__name__
    return f"{name} of shape {shape}" if shape else name


CONVERTERS: dict[str, Callable[[Attribute, Any], Any]] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64"), _integer),
    **dict.fromkeys(("float32", "float64"), _float),
    **dict.fromkeys(("char", "varchar", "enum"), _text),
    "bool": _bool,
    "bytes": _bytes,
    "date": _date,
    "datetime": _datetime,
    "decimal": _decimal,
    "json": _json,
    "time": _time,
    "uuid": _uuid,
}
