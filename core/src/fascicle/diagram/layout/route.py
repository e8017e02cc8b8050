"""Lines between placed boxes: vertical where they pass a layer, curved only in the gaps between."""

from __future__ import annotations

from collections.abc import Sequence

from fascicle.diagram.layout.network import Network
from fascicle.diagram.layout.shapes import Link, Point, Rect, Route

_NEAR = 7.0  # a box this near to the edge of its layer needs no straight line up to it, pixels
_PORT = 11.0  # distance between two arrivals at one box, pixels


def route_links(
    net: Network,
    links: Sequence[Link],
    x: Sequence[float],
    boxes: Sequence[Rect],
    bands: Sequence[tuple[float, float]],
) -> list[Route]:
    """Draw each link through its bends.

    Parameters
    ----------
    net : Network
    links : sequence of Link
    x : sequence of float
        Centre of each vertex.
    boxes : sequence of Rect
    bands : sequence of (float, float)
        Top and bottom of each layer.
    """
    leave = _ports(net, links, x, arriving=False)
    arrive = _ports(net, links, x, arriving=True)
    routes = []
    for i, (link, way) in enumerate(zip(links, net.ways, strict=True)):
        start: Point = (leave[i], boxes[link.parent].bottom)
        stops = [start, (leave[i], bands[net.layer[link.parent]][1])]
        for bend in way[1:-1]:
            top, bottom = bands[net.layer[bend]]
            stops.extend([(x[bend], top), (x[bend], bottom)])
        stops.extend([(arrive[i], bands[net.layer[link.child]][0]), (arrive[i], boxes[link.child].top)])
        routes.append(Route(start, _pieces(stops)))
    return routes


def _pieces(stops: list[Point]) -> tuple[tuple[Point, Point, Point], ...]:
    """Join stops, which come in pairs at the edges of layers: straight within a layer, curved between."""
    if stops[1][1] - stops[0][1] < _NEAR:
        stops[1] = stops[0]
    if stops[-1][1] - stops[-2][1] < _NEAR:
        stops[-2] = stops[-1]
    pieces = []
    for i in range(1, len(stops)):
        if stops[i] != stops[i - 1]:
            join = _straight if i % 2 else _curve
            pieces.append(join(stops[i - 1], stops[i]))
    return tuple(pieces)


def _curve(start: Point, end: Point) -> tuple[Point, Point, Point]:
    """A piece that leaves and arrives along the layers' normal."""
    half = (start[1] + end[1]) / 2
    return (start[0], half), (end[0], half), end


def _straight(start: Point, end: Point) -> tuple[Point, Point, Point]:
    third = (end[1] - start[1]) / 3
    return (start[0], start[1] + third), (end[0], end[1] - third), end


def _ports(net: Network, links: Sequence[Link], x: Sequence[float], *, arriving: bool) -> list[float]:
    """Where each link touches its parent (or child): side by side, in the order of where they lead."""
    touching: dict[int, dict[tuple[float, int, int], list[int]]] = {}
    for i, (link, way) in enumerate(zip(links, net.ways, strict=True)):
        own, other = (way[-1], way[-2]) if arriving else (way[0], way[1])
        # Lines that share a bend touch the box at one point; two foreign keys of one pair do not.
        touching.setdefault(own, {}).setdefault((x[other], other, link.lane), []).append(i)
    ports = [0.0] * len(links)
    for box, wires in touching.items():
        room = net.width[box] * 0.6
        step = min(_PORT, room / (len(wires) - 1)) if len(wires) > 1 else 0.0
        if not arriving and len({other for _, other, _ in wires}) == len(wires):
            step = 0.0
        for k, key in enumerate(sorted(wires)):
            for i in wires[key]:
                ports[i] = x[box] + (k - (len(wires) - 1) / 2) * step
    return ports
