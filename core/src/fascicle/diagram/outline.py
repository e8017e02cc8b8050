"""Sizes and outlines of nodes: each kind has a shape of its own."""

from __future__ import annotations

from fascicle.diagram.drawing import DiagramNode, NodeKind
from fascicle.diagram.layout import Rect
from fascicle.diagram.text import clipped, number, text_width

FONT, SMALL = 13.0, 11.0  # pixels
_LIMIT = 40  # characters of a label that are shown; the tooltip has all


def label_of(node: DiagramNode) -> str:
    """The label as it is written."""
    return clipped(node.label, _LIMIT)


def font_of(node: DiagramNode) -> float:
    """Font size of the label in pixels."""
    return SMALL if node.kind is NodeKind.PART else FONT


def size_of(node: DiagramNode) -> tuple[float, float]:
    """Width and height of a node, in pixels."""
    padding = {NodeKind.PART: 9.0, NodeKind.IMPORTED: 16.0, NodeKind.COMPUTED: 17.0}.get(node.kind, 13.0)
    width = text_width(label_of(node), font_of(node)) + 2 * padding
    height = 22.0 if node.kind is NodeKind.PART else 32.0
    if node.note:
        width = max(width, text_width(clipped(node.note, _LIMIT), SMALL) + 2 * padding)
        height += 13.0
    return float(round(max(width, 2 * height if node.kind is NodeKind.IMPORTED else 44.0))), height


def outline(kind: NodeKind, rect: Rect) -> str:
    """The SVG element of a node's shape, without colours: ``(element, attributes)`` ready to open."""
    left, top, right, bottom = rect.left, rect.top, rect.right, rect.bottom
    if kind is NodeKind.COMPUTED:
        return _polygon(_hexagon(left, top, right, bottom, 9.0))
    if kind is NodeKind.LOOKUP:
        return _polygon(_cut(left, top, right, bottom, 8.0))
    radius = {NodeKind.MANUAL: 6.0, NodeKind.PART: 4.0, NodeKind.SCHEMA: 3.0}.get(kind, (bottom - top) / 2)
    return (
        f'<rect x="{number(left)}" y="{number(top)}" width="{number(right - left)}" '
        f'height="{number(bottom - top)}" rx="{number(radius)}"'
    )


def _hexagon(left: float, top: float, right: float, bottom: float, cut: float) -> list[tuple[float, float]]:
    middle = (top + bottom) / 2
    return [
        (left, middle),
        (left + cut, top),
        (right - cut, top),
        (right, middle),
        (right - cut, bottom),
        (left + cut, bottom),
    ]


def _cut(left: float, top: float, right: float, bottom: float, cut: float) -> list[tuple[float, float]]:
    """A rectangle without its upper right corner, like an index card."""
    return [(left, top), (right - cut, top), (right, top + cut), (right, bottom), (left, bottom)]


def _polygon(points: list[tuple[float, float]]) -> str:
    drawn = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return f'<polygon points="{drawn}" stroke-linejoin="round"'
