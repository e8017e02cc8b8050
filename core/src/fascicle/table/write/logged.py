"""Sending rows together with the entries that log them, in one transaction and in as few trips as that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from fascicle.backend.protocol import Mode
from fascicle.model import TableSpec
from fascicle.sql import Sql
from fascicle.table import changes
from fascicle.table.fetch.columns import Slice, fetch_columns
from fascicle.table.write.prepared import prepared_inserts

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.expression import QueryExpression

FEW_CELLS = 900


class Rows(Protocol):
    """Encoded rows, and the values they were made of."""

    @property
    def names(self) -> Sequence[str]:
        """Attributes given."""

    @property
    def columns(self) -> Sequence[Sequence[Any]]:
        """Values by attribute, before encoding."""

    @property
    def rows(self) -> Sequence[tuple[Any, ...]]:
        """Values by row, encoded."""


def insert(connection: Connection, spec: TableSpec, part: Rows, mode: Mode) -> int:
    """Insert rows, and log them if their schema has a log.

    Returns
    -------
    int
        How many were inserted or replaced.
    """
    if changes.find_log(connection, spec.name.schema) is None or spec.name.tier is None:
        return connection.bulk_insert(spec, part.names, part.rows, mode)
    keys = changes.keys_of_rows(spec, part.names, part.columns)
    log = changes.entries(connection, spec.name, "update" if mode == "replace" else "insert", [keys])
    if mode == "error" and 0 < len(part.rows) * len(part.names) <= min(
        FEW_CELLS, connection.dialect.max_parameters
    ):
        sql = prepared_inserts(connection).rows(spec, part.names, mode, part.rows)
        return connection.execute_script([sql, *log])[0].rowcount
    with connection.transaction:
        count = connection.bulk_insert(spec, part.names, part.rows, mode)
        # Rows that were left out because they exist did not change.
        if count:
            connection.execute_script(log)
    return count


def insert_query(connection: Connection, spec: TableSpec, query: QueryExpression, sql: Sql) -> int:
    """Insert the rows of a query by the given statement, and log their keys if their schema has a log."""
    if changes.find_log(connection, spec.name.schema) is None or spec.name.tier is None:
        return connection.execute(sql).rowcount
    with connection.transaction:
        keys = _keys(spec, query)
        count = connection.execute(sql).rowcount
        if count:
            connection.execute_script(changes.entries(connection, spec.name, "insert", [keys]))
    return count


def _keys(spec: TableSpec, query: QueryExpression) -> changes.Keys:
    names = spec.heading.primary_key
    if not names or any(name not in query.heading for name in names):
        return changes.UNKNOWN
    _, columns = fetch_columns(query, names, Slice())
    return changes.Keys(tuple(names), list(zip(*columns, strict=True)))
