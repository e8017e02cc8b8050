"""From tables to a picture: which nodes and edges are drawn, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from fascicle.diagram.drawing import DiagramEdge, DiagramGraph, DiagramNode, NodeKind
from fascicle.diagram.source import NodeInfo
from fascicle.graph import DependencyGraph, Edge
from fascicle.model import TableName

_LISTED = 12  # names in the tooltip of a collapsed schema


def build_drawing(
    graph: DependencyGraph,
    shown: Collection[TableName],
    expanded: Collection[TableName],
    info: Callable[[TableName], NodeInfo],
    notes: Mapping[TableName, str],
) -> DiagramGraph:
    """Make the picture of some tables of a graph.

    Parameters
    ----------
    graph : DependencyGraph
    shown : collection of TableName
        Tables to show, in the order in which nodes shall come.
    expanded : collection of TableName
        Those of them that get a node each; the others are drawn as one node per schema.
    info : callable
        What is to be written about a table.
    notes : mapping of TableName to str
        Second lines.
    """
    key_of = {name: str(name) if name in expanded else _schema_key(name.schema) for name in shown}
    collapsed: dict[str, list[TableName]] = {}
    for name in shown:
        if name not in expanded:
            collapsed.setdefault(name.schema, []).append(name)
    nodes: dict[str, DiagramNode] = {}
    for name in shown:
        if name in expanded:
            nodes[str(name)] = _table_node(graph, name, info(name), notes.get(name, ""))
        else:
            nodes.setdefault(
                _schema_key(name.schema), _schema_node(name.schema, collapsed[name.schema], info)
            )
    return DiagramGraph.of(nodes.values(), _edges(graph, key_of))


def _schema_key(schema: str) -> str:
    return f"schema {schema}"  # no table name holds a space before its dot


def _table_node(graph: DependencyGraph, name: TableName, info: NodeInfo, note: str) -> DiagramNode:
    return DiagramNode(
        key=str(name),
        label=info.label,
        kind=NodeKind(info.tier.value),
        schema=name.schema,
        tooltip=info.description or str(name),
        distinguished=graph.introduces_key(name),
        note=note,
        href=info.href,
    )


def _schema_node(schema: str, tables: list[TableName], info: Callable[[TableName], NodeInfo]) -> DiagramNode:
    lines = [schema, *(info(name).label for name in tables[:_LISTED])]
    if len(tables) > _LISTED:
        lines.append(f"and {len(tables) - _LISTED} more")
    count = f"{len(tables)} table{'s' * (len(tables) != 1)}"
    return DiagramNode(_schema_key(schema), schema, NodeKind.SCHEMA, schema, "\n".join(lines), note=count)


def _edges(graph: DependencyGraph, key_of: Mapping[TableName, str]) -> list[DiagramEdge]:
    single: list[DiagramEdge] = []
    bundles: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        if edge.parent not in key_of or edge.child not in key_of:
            continue
        parent, child = key_of[edge.parent], key_of[edge.child]
        if parent == str(edge.parent) and child == str(edge.child):
            one_to_one = graph.is_one_to_one(edge)
            single.append(
                DiagramEdge(parent, child, edge.primary, one_to_one, edge.renamed, _reference(edge))
            )
        elif parent != child:
            bundles.setdefault((parent, child), []).append(edge)
    return single + [_bundle(parent, child, edges) for (parent, child), edges in bundles.items()]


def _bundle(parent: str, child: str, edges: list[Edge]) -> DiagramEdge:
    """One line for all references between a collapsed schema and another node."""
    lines = [_reference(edge) for edge in edges[:_LISTED]]
    if len(edges) > _LISTED:
        lines.append(f"and {len(edges) - _LISTED} more")
    return DiagramEdge(parent, child, any(edge.primary for edge in edges), tooltip="\n".join(lines))


def _reference(edge: Edge) -> str:
    """A foreign key in a line, with its attributes and options."""
    pairs = ", ".join(c if c == p else f"{c} = {p}" for c, p in edge.columns)
    options = ", ".join(word for word, on in (("nullable", edge.nullable), ("unique", edge.unique)) if on)
    line = f"{edge.child} -> {edge.parent}"
    return line + (f" ({pairs})" if pairs else "") + (f" [{options}]" if options else "")
