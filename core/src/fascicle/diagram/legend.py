"""The legend: what the shapes and lines in one picture mean."""

from __future__ import annotations

from fascicle.diagram.drawing import DiagramGraph, NodeKind
from fascicle.diagram.layout import Rect
from fascicle.diagram.outline import SMALL, outline
from fascicle.diagram.text import number, text_width
from fascicle.diagram.theme import Theme

ROW = 24.0  # height of a line of the legend, pixels
_SAMPLE, _GAP = 26.0, 18.0


def legend_entries(graph: DiagramGraph) -> list[tuple[str, str]]:
    """What needs explaining: (kind of node or line, words), only what the picture holds."""
    kinds = {node.kind for node in graph.nodes}
    names = {NodeKind.SCHEMA: "schema, collapsed"}
    found = [(kind.value, names.get(kind, kind.value)) for kind in NodeKind if kind in kinds]
    if any(node.distinguished for node in graph.nodes):
        found.append(("underline", "adds to the key"))
    lines = {
        "solid": ("in the primary key", any(e.primary and not e.one_to_one for e in graph.edges)),
        "thick": ("one to one", any(e.one_to_one for e in graph.edges)),
        "dashed": ("outside the primary key", any(not e.primary for e in graph.edges)),
        "renamed": ("renamed", any(e.renamed for e in graph.edges)),
    }
    return found + [(look, words) for look, (words, present) in lines.items() if present]


def draw_legend(
    graph: DiagramGraph, theme: Theme, left: float, top: float, width: float
) -> tuple[list[str], float]:
    """Draw the legend's entries into lines no longer than `width`.

    Returns
    -------
    list of str
        SVG elements.
    float
        Height taken, in pixels.
    """
    out: list[str] = []
    x, y = left, top
    for look, words in legend_entries(graph):
        needed = _SAMPLE + 6 + text_width(words, SMALL) + _GAP
        if x > left and x + needed - _GAP > left + width:
            x, y = left, y + ROW
        out.extend(_sample(look, theme, x, y + ROW / 2))
        out.append(
            f'<text x="{number(x + _SAMPLE + 6)}" y="{number(y + ROW / 2 + 4)}" font-size="{number(SMALL)}" '
            f'fill="{theme.group_text}">{words}</text>'
        )
        x += needed
    return out, y + ROW - top if out else 0.0


def _sample(look: str, theme: Theme, x: float, y: float) -> list[str]:
    if look in {kind.value for kind in NodeKind}:
        paint = theme.kinds[NodeKind(look)]
        shape = outline(NodeKind(look), Rect(x, y - 7, x + _SAMPLE, y + 7))
        return [f'{shape} fill="{paint.fill}" stroke="{paint.stroke}" stroke-width="1.2"/>']
    if look == "underline":
        at = f'x="{number(x + 3)}" y="{number(y + 3)}" font-size="{number(SMALL)}"'
        rule = f"M{number(x + 2)} {number(y + 6)}h{number(_SAMPLE - 4)}"
        return [
            f'<text {at} fill="{theme.group_text}">Abc</text>',
            f'<path d="{rule}" stroke="{theme.group_text}"/>',
        ]
    colour = theme.renamed if look == "renamed" else theme.edge
    extra = {"dashed": ' stroke-dasharray="5 4"'}.get(look, "")
    width = 2.6 if look == "thick" else 1.2
    way = f"M{number(x)} {number(y)}H{number(x + _SAMPLE)}"
    drawn = [f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="{width}"{extra}/>']
    if look == "renamed":
        drawn.append(f'<circle cx="{number(x + _SAMPLE / 2)}" cy="{number(y)}" r="4" fill="{colour}"/>')
    return drawn
