"""Drawing of dependencies: a layout of our own to SVG, and Mermaid and DOT text."""

from fascicle.diagram.diagram import Diagram
from fascicle.diagram.drawing import DiagramEdge, DiagramGraph, DiagramNode, NodeKind
from fascicle.diagram.output import Svg
from fascicle.diagram.source import CatalogSource, DiagramSource, NodeInfo, describe
from fascicle.diagram.style import Style
from fascicle.diagram.theme import DARK, LIGHT, Theme

__all__ = [
    "DARK",
    "LIGHT",
    "CatalogSource",
    "Diagram",
    "DiagramEdge",
    "DiagramGraph",
    "DiagramNode",
    "DiagramSource",
    "NodeInfo",
    "NodeKind",
    "Style",
    "Svg",
    "Theme",
    "describe",
]
