"""Running statements: in the thread's transaction, or in any session of the pool, with errors of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from fascicle.backend.pool import Pool
from fascicle.backend.protocol import Backend, Isolation, Row, Session
from fascicle.backend.reading import is_read
from fascicle.backend.transaction import Transaction, Transactions
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import FascicleError, LostConnectionError, TransactionError
from fascicle.sql.statement import Sql

T = TypeVar("T")


class Runner:
    """Runs statements on the sessions of a pool.

    Parameters
    ----------
    pool : Pool
    backend : Backend
        Translates the driver's errors.
    """

    def __init__(self, pool: Pool, backend: Backend) -> None:
        self._pool = pool
        self._backend = backend
        self.transactions = Transactions(self)

    def run(
        self,
        action: Callable[[Session], T],
        reads: Sql | bool,
        sql: Sql | None = None,
        repeatable: bool = True,
    ) -> T:
        """Do something with a session.

        Parameters
        ----------
        action : callable
            Given the session of the thread's transaction, or one of the pool.
        reads : Sql or bool
            Whether it surely writes nothing, or the statement whose text says so when somebody wants to know.
        sql : Sql, optional
            The statement, for error messages.
        repeatable : bool
            Whether, if it only reads, it may be done again in a new session; never inside a transaction.

        Raises
        ------
        FascicleError
            The driver's error in our terms.
        """
        if self.transactions.is_intercepted:
            self.transactions.announce(not _reads(reads))
        transaction = self.transactions.current
        if transaction is None:
            return self._run_alone(action, sql, reads if repeatable else False)
        transaction.check()
        try:
            return action(transaction.session)
        except Exception as error:  # noqa: BLE001 - translated, never swallowed
            fault = self._failed_within(transaction, error, sql)
            raise fault from _cause(fault, error)
        except BaseException:
            transaction.interrupt()
            raise

    def stream(self, sql: Sql, batch: int) -> Iterator[list[Row]]:
        """Run a query in batches: in the thread's transaction, or in a session to itself."""
        if self.transactions.is_intercepted:
            self.transactions.announce(not is_read(sql.text))
        transaction = self.transactions.current
        if transaction is None:
            return self._stream_alone(sql, batch)
        transaction.check()
        batches = transaction.session.stream(sql, batch)
        return transaction.follow(batches, lambda error: self._failed_within(transaction, error, sql))

    # for transactions --------------------------------------------------------------------------------------
    def begin_session(self, isolation: Isolation, read_only: bool) -> Session:
        """Take a session and begin a transaction in it, in a new one if the first was lost meanwhile."""
        repeatable = True
        while True:
            session = self._pool.take()
            try:
                session.begin(isolation, read_only)
            except Exception as error:  # noqa: BLE001 - translated, never swallowed
                fault = self._translated(error, None)
                self._return(session, fault)
                if isinstance(fault, LostConnectionError) and repeatable:
                    repeatable = False
                    continue
                raise fault from _cause(fault, error)
            except BaseException:
                self._pool.discard(session)
                raise
            return session

    def end_session(self, session: Session, poisoned: bool) -> None:
        """Give a session back, or close it if it cannot be trusted."""
        (self._pool.discard if poisoned or session.in_transaction else self._pool.give)(session)

    def failed(self, transaction: Transaction, error: Exception) -> FascicleError:
        """Translate a driver's error and note whether it ended the transaction."""
        return self._failed_within(transaction, error, None)

    # inner workings ----------------------------------------------------------------------------------------
    def _run_alone(self, action: Callable[[Session], T], sql: Sql | None, repeatable: Sql | bool) -> T:
        while True:
            session = self._pool.take()
            try:
                result = action(session)
            except Exception as error:  # noqa: BLE001 - translated, never swallowed
                fault = self._translated(error, sql)
                self._return(session, fault)
                if isinstance(fault, LostConnectionError) and _reads(repeatable):
                    repeatable = False
                    continue
                raise fault from _cause(fault, error)
            except BaseException:
                self._pool.discard(session)
                raise
            if not session.in_transaction:
                self._pool.give(session)
                return result
            self._pool.discard(session)
            raise TransactionError(
                "a statement began a transaction by itself",
                why="sessions are shared: outside a transaction block each statement commits on its own",
                try_="use `with connection.transaction:`",
            )

    def _stream_alone(self, sql: Sql, batch: int) -> Iterator[list[Row]]:
        repeatable: Sql | bool = sql
        while True:
            session = self._pool.take()
            try:
                for rows in session.stream(sql, batch):
                    repeatable = False
                    yield rows
            except GeneratorExit:
                self._pool.give(session)
                raise
            except Exception as error:  # noqa: BLE001 - translated, never swallowed
                fault = self._translated(error, sql)
                self._return(session, fault)
                if isinstance(fault, LostConnectionError) and _reads(repeatable):
                    repeatable = False
                    continue
                raise fault from _cause(fault, error)
            except BaseException:
                self._pool.discard(session)
                raise
            self._pool.give(session)
            return

    def _return(self, session: Session, fault: FascicleError) -> None:
        """Give a session back after an error, unless the error cost it."""
        lost = isinstance(fault, LostConnectionError)
        (self._pool.discard if lost or session.in_transaction else self._pool.give)(session)
        if lost:
            self._pool.drain()

    def _failed_within(self, transaction: Transaction, error: Exception, sql: Sql | None) -> FascicleError:
        fault = self._translated(error, sql)
        lost = isinstance(fault, LostConnectionError)
        transaction.poisoned = transaction.poisoned or lost
        driver = error if fault is not error else error.__cause__ or error
        if lost or self._backend.is_retryable(driver) or not transaction.session.in_transaction:
            transaction.broken = transaction.broken or fault
        return fault

    def _translated(self, error: Exception, sql: Sql | None) -> FascicleError:
        return error if isinstance(error, FascicleError) else self._backend.translate(error, sql)


def _reads(reads: Sql | bool) -> bool:
    """Whether something surely writes nothing; a long statement is not searched before this is asked."""
    return reads if isinstance(reads, bool) else is_read(reads.text)


def open_session(backend: Backend, url: DatabaseUrl) -> Session:
    """Open a session, with errors of ours."""
    try:
        return backend.open(url)
    except Exception as error:  # noqa: BLE001 - translated, never swallowed
        fault = error if isinstance(error, FascicleError) else backend.translate(error, None)
        raise fault from _cause(fault, error)


def _cause(fault: FascicleError, error: Exception) -> BaseException | None:
    """What to raise `fault` from: the driver's error, or what an error of ours already names."""
    return error if fault is not error else error.__cause__
