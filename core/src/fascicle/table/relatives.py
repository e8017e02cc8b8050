"""A table's parents, children, ancestors, descendants and parts, by name or as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fascicle.graph import DependencyGraph, Edge
from fascicle.model import Catalog, TableName

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.base import Table


def graph_of(connection: Connection, *, refresh: bool = False) -> DependencyGraph:
    """Return the dependency graph of every schema on the connection.

    Parameters
    ----------
    connection : Connection
    refresh : bool
        Read the catalogue again, so that tables declared by others since are seen.
    """
    catalog = connection.catalog.refresh_all() if refresh else connection.catalog.load_all()
    return DependencyGraph.from_specs(_visible(catalog).tables.values())


def user_tables(connection: Connection) -> Catalog:
    """Return every table of every schema on the connection but hidden ones, from memory where it is there."""
    return _visible(connection.catalog.load_all())


def _visible(catalog: Catalog) -> Catalog:
    return Catalog({name: spec for name, spec in catalog.tables.items() if name.tier is not None})


def _tables(table: Table, names: Iterable[TableName], as_objects: bool) -> list[Any]:
    if not as_objects:
        return [table.connection.dialect.table(name) for name in names]
    from fascicle.table.tiers import FreeTable

    return [FreeTable(table.connection, name) for name in names]


def _related(table: Table, edges: Iterable[Edge], side: str, as_objects: bool, info: bool) -> list[Any]:
    edges = list(edges)
    names = [getattr(edge, side) for edge in edges]
    if not info:
        return _tables(table, dict.fromkeys(names), as_objects)
    described = [
        {"aliased": e.renamed, "attr_map": dict(e.columns), "primary": e.primary, "multi": not e.primary}
        for e in edges
    ]
    return list(zip(_tables(table, names, as_objects), described, strict=True))


def parents(table: Table, primary: bool | None, as_objects: bool, info: bool) -> list[Any]:
    """Return the tables that a table refers to.

    Parameters
    ----------
    table : Table
    primary : bool, optional
        Only foreign keys within the primary key (``True``) or outside it (``False``).
    as_objects : bool
        Return `FreeTable` objects instead of names.
    info : bool
        Return pairs of table and a dict about the foreign key.
    """
    edges = graph_of(table.connection).parent_edges(table.table_id, primary=primary)
    return _related(table, edges, "parent", as_objects, info)


def children(table: Table, primary: bool | None, as_objects: bool, info: bool) -> list[Any]:
    """Return the tables that refer to a table; parameters as for `parents`."""
    edges = graph_of(table.connection).child_edges(table.table_id, primary=primary)
    return _related(table, edges, "child", as_objects, info)


def ancestors(table: Table, as_objects: bool) -> list[Any]:
    """Return a table and all upstream of it, the table itself first."""
    graph = graph_of(table.connection)
    names = {table.table_id, *graph.ancestors(table.table_id)}
    return _tables(table, graph.topological_sort(names)[::-1], as_objects)


def descendants(table: Table, as_objects: bool) -> list[Any]:
    """Return a table and all downstream of it, upstream first."""
    graph = graph_of(table.connection)
    names = {table.table_id, *graph.descendants(table.table_id)}
    return _tables(table, graph.topological_sort(names), as_objects)


def parts(table: Table, as_objects: bool) -> list[Any]:
    """Return the part tables of a master."""
    return _tables(table, graph_of(table.connection).parts_of(table.table_id), as_objects)
