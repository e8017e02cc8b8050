"""The layered layout as a whole: boxes and links in, rectangles and curves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from fascicle.diagram.layout.groups import BORDER, CAPTION, areas
from fascicle.diagram.layout.layers import assign_layers, fair_limit
from fascicle.diagram.layout.loops import backwards, loop, open_circles
from fascicle.diagram.layout.network import Network
from fascicle.diagram.layout.order import order_rows
from fascicle.diagram.layout.place import place_rows
from fascicle.diagram.layout.route import route_links
from fascicle.diagram.layout.shapes import Box, Layout, Link, Point, Rect, Route
from fascicle.diagram.layout.stack import stacked_layers


@dataclass(frozen=True, slots=True)
class Spacing:
    """Free room, in pixels.

    Parameters
    ----------
    across : float
        Between neighbours in a layer.
    between : float
        Between layers, at least; more where lines run far sideways.
    parts : float
        Between unconnected pieces.
    areas : float
        Between the areas of two groups.
    margin : float
        Around everything.
    """

    across: float = 18.0
    between: float = 38.0
    parts: float = 34.0
    areas: float = 16.0
    margin: float = 16.0


def lay_out(
    boxes: Sequence[Box], links: Sequence[Link], *, sideways: bool = False, spacing: Spacing | None = None
) -> Layout:
    """Place boxes in layers, parents first, and lead the links between them.

    Parameters
    ----------
    boxes : sequence of Box
    links : sequence of Link
        Where they form a circle, some lead upwards; a link of a box to itself becomes a loop.
    sideways : bool
        Layers from left to right instead of from top to bottom.
    spacing : Spacing, optional

    Returns
    -------
    Layout
        In pixels, the top left corner of its extent at (0, 0).
    """
    room = spacing or Spacing()
    turned = _with_groups([replace(b, width=b.height, height=b.width) for b in boxes] if sideways else boxes)
    downward = open_circles(len(boxes), links)
    pieces = [
        _piece(turned, downward, members, room, sideways=sideways) for members in _components(turned, links)
    ]
    placed: dict[int, Rect] = {}
    routed: dict[int, Route] = {}
    for piece, (dx, dy) in zip(pieces, _pack(pieces, room.parts, sideways=sideways), strict=True):
        placed.update({i: _moved(rect, dx, dy) for i, rect in piece.boxes.items()})
        routed.update({i: _moved_route(route, dx, dy) for i, route in piece.routes.items()})
    rects = [placed[i] for i in range(len(boxes))]
    if sideways:
        rects = [Rect(r.top, r.left, r.bottom, r.right) for r in rects]
        routed = {i: _turned(route) for i, route in routed.items()}
    routes = []
    for i, (given, used) in enumerate(zip(links, downward, strict=True)):
        if given.parent == given.child:
            routes.append(loop(rects[given.parent]))
        else:
            routes.append(routed[i] if given == used else backwards(routed[i]))
    return _framed(boxes, rects, routes, room.margin)


def _with_groups(boxes: Sequence[Box]) -> Sequence[Box]:
    """Where there are groups, make one of each box that has none, so that areas keep clear of it."""
    if all(box.group < 0 for box in boxes):
        return boxes
    first = max(box.group for box in boxes) + 1
    return [replace(b, group=first + i) if b.group < 0 else b for i, b in enumerate(boxes)]


@dataclass(frozen=True, slots=True)
class _Piece:
    boxes: dict[int, Rect]
    routes: dict[int, Route]
    extent: Rect


def _components(boxes: Sequence[Box], links: Sequence[Link]) -> list[list[int]]:
    """Numbers of boxes that hang together, the largest set first."""
    home = list(range(len(boxes)))

    def root(box: int) -> int:
        while home[box] != box:
            home[box] = home[home[box]]
            box = home[box]
        return box

    for link in links:
        home[root(link.parent)] = root(link.child)
    first: dict[int, int] = {}
    for i, box in enumerate(boxes):
        if box.group >= 0:
            home[root(i)] = root(first.setdefault(box.group, i))
    sets: dict[int, list[int]] = {}
    for i in range(len(boxes)):
        sets.setdefault(root(i), []).append(i)
    return sorted(sets.values(), key=lambda members: (-len(members), members))


def _piece(
    boxes: Sequence[Box], links: Sequence[Link], members: Sequence[int], room: Spacing, *, sideways: bool
) -> _Piece:
    """Lay out boxes that hang together."""
    local = {box: i for i, box in enumerate(members)}
    inside = [i for i, link in enumerate(links) if link.parent in local and link.parent != link.child]
    own_boxes = [boxes[box] for box in members]
    own_links = [
        replace(links[i], parent=local[links[i].parent], child=local[links[i].child]) for i in inside
    ]
    pairs = [(link.parent, link.child) for link in own_links]
    groups = [box.group for box in own_boxes]
    if min(groups) >= 0 and not sideways:  # sideways, boxes are long: stacking groups would make a ribbon
        layer = stacked_layers(groups, pairs)
    else:
        layer = assign_layers(len(members), pairs, limit=fair_limit(len(members)))
    net = Network(own_boxes, own_links, layer)
    ranks = order_rows(net)
    # captions stand above areas: room for them is needed between areas that lie above one another
    x = place_rows(net, room.across, ranks, room.areas + (CAPTION if sideways else 0.0))
    bands = _bands(net, own_boxes, x, room.between)
    rects = []
    for i, box in enumerate(own_boxes):
        top, bottom = bands[layer[i]]
        middle = (top + bottom) / 2
        rects.append(
            Rect(x[i] - box.width / 2, middle - box.height / 2, x[i] + box.width / 2, middle + box.height / 2)
        )
    routes = route_links(net, own_links, x, rects, bands)
    extent = _extent([*rects, *areas(groups, rects).values()], routes)
    return _Piece(dict(zip(members, rects, strict=True)), dict(zip(inside, routes, strict=True)), extent)


def _bands(
    net: Network, boxes: Sequence[Box], x: Sequence[float], between: float
) -> list[tuple[float, float]]:
    """Top and bottom of each layer; the gap below grows with how far its lines run sideways."""
    bands: list[tuple[float, float]] = []
    top = 0.0
    last = {group: net.layer[v] for v, group in enumerate(net.group) if group >= 0}
    for v, group in enumerate(net.group):
        if group >= 0:
            last[group] = max(last[group], net.layer[v])
    borders = set(last.values())
    for i, row in enumerate(net.rows):
        height = max((boxes[v].height for v in row if v < net.boxes), default=0.0)
        bands.append((top, top + height))
        farthest = max((abs(x[v] - x[w]) for v in row for w in net.down[v]), default=0.0)
        top += height + between + min(farthest * 0.07, 2 * between) + (BORDER if i in borders else 0.0)
    return bands


def _extent(rects: Sequence[Rect], routes: Sequence[Route]) -> Rect:
    xs = [p[0] for r in routes for p in r.points]
    ys = [p[1] for r in routes for p in r.points]
    return Rect(
        min([r.left for r in rects] + xs),
        min([r.top for r in rects] + ys),
        max([r.right for r in rects] + xs),
        max([r.bottom for r in rects] + ys),
    )


def _pack(pieces: Sequence[_Piece], gap: float, *, sideways: bool) -> list[Point]:
    """Set pieces beside one another on shelves about as wide as all of them would be in a square."""
    area = sum(
        (p.extent.right - p.extent.left + gap) * (p.extent.bottom - p.extent.top + gap) for p in pieces
    )
    stretch = 0.6 if sideways else 1.7
    width = max([sqrt(area * stretch)] + [p.extent.right - p.extent.left for p in pieces])
    moves: list[Point] = []
    left = top = shelf = 0.0
    for piece in pieces:
        wide, high = piece.extent.right - piece.extent.left, piece.extent.bottom - piece.extent.top
        if left and left + wide > width:
            left, top, shelf = 0.0, top + shelf + gap, 0.0
        moves.append((left - piece.extent.left, top - piece.extent.top))
        left += wide + gap
        shelf = max(shelf, high)
    return moves


def _moved(rect: Rect, dx: float, dy: float) -> Rect:
    return Rect(rect.left + dx, rect.top + dy, rect.right + dx, rect.bottom + dy)


def _moved_route(route: Route, dx: float, dy: float) -> Route:
    def move(point: Point) -> Point:
        return point[0] + dx, point[1] + dy

    return Route(move(route.start), tuple((move(a), move(b), move(c)) for a, b, c in route.pieces))


def _framed(boxes: Sequence[Box], rects: Sequence[Rect], routes: Sequence[Route], margin: float) -> Layout:
    grounds = areas([box.group for box in boxes], rects)
    extent = _extent([*rects, *grounds.values()], routes) if rects else Rect(0.0, 0.0, 0.0, 0.0)
    dx, dy = margin - extent.left, margin - extent.top
    return Layout(
        tuple(_moved(r, dx, dy) for r in rects),
        tuple(_moved_route(r, dx, dy) for r in routes),
        {group: _moved(r, dx, dy) for group, r in grounds.items()},
        Rect(0.0, 0.0, extent.right + dx + margin, extent.bottom + dy + margin),
    )


def _turned(route: Route) -> Route:
    def turn(point: Point) -> Point:
        return point[1], point[0]

    return Route(turn(route.start), tuple((turn(a), turn(b), turn(c)) for a, b, c in route.pieces))
