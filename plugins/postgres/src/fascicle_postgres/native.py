"""Column types and defaults as PostgreSQL reports them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from fascicle.model import CoreType, CurrentTimestamp

_TYPE = re.compile(r"([a-z][a-z_ ]*?)\s*(?:\(([\d,]+)\))?( without time zone)?")
_QUOTED = re.compile(r"(E?)'((?:[^']|'')*)'(?:::.*)?", re.DOTALL)
_NULL = re.compile(r"NULL(?:::.*)?", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(r"\(?([+-]?[\d.]+(?:e[+-]?\d+)?)\)?(?:::.*)?", re.IGNORECASE)
_NOW = re.compile(r"\(*(?:CURRENT_TIMESTAMP|LOCALTIMESTAMP|now\(\))(?:\((\d)\))?\)*(?:::.*)?", re.IGNORECASE)
_PLAIN = {
    "smallint": "int16",
    "integer": "int32",
    "bigint": "int64",
    "real": "float32",
    "double precision": "float64",
    "boolean": "bool",
    "uuid": "uuid",
    "bytea": "bytes",
    "json": "json",
    "jsonb": "json",
    "date": "date",
}


def core_type(native: str, labels: Sequence[str] | None = None) -> CoreType:
    """Nearest core type of an exact column type.

    Parameters
    ----------
    native : str
        As the server formats the type.
    labels : sequence of str, optional
        Values of an enum type, in order.
    """
    if labels is not None:
        return CoreType("enum", tuple(labels))
    found = _TYPE.fullmatch(native)
    if not found:
        return CoreType("native", (native,))
    name, numbers = found.group(1), [int(n) for n in (found.group(2) or "").split(",") if n]
    if name in _PLAIN and not numbers:
        return CoreType(_PLAIN[name])
    made = _with_numbers(name, numbers, found.group(3) is not None)
    return made or CoreType("native", (native,))


def _with_numbers(name: str, numbers: list[int], zoneless: bool) -> CoreType | None:
    if name in ("character varying", "character") and numbers:
        return CoreType("char" if name == "character" else "varchar", (numbers[0],))
    if name == "numeric" and numbers:
        return CoreType("decimal", (numbers[0], numbers[1] if len(numbers) > 1 else 0))
    if name in ("timestamp", "time") and zoneless:
        # Without a number the server keeps microseconds.
        digits = numbers[0] if numbers else 6
        return CoreType("datetime" if name == "timestamp" else "time", (digits,) if digits else ())
    return None


def parse_default(text: str, type_: CoreType) -> Any:
    """Python value of a default expression, ``None`` for NULL and for what only the server can evaluate."""
    now = _NOW.fullmatch(text)
    if now:
        return CurrentTimestamp(int(now.group(1) or 0))
    if _NULL.fullmatch(text):
        return None
    if text in ("true", "false"):
        return text == "true"
    quoted, number = _QUOTED.fullmatch(text), _NUMBER.fullmatch(text)
    if quoted:
        value = quoted.group(2).replace("''", "'")
        value = value.replace("\\\\", "\\") if quoted.group(1) else value
    elif number:
        value = number.group(1)
    else:
        return None
    try:
        return _VALUES.get(type_.name, str)(value)
    except (ValueError, InvalidOperation):
        return None


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


_VALUES: dict[str, Any] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64"), int),
    "float32": float,
    "float64": float,
    "bool": lambda text: text in ("1", "t", "true"),
    "decimal": Decimal,
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "time": dt.time.fromisoformat,
    "json": json.loads,
    "uuid": UUID,
    "bytes": _bytes,
}
