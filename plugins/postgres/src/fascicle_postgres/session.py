"""One session with a PostgreSQL server."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql as pgsql
from psycopg.pq import TransactionStatus
from psycopg.types.string import TextBinaryLoader

from fascicle.backend.protocol import Isolation, Mode, Result, Row
from fascicle.backend.repeats import in_key_order, without_repeats
from fascicle.backend.retry import Backoff, attempt_repeatedly
from fascicle.backend.url import DatabaseUrl
from fascicle.model import TableSpec
from fascicle.sql.statement import Sql
from fascicle_postgres import tls
from fascicle_postgres.bulk import copy_plan
from fascicle_postgres.dialect import DIALECT
from fascicle_postgres.errors import is_retryable

OPTIONS = (*tls.OPTIONS, "connect_timeout", "application_name", "prepare_threshold", "unix_socket")
_LEVELS = {"read committed": "READ COMMITTED", "snapshot": "REPEATABLE READ", "serializable": "SERIALIZABLE"}
_SAVE, _SAVED, _UNDO = (f"{verb} SAVEPOINT fascicle_statement" for verb in ("", "RELEASE", "ROLLBACK TO"))
_FEW_VALUES = 1000
_FEW_BYTES = 1 << 18
"""Up to so many values and bytes a multi-row INSERT, in one trip, is quicker than COPY, in two."""


class PostgresSession:
    """One connection; used by one thread at a time.

    Parameters
    ----------
    url : DatabaseUrl
        Where and how to connect.
    """

    def __init__(self, url: DatabaseUrl) -> None:
        self._connection = _open(url)
        self._streams = 0
        self.round_trips = 0

    # statements --------------------------------------------------------------------------------------------
    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.info.transaction_status in (
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        )

    def execute(self, sql: Sql) -> Result:
        """Run one statement and fetch all of its rows."""
        if self.in_transaction:
            return self._guarded([sql])[0]
        self.round_trips += 1
        cursor = self._connection.cursor(binary=True)
        try:
            cursor.execute(sql.text, sql.params)
        except psycopg.errors.FeatureNotSupported as error:
            # Another client altered the table under a prepared statement.
            if "cached plan" not in str(error):
                raise
            self.round_trips += 1
            cursor.execute(sql.text, sql.params, prepare=False)
        return _result(cursor)

    def execute_script(self, statements: Sequence[Sql]) -> list[Result]:
        """Run several statements in one trip; all of them take effect or none does."""
        if self.in_transaction:
            return self._guarded(statements)
        return self._piped(statements)

    def _piped(self, statements: Sequence[Sql]) -> list[Result]:
        self.round_trips += 1
        cursors = []
        failure: psycopg.Error | None = None
        # Up to its end a pipeline is one transaction.
        try:
            with self._connection.pipeline():
                try:
                    for sql in statements:
                        cursor = self._connection.cursor(binary=True)
                        # The driver takes statements of a pipeline that failed for prepared, and they are not.
                        cursor.execute(sql.text, sql.params, prepare=False)
                        cursors.append(cursor)
                except psycopg.Error as error:
                    failure = error  # the end of the pipeline reports less, and would log that
        except psycopg.Error as error:
            failure = failure or error
        if failure is not None:
            raise failure
        return [_result(cursor) for cursor in cursors]

    def _guarded(self, statements: Sequence[Sql]) -> list[Result]:
        # A statement that fails would otherwise take the whole transaction with it.
        try:
            return self._piped([Sql(_SAVE), *statements, Sql(_SAVED)])[1:-1]
        except psycopg.Error:
            self._undo()
            raise

    def _undo(self) -> None:
        if self._connection.info.transaction_status == TransactionStatus.INERROR:
            with contextlib.suppress(psycopg.Error):
                self._piped([Sql(_UNDO), Sql(_SAVED)])

    # streams -----------------------------------------------------------------------------------------------
    def stream(self, sql: Sql, batch: int) -> Iterator[list[Row]]:
        """Run a query and yield its rows in batches, by a cursor on the server."""
        self._streams += 1
        name = f"fascicle_stream_{self._streams}"
        declare = Sql(f"DECLARE {name} NO SCROLL CURSOR FOR {sql.text}", sql.params)
        fetch = Sql(f"FETCH FORWARD {int(batch)} FROM {name}")
        alone = not self.in_transaction
        try:
            if alone:
                rows = self._piped([Sql("BEGIN READ ONLY"), declare, fetch])[-1].rows
            else:
                rows = self._guarded([declare, fetch])[-1].rows
            while rows:
                yield rows
                rows = self._piped([fetch])[0].rows if len(rows) == batch else []
        finally:
            self._end_stream(name, alone)

    def _end_stream(self, name: str, alone: bool) -> None:
        status = self._connection.info.transaction_status
        with contextlib.suppress(psycopg.Error):
            if alone and status != TransactionStatus.IDLE:
                self.rollback()
            elif not alone and status == TransactionStatus.INTRANS:
                self._guarded([Sql(f"CLOSE {name}")])

    # rows --------------------------------------------------------------------------------------------------
    def bulk_insert(self, spec: TableSpec, columns: Sequence[str], rows: Sequence[Row], mode: Mode) -> int:
        """Insert rows: a few by one INSERT, many by COPY.

        Outside a transaction a deadlock with others who insert the same keys is overcome by trying again.
        """
        if not rows:
            return 0
        if mode == "replace":
            rows = without_repeats(spec, columns, rows)
        if mode != "error":
            rows = in_key_order(spec, columns, rows)

        def once() -> int:
            return self._insert_all(spec, columns, rows, mode)

        return once() if self.in_transaction else attempt_repeatedly(once, is_retryable, Backoff())

    def _insert_all(self, spec: TableSpec, columns: Sequence[str], rows: Sequence[Row], mode: Mode) -> int:
        if not columns:
            return sum(self.execute(Sql(DIALECT.insert(spec, (), mode, 1))).rowcount for _ in rows)
        if len(rows) * len(columns) <= _FEW_VALUES and (mode != "error" or _is_light(rows)):
            values = tuple(value for row in rows for value in row)
            return self.execute(Sql(DIALECT.insert(spec, columns, mode, len(rows)), values)).rowcount
        if mode == "error":
            with self._whole(already_whole=True):
                return self._copy(spec, DIALECT.table(spec.name), columns, rows)
        with self._whole():
            return self._copy_aside(spec, columns, rows, mode)

    def _copy(self, spec: TableSpec, table: str, columns: Sequence[str], rows: Sequence[Row]) -> int:
        plan = copy_plan(spec, columns, rows)
        target = f"COPY {table} ({DIALECT.identifiers(columns)}) FROM STDIN{' (FORMAT BINARY)' if plan.types else ''}"
        self.round_trips += 2
        cursor = self._connection.cursor()
        with cursor.copy(pgsql.SQL(target.replace("%%", "%"))) as copy:
            if plan.types:
                copy.set_types(plan.types)
            deque(map(copy.write_row, plan.rows), maxlen=0)  # a loop without steps in Python
        return cursor.rowcount

    def _copy_aside(self, spec: TableSpec, columns: Sequence[str], rows: Sequence[Row], mode: Mode) -> int:
        listed = DIALECT.identifiers(columns)
        table = DIALECT.table(spec.name)
        self._piped(
            [
                Sql("DROP TABLE IF EXISTS pg_temp.fascicle_rows"),
                Sql(
                    f"CREATE TEMP TABLE fascicle_rows ON COMMIT DROP AS SELECT {listed} FROM {table} WITH NO DATA"
                ),
            ]
        )
        self._copy(spec, "pg_temp.fascicle_rows", columns, rows)
        insert = f"{DIALECT.insert_into(spec, columns)} SELECT {listed} FROM pg_temp.fascicle_rows"
        done = self._piped(
            [
                Sql(insert + DIALECT.conflict_clause(spec, columns, mode)),
                Sql("DROP TABLE pg_temp.fascicle_rows"),
            ]
        )
        return done[0].rowcount

    @contextlib.contextmanager
    def _whole(self, already_whole: bool = False) -> Iterator[None]:
        if self.in_transaction:
            self._run(_SAVE)
            try:
                yield
            except psycopg.Error:
                self._undo()
                raise
            self._run(_SAVED)
            return
        if already_whole:
            yield
            return
        self._run("BEGIN")
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    # transactions ------------------------------------------------------------------------------------------
    def begin(self, isolation: Isolation, read_only: bool) -> None:
        """Start a transaction."""
        self._run(f"BEGIN ISOLATION LEVEL {_LEVELS[isolation]}{' READ ONLY' if read_only else ''}")

    def commit(self) -> None:
        """Commit."""
        self._run("COMMIT")

    def rollback(self) -> None:
        """Roll back; a lost connection has rolled back already."""
        try:
            self._run("ROLLBACK")
        except psycopg.Error:
            self.close()

    def savepoint(self, name: str) -> None:
        """Set a savepoint."""
        self._run(f"SAVEPOINT {DIALECT.identifier(name)}")

    def release(self, name: str) -> None:
        """Release a savepoint."""
        self._run(f"RELEASE SAVEPOINT {DIALECT.identifier(name)}")

    def rollback_to(self, name: str) -> None:
        """Roll back to a savepoint."""
        self._run(f"ROLLBACK TO SAVEPOINT {DIALECT.identifier(name)}")

    def _run(self, text: str) -> None:
        self.round_trips += 1
        self._connection.cursor().execute(text, ())

    # life --------------------------------------------------------------------------------------------------
    @property
    def connection_id(self) -> int:
        """Process id by which the server knows the session (``pg_terminate_backend`` takes it)."""
        return self._connection.info.backend_pid

    def is_alive(self) -> bool:
        """Ask the server."""
        self.round_trips += 1
        try:
            self._connection.cursor().execute("")
        except psycopg.Error:
            return False
        return not self._connection.closed

    def close(self) -> None:
        """Close; idempotent."""
        with contextlib.suppress(psycopg.Error):
            self._connection.close()


def _is_light(rows: Sequence[Row]) -> bool:
    return sum(len(value) for row in rows for value in row if isinstance(value, (bytes, str))) <= _FEW_BYTES


def _result(cursor: psycopg.Cursor[Any]) -> Result:
    if cursor.description is None:
        return Result([], (), cursor.rowcount)
    return Result(cursor.fetchall(), tuple(column.name for column in cursor.description), cursor.rowcount)


def _open(url: DatabaseUrl) -> psycopg.Connection[Any]:
    url.check_options(OPTIONS)
    options: dict[str, Any] = dict(tls.parameters(url))
    connection = psycopg.connect(
        host=url.option("unix_socket") or url.host or "localhost",
        port=url.port or 5432,
        user=url.user,
        password=url.password,
        dbname=url.database or "postgres",
        application_name=url.option("application_name") or "fascicle",
        connect_timeout=int(url.number("connect_timeout", 10)),
        client_encoding="utf8",
        autocommit=True,
        prepare_threshold=int(url.number("prepare_threshold", 5)) or None,
        **options,
    )
    # Of types that the driver does not know, enums above all, the binary form is taken for text.
    connection.adapters.register_loader(0, TextBinaryLoader)
    connection.execute(
        "SELECT set_config('TimeZone', 'UTC', false), set_config('bytea_output', 'hex', false)"
    )
    return connection
