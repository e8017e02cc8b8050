"""One key being made: what it reads, what it writes, and the short transaction in which that takes effect.

Rows that make inserts are held back until make ends, and then sent together.  What cannot be held back (a large
insert, SQL by hand, a query that must see the rows just inserted) opens the transaction at that moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fascicle.backend.protocol import Isolation, Mode
from fascicle.backend.retry import Backoff, attempt_repeatedly
from fascicle.errors import DuplicateError, IntegrityError, MakeError
from fascicle.populate.inputs import Input, digest_rows
from fascicle.populate.provenance.reads import Read, reads_of
from fascicle.sql import Sql
from fascicle.table import changes
from fascicle.table.watch import begin_watch, current_watch, end_watch
from fascicle.table.write import diagnose, logged
from fascicle.table.write.prepared import prepared_inserts

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.model import TableName, TableSpec
    from fascicle.query.nodes import Node

HELD_ROWS = 200
HELD_BYTES = 1 << 20
ATTEMPTS = Backoff(attempts=5)

Check = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of one insert, encoded, not sent yet; `columns` holds the values before encoding."""

    spec: TableSpec
    names: Sequence[str]
    columns: Sequence[Sequence[Any]]
    rows: Sequence[tuple[Any, ...]]
    mode: Mode

    def statement(self, connection: Connection) -> Sql:
        """The one INSERT of all rows."""
        return prepared_inserts(connection).rows(self.spec, self.names, self.mode, self.rows)


@dataclass(slots=True)
class Closing:
    """A statement that goes with the result, what must be true of its outcome, and who else wants to know it."""

    sql: Sql
    check: Check | None = None
    sink: Check | None = None


@dataclass
class Making:
    """The making of one key.

    Parameters
    ----------
    connection : Connection
    name : TableName
        The table whose make runs.
    key : dict
    guard : callable, optional
        Called with verb and table before each write; raises to refuse it.
    scope : callable, optional
        Called with the node of each query before it runs; raises to refuse it.
    """

    connection: Connection
    name: TableName
    key: dict[str, Any]
    guard: Callable[[str, TableName], None] | None = None
    scope: Callable[[Node], None] | None = None
    phase: str = ""
    is_open: bool = False
    inputs: list[Input] = field(default_factory=list)
    reads: set[Read] = field(default_factory=set)
    held: list[Held] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    started: float = field(default_factory=time.time)
    clock: float = field(default_factory=time.perf_counter)
    written: set[TableName] = field(default_factory=set)
    _at_rest: bool = False
    _token: Any = None
    _outer: Any = None
    extra: frozenset[TableName] = frozenset()

    @property
    def wrote(self) -> bool:
        """Whether make has inserted anything."""
        return bool(self.written)

    @property
    def seconds(self) -> float:
        """Seconds since make began."""
        return time.perf_counter() - self.clock

    def admits(self, name: TableName) -> bool:
        """Whether rows of a table may be inserted now without further leave."""
        return name == self.name or name in self.extra

    def enter(self, phase: str) -> None:
        """Note which phase of a make in several phases begins."""
        self.phase = phase

    def __enter__(self) -> Self:
        """Watch this thread from now on."""
        self._token = begin_watch(self)
        self._outer = self.connection.transactions.intercept(self._before)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End watching; on an error undo what was written."""
        try:
            if error is not None:
                self._at_rest = True
                self.abandon()
        finally:
            self.connection.transactions.intercept(self._outer)
            end_watch(self._token)

    # watching ----------------------------------------------------------------------------------------------
    def reading(self, connection: Connection, node: Node) -> None:
        """Hear of a query."""
        if connection is not self.connection or self._at_rest:
            return
        if not self.is_open:
            self.reads |= reads_of(node)
        if self.scope is not None:
            self._at_rest = True
            try:
                self.scope(node)
            finally:
                self._at_rest = False

    def read(self, connection: Connection, sql: Sql, rows: Sequence[tuple[Any, ...]] | None) -> None:
        """Keep what was read, in short, to tell later whether it is still so; own rows do not count."""
        if connection is self.connection and not self.is_open and not self._at_rest:
            self.inputs.append(Input(sql, None if rows is None else digest_rows(rows)))

    def writing(self, connection: Connection, name: TableName, verb: str) -> None:
        """Hear of a write."""
        if connection is not self.connection or self._at_rest:
            return
        if self.phase in ("fetch", "compute"):
            raise MakeError(
                f"make_{self.phase} tried to {verb} rows of {name.class_name}",
                where=self.name.class_name,
                why="only the last phase writes; the others hold no transaction",
                try_="insert in make_insert (in a generator: after the second yield)",
            )
        if self.guard is not None:
            self.guard(verb, name)
        self.written.add(name)

    def defer(
        self,
        connection: Connection,
        spec: TableSpec,
        names: Sequence[str],
        columns: Sequence[Sequence[Any]],
        rows: Sequence[tuple[Any, ...]],
        mode: Mode,
    ) -> bool:
        """Hold rows back if they are few and the transaction has not begun."""
        if connection is not self.connection or self.is_open or self._at_rest or connection.in_transaction:
            return False
        cells = len(rows) * len(names)
        if any(attribute.codec and attribute.codec.store is not None for attribute in spec.attributes):
            return False  # objects of a store are removed again when their transaction is rolled back
        if not names or len(rows) > HELD_ROWS or cells > min(900, connection.dialect.max_parameters):
            return False
        size = sum(len(value) for row in rows for value in row if isinstance(value, (bytes, str)))
        if size > HELD_BYTES:
            return False
        self.held.append(Held(spec, names, columns, rows, mode))
        return True

    def _before(self, writes: bool, isolation: Isolation | None) -> None:
        """Open the transaction before what must happen inside it."""
        if not self.is_open and not self._at_rest and (writes or self.held):
            self.open(isolation)

    # taking effect -----------------------------------------------------------------------------------------
    def open(self, isolation: Isolation | None = None) -> None:
        """Begin the transaction and send what is held."""
        self.connection.start_transaction(isolation or "read committed")
        self.is_open = True
        held, self.held = self.held, []
        for rows in held:
            send_one_by_one(self.connection, rows)

    def abandon(self) -> None:
        """Undo everything."""
        self.held.clear()
        if self.is_open:
            self.is_open = False
            while self.connection.in_transaction:
                self.connection.cancel_transaction()

    def finish(self, before: Sequence[Closing] = (), after: Sequence[Closing] = ()) -> None:
        """Send what is held together with further statements, check their outcome, and commit.

        Parameters
        ----------
        before, after : sequence of Closing
            Statements that belong to the result, before and after its rows.  A check that raises undoes everything.

        Raises
        ------
        DuplicateError, MissingParentError
            If the database refuses rows; nothing is kept.
        """
        self._at_rest = True  # statements of our own are not announced to ourselves
        if self.is_open:
            self.run([*before, *after])
            self.is_open = False
            self.connection.commit_transaction()
            return
        rows = [Closing(held.statement(self.connection)) for held in self.held]
        script = [*before, *rows, *map(Closing, self._log()), *after]
        attempt_repeatedly(lambda: self._send(script), self.connection.is_retryable, ATTEMPTS)

    def _send(self, script: Sequence[Closing]) -> None:
        """Carry out everything in one transaction, in one trip if nothing has to be looked at before the commit."""
        try:
            if any(closing.check for closing in script):
                with self.connection.transaction(isolation="read committed"):
                    self.run(script)
            else:
                self.run(script)
        except (DuplicateError, IntegrityError) as error:
            # All were sent together, so the error does not say which row it is about: ask again one by one.
            self._explain(error)

    def _log(self) -> list[Sql]:
        """Entries in the log of changes for the rows held back; the others were logged when they were sent."""
        found = []
        for held in self.held:
            keys = changes.keys_of_rows(held.spec, held.names, held.columns)
            operation = "update" if held.mode == "replace" else "insert"
            found += changes.entries(self.connection, held.spec.name, operation, [keys])
        return found

    def _explain(self, error: Exception) -> None:
        with self.connection.transaction(isolation="read committed"):
            for rows in self.held:
                send_one_by_one(self.connection, rows)
            raise error

    def run(self, script: Sequence[Closing]) -> None:
        """Run statements in one trip and check what each brought."""
        if not script:
            return
        results = self.connection.execute_script([closing.sql for closing in script])
        for closing, result in zip(script, results, strict=True):
            if closing.check is not None:
                closing.check(result)
            if closing.sink is not None:
                closing.sink(result)


def send_one_by_one(connection: Connection, held: Held) -> None:
    """Send held rows by themselves, so that an error names the row."""
    try:
        logged.insert(connection, held.spec, held, held.mode)
    except (DuplicateError, IntegrityError) as error:
        explained = diagnose.explain(connection, held.spec, held.names, held.columns, error)
        if explained is error:
            raise
        raise explained from error


def current_making() -> Making | None:
    """Return the making in force in this thread, if any."""
    watch = current_watch()
    return watch if isinstance(watch, Making) else None
