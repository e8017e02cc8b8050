"""Dropping tables with all that depend on them: planned, confirmed, children first, resumable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fascicle.errors import BackendError, FascicleError, PartIntegrityError, QueryError
from fascicle.graph import DependencyGraph
from fascicle.model import TableName
from fascicle.query.nodes import Relation
from fascicle.sql import Capability
from fascicle.table.relatives import graph_of
from fascicle.table.remove.delete import confirm
from fascicle.table.remove.plan import count_together
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.base import Table


@dataclass(frozen=True)
class DropPlan:
    """Tables that a drop would remove, children first, with their row counts."""

    tables: tuple[tuple[TableName, int], ...]

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(count for _, count in self.tables)

    def __str__(self) -> str:
        lines = [f"{len(self.tables)} table{'s' if len(self.tables) != 1 else ''} would be dropped:"]
        return "\n".join([*lines, *(f"  {count:>8} rows  {name}" for name, count in reversed(self.tables))])


def plan_drop(connection: Connection, roots: Iterable[TableName], part_integrity: str) -> DropPlan:
    """Plan the drop of tables and all their descendants.

    Raises
    ------
    PartIntegrityError
        If a part would be dropped without its master, unless `part_integrity` admits it.
    """
    graph = graph_of(connection, refresh=True)
    seeds = set(roots)
    while True:
        names = graph.cascade(sorted(seeds)).tables if seeds else ()
        orphans = _orphans(graph, names)
        if not orphans or part_integrity == "ignore":
            break
        if part_integrity != "cascade":
            part, master = orphans[0]
            raise PartIntegrityError(
                f"the part table {part} would be dropped without its master {master}",
                why="a master and its parts are declared together",
                try_="drop the master, or pass part_integrity='cascade' (master too) or 'ignore' (part alone)",
            )
        seeds |= {master for _, master in orphans}
    counts = count_together(connection, [_relation(connection, name) for name in names])
    return DropPlan(tuple(zip(names, counts, strict=True)))


def _relation(connection: Connection, name: TableName) -> Relation:
    return Relation(name, connection.catalog.known[name].heading)


def _orphans(graph: DependencyGraph, names: Sequence[TableName]) -> list[tuple[TableName, TableName]]:
    pairs = ((name, graph.master_of(name)) for name in names)
    return [(name, master) for name, master in pairs if master is not None and master not in names]


def drop(table: Table, prompt: bool | None, part_integrity: str, dry_run: bool) -> list[str]:
    """Drop a table and its descendants; see `Table.drop`."""
    if not isinstance(table.as_node(), Relation):
        raise QueryError(
            "a restricted table cannot be dropped",
            why="drop removes the table itself; delete removes rows",
            try_=f"{type(table).__name__}.drop(), or (query).delete()",
        )
    connection = table.connection
    runtime = runtime_of(connection)
    plan = plan_drop(connection, [table.table_id], part_integrity)
    if dry_run:
        runtime.interaction.echo(str(plan))
        return [str(name) for name, _ in plan.tables]
    if bool(runtime.config["safemode"]) if prompt is None else prompt:
        confirm(table, plan, "dropped")
    return drop_tables(connection, [name for name, _ in plan.tables])


def drop_tables(connection: Connection, names: Sequence[TableName]) -> list[str]:
    """Drop tables in the order given: all or none where DDL is transactional, else one by one.

    Raises
    ------
    BackendError
        If the database refuses one; ``details["dropped"]`` names those that are gone.  Dropping again goes on.
    """
    connection.refuse_in_transaction("drop a table")
    dialect = connection.dialect
    scripts = [dialect.drop_table(connection.catalog.known[name]) for name in names]
    if Capability.TRANSACTIONAL_DDL in dialect.capabilities:
        with connection.transaction:
            connection.execute_script([sql for script in scripts for sql in script])
        connection.catalog.discard(*names)
        return [str(name) for name in names]
    dropped: list[str] = []
    for name, script in zip(names, scripts, strict=True):
        try:
            connection.execute_script(script)
        except FascicleError as error:
            raise BackendError(
                f"{name} could not be dropped; dropped so far: {', '.join(dropped) or 'none'}",
                why=error.what if error.why is None else f"{error.what}: {error.why}",
                try_="remove the cause and drop again: it goes on with what is left",
                dropped=dropped,
            ) from error
        connection.catalog.discard(name)
        dropped.append(str(name))
    return dropped


def drop_quick(table: Table) -> None:
    """Drop one table; see `Table.drop_quick`."""
    drop_tables(table.connection, [table.table_id])
