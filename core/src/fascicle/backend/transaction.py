"""Transactions: one per thread, nested by savepoints, of one meaning on every database.

Isolation, from weak to strong; a database may always give more, never less:

``"read committed"``
    A statement sees what was committed before it began, and the transaction's own changes.
``"snapshot"`` (the default)
    Every read sees one and the same state of the database, and the transaction's own changes.  What was read may
    have been changed by others before the commit: do not write what rests on it.
``"serializable"``
    The outcome is that of running the transactions one after another.  A transaction for which that cannot be had
    fails, retryably: `Connection.retrying` runs it again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, cast, get_args
from weakref import WeakSet

from fascicle.backend.protocol import Isolation, Row, Session
from fascicle.backend.stream import BoundStream
from fascicle.errors import FascicleError, LostConnectionError, TransactionError

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

LEVELS: tuple[Isolation, ...] = get_args(Isolation)
DEFAULT_ISOLATION: Isolation = "snapshot"

Callback = Callable[[], object]
Interceptor = Callable[[bool, "Isolation | None"], None]


@dataclass(slots=True)
class Transaction:
    """An open transaction of one thread.

    Parameters
    ----------
    session : Session
        The session that it occupies.
    isolation, read_only
        What was asked for at its start.
    """

    session: Session
    isolation: Isolation
    read_only: bool
    owner: int = field(default_factory=threading.get_ident)
    process: int = field(default_factory=os.getpid)
    depth: int = 1
    broken: FascicleError | None = None
    poisoned: bool = False
    in_doubt: bool = False  # whether the database may have committed although the commit failed here
    streams: WeakSet[BoundStream] = field(default_factory=WeakSet)
    on_commit: list[tuple[int, Callback]] = field(default_factory=list)
    on_rollback: list[tuple[int, Callback]] = field(default_factory=list)

    @property
    def savepoint(self) -> str:
        """Name of the savepoint of the innermost block."""
        return f"fascicle_{self.depth}"

    def interrupt(self) -> None:
        """Note that a statement was broken off midway: nobody knows in what state the session is."""
        self.poisoned = True
        self.broken = TransactionError("a statement was interrupted")

    def check(self) -> None:
        """Refuse further work if the database has ended the transaction, or in a foreign thread.

        Raises
        ------
        TransactionError
        """
        if self.broken is not None:
            raise TransactionError(
                "the transaction is over",
                why=f"an earlier statement ended it: {self.broken.what}",
                try_="leave the transaction block and run all of it again, e.g. with connection.retrying",
            ) from self.broken
        if self.owner != threading.get_ident():
            raise TransactionError(
                "a stream of another thread's transaction",
                why="a transaction belongs to the thread that began it",
                try_="begin the stream in the thread that reads it",
            )

    def follow(
        self, batches: Iterator[list[Row]], rename: Callable[[Exception], FascicleError]
    ) -> BoundStream:
        """Bind a session's stream to the innermost block."""

        def checked() -> Iterator[list[Row]]:
            while True:
                self.check()
                try:
                    rows = next(batches)
                except StopIteration:
                    return
                except Exception as error:
                    raise rename(error) from error
                yield rows

        stream = BoundStream(checked(), batches, self.depth, self.streams.discard)
        self.streams.add(stream)
        return stream

    def sever_streams(self) -> None:
        """End the streams that began in the innermost block."""
        for stream in list(self.streams):
            if stream.depth >= self.depth:
                stream.sever()

    def keep_callbacks(self) -> None:
        """Hand the callbacks of the innermost block, which succeeded, to the block around it."""
        outer = self.depth - 1
        self.on_commit = [(min(depth, outer), call) for depth, call in self.on_commit]
        self.on_rollback = [(min(depth, outer), call) for depth, call in self.on_rollback]

    def drop_callbacks(self) -> list[Callback]:
        """Forget the callbacks of the innermost block, which failed; return those to call now."""
        undo = [call for depth, call in reversed(self.on_rollback) if depth >= self.depth]
        self.on_commit = [pair for pair in self.on_commit if pair[0] < self.depth]
        self.on_rollback = [pair for pair in self.on_rollback if pair[0] < self.depth]
        return undo


class Held(Protocol):
    """What `Transactions` needs of its connection."""

    def begin_session(self, isolation: Isolation, read_only: bool) -> Session:
        """Take a session and begin a transaction in it."""

    def end_session(self, session: Session, poisoned: bool) -> None:
        """Give a session back, or close it if it cannot be trusted."""

    def failed(self, transaction: Transaction, error: Exception) -> FascicleError:
        """Translate a driver's error and note whether it ended the transaction."""


class Transactions:
    """Begins and ends the transactions of a connection, one per thread."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._local = threading.local()
        # Kept, so that a child process never ends its parent's conversation with the server.
        self._inherited: Transaction | None = None

    @property
    def current(self) -> Transaction | None:
        """The calling thread's transaction, if it has one; that of a parent process is not this one's."""
        transaction = cast("Transaction | None", getattr(self._local, "transaction", None))
        return transaction if transaction is None or transaction.process == os.getpid() else None

    def intercept(self, call: Interceptor | None) -> Interceptor | None:
        """Set who has the word before each statement of this thread, or nobody; returns who had it before."""
        outer: Interceptor | None = getattr(self._local, "interceptor", None)
        self._local.interceptor = call
        return outer

    @contextmanager
    def intercepted(self, call: Interceptor) -> Iterator[None]:
        """Give a function the word before each statement and transaction of this thread, inside the block.

        Parameters
        ----------
        call : callable
            Takes whether something may be written, and the isolation that a new transaction asks for.  It may
            run statements and begin a transaction itself, and is not called for those.
        """
        outer = self.intercept(call)
        try:
            yield
        finally:
            self.intercept(outer)

    @property
    def is_intercepted(self) -> bool:
        """Whether this thread has an interceptor."""
        return getattr(self._local, "interceptor", None) is not None

    def announce(self, writes: bool, isolation: Isolation | None = None) -> None:
        """Let the interceptor of this thread, if there is one, act before a statement or transaction."""
        call: Interceptor | None = getattr(self._local, "interceptor", None)
        if call is None:
            return
        self._local.interceptor = None
        try:
            call(writes, isolation)
        finally:
            self._local.interceptor = call

    def required(self) -> Transaction:
        """Return the calling thread's transaction.

        Raises
        ------
        TransactionError
            If there is none.
        """
        transaction = self.current
        if transaction is None:
            raise TransactionError(
                "no transaction is open in this thread",
                try_="begin one by `with connection.transaction:`; each thread has its own",
            )
        return transaction

    def begin(self, isolation: Isolation | None, read_only: bool | None) -> Transaction:
        """Begin a transaction, or a nested block of the open one."""
        if isolation is not None and isolation not in LEVELS:
            raise TransactionError(
                f"there is no isolation {isolation!r}", try_=f"one of {', '.join(map(repr, LEVELS))}"
            )
        self.announce(not read_only, isolation)
        transaction = self.current
        if transaction is None:
            level, quiet = isolation or DEFAULT_ISOLATION, bool(read_only)
            transaction = Transaction(self._held.begin_session(level, quiet), level, quiet)
            self._inherited = getattr(self._local, "transaction", None)
            self._local.transaction = transaction
            return transaction
        _check_nesting(transaction, isolation, read_only)
        transaction.check()
        transaction.depth += 1
        try:
            transaction.session.savepoint(transaction.savepoint)
        except Exception as error:
            transaction.depth -= 1
            raise self._held.failed(transaction, error) from error
        except BaseException:
            transaction.depth -= 1
            transaction.interrupt()
            raise
        return transaction

    def commit(self) -> None:
        """Commit the transaction, or release the innermost nested block."""
        transaction = self.required()
        transaction.sever_streams()
        try:
            transaction.check()
            if transaction.depth == 1:
                transaction.session.commit()
            else:
                transaction.session.release(transaction.savepoint)
        except Exception as error:
            fault = self._held.failed(transaction, error)
            transaction.in_doubt = transaction.depth == 1 and isinstance(fault, LostConnectionError)
            self.cancel()
            if fault is error:
                raise
            raise fault from error
        except BaseException:
            transaction.interrupt()
            transaction.in_doubt = transaction.depth == 1
            self.cancel()
            raise
        if transaction.depth > 1:
            transaction.keep_callbacks()
            transaction.depth -= 1
            return
        self._finish(transaction)
        for _, call in transaction.on_commit:
            call()

    def cancel(self) -> None:
        """Roll the transaction back, or the innermost nested block."""
        transaction = self.required()
        transaction.sever_streams()
        undo = transaction.drop_callbacks()
        if transaction.depth == 1:
            try:
                if not transaction.poisoned:
                    transaction.session.rollback()
            except BaseException:
                transaction.poisoned = True
                raise
            finally:
                self._finish(transaction)
        else:
            self._cancel_nested(transaction)
        for call in undo:
            call()

    def _cancel_nested(self, transaction: Transaction) -> None:
        try:
            if transaction.broken is None:
                transaction.session.rollback_to(transaction.savepoint)
                transaction.session.release(transaction.savepoint)
        except Exception as error:
            raise self._held.failed(transaction, error) from error
        finally:
            transaction.depth -= 1

    def _finish(self, transaction: Transaction) -> None:
        self._local.transaction = None
        self._held.end_session(transaction.session, transaction.poisoned)


def _check_nesting(outer: Transaction, isolation: Isolation | None, read_only: bool | None) -> None:
    if isolation is not None and LEVELS.index(isolation) > LEVELS.index(outer.isolation):
        raise TransactionError(
            f"a {isolation} block cannot begin inside a {outer.isolation} transaction",
            why="a nested block shares the snapshot and the locks of the transaction around it",
            try_=f"begin the outer block by connection.transaction(isolation={isolation!r})",
        )
    if read_only is False and outer.read_only:
        raise TransactionError(
            "a writing block cannot begin inside a read-only transaction",
            why="a read transaction is never upgraded: it could deadlock with its like",
            try_="begin the outer block without read_only",
        )


class TransactionBlock:
    """A transaction to be entered by ``with``; call it to choose how.

    Examples
    --------
    ``with connection.transaction:`` or ``with connection.transaction(isolation="serializable"):``.  Left
    normally, a block commits; left by an exception, it rolls back.  A block inside another one is a savepoint.
    """

    def __init__(
        self, connection: Connection, isolation: Isolation | None = None, read_only: bool | None = None
    ) -> None:
        self._connection = connection
        self._isolation = isolation
        self._read_only = read_only
        self._entered: list[tuple[Transaction, int]] = []

    def __call__(self, isolation: Isolation | None = None, read_only: bool | None = None) -> TransactionBlock:
        """Return a block with the given properties.

        Parameters
        ----------
        isolation : {"read committed", "snapshot", "serializable"}, optional
            ``"snapshot"`` if not given; inside another block that block's.
        read_only : bool, optional
            Whether writing is refused; on SQLite only such a transaction lets others write meanwhile.
        """
        return TransactionBlock(self._connection, isolation, read_only)

    def __enter__(self) -> Connection:
        transaction = self._connection.transactions.begin(self._isolation, self._read_only)
        self._entered.append((transaction, transaction.depth))
        return self._connection

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        transactions = self._connection.transactions
        transaction, depth = self._entered.pop()
        current = transactions.current
        if current is not transaction or current.depth != depth:
            if error is not None:
                return
            raise TransactionError(
                "the transaction block ended out of turn",
                why="it was committed or cancelled within the block, or is left in another thread",
                try_="leave ending a block to `with`",
            )
        if error is None:
            transactions.commit()
        else:
            transactions.cancel()
