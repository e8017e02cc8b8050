"""Mermaid flowcharts, for pages that draw them (GitHub, GitLab, Markdown viewers)."""

from __future__ import annotations

from fascicle.diagram.drawing import DiagramEdge, DiagramGraph, DiagramNode, NodeKind
from fascicle.diagram.theme import LIGHT, Theme

_SHAPES = {
    NodeKind.MANUAL: ("[", "]"),
    NodeKind.LOOKUP: ("[/", "/]"),
    NodeKind.IMPORTED: ("([", "])"),
    NodeKind.COMPUTED: ("{{", "}}"),
    NodeKind.PART: ("(", ")"),
    NodeKind.SCHEMA: ("[[", "]]"),
}


def render_mermaid(graph: DiagramGraph, *, theme: Theme = LIGHT, sideways: bool = False) -> str:
    """Write a diagram as a Mermaid flowchart.

    Returns
    -------
    str
        Tables within a subgraph per schema; thick, dotted and coloured lines as in the SVG.
    """
    names = {node.key: f"t{i}" for i, node in enumerate(graph.nodes)}
    lines = [f"flowchart {'LR' if sideways else 'TB'}"]
    for kind in dict.fromkeys(node.kind for node in graph.nodes):
        paint = theme.kinds[kind]
        lines.append(f"    classDef {kind.value} fill:{paint.fill},stroke:{paint.stroke},color:{paint.text}")
    for i, schema in enumerate(graph.schemas):
        lines.append(f'    subgraph s{i}["{_escaped(schema)}"]')
        members = [n for n in graph.nodes if n.schema == schema and n.kind is not NodeKind.SCHEMA]
        lines.extend(f"        {_node(names[node.key], node)}" for node in members)
        lines.append("    end")
    lines.extend(
        f"    {_node(names[n.key], n)}" for n in graph.nodes if n.kind is NodeKind.SCHEMA or not n.schema
    )
    for i, edge in enumerate(graph.edges):
        lines.append(f"    {names[edge.parent]} {_arrow(edge)} {names[edge.child]}")
        if edge.renamed:
            lines.append(f"    linkStyle {i} stroke:{theme.renamed}")
    return "\n".join([*lines, ""])


def _node(name: str, node: DiagramNode) -> str:
    opening, closing = _SHAPES[node.kind]
    label = _escaped(node.label)
    text = f"<u>{label}</u>" if node.distinguished else label
    if node.note:
        text += f"<br/>{_escaped(node.note)}"
    return f'{name}{opening}"{text}"{closing}:::{node.kind.value}'


def _arrow(edge: DiagramEdge) -> str:
    if edge.one_to_one:
        return "==>"
    return "-->" if edge.primary else "-.->"


def _escaped(text: str) -> str:
    """Write everything but plain letters, digits and a few signs as Mermaid's numeric entities."""
    return "".join(c if c.isalnum() or c in " ._-,:" else f"#{ord(c)};" for c in text.replace("\n", " "))
