"""DOT text, for Graphviz and everything that reads its language."""

from __future__ import annotations

from fascicle.diagram.drawing import DiagramEdge, DiagramGraph, DiagramNode, NodeKind
from fascicle.diagram.text import escape, printable
from fascicle.diagram.theme import LIGHT, Theme

_SHAPES = {
    NodeKind.MANUAL: ("box", "rounded,filled"),
    NodeKind.LOOKUP: ("note", "filled"),
    NodeKind.IMPORTED: ("ellipse", "filled"),
    NodeKind.COMPUTED: ("hexagon", "filled"),
    NodeKind.PART: ("box", "rounded,filled"),
    NodeKind.SCHEMA: ("box3d", "filled"),
}


def render_dot(
    graph: DiagramGraph, *, theme: Theme = LIGHT, sideways: bool = False, group: bool = True
) -> str:
    """Write a diagram in the DOT language.

    Returns
    -------
    str
        One ``digraph``; a cluster per schema if there are several and `group` is true.
    """
    names = {node.key: f"t{i}" for i, node in enumerate(graph.nodes)}
    lines = [
        "digraph fascicle {",
        f'  graph [rankdir={"LR" if sideways else "TB"} bgcolor="{theme.background}" fontname="Helvetica"];',
        '  node [fontname="Helvetica" fontsize=11 margin="0.12,0.05" height=0.35];',
        f'  edge [dir=none color="{theme.edge}"];',
    ]
    schemas = graph.schemas if group and len(graph.schemas) > 1 else ()
    for i, schema in enumerate(schemas):
        lines.append(f"  subgraph cluster_{i} {{")
        lines.append(
            f'    label={_quoted(schema)}; style="rounded,filled"; color="{theme.group_stroke}"; '
            f'fillcolor="{theme.group_fill}"; fontcolor="{theme.group_text}"; fontsize=10; labeljust=l;'
        )
        members = [n for n in graph.nodes if n.schema == schema and n.kind is not NodeKind.SCHEMA]
        lines.extend(f"    {_node(names[node.key], node, theme)}" for node in members)
        lines.append("  }")
    for node in graph.nodes:
        if node.schema not in schemas or node.kind is NodeKind.SCHEMA:
            lines.append(f"  {_node(names[node.key], node, theme)}")
    lines.extend(f"  {names[e.parent]} -> {names[e.child]}{_edge(e, theme)};" for e in graph.edges)
    return "\n".join([*lines, "}", ""])


def _node(name: str, node: DiagramNode, theme: Theme) -> str:
    shape, style = _SHAPES[node.kind]
    paint = theme.kinds[node.kind]
    size = " fontsize=9" if node.kind is NodeKind.PART else ""
    return (
        f'{name} [label={_label(node)} tooltip={_quoted(node.tooltip or node.label)} shape={shape} style="{style}" '
        f'fillcolor="{paint.fill}" color="{paint.stroke}" fontcolor="{paint.text}"{size}];'
    )


def _label(node: DiagramNode) -> str:
    """An HTML-like label, the only kind that can be underlined."""
    text = escape(node.label).replace("&#39;", "'") or " "
    if node.distinguished:
        text = f"<u>{text}</u>"
    if node.note:
        text += f"<br/>{escape(node.note)}"
    return f"<{text}>"


def _edge(edge: DiagramEdge, theme: Theme) -> str:
    attributes = []
    if not edge.primary:
        attributes.append("style=dashed")
    if edge.one_to_one:
        attributes.append("penwidth=2.6")
    if edge.renamed:
        attributes.append(f'color="{theme.renamed}"')
    if edge.tooltip:
        attributes.append(f"tooltip={_quoted(edge.tooltip)}")
    return f" [{' '.join(attributes)}]" if attributes else ""


def _quoted(text: str) -> str:
    clean = printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{clean}"'
