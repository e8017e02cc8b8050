"""Column types and defaults as MySQL and MariaDB report them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from fascicle.model import CodecRef, CoreType, CurrentTimestamp
from fascicle_mysql.values import decode_json

_TYPE = re.compile(r"(\w+)(?:\((.*)\))?([\w ]*)", re.DOTALL)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_NOW = re.compile(r"(?:current_timestamp|now|localtime|localtimestamp)(?:\((\d*)\))?", re.IGNORECASE)
# How the text of a default hides what the catalogue cannot show.
_HEX = re.compile(r"\(?(?:unhex|convert)\(.*?'((?:[0-9a-f]{2})+)'.*\)", re.IGNORECASE | re.DOTALL)
_INTEGERS = {
    "tinyint": ("int8", "int16"),
    "smallint": ("int16", "int32"),
    "mediumint": ("int32", "int32"),
    "int": ("int32", "int64"),
    "bigint": ("int64", "int64"),
}
_PLAIN = {
    "float": CoreType("float32"),
    "double": CoreType("float64"),
    "date": CoreType("date"),
    "json": CoreType("json"),
    "year": CoreType("int16"),
    "uuid": CoreType("uuid"),
    "binary": CoreType("bytes"),
    "varbinary": CoreType("bytes"),
}


def core_type(native: str) -> CoreType | CodecRef:
    """Nearest core type of an exact column type.

    An unmarked blob is a packed value, as it was for every DataJoint client before 2.0.
    """
    found = _TYPE.fullmatch(native.strip())
    if not found:
        return CoreType("native", (native,))
    name, args, rest = found.group(1).lower(), found.group(2) or "", found.group(3).lower()
    if name in _INTEGERS:
        return CoreType(_INTEGERS[name]["unsigned" in rest or "zerofill" in rest])
    if name in _PLAIN:
        return _PLAIN[name]
    if name.endswith("blob"):
        return CodecRef("blob")
    return _with_arguments(name, args) or CoreType("native", (native,))


def _with_arguments(name: str, args: str) -> CoreType | None:
    numbers = [int(n) for n in args.split(",")] if re.fullmatch(r"\d+(,\d+)?", args) else []
    if name in ("char", "varchar") and numbers:
        return CoreType(name, (numbers[0],))
    if name == "decimal":
        return CoreType(
            "decimal", (numbers[0], numbers[1] if len(numbers) > 1 else 0) if numbers else (10, 0)
        )
    if name in ("datetime", "timestamp"):
        return CoreType("datetime", tuple(numbers))
    if name == "time":
        return CoreType("time", tuple(numbers))
    if name == "enum":
        return CoreType("enum", tuple(value.replace("''", "'") for value in _QUOTED.findall(args)))
    return None


def parse_default(raw: tuple[str, bool], type_: CoreType) -> Any:
    """Python value of a default.

    Parameters
    ----------
    raw : (str, bool)
        Text of the default, and whether it is written as SQL (MariaDB) or as the bare value (MySQL).
    type_ : CoreType
        Type of the column.

    Returns
    -------
    Any
        ``None`` for NULL and for expressions, which only the server can evaluate.
    """
    text, is_sql = raw
    now = _NOW.fullmatch(text)
    if now:
        return CurrentTimestamp(int(now.group(1) or 0))
    if is_sql:
        if text.upper() == "NULL":
            return None
        quoted = _QUOTED.fullmatch(text)
        if quoted:
            text = quoted.group(1).replace("''", "'").replace("\\\\", "\\")
        elif not re.fullmatch(r"[+-]?[\d.]+(?:e[+-]?\d+)?|b'[01]+'", text, re.IGNORECASE):
            return _expression(text, type_)
    try:
        return _value(text, type_)
    except (ValueError, InvalidOperation):
        return None


def _expression(text: str, type_: CoreType) -> Any:
    hidden = _HEX.fullmatch(text)
    if hidden:
        value = bytes.fromhex(hidden.group(1))
        return UUID(bytes=value) if type_.name == "uuid" else value.decode()
    inner = re.fullmatch(r"\(?(?:_utf8mb4)?\\?'(.*)'\)?", text, re.DOTALL)
    if type_.name == "json" and inner:
        try:
            return decode_json(inner.group(1).replace("\\'", "'").replace("''", "'"))
        except ValueError:
            return None
    return None


def _value(text: str, type_: CoreType) -> Any:
    reader = _VALUES.get(type_.name)
    return reader(text) if reader else text


_VALUES: dict[str, Any] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64"), int),
    "float32": float,
    "float64": float,
    "bool": lambda text: bool(int(text)),
    "decimal": Decimal,
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "time": dt.time.fromisoformat,
    "json": decode_json,
}
