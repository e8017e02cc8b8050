"""Boxes in layers, with bends where a line passes a layer: what ordering and placing work on."""

from __future__ import annotations

from collections.abc import Sequence

from fascicle.diagram.layout.shapes import Box, Link

BEND = 6.0  # room that a passing line takes, pixels


class Network:
    """A proper layered graph: every wire joins neighbouring layers.

    Vertices below ``boxes`` are the boxes, the others are bends. Links of one parent and lane share
    their bends, which keeps the number of vertices small and draws one trunk that branches.

    Parameters
    ----------
    boxes : sequence of Box
        With `width` along the layer.
    links : sequence of Link
    layer : sequence of int
        Layer of each box.
    """

    def __init__(self, boxes: Sequence[Box], links: Sequence[Link], layer: Sequence[int]) -> None:
        self.boxes = len(boxes)
        self.layer = list(layer)
        self.width = [box.width for box in boxes]
        self.group = [box.group for box in boxes]
        self.up: list[list[int]] = [[] for _ in boxes]
        self.down: list[list[int]] = [[] for _ in boxes]
        self.ways: list[tuple[int, ...]] = []
        self._trunks: dict[tuple[int, int], list[int]] = {}
        for link in links:
            self.ways.append(self._lead(link))
        self.rows: list[list[int]] = [[] for _ in range(max(self.layer, default=-1) + 1)]
        for vertex, row in enumerate(self.layer):
            self.rows[row].append(vertex)

    def _lead(self, link: Link) -> tuple[int, ...]:
        """Lead a link down from layer to layer; returns its vertices, parent first."""
        span = self.layer[link.child] - self.layer[link.parent]
        trunk = self._trunks.setdefault((link.parent, link.lane), [link.parent])
        while len(trunk) < span:
            bend = len(self.layer)
            self.layer.append(self.layer[trunk[-1]] + 1)
            self.width.append(BEND)
            self.group.append(-1)
            self.up.append([])
            self.down.append([])
            self._wire(trunk[-1], bend)
            trunk.append(bend)
        self._wire(trunk[span - 1], link.child)
        return (*trunk[:span], link.child)

    def _wire(self, upper: int, lower: int) -> None:
        if lower not in self.down[upper]:
            self.down[upper].append(lower)
            self.up[lower].append(upper)
