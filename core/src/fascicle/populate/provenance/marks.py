"""Places in the logs of changes: what came before a make began, and what came after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fascicle.populate.cone import known_graph
from fascicle.populate.making import Closing
from fascicle.sql import Sql
from fascicle.table.changes import log_name, require_log

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.backend.protocol import Result
    from fascicle.populate.tiers import AutoPopulated


class Marks:
    """The ends of the logs of every schema upstream, as they were before the make in hand.

    They are asked for once, and then come back with each result, so that they cost no trip of their own.

    Parameters
    ----------
    table : AutoPopulated
    """

    def __init__(self, table: AutoPopulated) -> None:
        self._connection = table.connection
        self._schemas = logged_schemas(table)
        self._sql = ends_query(self._connection, self._schemas)
        self.values: dict[str, int] = {}

    def ask(self) -> None:
        """Ask where the logs end now."""
        if self._schemas:
            self._take(self._connection.execute(self._sql))

    def closings(self) -> list[Closing]:
        """Statements that tell, with a result, where the logs end."""
        return [Closing(self._sql, sink=self._take)] if self._schemas else []

    def _take(self, result: Result) -> None:
        self.values = dict(zip(self._schemas, (int(value or 0) for value in result.rows[0]), strict=True))


def logged_schemas(table: AutoPopulated) -> list[str]:
    """Return the schemas upstream of a table that have a log of changes, making logs where there is none yet."""
    name, connection = table.table_id, table.connection
    graph = known_graph(connection, name.schema)
    schemas = {name.schema, *(above.schema for above in graph.ancestors(name))}
    return sorted(schema for schema in schemas if require_log(connection, schema) is not None)


def ends_query(connection: Connection, schemas: Iterable[str]) -> Sql:
    """One SELECT of the last number of each schema's log."""
    dialect = connection.dialect
    column = dialect.identifier("seq")
    parts = [f"(SELECT MAX({column}) FROM {dialect.table(log_name(schema))})" for schema in schemas]
    return Sql("SELECT " + ", ".join(parts))


def ends(connection: Connection, schemas: list[str]) -> dict[str, int]:
    """Return the last number of each schema's log."""
    if not schemas:
        return {}
    row: tuple[Any, ...] = connection.execute(ends_query(connection, schemas)).rows[0]
    return {schema: int(value or 0) for schema, value in zip(schemas, row, strict=True)}
