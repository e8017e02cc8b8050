"""The tables that a make may read and write: its upstream cone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fascicle.graph import DependencyGraph
from fascicle.query.nodes import Aggregate, Node, Project, Relation, Restrict
from fascicle.query.scalar import Exists, Scalar
from fascicle.query.walk import children

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.model import TableName
    from fascicle.populate.tiers import AutoPopulated


@dataclass(frozen=True)
class Cone:
    """What belongs to the making of a table.

    Parameters
    ----------
    readable : frozenset of TableName
        Ancestors of the table, of its parts and of the tables it declares in ``writes``, with their parts.
    writable : frozenset of TableName
        The table, its parts, and what ``writes`` declares.
    """

    readable: frozenset[TableName]
    writable: frozenset[TableName]


def known_graph(connection: Connection, schema: str) -> DependencyGraph:
    """Return the graph of the tables in memory, those of a schema and all that they refer to among them."""
    catalog = connection.catalog.load(schema)
    return DependencyGraph.from_specs(spec for spec in catalog.tables.values() if spec.name.tier is not None)


def cone_of(table: AutoPopulated) -> Cone:
    """Return the cone of a computed table."""
    name = table.table_id
    graph = known_graph(table.connection, name.schema)
    source: Any = table.key_source
    if isinstance(source, type):
        source = source()
    writable = _with_parts(graph, {name, *(other.table_id for other in table.writes)})
    read = writable | set(tables_of(source.as_node()))
    readable = _with_parts(graph, _with_ancestors(graph, read))
    # A part that is read may refer to tables beside its master, as an electrode does to its probe.
    return Cone(frozenset(_with_ancestors(graph, readable)), frozenset(writable))


def _with_parts(graph: DependencyGraph, names: set[TableName]) -> set[TableName]:
    return names | {part for name in names if name in graph for part in graph.parts_of(name)}


def _with_ancestors(graph: DependencyGraph, names: set[TableName]) -> set[TableName]:
    return names | {above for name in names if name in graph for above in graph.ancestors(name)}


def tables_of(node: Node) -> Iterator[TableName]:
    """Yield every table that a query touches, in its conditions too; names may come twice."""
    if isinstance(node, Relation):
        yield node.name
        return
    if isinstance(node, Restrict):
        yield from _tables_in(node.condition)
    elif isinstance(node, (Project, Aggregate)):
        for _, scalar in node.columns:
            yield from _tables_in(scalar)
    for source in node.sources:
        yield from tables_of(source)


def _tables_in(scalar: Scalar) -> Iterator[TableName]:
    if isinstance(scalar, Exists):
        yield from tables_of(scalar.relation)
        return
    for child in children(scalar):
        yield from _tables_in(child)
