"""What a backend offers: drivers (one session each), a dialect, and a reader of catalogues."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fascicle.backend.url import DatabaseUrl
from fascicle.errors import FascicleError
from fascicle.model import Catalog, TableSpec
from fascicle.sql.dialect import Dialect
from fascicle.sql.statement import Sql

Isolation = Literal["read committed", "snapshot", "serializable"]
Row = tuple[Any, ...]


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
        Rows changed (for MySQL: matched, not only changed).
    """

    rows: list[Row]
    columns: tuple[str, ...] = ()
    rowcount: int = -1


class Session(Protocol):
    """One physical connection, used by one thread at a time."""

    def execute(self, sql: Sql) -> Result:
        """Run one statement and fetch all of its rows (one round trip)."""

    def execute_script(self, statements: Sequence[Sql]) -> list[Result]:
        """Run several statements in as few round trips as the driver allows, stopping at the first error."""

    def stream(self, sql: Sql, batch: int) -> Iterator[list[Row]]:
        """Run a query and yield its rows in batches, memory bounded by `batch`."""

    def bulk_insert(self, spec: TableSpec, columns: Sequence[str], rows: Iterable[Row], mode: str) -> int:
        """Insert encoded rows by the driver's fastest safe way, inside the current transaction; returns count."""

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

    name: str
    schemes: tuple[str, ...]
    dialect: Dialect

    def open(self, url: DatabaseUrl) -> Session:
        """Open one session."""

    def translate(self, error: Exception, sql: Sql | None) -> FascicleError:
        """Turn a driver's error into one of our tree (never with bound values of secrets)."""

    def is_retryable(self, error: Exception) -> bool:
        """Whether the error is a deadlock or serialization failure, after which a transaction may be tried again."""

    def read_catalog(self, session: Session, schemas: Sequence[str]) -> Catalog:
        """Read every table of the schemas, those they refer to included, in a fixed handful of round trips."""

    def list_schemas(self, session: Session) -> list[str]:
        """Names of the schemas that hold tables of ours or of other clients."""


TraceHook = Callable[[Sql], None]
