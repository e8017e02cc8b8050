"""Bound values as bytes of SQL text, by whole columns where many rows go at once.

The session never sets ``NO_BACKSLASH_ESCAPES`` and always speaks utf8mb4, in which no multi-byte character
holds the byte of a quote or a backslash: doubling those two is enough.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Any
from uuid import UUID

from pymysql.err import DataError

from fascicle.backend.rows import Row, columns_of

_MARK = re.compile(r"%[s%]")
_SEPARATOR = "\x1f\x1e"
NULL = b"NULL"


def bind(text: str, params: Sequence[Any]) -> bytes:
    """Put the literals of `params` into the places of `text`.

    Raises
    ------
    pymysql.err.DataError
        If a value has no literal or the numbers of places and values differ.
    """
    pieces = _pieces(text) if len(text) < 10_000 else _split(text)
    if len(pieces) != len(params) + 1:
        raise DataError(f"the statement has {len(pieces) - 1} places for {len(params)} values")
    if not params:
        return pieces[0]
    joined: list[bytes] = [b""] * (len(pieces) + len(params))
    joined[::2] = pieces
    joined[1::2] = map(literal, params)
    return b"".join(joined)


def _split(text: str) -> tuple[bytes, ...]:
    if "%%" not in text:
        return tuple(text.encode().split(b"%s"))
    pieces, start, done = [], 0, ""
    for mark in _MARK.finditer(text):
        done += text[start : mark.start()]
        start = mark.end()
        if mark.group() == "%%":
            done += "%"
        else:
            pieces.append(done.encode())
            done = ""
    pieces.append((done + text[start:]).encode())
    return tuple(pieces)


_pieces = lru_cache(maxsize=512)(_split)


def literal(value: Any) -> bytes:
    """SQL literal of one value.

    Raises
    ------
    pymysql.err.DataError
        If the value has none.
    """
    if value is None:
        return NULL
    maker = _LITERALS.get(type(value))
    if maker is not None:
        return maker(value)
    for kind, other in _LITERALS.items():
        if isinstance(value, kind):
            return other(value)
    raise DataError(f"a value of type {type(value).__name__} cannot be bound")


def _int(value: int) -> bytes:
    return b"%d" % value


def _float(value: float) -> bytes:
    if not isfinite(value):
        raise DataError("infinities and NaN have no literal in MySQL")
    text = float.__repr__(value)
    # Without an exponent the server would read an exact decimal.
    return (text if "e" in text else text + "e0").encode()


def _text(value: str) -> bytes:
    return b"'" + value.replace("\\", "\\\\").replace("'", "''").encode() + b"'"


def _bytes(value: bytes | bytearray) -> bytes:
    return b"_binary'" + bytes(value).replace(b"\\", b"\\\\").replace(b"'", b"''") + b"'"


def _view(value: memoryview) -> bytes:
    return _bytes(value.tobytes())


def _decimal(value: Decimal) -> bytes:
    if not value.is_finite():
        raise DataError("infinities and NaN have no literal in MySQL")
    return format(value, "f").encode()


def _moment(value: dt.datetime) -> bytes:
    return b"'" + value.isoformat(" ").encode() + b"'"


def _quoted(value: object) -> bytes:
    return b"'" + str(value).encode() + b"'"


def _interval(value: dt.timedelta) -> bytes:
    micro = round(value / dt.timedelta(microseconds=1))
    sign, micro = ("-" if micro < 0 else ""), abs(micro)
    seconds, micro = divmod(micro, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"'{sign}{hour:02d}:{minute:02d}:{second:02d}.{micro:06d}'".encode()


def _uuid(value: UUID) -> bytes:
    return _bytes(value.bytes)


# datetime before date: it is one of its subclasses; bool before int.
_LITERALS: dict[type, Callable[[Any], bytes]] = {
    bool: _int,
    int: _int,
    float: _float,
    str: _text,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _view,
    Decimal: _decimal,
    dt.datetime: _moment,
    dt.date: _quoted,
    dt.time: _quoted,
    dt.timedelta: _interval,
    UUID: _uuid,
}


# whole columns ----------------------------------------------------------------------------------------------


def row_literals(rows: Sequence[Row]) -> list[bytes]:
    """``(v, v, ...)`` of each row.

    Values are turned into text column by column: one pass in C for the common types.

    Parameters
    ----------
    rows : sequence of tuples
        At least one row, all of the same length.

    Returns
    -------
    list of bytes
        One entry a row.
    """
    columns = [_column(column) for column in columns_of(rows)]
    if not columns:
        return [b"()"] * len(rows)
    if any(isinstance(column[0], bytes) for column in columns):
        template = b"(" + b",".join([b"%b"] * len(columns)) + b")"
        encoded = [[_as_bytes(v) for v in column] for column in columns]
        return [template % row for row in zip(*encoded, strict=True)]
    template_text = "(" + ",".join(["%s"] * len(columns)) + ")"
    # One encode for all rows; the separator cannot be in a literal of text (see _texts).
    joined = _SEPARATOR.join(map(template_text.__mod__, zip(*columns, strict=True)))
    return joined.encode().split(_SEPARATOR.encode())


def _as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _column(column: Sequence[Any]) -> Sequence[Any]:
    """Literals of a column: all bytes, or all with a ``str`` that is the literal."""
    kinds = set(map(type, column))
    if kinds <= _NUMBERS:
        return column
    if None.__class__ in kinds and len(kinds) == 2:
        return _with_nulls(column)
    if len(kinds) == 1:
        maker = _COLUMNS.get(kinds.pop())
        made = maker(column) if maker else None
        if made is not None:
            return made
    return [literal(value) for value in column]


def _with_nulls(column: Sequence[Any]) -> Sequence[Any]:
    present = [value for value in column if value is not None]
    made = iter(_column(present))
    filled = [NULL if value is None else next(made) for value in column]
    # A column is text or bytes throughout.
    if any(not isinstance(v, bytes) for v in filled):
        return ["NULL" if v is NULL else v for v in filled]
    return filled


def _texts(column: Sequence[str]) -> Sequence[str] | None:
    joined = _SEPARATOR.join(column)
    if joined.count(_SEPARATOR) != len(column) - 1:
        return None
    if "\\" in joined or "'" in joined:
        joined = joined.replace("\\", "\\\\").replace("'", "''")
    return ("'" + joined.replace(_SEPARATOR, f"'{_SEPARATOR}'") + "'").split(_SEPARATOR)


def _floats(column: Sequence[float]) -> Sequence[str] | None:
    made = list(map(float.__repr__, column))
    # A literal without an exponent is an exact decimal, which a double column takes without loss.
    return None if any(text[-1] in "fn" for text in made) else made


def _moments(column: Sequence[dt.datetime]) -> Sequence[str]:
    return [f"'{value}'" for value in column]


def _decimals(column: Sequence[Decimal]) -> Sequence[str] | None:
    return [format(v, "f") for v in column] if all(v.is_finite() for v in column) else None


def _blobs(column: Sequence[bytes]) -> Sequence[bytes]:
    return list(map(_bytes, column))


def _truths(column: Sequence[bool]) -> Sequence[int]:
    return list(map(int, column))


_NUMBERS = frozenset({int})
_COLUMNS: dict[type, Callable[[Any], Sequence[Any] | None]] = {
    bool: _truths,
    float: _floats,
    str: _texts,
    bytes: _blobs,
    Decimal: _decimals,
    dt.datetime: _moments,
    dt.date: _moments,
    dt.time: _moments,
}
