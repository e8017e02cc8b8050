"""A layered layout in pure Python, knowing nothing of tables."""

from fascicle.diagram.layout.engine import Spacing, lay_out
from fascicle.diagram.layout.shapes import Box, Layout, Link, Point, Rect, Route

__all__ = ["Box", "Layout", "Link", "Point", "Rect", "Route", "Spacing", "lay_out"]
