"""What a backend offers: drivers (one session each), a dialect, and a reader of catalogues."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from fascicle.backend.url import DatabaseUrl
from fascicle.errors import FascicleError
from fascicle.model import Catalog, TableName, TableSpec
from fascicle.sql.dialect import Dialect
from fascicle.sql.statement import Sql

Isolation = Literal["read committed", "snapshot", "serializable"]
Mode = Literal["error", "skip", "replace"]
Row = tuple[Any, ...]
TraceHook = Callable[[Sql], None]


@dataclass(frozen=True, slots=True)
class Result:
    """Rows and counts of one statement.

    Parameters
    ----------
    rows : list of tuple
        Raw driver values, not decoded.
    columns : tuple of str
        Column names, empty for statements without rows.
    rowcount : int
        Rows changed (for MySQL: matched, not only changed), -1 where it has no meaning.
    """

    rows: list[Row]
    columns: tuple[str, ...] = ()
    rowcount: int = -1


class Session(Protocol):
    """One physical connection, used by one thread at a time; its methods raise the driver's errors, or ours from them.

    Outside a transaction each statement commits on its own.  Inside one, a statement that fails undoes itself
    only and leaves the transaction usable, unless the database ended the transaction.

    Attributes
    ----------
    round_trips : int
        Trips to the database made so far, BEGIN and COMMIT included, those of opening excluded.
    """

    round_trips: int

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open as far as the driver knows, without asking the server."""

    def execute(self, sql: Sql) -> Result:
        """Run one statement and fetch all of its rows (one round trip)."""

    def execute_script(self, statements: Sequence[Sql]) -> list[Result]:
        """Run several statements in as few round trips as the driver allows, stopping at the first error.

        Outside a transaction all or none of them take effect where DDL is transactional.
        """

    def stream(self, sql: Sql, batch: int) -> Iterator[list[Row]]:
        """Run a query and yield its rows in batches of at most `batch`, holding no more than a few of them.

        Nothing runs before the first ``next``.  Closing the iterator early frees the session.  Inside a
        transaction other statements may run between batches; the rows are those of the stream's beginning.
        """

    def bulk_insert(self, spec: TableSpec, columns: Sequence[str], rows: Sequence[Row], mode: Mode) -> int:
        """Insert encoded rows by the driver's fastest safe way; return how many rows were inserted or replaced.

        Inside a transaction it belongs to that; outside one it takes effect wholly or not at all.
        """

    def begin(self, isolation: Isolation, read_only: bool) -> None:
        """Start a transaction (SQLite: BEGIN IMMEDIATE unless read-only)."""

    def commit(self) -> None:
        """Commit."""

    def rollback(self) -> None:
        """Roll back; never raises for a lost connection."""

    def savepoint(self, name: str) -> None:
        """Set a savepoint."""

    def release(self, name: str) -> None:
        """Release a savepoint."""

    def rollback_to(self, name: str) -> None:
        """Roll back to a savepoint."""

    def is_alive(self) -> bool:
        """Whether the session can still be used (a ping)."""

    def close(self) -> None:
        """Close; idempotent."""


class Backend(Protocol):
    """A database product: found by URL scheme through the entry-point group ``fascicle.backends``."""

    @property
    def name(self) -> str:
        """Name shown to people."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """URL schemes served."""

    @property
    def dialect(self) -> Dialect:
        """Text and types."""

    def open(self, url: DatabaseUrl) -> Session:
        """Open one session."""

    def translate(self, error: Exception, sql: Sql | None) -> FascicleError:
        """Turn a driver's error into one of our tree (never with bound values of secrets)."""

    def is_retryable(self, error: BaseException) -> bool:
        """Whether a driver's error is a deadlock or serialization failure: the transaction may be tried again."""

    def read_catalog(self, session: Session, schemas: Sequence[str]) -> Catalog:
        """Read every table of the schemas, those they refer to included, in a fixed handful of round trips."""

    def list_schemas(self, session: Session) -> list[str]:
        """Names of the schemas that hold tables of ours or of other clients."""

    def user(self, session: Session) -> str:
        """Who the database takes us for, ``name@host``."""

    def size_of(self, session: Session, name: TableName) -> int:
        """Bytes that a table takes up, its indexes included."""


@runtime_checkable
class Embedded(Protocol):
    """Optional ability of a backend: a database in a file of its own, with a place for objects beside it."""

    def object_folder(self, url: DatabaseUrl) -> Path:
        """Return the folder where the objects of a database lie, unless settings name another."""


@runtime_checkable
class Provisioning(Protocol):
    """Optional ability of a backend: make a private database that lives as long as a connection."""

    def provision(self, url: DatabaseUrl) -> tuple[DatabaseUrl, Callable[[], None]]:
        """Return the URL to open in place of `url`, and what to call when the connection closes."""
