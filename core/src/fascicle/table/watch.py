"""A watch over what the tables of one thread read and write: how `make` is observed, without the tables knowing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.backend.protocol import Mode
    from fascicle.model import TableName, TableSpec
    from fascicle.query.nodes import Node
    from fascicle.sql import Sql


class Watch(Protocol):
    """Whoever is told of reads and writes while `watched_by` is in force."""

    def reading(self, connection: Connection, node: Node) -> None:
        """Hear that a query is about to run; may refuse it by raising."""

    def read(self, connection: Connection, sql: Sql, rows: Sequence[tuple[Any, ...]] | None) -> None:
        """Hear what came back, as the driver gave it; ``None`` where rows are streamed."""

    def writing(self, connection: Connection, name: TableName, verb: str) -> None:
        """Hear that rows of a table are about to be inserted, updated or deleted; may refuse by raising."""

    def defer(
        self,
        connection: Connection,
        spec: TableSpec,
        names: Sequence[str],
        columns: Sequence[Sequence[Any]],
        rows: Sequence[tuple[Any, ...]],
        mode: Mode,
    ) -> bool:
        """Take over the sending of encoded rows; ``False`` leaves it to the caller."""


_WATCH: ContextVar[Watch | None] = ContextVar("fascicle_watch", default=None)


def current_watch() -> Watch | None:
    """Return who watches this thread, if anybody."""
    return _WATCH.get()


def announce_write(connection: Connection, name: TableName, verb: str) -> None:
    """Tell whoever watches that rows of a table are about to change."""
    watch = _WATCH.get()
    if watch is not None:
        watch.writing(connection, name, verb)


def begin_watch(watch: Watch | None) -> Token[Watch | None]:
    """Let somebody watch from now on; returns what `end_watch` takes."""
    return _WATCH.set(watch)


def end_watch(token: Token[Watch | None]) -> None:
    """Let whoever watched before `begin_watch` watch again."""
    _WATCH.reset(token)


@contextmanager
def watched_by(watch: Watch | None) -> Iterator[None]:
    """Let somebody watch what happens inside the block; ``None`` lets nobody."""
    token = _WATCH.set(watch)
    try:
        yield
    finally:
        _WATCH.reset(token)
