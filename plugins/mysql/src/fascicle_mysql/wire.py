"""The driver's connection with a faster reader of rows and a TLS demand that is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import pymysql
import pymysql.err
from pymysql.connections import Connection, MySQLResult
from pymysql.constants import CLIENT, CR, FIELD_TYPE
from pymysql.protocol import EOFPacketWrapper, MysqlPacket

Cell = Any
_EOF, _ERROR, _HUGE = 0xFE, 0xFF, 0xFFFFFF
_BATCH = 4096


def _moment(text: str) -> datetime | str:
    # The server may hold zero dates of other clients, which no datetime can be.
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _day(text: str) -> date | str:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


class Result(MySQLResult):
    """A result whose rows are read column by column."""

    def _read_rowdata_packet(self) -> None:
        wire: Wire = self.connection
        rows: list[tuple[Cell, ...]] = []
        for batch in wire.row_batches(self, _BATCH):
            rows += batch
        self.affected_rows = len(rows)
        self.rows = rows
        self.connection = None


class Wire(Connection):
    """One socket to a server."""

    require_tls = False

    def _request_authentication(self) -> None:
        # The driver alone would go on in plain text where the server offers no TLS.
        if self.require_tls and not self.server_capabilities & CLIENT.SSL:
            raise pymysql.err.OperationalError(
                CR.CR_SSL_CONNECTION_ERROR, "TLS is required but the server has none"
            )
        super()._request_authentication()

    def _read_query_result(self, unbuffered: bool = False) -> int:
        self._result = None
        result = Result(self)
        if unbuffered:
            result.init_unbuffered_query()
        else:
            result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows or 0)

    def row_batches(self, result: Result, size: int) -> Iterator[list[tuple[Cell, ...]]]:
        """Read the rows of a result whose columns are known, in batches; ends at the end marker."""
        count = len(result.converters)
        convert = [_converter(encoding, converter) for encoding, converter in result.converters]
        while True:
            raw: list[list[bytes | None]] = []
            end = None
            while len(raw) < size and end is None:
                payload = self.read_payload()
                if payload[0] == _EOF and len(payload) < 9:
                    end = payload
                else:
                    raw.append(_split(payload, count))
            if raw:
                yield _decode(raw, convert)
            if end is not None:
                marker = EOFPacketWrapper(MysqlPacket(end, self.encoding))
                result.warning_count, result.has_next = marker.warning_count, marker.has_next
                return

    def read_payload(self) -> bytes:
        """Read one packet; raises the error if it is one."""
        data = self._read_one()
        size = len(data)
        if size == _HUGE:
            pieces = [data]
            while size == _HUGE:
                piece = self._read_one()
                size = len(piece)
                pieces.append(piece)
            data = b"".join(pieces)
        if data[0] == _ERROR:
            if self._result is not None:
                self._result.unbuffered_active = False
            MysqlPacket(data, self.encoding).raise_for_error()
        return data

    def _read_one(self) -> bytes:
        read = self._rfile.read
        try:
            header = read(4)
            size = header[0] | header[1] << 8 | header[2] << 16
            data: bytes = read(size)
            self._next_seq_id = (header[3] + 1) & 0xFF
        except (OSError, IndexError, ValueError) as error:
            self._force_close()
            raise pymysql.err.OperationalError(
                CR.CR_SERVER_LOST, f"Lost connection during query ({error})"
            ) from error
        except BaseException:
            # Interrupted in the middle of a packet: what follows could not be understood.
            self._force_close()
            raise
        if len(data) < size:
            self._force_close()
            raise pymysql.err.OperationalError(CR.CR_SERVER_LOST, "Lost connection during query")
        return data


def _split(payload: bytes, count: int) -> list[bytes | None]:
    row: list[bytes | None] = []
    at = 0
    for _ in range(count):
        size = payload[at]
        at += 1
        if size < 251:
            end = at + size
            row.append(payload[at:end])
            at = end
        elif size == 251:
            row.append(None)
        else:
            width = {252: 2, 253: 3, 254: 8}[size]
            at, size = at + width, int.from_bytes(payload[at : at + width], "little")
            row.append(payload[at : at + size])
            at += size
    return row


def _decode(
    raw: Sequence[Sequence[bytes | None]], convert: Sequence[Callable[[bytes], Cell] | None]
) -> list[Any]:
    columns: list[Sequence[Cell]] = []
    for column, converter in zip(zip(*raw, strict=True), convert, strict=True):
        if converter is None:
            columns.append(column)
        elif None in column:
            columns.append([None if cell is None else converter(cell) for cell in column])
        else:
            columns.append(list(map(converter, column)))
    return list(zip(*columns, strict=True))


def _converter(
    encoding: str | None, converter: Callable[[Any], Cell] | None
) -> Callable[[bytes], Cell] | None:
    if converter is None:
        return None if encoding is None else bytes.decode  # utf-8 is what the session speaks
    if encoding is None or converter in (int, float):
        return converter
    return lambda cell: converter(cell.decode())


def decoders() -> dict[Any, Any]:
    """Conversions of the driver, dates by the fast standard parsers."""
    table = dict(pymysql.converters.conversions)
    table[FIELD_TYPE.DATETIME] = table[FIELD_TYPE.TIMESTAMP] = _moment
    table[FIELD_TYPE.DATE] = _day
    return table
