"""Connections: statements, streams and transactions on pooled sessions, safe for several threads."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from fascicle.backend.catalog import CatalogCache
from fascicle.backend.cursor import Cursor, raw_statement
from fascicle.backend.pool import Pool
from fascicle.backend.protocol import (
    Backend,
    Embedded,
    Isolation,
    Mode,
    Provisioning,
    Result,
    Row,
    Session,
    TraceHook,
)
from fascicle.backend.reading import is_read
from fascicle.backend.retry import Backoff, attempt_repeatedly
from fascicle.backend.runner import Runner, open_session
from fascicle.backend.transaction import Callback, TransactionBlock
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import FascicleError, LostConnectionError, TransactionError
from fascicle.model import TableName, TableSpec
from fascicle.sql.dialect import Dialect
from fascicle.sql.statement import Sql

T = TypeVar("T")
CHUNK_ROWS = 10_000


class Connection:
    """A database, reached by a pool of sessions; made by `fascicle.connect`.

    Several threads may use one connection.  Outside a transaction every statement commits on its own, in any
    session; a transaction belongs to the thread that began it and has a session to itself.

    A session that the server has closed is replaced.  A statement is repeated in the new session only if it
    reads; one that writes fails with `LostConnectionError`, because it may have been carried out.  Inside a
    transaction nothing is repeated.

    Parameters
    ----------
    url : DatabaseUrl
        Where the database is.
    backend : Backend
        The product that serves the URL's scheme.
    pool_size, pool_idle : int
        Most sessions open at once, and most kept while idle.
    pool_wait : float
        Seconds to wait for a free session.

    Attributes
    ----------
    runtime : Any
        A place for the layer of tables to keep what belongs to this connection.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        backend: Backend,
        *,
        pool_size: int = 64,
        pool_idle: int = 8,
        pool_wait: float = 30.0,
    ) -> None:
        self.url = url
        self.backend = backend
        self.dialect: Dialect = backend.dialect
        self._hooks: tuple[TraceHook, ...] = ()
        place, cleanup = _provision(backend, url)
        self._place = place
        self.pool = Pool(lambda: open_session(backend, place), size=pool_size, idle=pool_idle, wait=pool_wait)
        # Nothing below refers back to the connection: one that is forgotten closes at once.
        runner = Runner(self.pool, backend)
        self._runner = runner
        self.transactions = runner.transactions
        self.catalog = CatalogCache(
            lambda schemas: runner.run(lambda session: backend.read_catalog(session, schemas), True),
            lambda: runner.run(backend.list_schemas, True),
        )
        self._finalizer = weakref.finalize(self, _shut, self.pool, cleanup)
        self.runtime: Any = None

    # statements --------------------------------------------------------------------------------------------
    def execute(self, sql: Sql) -> Result:
        """Run one statement and fetch all of its rows.

        Raises
        ------
        FascicleError
            The driver's error in our terms, with the driver's as its cause.
        """
        self._trace(sql)
        return self._runner.run(lambda session: session.execute(sql), sql, sql)

    def execute_script(self, statements: Sequence[Sql]) -> list[Result]:
        """Run several statements in the fewest trips, stopping at the first error.

        Outside a transaction all or none of them take effect where DDL is transactional.
        """
        for sql in statements:
            self._trace(sql)
        reads = all(is_read(sql.text) for sql in statements)
        first = statements[0] if len(statements) == 1 else None
        return self._runner.run(lambda session: session.execute_script(statements), reads, first)

    def bulk_insert(
        self, spec: TableSpec, columns: Sequence[str], rows: Iterable[Row], mode: Mode = "error"
    ) -> int:
        """Insert encoded rows, all or none of them.

        Parameters
        ----------
        spec : TableSpec
            The table.
        columns : sequence of str
            Attributes that the rows give, in their order.
        rows : iterable of tuple
            Values as the dialect's encoders make them; an iterator is consumed in chunks.
        mode : {"error", "skip", "replace"}
            What happens to a row whose primary key exists.

        Returns
        -------
        int
            How many rows were inserted or replaced.
        """
        if isinstance(rows, Sequence):
            return self._insert_chunk(spec, columns, rows, mode)
        pending = iter(rows)
        count = 0
        with self.transaction:
            while chunk := list(islice(pending, CHUNK_ROWS)):
                count += self._insert_chunk(spec, columns, chunk, mode)
        return count

    def stream(self, sql: Sql, batch: int = 1000) -> Iterator[list[Row]]:
        """Run a query and yield its rows in batches, memory bounded by `batch`.

        Outside a transaction the stream has a session to itself; inside one it reads the transaction's state
        and ends with the block in which it began.  Other statements may run meanwhile.
        """
        self._trace(sql)
        return self._runner.stream(sql, batch)

    def query(
        self,
        text: str,
        args: Sequence[Any] | Mapping[str, Any] = (),
        *,
        as_dict: bool = False,
        suppress_warnings: bool = True,
        reconnect: bool | None = None,
    ) -> Cursor:
        """Run SQL written by hand.

        Parameters
        ----------
        text : str
            A statement in the database's own dialect, with ``%s`` (or its own mark) for each argument.
        args : sequence or mapping
            Arguments, bound by the driver; a mapping for ``%(name)s``.
        as_dict : bool
            Whether rows are dicts instead of tuples.
        suppress_warnings : bool
            Accepted for programs that pass it: warnings of a server are never shown.
        reconnect : bool, optional
            Whether a reading statement may be repeated after a lost connection (it may, unless ``False``).

        Returns
        -------
        Cursor
            All rows, fetched.
        """
        sql = raw_statement(text, args, self.dialect.placeholder)
        self._trace(sql)
        again = reconnect is not False
        return Cursor(self._runner.run(lambda session: session.execute(sql), sql, sql, again), as_dict)

    # transactions ------------------------------------------------------------------------------------------
    @property
    def transaction(self) -> TransactionBlock:
        """A transaction for ``with``: as it is, or called with ``isolation`` and ``read_only``."""
        return TransactionBlock(self)

    @property
    def in_transaction(self) -> bool:
        """Whether the calling thread is inside a transaction."""
        return self.transactions.current is not None

    def start_transaction(self, isolation: Isolation | None = None, read_only: bool | None = None) -> None:
        """Begin a transaction by hand, or a nested block of the open one."""
        self.transactions.begin(isolation, read_only)

    def commit_transaction(self) -> None:
        """Commit what `start_transaction` began."""
        self.transactions.commit()

    def cancel_transaction(self) -> None:
        """Roll back what `start_transaction` began."""
        self.transactions.cancel()

    def retrying(
        self,
        function: Callable[[], T],
        *,
        isolation: Isolation = "serializable",
        read_only: bool = False,
        attempts: int = 8,
    ) -> T:
        """Run a function in a transaction, again if that collides with another one.

        Inside a transaction the function runs once, in a nested block: whoever began the transaction retries it.

        Parameters
        ----------
        function : callable
            Called without arguments; it must bear being called again.
        isolation, read_only
            As for `transaction`.
        attempts : int
            Tries in all.

        Raises
        ------
        RetryError
            If every try ended in a deadlock or serialization failure.
        """

        def once() -> T:
            with self.transaction(isolation=isolation, read_only=read_only):
                return function()

        if self.in_transaction:
            return once()
        return attempt_repeatedly(once, self.is_retryable, Backoff(attempts=attempts))

    def is_retryable(self, error: BaseException) -> bool:
        """Whether the error stems from a deadlock or serialization failure."""
        link: BaseException | None = error
        seen: set[int] = set()
        while link is not None and id(link) not in seen:
            if self.backend.is_retryable(link):
                return True
            seen.add(id(link))
            link = link.__cause__
        return False

    def refuse_in_transaction(self, action: str) -> None:
        """Raise if the calling thread is inside a transaction.

        Raises
        ------
        TransactionError
            Saying that `action` (e.g. ``"declare a table"``) cannot be done there.
        """
        if self.in_transaction:
            raise TransactionError(
                f"cannot {action} inside a transaction",
                why="some databases commit the transaction when a table is declared, altered or dropped",
                try_=f"{action} before the transaction begins",
            )

    def on_commit(self, call: Callback) -> None:
        """Call something once the outermost transaction has committed (at once outside one)."""
        transaction = self.transactions.current
        if transaction is None:
            call()
        else:
            transaction.on_commit.append((transaction.depth, call))

    def on_rollback(self, call: Callback) -> None:
        """Call something if the innermost open block, or one around it, is rolled back."""
        transaction = self.transactions.required()
        transaction.on_rollback.append((transaction.depth, call))

    # state -------------------------------------------------------------------------------------------------
    @property
    def object_folder(self) -> Path | None:
        """Folder beside the database's file where objects lie by default; ``None`` for a database on a server."""
        return self.backend.object_folder(self._place) if isinstance(self.backend, Embedded) else None

    @property
    def schemas(self) -> list[str]:
        """Names of the database's schemas, sorted."""
        return sorted(self._runner.run(self.backend.list_schemas, True))

    def get_user(self) -> str:
        """Who the database takes us for, ``name@host``."""
        return self._runner.run(self.backend.user, True)

    def size_of(self, name: TableName) -> int:
        """Bytes that a table takes up, its indexes included."""
        return self._runner.run(lambda session: self.backend.size_of(session, name), True)

    @property
    def round_trips(self) -> int:
        """Trips to the database since the connection was made, BEGIN and COMMIT included, opening excluded."""
        return self.pool.round_trips

    @contextmanager
    def trace(self, callback: TraceHook) -> Iterator[None]:
        """Give every statement to `callback` before it runs, while inside the ``with`` block."""
        self._hooks = (*self._hooks, callback)
        try:
            yield
        finally:
            self._hooks = tuple(hook for hook in self._hooks if hook is not callback)

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises
        ------
        LostConnectionError
            If it gives none, also in a new session.
        """

        def live(session: Session) -> None:
            if not session.is_alive():
                raise LostConnectionError("the database does not answer", where=str(self.url))

        self._runner.run(live, True)

    @property
    def is_connected(self) -> bool:
        """Whether the database answers."""
        try:
            self.ping()
        except FascicleError:
            return False
        return True

    def connect(self) -> None:
        """Make sure that the database can be reached; sessions are opened as they are needed."""
        self.ping()

    def close(self) -> None:
        """Roll back the calling thread's transaction and close all sessions; idempotent."""
        while self.in_transaction:
            self.cancel_transaction()
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.pool.closed else f"{self.pool.open_sessions} sessions"
        return f"<Connection {self.url}, {state}>"

    # inner workings ----------------------------------------------------------------------------------------
    def _insert_chunk(self, spec: TableSpec, columns: Sequence[str], rows: Sequence[Row], mode: Mode) -> int:
        if not rows:
            return 0
        about = Sql(self.dialect.insert(spec, columns, mode, 1))
        self._trace(about)
        return self._runner.run(lambda session: session.bulk_insert(spec, columns, rows, mode), False, about)

    def _trace(self, sql: Sql) -> None:
        for hook in self._hooks:
            hook(sql)


def _provision(backend: Backend, url: DatabaseUrl) -> tuple[DatabaseUrl, Callable[[], None]]:
    if isinstance(backend, Provisioning):
        return backend.provision(url)
    return url, lambda: None


def _shut(pool: Pool, cleanup: Callable[[], None]) -> None:
    pool.close()
    cleanup()
