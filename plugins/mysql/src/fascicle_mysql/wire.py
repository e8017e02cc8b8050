"""The driver's connection, with a faster reader of rows and a demand for TLS that is kept.

PyMySQL does the handshake, the authentication and the packets that are sent; rows are read here, packet by
packet into columns, at half of its cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pymysql
import pymysql.err
from pymysql.connections import Connection, MySQLResult
from pymysql.constants import CLIENT, COMMAND, CR, FIELD_TYPE, SERVER_STATUS
from pymysql.protocol import EOFPacketWrapper, FieldDescriptorPacket, MysqlPacket

from fascicle.backend.protocol import Row

_EOF, _ERROR, _HUGE = 0xFE, 0xFF, 0xFFFFFF
_BATCH = 4096
Convert = Callable[[bytes], Any]
# The driver's packets and results carry no complete types.
_packet: Any = MysqlPacket
_marker: Any = EOFPacketWrapper


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says to one statement.

    Parameters
    ----------
    rows : list of tuple
    columns : tuple of str
        Empty for statements without rows.
    affected : int
        Rows changed; for queries, rows found.
    message : bytes
        The server's count of a multi-row INSERT.
    more : bool
        Whether the answer to a further statement follows.
    """

    rows: list[Row]
    columns: tuple[str, ...]
    affected: int
    message: bytes
    more: bool


class _Driver(Connection):
    """PyMySQL's connection, which alone would go on in plain text where the server offers no TLS."""

    require_tls = False

    def _request_authentication(self) -> None:
        capabilities: int = getattr(self, "server_capabilities", 0)
        if self.require_tls and not capabilities & CLIENT.SSL:
            raise pymysql.err.OperationalError(
                CR.CR_SSL_CONNECTION_ERROR, "TLS is required but the server has none"
            )
        super()._request_authentication()  # type: ignore[misc]


class Wire:
    """One socket to a server.

    Parameters
    ----------
    require_tls : bool
        Whether to give up rather than send a password in plain text.
    **options
        Arguments of ``pymysql.connect``.
    """

    def __init__(self, require_tls: bool, **options: Any) -> None:
        self._driver: Any = _Driver(conv=_decoders(), defer_connect=True, **options)
        self._driver.require_tls = require_tls
        self._driver.connect()

    # state -------------------------------------------------------------------------------------------------
    @property
    def server_version(self) -> str:
        """The server's name for itself."""
        return str(self._driver.server_version)

    @property
    def number(self) -> int:
        """Number by which the server knows the connection."""
        return int(self._driver.server_thread_id[0])

    @property
    def is_open(self) -> bool:
        """Whether there is a socket."""
        return bool(self._driver.open)

    @property
    def decoders(self) -> dict[int, Callable[[str], Any]]:
        """Conversions by field type."""
        return dict(self._driver.decoders)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, by the server's last word."""
        return bool(self._driver.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def transaction_ended(self) -> None:
        """Note that an error ended the transaction: error packets carry no status."""
        self._driver.server_status &= ~SERVER_STATUS.SERVER_STATUS_IN_TRANS

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._driver.ping(reconnect=False)

    def cut(self) -> None:
        """Close the socket without a word."""
        self._driver._force_close()

    def close(self) -> None:
        """Take leave of the server."""
        self._driver.close()

    # statements --------------------------------------------------------------------------------------------
    def ask(self, packet: bytes) -> list[Answer]:
        """Send statements, separated by semicolons, and read all answers."""
        self.command(COMMAND.COM_QUERY, packet)
        answers = [self._answer()]
        while answers[-1].more:
            answers.append(self._answer())
        return answers

    def ask_in_batches(self, packet: bytes, size: int) -> Iterator[list[Row]]:
        """Send one query and read its rows in batches; leaving off early cuts the connection."""
        self.command(COMMAND.COM_QUERY, packet)
        result = self._begin_answer()
        if result.field_count == 0:
            return
        complete = False
        try:
            yield from self._batches(result, size)
            complete = True
        finally:
            if not complete:
                self.cut()  # the server cannot be stopped from sending the rest

    def command(self, code: int, payload: bytes) -> None:
        """Send a command of the protocol."""
        self._driver._execute_command(code, payload)

    def _begin_answer(self) -> Any:
        first = self._driver._read_packet()
        result: Any = MySQLResult(self._driver)
        if first.is_ok_packet():
            result._read_ok_packet(first)
            self._driver.server_status = result.server_status
        elif first.is_load_local_packet():
            self.cut()
            raise pymysql.err.NotSupportedError("the server asked for a local file")
        else:
            result.field_count = first.read_length_encoded_integer()
            result._get_descriptions()
        return result

    def _answer(self) -> Answer:
        result = self._begin_answer()
        if result.field_count == 0:
            return Answer([], (), result.affected_rows, bytes(result.message or b""), bool(result.has_next))
        rows: list[Row] = []
        for batch in self._batches(result, _BATCH):
            rows += batch
        columns = tuple(column[0] for column in result.description)
        return Answer(rows, columns, len(rows), b"", bool(result.has_next))

    # rows --------------------------------------------------------------------------------------------------
    def _batches(self, result: Any, size: int) -> Iterator[list[Row]]:
        convert = [_converter(encoding, converter) for encoding, converter in result.converters]
        result.connection = None
        end = None
        while end is None:
            raw: list[list[bytes | None]] = []
            while len(raw) < size and end is None:
                payload = self.read_payload()
                if payload[0] == _EOF and len(payload) < 9:
                    end = payload
                else:
                    raw.append(_split(payload, len(convert)))
            if raw:
                yield _decode(raw, convert)
        result.has_next = self.end_marker(end).has_next

    def end_marker(self, payload: bytes) -> Any:
        """Read the packet after the last row."""
        return _marker(_packet(payload, "utf-8"))

    def read_count(self) -> int:
        """Read a packet that is one number."""
        return int(_packet(self.read_payload(), "utf-8").read_length_encoded_integer() or 0)

    def read_field(self) -> Any:
        """Read the description of a column."""
        return self._driver._read_packet(FieldDescriptorPacket)

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
            _packet(data, "utf-8").raise_for_error()
        return data

    def _read_one(self) -> bytes:
        driver = self._driver
        try:
            read = driver._rfile.read
            header = read(4)
            size = header[0] | header[1] << 8 | header[2] << 16
            data: bytes = read(size)
            driver._next_seq_id = (header[3] + 1) & 0xFF
        except (OSError, IndexError, ValueError, AttributeError) as error:
            self.cut()
            raise pymysql.err.OperationalError(
                CR.CR_SERVER_LOST, f"Lost connection during query ({error})"
            ) from error
        if len(data) < size:
            self.cut()
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


def _decode(raw: Sequence[Sequence[bytes | None]], convert: Sequence[Convert | None]) -> list[Row]:
    columns: list[Sequence[Any]] = []
    for column, converter in zip(zip(*raw, strict=True), convert, strict=True):
        if converter is None:
            columns.append(column)
        elif None in column:
            columns.append([None if cell is None else converter(cell) for cell in column])
        else:
            columns.append(list(map(converter, column)))
    return list(zip(*columns, strict=True))


def _converter(encoding: str | None, converter: Callable[[Any], Any] | None) -> Convert | None:
    if converter is None:
        return None if encoding is None else bytes.decode  # utf-8 is what the session speaks
    if encoding is None or converter in (int, float):
        return converter
    return lambda cell: converter(cell.decode())


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


def _decoders() -> dict[Any, Any]:
    table: dict[Any, Any] = dict(pymysql.converters.conversions)
    table[FIELD_TYPE.DATETIME] = table[FIELD_TYPE.TIMESTAMP] = _moment
    table[FIELD_TYPE.DATE] = _day
    return table
