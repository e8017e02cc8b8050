"""One session with a MySQL or MariaDB server."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

import pymysql.err
from pymysql.constants import CLIENT, ER

from fascicle.backend.protocol import Isolation, Mode, Result, Row
from fascicle.backend.repeats import in_key_order, without_repeats
from fascicle.backend.retry import Backoff, attempt_repeatedly
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import ConfigError
from fascicle.model import TableSpec
from fascicle.sql.statement import Sql
from fascicle_mysql import tls
from fascicle_mysql.bulk import MARGIN, inserts
from fascicle_mysql.dialect import DIALECT
from fascicle_mysql.errors import NULL_IN_KEY, is_retryable, number_of, other_conflict
from fascicle_mysql.literals import bind
from fascicle_mysql.served import ServedCursor
from fascicle_mysql.wire import Answer, Wire

OPTIONS = (*tls.OPTIONS, "unix_socket", "connect_timeout", "read_timeout")
SQL_MODE = (
    "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,"
    "NO_UNSIGNED_SUBTRACTION"
)
_LEVELS = {"read committed": "READ COMMITTED", "snapshot": "REPEATABLE READ", "serializable": "SERIALIZABLE"}
_COUNTS = re.compile(rb"Records: (\d+)  Duplicates: (\d+)")
_SNAPSHOT_CHECK = ((10, 6, 18), (10, 11, 8), (11, 1, 5), (11, 2, 4), (11, 4, 2))


class MysqlSession:
    """One connection; used by one thread at a time.

    Parameters
    ----------
    url : DatabaseUrl
        Where and how to connect.
    """

    def __init__(self, url: DatabaseUrl) -> None:
        self.round_trips = 0
        self._max_packet = 1 << 20
        self._wire = _open(url)
        try:
            self.is_mariadb = "MariaDB" in self._wire.server_version
            self.version = _version(self._wire.server_version)
            self._max_packet = self._prepare()
        except BaseException:
            self.close()
            raise
        self.round_trips = 0

    def _prepare(self) -> int:
        names, mode = "NAMES utf8mb4", SQL_MODE
        if self.is_mariadb:
            names += " COLLATE utf8mb4_nopad_bin"
            mode += ",TIME_ROUND_FRACTIONAL" if self.version >= (10, 4, 1) else ""
        elif self.version >= (8, 0, 17):
            names += " COLLATE utf8mb4_0900_bin"
        settings = f"SET {names}, sql_mode = '{mode}', time_zone = '+00:00', autocommit = 1"
        settings += f", group_concat_max_len = {1 << 30}"  # the default would cut lists short
        if self.is_mariadb and _checks_snapshots(self.version):
            settings += ", innodb_snapshot_isolation = 1"
        results = self._run([settings.encode(), b"SELECT @@max_allowed_packet"])
        return int(results[1].rows[0][0])

    # statements --------------------------------------------------------------------------------------------
    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, by the server's last word."""
        return self._wire.in_transaction

    def execute(self, sql: Sql) -> Result:
        """Run one statement and fetch all of its rows."""
        return _result(self._run([bind(sql.text, sql.params)])[0])

    def execute_script(self, statements: Sequence[Sql]) -> list[Result]:
        """Run several statements in one trip (several where they exceed the server's packet).

        Outside a transaction changes of rows are made together or not at all; each DDL statement is atomic
        by itself only, as the server commits at each.
        """
        texts = [bind(sql.text, sql.params) for sql in statements]
        if len(texts) < 2 or self.in_transaction:
            return list(map(_result, self._run(texts)))
        try:
            return list(map(_result, self._run([b"START TRANSACTION", *texts, b"COMMIT"])[1:-1]))
        except BaseException:
            self.rollback()
            if any(b"GET_LOCK" in text for text in texts):
                self._quietly(b"DO RELEASE_ALL_LOCKS()")
            raise

    def _run(self, texts: Sequence[bytes]) -> list[Answer]:
        answers: list[Answer] = []
        for packet in self._packets(texts):
            if len(packet) > self._max_packet:
                # The server would say so by hanging up.
                raise pymysql.err.OperationalError(
                    ER.NET_PACKET_TOO_LARGE,
                    f"a statement of {len(packet)} bytes exceeds max_allowed_packet, {self._max_packet}",
                )
            self.round_trips += 1
            try:
                answers += self._wire.ask(packet)
            except pymysql.err.Error as error:
                self._note_end(error)
                raise
            except BaseException:
                # Interrupted in the middle of an answer: what follows could not be understood.
                self._wire.cut()
                raise
        return answers

    def _packets(self, texts: Sequence[bytes]) -> Iterator[bytes]:
        pending: list[bytes] = []
        size = 0
        limit = self._max_packet - MARGIN
        for text in texts:
            if pending and size + len(text) + 2 > limit:
                yield b";\n".join(pending)
                pending, size = [], 0
            pending.append(text)
            size += len(text) + 2
        if pending:
            yield b";\n".join(pending)

    def _note_end(self, error: pymysql.err.Error) -> None:
        # A deadlock ends the transaction, but an error packet carries no status.
        if number_of(error) in (1213, 1020):
            self._wire.transaction_ended()

    # streams -----------------------------------------------------------------------------------------------
    def stream(self, sql: Sql, batch: int) -> Iterator[list[Row]]:
        """Run a query and yield its rows in batches.

        Inside a transaction the server keeps the rows; outside, they are left in the socket, and a stream that
        is given up takes the session with it.
        """
        return self._served(sql, batch) if self.in_transaction else self._unbuffered(sql, batch)

    def _served(self, sql: Sql, batch: int) -> Iterator[list[Row]]:
        self.round_trips += 2
        try:
            cursor = ServedCursor(self._wire, bind(sql.text, sql.params))
            try:
                while rows := self._fetch(cursor, batch):
                    yield rows
            finally:
                cursor.close()
        except pymysql.err.Error as error:
            self._note_end(error)
            raise

    def _fetch(self, cursor: ServedCursor, batch: int) -> list[Row]:
        self.round_trips += 1
        return cursor.fetch(batch)

    def _unbuffered(self, sql: Sql, batch: int) -> Iterator[list[Row]]:
        self.round_trips += 1
        yield from self._wire.ask_in_batches(bind(sql.text, sql.params), batch)

    # rows --------------------------------------------------------------------------------------------------
    def bulk_insert(self, spec: TableSpec, columns: Sequence[str], rows: Sequence[Row], mode: Mode) -> int:
        """Insert rows by multi-row statements as large as the server takes.

        Outside a transaction a deadlock with others who insert the same keys is overcome by trying again.
        """
        if not rows:
            return 0
        if mode == "replace":
            rows = without_repeats(spec, columns, rows)
        if mode != "error":
            rows = in_key_order(spec, columns, rows)

        def once() -> int:
            return self._insert_all(inserts(spec, columns, rows, mode, self._max_packet), mode)

        try:
            inserted = once() if self.in_transaction else attempt_repeatedly(once, is_retryable, Backoff())
        except pymysql.err.IntegrityError as error:
            if mode != "error" and number_of(error) == NULL_IN_KEY:
                raise other_conflict(spec) from error
            raise
        return len(rows) if mode == "replace" else inserted

    def _insert_all(self, statements: Iterator[bytes], mode: Mode) -> int:
        first, second = next(statements), next(statements, None)
        if second is None:
            return self._insert(first, mode)
        with self._whole():
            count = self._insert(first, mode) + self._insert(second, mode)
            for statement in statements:
                count += self._insert(statement, mode)
        return count

    def _insert(self, statement: bytes, mode: Mode) -> int:
        answer = self._run([statement])[0]
        counted = _COUNTS.search(answer.message) if mode == "skip" else None
        if not counted:
            return answer.affected
        given, met = map(int, counted.groups())
        return given - met

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        if self.in_transaction:
            self.savepoint("fascicle_rows")
            try:
                yield
            except pymysql.err.Error:
                if self.in_transaction:
                    self.rollback_to("fascicle_rows")
                raise
            self.release("fascicle_rows")
            return
        self._run([b"START TRANSACTION"])
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    # transactions ------------------------------------------------------------------------------------------
    def begin(self, isolation: Isolation, read_only: bool) -> None:
        """Start a transaction, in one trip."""
        features = ["WITH CONSISTENT SNAPSHOT"] if isolation == "snapshot" else []
        features += ["READ ONLY"] if read_only else []
        start = f"START TRANSACTION {', '.join(features)}".rstrip()
        self._run([f"SET TRANSACTION ISOLATION LEVEL {_LEVELS[isolation]}".encode(), start.encode()])

    def commit(self) -> None:
        """Commit."""
        self._run([b"COMMIT"])

    def rollback(self) -> None:
        """Roll back; a lost connection has rolled back already."""
        self._quietly(b"ROLLBACK")

    def _quietly(self, text: bytes) -> None:
        try:
            self._run([text])
        except pymysql.err.Error:
            self._wire.cut()

    def savepoint(self, name: str) -> None:
        """Set a savepoint."""
        self._run([f"SAVEPOINT {DIALECT.identifier(name)}".encode()])

    def release(self, name: str) -> None:
        """Release a savepoint."""
        self._run([f"RELEASE SAVEPOINT {DIALECT.identifier(name)}".encode()])

    def rollback_to(self, name: str) -> None:
        """Roll back to a savepoint."""
        self._run([f"ROLLBACK TO SAVEPOINT {DIALECT.identifier(name)}".encode()])

    # life --------------------------------------------------------------------------------------------------
    @property
    def connection_id(self) -> int:
        """Number by which the server knows the session (``KILL`` takes it)."""
        return self._wire.number

    def is_alive(self) -> bool:
        """Ask the server."""
        self.round_trips += 1
        try:
            self._wire.ping()
        except (pymysql.err.Error, OSError):
            return False
        return True

    def close(self) -> None:
        """Close; idempotent."""
        with contextlib.suppress(pymysql.err.Error, OSError):
            self._wire.close()


def _result(answer: Answer) -> Result:
    return Result(answer.rows, answer.columns, answer.affected)


def _open(url: DatabaseUrl) -> Wire:
    url.check_options(OPTIONS)
    choice = tls.tls_of(url)
    if choice.mode == "preferred":
        try:
            return _connect(url, choice, require=False)
        except pymysql.err.OperationalError as error:
            if "SSL" not in str(error):
                raise
            return _connect(url, tls.Tls("disabled", None), require=False)
    return _connect(url, choice, require=choice.mode != "disabled")


def _connect(url: DatabaseUrl, choice: tls.Tls, require: bool) -> Wire:
    timeout = url.number("read_timeout", 0)
    try:
        return Wire(
            require,
            host=url.host or "localhost",
            port=url.port or 3306,
            unix_socket=url.option("unix_socket"),
            user=url.user,
            password=(url.password or "").encode(),
            database=url.database or None,
            charset="utf8mb4",
            client_flag=CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS,
            connect_timeout=int(url.number("connect_timeout", 10)) or 10,
            read_timeout=timeout or None,
            autocommit=None,
            ssl_disabled=choice.context is None,
            ssl=choice.context,
        )
    except RuntimeError as error:
        raise ConfigError(
            "the server asks for a password exchange that needs TLS or a further package",
            where=str(url),
            why=str(error),
            try_="use ssl_mode=required, or pip install 'pymysql[rsa]'",
        ) from error


def _version(text: str) -> tuple[int, ...]:
    # MariaDB may put a compatibility prefix in front: 5.5.5-10.11.6-MariaDB.
    pieces = re.findall(r"\d+\.\d+\.\d+", text)
    chosen = pieces[-1] if "MariaDB" in text and pieces else pieces[0] if pieces else "0.0.0"
    return tuple(int(number) for number in chosen.split("."))


def _checks_snapshots(version: tuple[int, ...]) -> bool:
    if version >= (11, 4, 2):
        return True
    return any(version[:2] == since[:2] and version >= since for since in _SNAPSHOT_CHECK)
