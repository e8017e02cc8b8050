"""One open SQLite file handle."""

from __future__ import annotations

import itertools
import marshal
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO
from weakref import WeakSet

from fascicle.backend.protocol import Isolation, Mode, Result, Row
from fascicle.backend.reading import is_read
from fascicle.backend.sqlite.errors import translate
from fascicle.errors import TransactionError
from fascicle.model import TableSpec
from fascicle.sql.dml import CommonInserts
from fascicle.sql.statement import Sql


class SqliteSession:
    """A session on a file; a call into the library counts as one round trip.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode.
    inserts : CommonInserts
        The dialect, for the text of inserts.
    """

    def __init__(self, connection: sqlite3.Connection, inserts: CommonInserts) -> None:
        self.round_trips = 0
        self._connection = connection
        self._inserts = inserts
        self._read_only = False
        self._streams: WeakSet[SqliteStream] = WeakSet()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        try:
            return self._connection.in_transaction
        except sqlite3.ProgrammingError:  # closed
            return False

    def execute(self, sql: Sql) -> Result:
        """Run one statement and fetch all of its rows."""
        self.round_trips += 1
        self._shelter_streams(sql.text)
        return self._execute(sql)

    def execute_script(self, statements: Sequence[Sql]) -> list[Result]:
        """Run several statements, outside a transaction all or none of them.

        A leading PRAGMA runs before the transaction begins, where alone ``foreign_keys`` has an effect.
        """
        self.round_trips += 1
        if self.in_transaction:
            for sql in statements:
                self._shelter_streams(sql.text)
            return [self._execute_member(sql) for sql in statements]
        if len(statements) == 1 or all(is_read(sql.text) for sql in statements):
            return [self._execute_member(sql) for sql in statements]
        leading = list(itertools.takewhile(lambda sql: sql.text.startswith("PRAGMA"), statements))
        results = [self._execute_member(sql) for sql in leading]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results += [self._execute_member(sql) for sql in statements[len(leading) :]]
            self._connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        finally:
            if leading:
                self._connection.execute("PRAGMA foreign_keys = ON")
        return results

    def stream(self, sql: Sql, batch: int) -> Iterator[list[Row]]:
        """Run a query and yield its rows in batches."""
        stream = SqliteStream(self, sql, batch)
        self._streams.add(stream)
        return stream

    def bulk_insert(self, spec: TableSpec, columns: Sequence[str], rows: Sequence[Row], mode: Mode) -> int:
        """Insert encoded rows by one prepared statement, all or none of them."""
        self.round_trips += 1
        text = self._inserts.insert(spec, columns, mode, 1)
        self._shelter_streams(text)
        alone = not self.in_transaction
        try:
            if alone:
                self._connection.execute("BEGIN IMMEDIATE")
            else:
                self._connection.execute("SAVEPOINT fascicle_bulk")
            count = self._connection.executemany(text, rows).rowcount
            self._connection.execute("COMMIT" if alone else "RELEASE fascicle_bulk")
        except sqlite3.OperationalError as error:
            self._undo_bulk(alone)
            self._refuse_writing(error)
            raise
        except BaseException:
            self._undo_bulk(alone)
            raise
        return count

    def begin(self, isolation: Isolation, read_only: bool) -> None:
        """Start a transaction; one that may write takes the file's only write lock at once.

        Both kinds read one state of the file, and writers follow one another: every isolation is serializable.
        """
        self.round_trips += 1
        if not read_only:
            self._connection.execute("BEGIN IMMEDIATE")
            return
        self._connection.execute("PRAGMA query_only = ON")
        self._read_only = True
        self._connection.execute("BEGIN DEFERRED")
        # The state to be read is fixed by the first read, not by BEGIN.
        self._connection.execute("SELECT 1 FROM sqlite_master").fetchone()

    def commit(self) -> None:
        """Commit."""
        self.round_trips += 1
        self._connection.execute("COMMIT")
        self._allow_writing()

    def rollback(self) -> None:
        """Roll back."""
        self.round_trips += 1
        self._roll_back()
        self._allow_writing()

    def savepoint(self, name: str) -> None:
        """Set a savepoint."""
        self.round_trips += 1
        self._connection.execute(f"SAVEPOINT {name}")

    def release(self, name: str) -> None:
        """Release a savepoint."""
        self.round_trips += 1
        self._connection.execute(f"RELEASE {name}")

    def rollback_to(self, name: str) -> None:
        """Roll back to a savepoint."""
        self.round_trips += 1
        self._shelter_streams("ROLLBACK")
        self._connection.execute(f"ROLLBACK TO {name}")

    def is_alive(self) -> bool:
        """Whether the handle still works."""
        self.round_trips += 1
        try:
            self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except sqlite3.ProgrammingError:
            return False
        return True

    def close(self) -> None:
        """Close; idempotent."""
        for stream in list(self._streams):
            stream.close()
        self._connection.close()

    def open_cursor(self, sql: Sql) -> sqlite3.Cursor:
        """Run a query and return its live cursor."""
        self.round_trips += 1
        return self._connection.execute(sql.text, sql.params)

    # inner workings ----------------------------------------------------------------------------------------
    def _execute(self, sql: Sql) -> Result:
        try:
            cursor = self._connection.execute(sql.text, sql.params)
            if cursor.description is None:
                return Result([], (), cursor.rowcount)
            rows = cursor.fetchall()
        except sqlite3.OperationalError as error:
            self._refuse_writing(error)
            raise
        return Result(rows, tuple(column[0] for column in cursor.description), cursor.rowcount)

    def _execute_member(self, sql: Sql) -> Result:
        """Run a statement of a script; only here is it known which one failed."""
        try:
            return self._execute(sql)
        except sqlite3.Error as error:
            raise translate(error, sql) from error

    def _refuse_writing(self, error: sqlite3.OperationalError) -> None:
        if self._read_only and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
            raise TransactionError(
                "a read-only transaction cannot write",
                why="it was begun with read_only=True, and a read transaction is never upgraded",
                try_="begin the outermost block without read_only",
            ) from error

    def _shelter_streams(self, text: str) -> None:
        """Before a write, set aside the rows that open streams have still to give: it must not change them."""
        if self._streams and self.in_transaction and not is_read(text):
            for stream in list(self._streams):
                stream.set_aside()

    def _undo_bulk(self, alone: bool) -> None:
        if alone:
            self._roll_back()
        elif self.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK TO fascicle_bulk")
                self._connection.execute("RELEASE fascicle_bulk")

    def _roll_back(self) -> None:
        if self.in_transaction:
            self._connection.execute("ROLLBACK")

    def _allow_writing(self) -> None:
        if self._read_only:
            self._read_only = False
            self._connection.execute("PRAGMA query_only = OFF")


class SqliteStream:
    """Rows of a query, a batch at a time, from a live cursor or from a temporary file.

    Rows are set aside in the file when something is about to be written in the same transaction: SQLite leaves
    open whether a live cursor would see that.
    """

    def __init__(self, session: SqliteSession, sql: Sql, batch: int) -> None:
        self._session = session
        self._sql = sql
        self._batch = batch
        self._cursor: sqlite3.Cursor | None = None
        self._file: IO[bytes] | None = None
        self._begun = False
        self._over = False

    def __iter__(self) -> Iterator[list[Row]]:
        return self

    def __next__(self) -> list[Row]:
        if not self._begun and not self._over:
            self._begun = True
            self._cursor = self._session.open_cursor(self._sql)
        rows: list[Row] = []
        if self._cursor is not None:
            rows = self._cursor.fetchmany(self._batch)
        elif self._file is not None:
            rows = marshal.load(self._file)  # noqa: S302 - our own rows, written by set_aside below
        if not rows:
            self.close()
            raise StopIteration
        return rows

    def set_aside(self) -> None:
        """Move the rows still to come into a temporary file and let go of the cursor."""
        cursor, self._cursor = self._cursor, None
        if cursor is None:
            return
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        while rows := cursor.fetchmany(self._batch):
            marshal.dump(rows, self._file)
        marshal.dump([], self._file)
        self._file.seek(0)
        cursor.close()

    def close(self) -> None:
        """Let go of cursor and file."""
        self._over = True
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            cursor.close()
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def __del__(self) -> None:
        self.close()
