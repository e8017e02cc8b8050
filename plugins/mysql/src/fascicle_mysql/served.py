"""Cursors that the server keeps, so that other statements may run between batches in one session.

The driver speaks the text protocol only; these few commands of the binary one open a cursor, read batches
of rows from it and close it.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pymysql.constants import FIELD_TYPE, SERVER_STATUS

from fascicle.backend.protocol import Row
from fascicle_mysql.wire import Wire

_PREPARE, _EXECUTE, _CLOSE, _FETCH = 0x16, 0x17, 0x19, 0x1C
_READ_ONLY = 1
_UNSIGNED = 32
_BINARY = 63
_TEXTS = frozenset(
    {
        FIELD_TYPE.BIT,
        FIELD_TYPE.BLOB,
        FIELD_TYPE.LONG_BLOB,
        FIELD_TYPE.MEDIUM_BLOB,
        FIELD_TYPE.STRING,
        FIELD_TYPE.TINY_BLOB,
        FIELD_TYPE.VAR_STRING,
        FIELD_TYPE.VARCHAR,
        FIELD_TYPE.GEOMETRY,
    }
)
Cell = Any
Read = Callable[[bytes, int], tuple[Cell, int]]


class ServedCursor:
    """A query's rows, kept by the server.

    Parameters
    ----------
    wire : Wire
        The session's connection.
    query : bytes
        Statement without places for values.
    """

    def __init__(self, wire: Wire, query: bytes) -> None:
        self._wire = wire
        self._id = b""
        self._prepare(query)
        try:
            self._execute()
        except BaseException:
            self.close()
            raise

    def _prepare(self, query: bytes) -> None:
        self._wire.command(_PREPARE, query)
        answer = self._wire.read_payload()
        self._id = answer[1:5]
        columns, params = struct.unpack_from("<HH", answer, 5)
        for count in (params, columns):
            for _ in range(count + 1 if count else 0):
                self._wire.read_payload()

    def _execute(self) -> None:
        self._wire.command(_EXECUTE, self._id + struct.pack("<BI", _READ_ONLY, 1))
        fields = [self._wire.read_field() for _ in range(self._wire.read_count())]
        decoders = self._wire.decoders
        self._readers = [_reader(field, decoders) for field in fields]
        self._status = int(self._wire.end_marker(self._wire.read_payload()).server_status)
        # Small constant results come at once, without a cursor.
        kept = self._status & SERVER_STATUS.SERVER_STATUS_CURSOR_EXISTS
        self._ready: list[Row] | None = None if kept else self._rows()

    def fetch(self, size: int) -> list[Row]:
        """Next rows, none at the end."""
        if self._ready is not None:
            rows, self._ready = self._ready[:size], self._ready[size:]
            return rows
        if self._status & SERVER_STATUS.SERVER_STATUS_LAST_ROW_SENT:
            return []
        self._wire.command(_FETCH, self._id + struct.pack("<I", size))
        return self._rows()

    def _rows(self) -> list[Row]:
        rows: list[Row] = []
        while True:
            payload = self._wire.read_payload()
            if payload[0] == 0xFE and len(payload) < 9:
                self._status = int(self._wire.end_marker(payload).server_status)
                return rows
            rows.append(_row(payload, self._readers))

    def close(self) -> None:
        """Let the server forget the cursor; no answer comes."""
        if self._id and self._wire.is_open:
            self._wire.command(_CLOSE, self._id)
        self._id = b""


def _row(payload: bytes, readers: Sequence[Read]) -> Row:
    at = 1 + (len(readers) + 9) // 8
    row: list[Cell] = []
    for number, read in enumerate(readers, 2):
        if payload[1 + number // 8] >> number % 8 & 1:
            row.append(None)
        else:
            value, at = read(payload, at)
            row.append(value)
    return tuple(row)


def _reader(field: Any, decoders: Mapping[int, Callable[[str], Cell]]) -> Read:
    unsigned = bool(field.flags & _UNSIGNED)
    code = field.type_code
    if code in _INTEGERS:
        return _fixed(_INTEGERS[code].upper() if unsigned else _INTEGERS[code])
    if code in _FLOATS:
        return _fixed(_FLOATS[code])
    if code in _MOMENTS:
        return _MOMENTS[code]
    if code in _TEXTS:
        return _plain if field.charsetnr == _BINARY or code == FIELD_TYPE.BIT else _text
    convert = decoders.get(code)
    return _text if convert is None else _converted(convert)


def _fixed(code: str) -> Read:
    shape = struct.Struct("<" + code)

    def read(payload: bytes, at: int) -> tuple[Cell, int]:
        return shape.unpack_from(payload, at)[0], at + shape.size

    return read


def _plain(payload: bytes, at: int) -> tuple[bytes, int]:
    size = payload[at]
    at += 1
    if size > 251:
        width = {252: 2, 253: 3, 254: 8}[size]
        size = int.from_bytes(payload[at : at + width], "little")
        at += width
    return payload[at : at + size], at + size


def _text(payload: bytes, at: int) -> tuple[str, int]:
    value, at = _plain(payload, at)
    return value.decode(), at


def _converted(convert: Callable[[str], Cell]) -> Read:
    def read(payload: bytes, at: int) -> tuple[Cell, int]:
        value, at = _text(payload, at)
        return convert(value), at

    return read


def _date_parts(payload: bytes, at: int) -> tuple[list[int], int]:
    size = payload[at]
    at += 1
    parts = list(struct.unpack("<HBBBBBI", payload[at : at + size].ljust(11, b"\0")))
    return parts, at + size


def _day(payload: bytes, at: int) -> tuple[dt.date | str, int]:
    (year, month, day, *_), at = _date_parts(payload, at)
    if not (year and month and day):
        return f"{year:04d}-{month:02d}-{day:02d}", at  # a zero date of another client
    return dt.date(year, month, day), at


def _moment(payload: bytes, at: int) -> tuple[dt.datetime | str, int]:
    parts, at = _date_parts(payload, at)
    if not all(parts[:3]):
        return "{:04d}-{:02d}-{:02d} {:02d}:{:02d}:{:02d}".format(*parts), at
    year, month, day, hour, minute, second, micro = parts
    return dt.datetime(year, month, day, hour, minute, second, micro), at


def _interval(payload: bytes, at: int) -> tuple[dt.timedelta, int]:
    size = payload[at]
    at += 1
    negative, days, hours, minutes, seconds, micro = struct.unpack(
        "<?IBBBI", payload[at : at + size].ljust(12, b"\0")
    )
    value = dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micro)
    return (-value if negative else value), at + size


_INTEGERS = {
    FIELD_TYPE.TINY: "b",
    FIELD_TYPE.SHORT: "h",
    FIELD_TYPE.YEAR: "h",
    FIELD_TYPE.INT24: "i",
    FIELD_TYPE.LONG: "i",
    FIELD_TYPE.LONGLONG: "q",
}
_FLOATS = {FIELD_TYPE.FLOAT: "f", FIELD_TYPE.DOUBLE: "d"}
_MOMENTS: dict[int, Read] = {
    FIELD_TYPE.DATE: _day,
    FIELD_TYPE.NEWDATE: _day,
    FIELD_TYPE.DATETIME: _moment,
    FIELD_TYPE.TIMESTAMP: _moment,
    FIELD_TYPE.TIME: _interval,
}
