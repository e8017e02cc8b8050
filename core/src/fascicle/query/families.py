"""Families of types: which values compare, add up or stand in for one another."""

from __future__ import annotations

from typing import Any

from fascicle.errors import QueryError
from fascicle.model import CoreType

BOOL = CoreType("bool")
INT32 = CoreType("int32")
INT64 = CoreType("int64")
FLOAT64 = CoreType("float64")
TEXT = CoreType("varchar")  # computed text has no length of its own
DATE = CoreType("date")
DATETIME = CoreType("datetime")
DATETIME6 = CoreType("datetime", (6,))
TIME = CoreType("time")
JSON = CoreType("json")
UUID = CoreType("uuid")
BYTES = CoreType("bytes")
UNKNOWN = CoreType("native", ("unknown",))

_FAMILIES = {
    "int8": "int",
    "int16": "int",
    "int32": "int",
    "int64": "int",
    "float32": "float",
    "float64": "float",
    "char": "text",
    "varchar": "text",
    "enum": "text",
}
_LADDER = {"bool": 0, "int": 1, "decimal": 2, "float": 3}
_MAX_PRECISION, _MAX_SCALE = 65, 30


def family(type_: CoreType | None) -> str:
    """Return ``int float decimal bool text date time datetime json uuid bytes``, ``native`` or ``null``."""
    if type_ is None:
        return "null"
    return _FAMILIES.get(type_.name, type_.name)


def scale_of(type_: CoreType | None) -> int:
    """Digits after the point of a decimal (0 for anything else)."""
    if type_ is None or type_.name != "decimal" or len(type_.args) < 2:
        return 0
    return int(type_.args[1])


def digits_of(type_: CoreType | None) -> int:
    """Digits of fractional seconds of a time or datetime."""
    if type_ is None or type_.name not in ("datetime", "time") or not type_.args:
        return 0
    return int(type_.args[0])


def decimal_type(precision: int, scale: int) -> CoreType:
    """Decimal type within the widest that the databases know."""
    scale = min(max(scale, 0), _MAX_SCALE)
    return CoreType("decimal", (min(max(precision, scale, 1), _MAX_PRECISION), scale))


def datetime_type(digits: int) -> CoreType:
    """The datetime type with so many fractional digits."""
    return CoreType("datetime", (digits,)) if digits else DATETIME


def is_number(type_: CoreType | None) -> bool:
    """Whether the type takes part in arithmetic."""
    return family(type_) in _LADDER


def common_type(left: CoreType | None, right: CoreType | None) -> CoreType | None:
    """Return the type in which values of both types compare, ``None`` for two NULLs.

    Raises
    ------
    QueryError
        If the two have nothing in common.
    """
    if left is None or right is None or left == right:
        return left if right is None else right
    mine, other = family(left), family(right)
    if mine == other:
        return _same_family(mine, left, right)
    if mine in _LADDER and other in _LADDER:
        return _common_number(left, right)
    if {mine, other} == {"date", "datetime"}:
        return left if mine == "datetime" else right
    if "native" in (mine, other):
        return left if other == "native" else right
    raise QueryError(
        f"{left} and {right} do not compare",
        why="each database would guess another meaning",
        try_="convert one of them: CAST(x AS type)",
    )


def _same_family(name: str, left: CoreType, right: CoreType) -> CoreType:
    if name == "int":
        return INT64
    if name == "float":
        return FLOAT64
    if name == "decimal":
        return _common_number(left, right)
    if name in ("datetime", "time"):
        return left if digits_of(left) >= digits_of(right) else right
    return TEXT if name == "text" else left


def _common_number(left: CoreType, right: CoreType) -> CoreType:
    rank = max(_LADDER[family(left)], _LADDER[family(right)])
    if rank == _LADDER["float"]:
        return FLOAT64
    if rank == _LADDER["decimal"]:
        scale = max(scale_of(left), scale_of(right))
        whole = max(_whole_digits(left), _whole_digits(right))
        return decimal_type(whole + scale, scale)
    return INT64


def _whole_digits(type_: CoreType) -> int:
    if type_.name == "decimal":
        return int(type_.args[0]) - scale_of(type_) if type_.args else 10
    return {"bool": 1, "int8": 3, "int16": 5, "int32": 10}.get(type_.name, 19)


def arithmetic_type(op: str, left: CoreType | None, right: CoreType | None) -> CoreType | None:
    """Return the type of ``left op right``: whole numbers have 64 bits, ``/`` gives float64.

    Raises
    ------
    QueryError
        If an operand is no number.
    """
    if op == "||":
        return TEXT
    for side in (left, right):
        if side is not None and side.name != "native" and not is_number(side):
            raise _no_arithmetic(op, left, right)
    if op == "/":
        return FLOAT64
    if op in ("//", "&", "|", "^", "<<", ">>"):
        return INT64
    if left is None or right is None or "native" in (left.name, right.name):
        return _widest(left, right)
    if "decimal" in (left.name, right.name) and not (left.is_float or right.is_float):
        return _decimal_result(op, left, right)
    return FLOAT64 if left.is_float or right.is_float else INT64


def _widest(left: CoreType | None, right: CoreType | None) -> CoreType | None:
    known = left if left is not None else right
    if left is not None and right is not None:
        known = left if right.name == "native" else right
    return INT64 if known is not None and known.is_integer else known


def _decimal_result(op: str, left: CoreType, right: CoreType) -> CoreType:
    if op == "*":
        scale = scale_of(left) + scale_of(right)
        return decimal_type(_whole_digits(left) + _whole_digits(right) + scale, scale)
    scale = max(scale_of(left), scale_of(right))
    return decimal_type(max(_whole_digits(left), _whole_digits(right)) + 1 + scale, scale)


def _no_arithmetic(op: str, left: CoreType | None, right: CoreType | None) -> QueryError:
    times = {"date", "datetime", "time"}
    if times & {family(left), family(right)}:
        advice = "use datediff(a, b), timestampdiff(second, a, b), or x + INTERVAL 3 DAY"
    elif "text" in (family(left), family(right)):
        advice = "use concat(a, b) for texts, or CAST(x AS float64)"
    else:
        advice = "convert it: CAST(x AS float64)"
    return QueryError(f"{left} {op} {right} is not defined", why="arithmetic takes numbers", try_=advice)


def natural_type(value: Any) -> CoreType | None:
    """Type of a Python value that nothing else gives a type; ``None`` for None."""
    known = _NATURAL.get(type(value))
    if known is not None:
        return known
    if value is None:
        return None
    if isinstance(value, int):
        return _integer_type(value)
    if isinstance(value, float):
        return FLOAT64
    return _natural_rare(value)


def _integer_type(value: int) -> CoreType:
    bits = value.bit_length()
    if bits < 32:
        return INT32
    return INT64 if bits < 64 else decimal_type(len(str(abs(value))), 0)


def _natural_rare(value: Any) -> CoreType:
    import datetime as dt
    import decimal
    import uuid

    if isinstance(value, decimal.Decimal):
        exponent = value.as_tuple().exponent
        scale = max(0, -exponent) if isinstance(exponent, int) else 0
        return decimal_type(max(len(value.as_tuple().digits), scale + 1), scale)
    for kind, type_ in ((dt.datetime, DATETIME6), (dt.date, DATE), (dt.time, TIME), (uuid.UUID, UUID)):
        if isinstance(value, kind):
            return type_
    if isinstance(value, bytes | bytearray | memoryview):
        return BYTES
    return JSON if isinstance(value, dict | list) else TEXT


_NATURAL: dict[type, CoreType] = {bool: BOOL, str: TEXT, float: FLOAT64, bytes: BYTES}
