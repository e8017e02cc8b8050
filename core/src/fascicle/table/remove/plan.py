"""The plan of a delete: which rows of which tables, in what order, and what stands in the way.

The keys of the root rows are read first.  Where a foreign key chain carries the whole root key down to a table,
its rows are chosen by those keys at once (an indexed set, flat); elsewhere by EXISTS over the parent's own choice.
Very many root rows stay in the database, chosen by their restriction, unless it reads tables that lose rows too.
Either way the choice does not change while children go before parents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fascicle.errors import PartIntegrityError, QueryError
from fascicle.graph import CascadePlan, DependencyGraph, Edge, PartExposure
from fascicle.model import Catalog, TableName
from fascicle.query.nodes import Node, Relation, Restrict
from fascicle.query.scalar import FALSE, AnyOf, Exists, KeySet, Scalar
from fascicle.query.walk import tables_of
from fascicle.sql import Sql, compile_count
from fascicle.table.fetch.columns import Slice, fetch_columns
from fascicle.table.relatives import graph_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.base import Table
    from fascicle.table.expression import QueryExpression

INTEGRITY = ("enforce", "ignore", "cascade")
# Beyond this many, keys cost more to move than the database needs to find them again.
MANY_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """Rows of one table that a delete removes.

    Parameters
    ----------
    table : TableName
    count : int
        Rows that would go now.
    node : Node
        The choice of rows.
    depth : int
        Foreign keys between this table and the nearest root.
    """

    table: TableName
    count: int
    node: Node = field(repr=False)
    depth: int = 0


@dataclass(frozen=True, slots=True)
class PartFault:
    """Part rows that would go while their master stays."""

    part: TableName
    master: TableName
    count: int


@dataclass(frozen=True)
class DeletePlan:
    """What a delete would remove; made without changing anything.

    Parameters
    ----------
    root : TableName
        The table that was asked for.
    entries : tuple of PlanEntry
        Children first: the order of deletion.
    faults : tuple of PartFault
        What breaks part integrity; a plan with faults is not carried out.
    checks : tuple of (PartExposure, Node)
        Queries that must stay empty while the plan is carried out.
    """

    root: TableName
    entries: tuple[PlanEntry, ...]
    faults: tuple[PartFault, ...] = ()
    checks: tuple[tuple[PartExposure, Node], ...] = field(default=(), repr=False)

    @property
    def counts(self) -> dict[TableName, int]:
        """Rows by table, children first."""
        return {entry.table: entry.count for entry in self.entries}

    @property
    def root_count(self) -> int:
        """Rows of the table that was asked for."""
        return self.counts.get(self.root, 0)

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(entry.count for entry in self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __str__(self) -> str:
        lines = [f"{self.total} row{'s' if self.total != 1 else ''} would be deleted:"]
        for entry in reversed(self.entries):
            if entry.count or entry.table == self.root:
                lines.append(f"  {'  ' * entry.depth}{entry.count:>8}  {entry.table}")
        for fault in self.faults:
            lines.append(
                f"  ! {fault.count} rows of the part {fault.part} would leave their master in {fault.master}"
            )
        return "\n".join(lines)

    def raise_for_parts(self) -> None:
        """Raise if the plan breaks part integrity.

        Raises
        ------
        PartIntegrityError
        """
        if not self.faults:
            return
        fault = self.faults[0]
        raise PartIntegrityError(
            f"{fault.count} row{'s' if fault.count != 1 else ''} of the part {fault.part} would be deleted while "
            f"their master rows in {fault.master} stay",
            where=str(self.root),
            why="a master and its parts are one result; a part alone is incomplete",
            try_="part_integrity='cascade' deletes those masters too, 'ignore' deletes the parts alone",
            plan=self,
        )


def plan_delete(query: Table, part_integrity: str = "enforce", *, count: bool = True) -> DeletePlan:
    """Plan the deletion of the rows of a query on one table.

    Parameters
    ----------
    query : Table
        A table, restricted or not.
    part_integrity : {"enforce", "ignore", "cascade"}
    count : bool
        Count the rows of every table (one statement); without it counts are zero but for faults.

    Raises
    ------
    QueryError
        If the restriction constrains nothing, or is not one of a single table's rows.
    """
    if part_integrity not in INTEGRITY:
        raise QueryError(
            f"there is no part_integrity {part_integrity!r}",
            try_=f"use one of {', '.join(map(repr, INTEGRITY))}",
        )
    refuse_vacuous(query, "delete")
    connection = query.connection
    graph = graph_of(connection, refresh=True)
    catalog = connection.catalog.known
    reached = set(graph.cascade(query.table_id).tables) - {query.table_id}
    seeds: dict[TableName, Seed] = {query.table_id: _root(query, reached)}
    if part_integrity == "cascade":
        _add_masters(connection, graph, catalog, seeds)
    plan = graph.cascade(seeds)
    nodes = choices(plan, catalog, seeds)
    checks = () if part_integrity == "ignore" else tuple(_checks(plan, nodes, catalog))
    return _counted(connection, query.table_id, plan, nodes, checks, count)


def refuse_vacuous(query: QueryExpression, verb: str) -> None:
    """Refuse a restriction that was written and constrains nothing.

    Raises
    ------
    QueryError
    """
    if query.as_node().vacuous:
        raise QueryError(
            f"the restriction constrains nothing, so {verb} would take every row",
            why="an empty dict, or one without an attribute of the table, is all rows",
            try_=f"restrict by an attribute; to {verb} every row on purpose, write no restriction or & fc.ALL",
        )


Keys = tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]
Seed = Keys | Node


def _root(query: Table, reached: set[TableName]) -> Seed:
    """Choose the root rows: by key, or by the query itself where they are too many to move and it stays true."""
    node = query.as_node()
    names = tuple(query.heading.primary_key)
    if isinstance(node, Relation) or not names:
        return node
    stable = isinstance(node, Restrict) and not tables_of(node) & reached
    keys = _keys(query, names, Slice("KEY", MANY_KEYS + 1) if stable else Slice())
    return node if stable and len(keys[1]) > MANY_KEYS else keys


def _keys(query: QueryExpression, names: tuple[str, ...], part: Slice) -> Keys:
    _, columns = fetch_columns(query, list(names), part)
    return names, tuple(zip(*columns, strict=True))


def _relation(catalog: Catalog, table: TableName) -> Relation:
    return Relation(table, catalog[table].heading)


def _restricted(relation: Relation, condition: Scalar) -> Node:
    return Restrict(relation, condition, relation.heading)


def choices(plan: CascadePlan, catalog: Catalog, seeds: Mapping[TableName, Seed]) -> dict[TableName, Node]:
    """Return for each table of a plan the node that chooses its rows.

    Parameters
    ----------
    plan : CascadePlan
    catalog : Catalog
    seeds : mapping of TableName to (names, rows) or Node
        Keys of the rows that start the cascade, or the query that chooses them.
    """
    nodes: dict[TableName, Node] = {}
    # For each table the sets of root keys that reach it, each in the names of its own attributes.
    carried: dict[TableName, list[Keys]] = {}
    for step in plan.parents_first:
        relation = _relation(catalog, step.table)
        seed = seeds.get(step.table)
        if isinstance(seed, Node):
            nodes[step.table] = seed
            continue
        sets: list[Keys] = [] if seed is None else [seed]
        others: list[Scalar] = []
        for edge in step.edges:
            inherited = _carry(edge, carried.get(edge.parent))
            if inherited is not None:
                sets += inherited
            else:
                others.append(Exists(nodes[edge.parent], edge.columns))
        terms: tuple[Scalar, ...] = (*(KeySet(*keys) for keys in dict.fromkeys(sets)), *others)
        nodes[step.table] = _restricted(
            relation, terms[0] if len(terms) == 1 else AnyOf(terms) if terms else FALSE
        )
        if not others:
            carried[step.table] = list(dict.fromkeys(sets))
    return nodes


def _carry(edge: Edge, sets: Sequence[Keys] | None) -> list[Keys] | None:
    """Rename key sets along a foreign key; ``None`` if it does not carry all of their attributes."""
    if sets is None:
        return None
    child_of = {parent: child for child, parent in edge.columns}
    if not all(name in child_of for names, _ in sets for name in names):
        return None
    return [(tuple(child_of[name] for name in names), rows) for names, rows in sets]


def _checks(
    plan: CascadePlan, nodes: Mapping[TableName, Node], catalog: Catalog
) -> Iterable[tuple[PartExposure, Node]]:
    """Yield, for each exposed part, the part rows in the plan whose master rows are not."""
    for exposure in plan.exposed:
        part = nodes[exposure.part]
        if exposure.master not in nodes or not exposure.chain:
            yield exposure, part
            continue
        covered: Node = nodes[exposure.master]
        for edge in reversed(exposure.chain[1:]):
            relation = _relation(catalog, edge.child)
            covered = _restricted(relation, Exists(covered, edge.columns))
        stays = Exists(covered, exposure.chain[0].columns, negated=True)
        yield exposure, Restrict(part, stays, part.heading)


def _add_masters(
    connection: Connection,
    graph: DependencyGraph,
    catalog: Catalog,
    seeds: dict[TableName, Seed],
) -> None:
    """Add the masters of part rows in the plan to its roots, until no part goes alone."""
    from fascicle.table.expression import QueryExpression

    while True:
        plan = graph.cascade(seeds)
        nodes = choices(plan, catalog, seeds)
        grown = False
        for exposure, node in _checks(plan, nodes, catalog):
            masters = QueryExpression(connection, _master_keys(catalog, exposure, node))
            names, found = _keys(masters, tuple(masters.primary_key), Slice())
            earlier = seeds.get(exposure.master)
            if not found or isinstance(earlier, Node):
                continue
            rows = tuple(dict.fromkeys((*(earlier[1] if earlier else ()), *found)))
            grown = grown or earlier is None or len(rows) > len(earlier[1])
            seeds[exposure.master] = (names, rows)
        if not grown:
            return


def _master_keys(catalog: Catalog, exposure: PartExposure, part: Node) -> Node:
    """Choose the master rows of part rows, up the chain of foreign keys."""
    node = part
    for edge in exposure.chain:
        pairs = tuple((parent, child) for child, parent in edge.columns)
        node = _restricted(_relation(catalog, edge.parent), Exists(node, pairs))
    return node


def _counted(
    connection: Connection,
    root: TableName,
    plan: CascadePlan,
    nodes: Mapping[TableName, Node],
    checks: tuple[tuple[PartExposure, Node], ...],
    count: bool,
) -> DeletePlan:
    wanted = [nodes[step.table] for step in plan.steps] if count else []
    numbers = count_together(connection, [*wanted, *(node for _, node in checks)])
    found = numbers[: len(wanted)] or [0] * len(plan.steps)
    entries = tuple(
        PlanEntry(step.table, number, nodes[step.table], step.depth)
        for step, number in zip(plan.steps, found, strict=True)
    )
    faults = tuple(
        PartFault(exposure.part, exposure.master, number)
        for (exposure, _), number in zip(checks, numbers[len(wanted) :], strict=True)
        if number
    )
    return DeletePlan(root, entries, faults, checks)


def count_together(connection: Connection, nodes: Sequence[Node]) -> list[int]:
    """Count the rows of several queries in one round trip."""
    if not nodes:
        return []
    counts = [compile_count(node, connection.dialect) for node in nodes]
    text = "SELECT " + ", ".join(f"({sql.text})" for sql in counts)
    params = tuple(value for sql in counts for value in sql.params)
    return [int(number) for number in connection.execute(Sql(text, params)).rows[0]]
