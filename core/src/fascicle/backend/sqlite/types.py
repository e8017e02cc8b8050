"""How the core types live in SQLite: storage class, checks, and the way there and back."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import partial
from typing import Any
from uuid import UUID

from fascicle.backend.temporal import as_datetime, datetime_text, time_text
from fascicle.errors import DefinitionError, ValidationError
from fascicle.model import Attribute, CoreType

MAX_DECIMAL_DIGITS = 18
_CONTEXT = Context(prec=60)
_FLOAT32 = struct.Struct("<f")
_FLOAT32_MAX = 3.4028234663852886e38
_STORAGE = {
    "float32": "REAL",
    "float64": "REAL",
    "decimal": "INTEGER",
    "bool": "INTEGER",
    "uuid": "BLOB",
    "bytes": "BLOB",
}
Convert = Callable[[Any], Any]


def storage_class(type_: CoreType) -> str:
    """Storage class of a type: INTEGER, REAL, TEXT, BLOB; a native type keeps its affinity.

    Raises
    ------
    DefinitionError
        If SQLite cannot hold the type exactly.
    """
    if type_.name == "native":
        return _affinity(str(type_.args[0]))
    if type_.name == "decimal" and _precision(type_)[0] > MAX_DECIMAL_DIGITS:
        raise DefinitionError(
            f"SQLite cannot hold {type_}",
            why=f"a decimal is kept as a whole number of 64 bits there: {MAX_DECIMAL_DIGITS} digits at most",
            try_=f"declare at most decimal({MAX_DECIMAL_DIGITS},...), or use a server",
        )
    return "INTEGER" if type_.is_integer else _STORAGE.get(type_.name, "TEXT")


def check_clause(type_: CoreType, column: str, quote: Callable[[str], str]) -> str | None:
    """Condition that a stored value meets, ``None`` if any value of the storage class does.

    Parameters
    ----------
    type_ : CoreType
    column : str
        The quoted column; NULL passes every check.
    quote : callable
        Quotes text.
    """
    name, args = type_.name, type_.args
    if name in ("int8", "int16", "int32"):
        low, high = type_.bounds
        return f"{column} BETWEEN {low} AND {high}"
    if name == "decimal":
        bound = 10 ** _precision(type_)[0] - 1
        return f"{column} BETWEEN {-bound} AND {bound}"
    if name == "enum":
        return f"{column} IN ({', '.join(quote(str(value)) for value in args)})"
    if name in ("char", "varchar"):
        return f"length({column}) <= {int(args[0]) if args else 1}"
    digits = int(args[0]) if name in ("datetime", "time") and args else 0
    return {
        "bool": f"{column} IN (0, 1)",
        "float32": f"abs({column}) <= {_FLOAT32_MAX!r}",
        "float64": f"abs({column}) < 9e999",
        # The modifier makes SQLite compute the day, so that the 30th of February is found out.
        "date": f"{column} IS date({column}, '+0 days')",
        "datetime": _moment_check(column, "datetime", 19, digits),
        "time": _moment_check(column, "time", 8, digits),
        "json": f"{column} IS NULL OR json_valid({column})",
        "uuid": f"length({column}) = 16",
    }.get(name)


def encoder(attribute: Attribute) -> Convert | None:
    """Function from a checked Python value to what is bound, ``None`` where values are bound as they are."""
    type_ = attribute.type
    if type_.name == "decimal":
        return partial(_encode_decimal, *_precision(type_))
    if type_.name in ("datetime", "time"):
        encode = _encode_datetime if type_.name == "datetime" else _encode_time
        return partial(encode, int(type_.args[0]) if type_.args else 0)
    return _ENCODERS.get(type_.name)


def decoder(attribute: Attribute) -> Convert | None:
    """Function from a stored value to the Python value, ``None`` where values come as they are."""
    type_ = attribute.type
    if type_.name == "decimal":
        return partial(_decode_decimal, -_precision(type_)[1])
    return _DECODERS.get(type_.name)


def conversion(old: CoreType, new: CoreType, column: str) -> str:
    """Expression that turns a stored value of type `old` into one of type `new`."""
    if old.name == new.name and old.name not in ("decimal", "datetime", "time"):
        return column
    if "decimal" in (old.name, new.name) and old.is_numeric and new.is_numeric:
        return _rescaled(old, new, column)
    if new.name == "date" and old.name == "datetime":
        return f"substr({column}, 1, 10)"
    if new.name in ("datetime", "time") and old.is_temporal:
        width = 8 if new.name == "time" else 19
        digits = int(new.args[0]) if new.args else 0
        whole = column if old.name != "date" else f"{column} || ' 00:00:00'"
        padded = f"substr({whole} || CASE instr({whole}, '.') WHEN 0 THEN '.000000' ELSE '000000' END"
        return f"{padded}, 1, {width + digits + (1 if digits else 0)})"
    return column


def _rescaled(old: CoreType, new: CoreType, column: str) -> str:
    shift = (_precision(new)[1] if new.name == "decimal" else 0) - (
        _precision(old)[1] if old.name == "decimal" else 0
    )
    if new.is_float:
        return f"{column} / {10.0**-shift!r}"
    if shift >= 0 and not old.is_float:
        return f"{column} * {10**shift}"
    return f"CAST(round({column} * {10.0**shift!r}) AS INTEGER)"


def _precision(type_: CoreType) -> tuple[int, int]:
    precision = int(type_.args[0]) if type_.args else 10
    return precision, int(type_.args[1]) if len(type_.args) > 1 else 0


def _affinity(native: str) -> str:
    """Storage class by SQLite's own rules of affinity."""
    upper = native.upper()
    if "INT" in upper:
        return "INTEGER"
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT", "DATE", "TIME")):
        return "TEXT"
    if any(word in upper for word in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "BLOB" if "BLOB" in upper or "BINARY" in upper else "ANY"


def _moment_check(column: str, function: str, width: int, digits: int) -> str:
    if digits == 0:
        return f"{column} IS {function}({column}, '+0 days')"
    pattern = "?" * width + "." + "[0-9]" * digits
    whole = f"substr({column}, 1, {width})"
    return f"{whole} IS {function}({whole}, '+0 days') AND {column} GLOB '{pattern}'"


def _encode_float32(value: Any) -> float | None:
    if value is None:
        return None
    try:
        return _FLOAT32.unpack(_FLOAT32.pack(value))[0]  # type: ignore[no-any-return]
    except OverflowError as error:
        raise ValidationError(f"{value!r} is beyond float32", try_="declare the attribute float64") from error


def _encode_decimal(precision: int, scale: int, value: Any) -> int | None:
    if value is None:
        return None
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise ValidationError(f"{value!r} is no finite decimal number")
    scaled = _CONTEXT.scaleb(number, scale).to_integral_value(ROUND_HALF_UP)
    if abs(scaled) >= 10**precision:
        raise ValidationError(
            f"{value!r} does not fit decimal({precision},{scale})",
            why=f"it leaves room for {precision - scale} digits before the point",
        )
    return int(scaled)


def _encode_bool(value: Any) -> int | None:
    return None if value is None else int(value)


def _encode_datetime(digits: int, value: Any) -> str | None:
    return None if value is None else datetime_text(as_datetime(value), digits)


def _encode_time(digits: int, value: Any) -> str | None:
    if value is None:
        return None
    return time_text(time.fromisoformat(value) if isinstance(value, str) else value, digits)


def _encode_json(value: Any) -> str | None:
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _encode_uuid(value: Any) -> bytes | None:
    if value is None:
        return None
    return value.bytes if isinstance(value, UUID) else UUID(str(value)).bytes


def _decode_decimal(exponent: int, value: Any) -> Decimal | None:
    return None if value is None else _CONTEXT.scaleb(Decimal(value), exponent)


def _decode_json(value: Any) -> Any:
    return None if value is None else json.loads(value)


def _decode_uuid(value: Any) -> UUID | None:
    return None if value is None else UUID(bytes=value)


_ENCODERS: dict[str, Convert] = {
    "float32": _encode_float32,
    "bool": _encode_bool,
    "date": date.isoformat,  # C speed: the value is a date already
    "json": _encode_json,
    "uuid": _encode_uuid,
}
_DECODERS: dict[str, Convert] = {
    "bool": {0: False, 1: True}.get,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "json": _decode_json,
    "uuid": _decode_uuid,
}
