"""Diagrams of rows: what depends on some rows, what they rest upon, and how many there are in each table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

from fascicle.errors import DependencyError, QueryError
from fascicle.graph import DependencyGraph, PlanStep
from fascicle.model import Catalog, TableName
from fascicle.query.nodes import Node, Relation, Restrict
from fascicle.query.scalar import AnyOf, Every, Exists, Scalar
from fascicle.table import FreeTable, Table
from fascicle.table.remove.plan import count_together, plan_delete

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

Combine = Callable[[tuple[Scalar, ...]], Scalar]


class ChosenRows:
    """The part of a diagram that knows rows; mixed into `Diagram`."""

    _choices: Mapping[TableName, Node] = {}
    _connection: Connection | None = None

    if TYPE_CHECKING:
        _shown: frozenset[TableName]
        _graph: DependencyGraph

        def __init__(self, source: object) -> None: ...
        @cached_property
        def _order(self) -> tuple[TableName, ...]: ...
        def _with(self, **changes: Any) -> Self: ...
        def only(self, tables: Collection[TableName]) -> Self:
            """Provided by `Diagram`."""

        def with_notes(self, notes: Mapping[TableName, object]) -> Self:
            """Provided by `Diagram`."""

    @classmethod
    def cascade(cls, query: Table, part_integrity: str = "enforce") -> Self:
        """Show every table with rows that a delete of a query would take.

        Parameters
        ----------
        query : Table
            A table, restricted or not.
        part_integrity : {"enforce", "ignore", "cascade"}
            As for `Table.delete`.
        """
        table = _table(query)
        plan = plan_delete(table, part_integrity)
        chosen = {entry.table: entry.node for entry in plan.entries}
        return cls(table)._holding(table.connection, chosen)

    @classmethod
    def trace(cls, query: Table) -> Self:
        """Show every table with rows that the rows of a query rest upon; ``diagram[Table]`` gives those rows."""
        table = _table(query)
        diagram = cls(table)
        steps = diagram._graph.trace(table.table_id).steps
        catalog = table.connection.catalog.known
        chosen = _travel(steps, catalog, {table.table_id: table.as_node()}, AnyOf, upstream=True)
        return diagram._holding(table.connection, chosen)

    def restrict(self, query: Table) -> Self:
        """Restrict a table of the diagram and all below it; several restrictions must hold together.

        Returns
        -------
        Diagram
            The same tables; rows that a restriction does not reach stay.
        """
        table = _table(query)
        if table.table_id not in self._shown:
            raise DependencyError(
                f"{table.table_id} is not shown by the diagram", try_="diagram + table first"
            )
        catalog = table.connection.catalog.known
        below = self._graph.cascade(table.table_id).parents_first
        reached = _travel(below, catalog, {table.table_id: table.as_node()}, Every, upstream=False)
        chosen = dict(self._choices) or {name: _relation(catalog, name) for name in self._shown}
        for name, node in reached.items():
            if name in chosen:
                chosen[name] = _both(chosen[name], node)
        return self._with(_choices=chosen, _connection=table.connection)

    def _holding(self, connection: Connection, chosen: Mapping[TableName, Node]) -> Self:
        return self.only(list(chosen))._with(_choices=dict(chosen), _connection=connection)

    def _rows_known(self) -> Connection:
        if self._connection is None or not self._choices:
            raise QueryError(
                "the diagram shows tables and knows no rows",
                try_="make it by Diagram.cascade(query), Diagram.trace(query), or restrict it: diagram.restrict(query)",
            )
        return self._connection

    def counts(self) -> dict[str, int]:
        """Count the chosen rows of every table shown, in one round trip.

        Returns
        -------
        dict of str to int
            By full table name, as `Table.full_table_name` gives it.
        """
        table = self._rows_known().dialect.table
        return {table(name): count for name, count in self._counts().items()}

    def _counts(self) -> dict[TableName, int]:
        connection = self._rows_known()
        names = [name for name in self._order if name in self._choices]
        found = count_together(connection, [self._choices[name] for name in names])
        return dict(zip(names, found, strict=True))

    def counted(self) -> Self:
        """Write the counts into the picture."""
        return self.with_notes({name: f"{count} rows" for name, count in self._counts().items()})

    def prune(self) -> Self:
        """Leave out tables without chosen rows."""
        return self.only([name for name, count in self._counts().items() if count])

    def __getitem__(self, table: object) -> FreeTable:
        """Return the chosen rows of a table, given by class, instance, name or class name."""
        connection = self._rows_known()
        for name in self._choices:
            known = (name, str(name), name.class_name, connection.dialect.table(name))
            if table in known or getattr(table, "table_id", None) == name:
                return self._rows_of(connection, name)
        raise DependencyError(
            f"the diagram holds no rows of {getattr(table, '__name__', table)}",
            why=f"it has {', '.join(name.class_name for name in self._choices)}",
        )

    def __iter__(self) -> Iterator[Any]:
        """Yield the tables shown, parents first, restricted to the chosen rows.

        They are `FreeTable` objects, or names where the diagram was made without a database.
        """
        return map(self._shown_as, self._order)

    def __reversed__(self) -> Iterator[Any]:
        return map(self._shown_as, reversed(self._order))

    def _shown_as(self, name: TableName) -> Any:
        return name if self._connection is None else self._rows_of(self._connection, name)

    def _rows_of(self, connection: Connection, name: TableName) -> FreeTable:
        table = FreeTable(connection, name)
        return table._same(self._choices[name]) if name in self._choices else table


def connection_of(source: object) -> Connection | None:
    """Return the connection of a schema or table, or of those in a module; ``None`` where a source has none."""
    held = vars(source).values() if isinstance(source, ModuleType) else (source,)
    for thing in held:
        if hasattr(thing, "__diagram_catalog__"):
            found: Connection | None = getattr(thing, "connection", None)
            return found
    return None


def _table(query: Any) -> Table:
    table = query() if isinstance(query, type) else query
    if not isinstance(table, Table):
        raise QueryError(
            f"a diagram of rows starts from one table, not from {type(table).__name__}",
            try_="give a table class or a restricted table",
        )
    return table


def _relation(catalog: Catalog, name: TableName) -> Relation:
    return Relation(name, catalog[name].heading)


def _both(one: Node, other: Node) -> Node:
    if isinstance(one, Relation):
        return other
    if isinstance(other, Relation):
        return one
    assert isinstance(one, Restrict)  # noqa: S101  (choices are relations, restricted or not)
    pairs = tuple((name, name) for name in one.heading.primary_key)
    return Restrict(one, Exists(other, pairs), one.heading)


def _travel(
    steps: tuple[PlanStep, ...],
    catalog: Catalog,
    start: Mapping[TableName, Node],
    combine: Combine,
    *,
    upstream: bool,
) -> dict[TableName, Node]:
    """Carry a choice of rows along foreign keys, table by table in the order of the steps."""
    chosen = dict(start)
    for step in steps:
        if step.table in chosen:
            continue
        relation = _relation(catalog, step.table)
        terms = []
        for edge in step.edges:
            near = chosen.get(edge.child if upstream else edge.parent)
            if near is not None:
                pairs = tuple((p, c) for c, p in edge.columns) if upstream else edge.columns
                terms.append(Exists(near, pairs))
        if terms:
            chosen[step.table] = Restrict(relation, combine(tuple(terms)), relation.heading)
    return chosen
