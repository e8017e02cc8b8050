"""Positions along the layers: near to their neighbours above and below, never overlapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from fascicle.diagram.layout.chains import Offsets, Rows, align_chains
from fascicle.diagram.layout.groups import part_groups
from fascicle.diagram.layout.network import Network

_SMOOTH, _STRAIGHT = 10, 24  # passes: first to spread evenly, then to straighten
_IDLE = 0.005  # pull of a vertex without wires towards where it is
_HELD = 1e9  # pull of a vertex that must stay where it is
_SOFT = 6.0  # pixels; lines that lean less than this count as straight

Wires = tuple[list[tuple[int, float]], list[tuple[int, float]], list[tuple[int, float]]]


def place_rows(net: Network, gap: float, ranks: Mapping[int, float], area_gap: float) -> list[float]:
    """Place every vertex along its layer.

    Parameters
    ----------
    net : Network
        With its rows in final order.
    gap : float
        Free room between two boxes, in pixels.
    ranks : mapping of int to float
        Order of the groups, empty for none.
    area_gap : float
        Free room between the areas of two groups.

    Returns
    -------
    list of float
        Centre of each vertex. Neighbours in a row are at least half their widths and a gap apart.
    """
    offsets = [_offsets(net, row, gap) for row in net.rows]
    x = _tightest(net.rows, offsets, len(net.layer))
    wires = [_weighted(net, vertex) for vertex in range(len(net.layer))]
    best = _optimise(net.rows, offsets, x, wires)
    align_chains(net, net.rows, offsets, best)
    if ranks:
        _draw_together(net, offsets, best, wires)
        part_groups(net, offsets, best, ranks, area_gap)
        held = [v < net.boxes for v in range(len(net.layer))]
        for turn in range(6):
            for i in range(len(net.rows)) if turn % 2 == 0 else range(len(net.rows) - 1, -1, -1):
                _settle(net.rows[i], offsets[i], best, wires, 2, straight=True, held=held)
        align_chains(net, net.rows, offsets, best, held)
    return best


def _tightest(rows: Rows, offsets: Offsets, count: int) -> list[float]:
    """Every row as narrow as it can be, all centred: without wires a vertex stays in there."""
    x = [0.0] * count
    for row, offset in zip(rows, offsets, strict=True):
        middle = (offset[0] + offset[-1]) / 2 if offset else 0.0
        for vertex, at in zip(row, offset, strict=True):
            x[vertex] = at - middle
    return x


def _optimise(rows: Rows, offsets: Offsets, x: list[float], wires: Sequence[Wires]) -> list[float]:
    """Settle rows down and up many times; returns the positions with the least leaning of wires."""
    best, least = x, inf
    for turn in range(_SMOOTH + _STRAIGHT):
        side = _side(turn)
        downward = turn % 2 == 0 if side == 2 else side == 0
        for i in range(len(rows)) if downward else range(len(rows) - 1, -1, -1):
            _settle(rows[i], offsets[i], x, wires, side, straight=turn >= _SMOOTH)
        if turn >= _SMOOTH and (lean := _lean(x, wires)) < least:
            best, least = list(x), lean
    return best


def _draw_together(net: Network, offsets: Offsets, x: list[float], wires: Sequence[Wires]) -> None:
    """Place the members of each group again, by their own wires only, about where they stand now.

    Wires to other groups, which will move, would leave its members strewn.
    """
    home = list(net.group)
    for way in net.ways:
        for bend in way[1:-1]:
            home[bend] = home[way[0]] if home[way[0]] == home[way[-1]] else -1
    for group in sorted(set(net.group[: net.boxes])):
        own: list[Wires] = [
            _inner(wires[v], home, group) if home[v] == group else ([], [], []) for v in range(len(x))
        ]
        places = [[i for i, v in enumerate(row) if home[v] == group] for row in net.rows]
        rows = [[row[i] for i in chosen] for row, chosen in zip(net.rows, places, strict=True)]
        # the tightest centres of the whole row leave room for the lines that pass between members
        tight = [[offset[i] for i in chosen] for offset, chosen in zip(offsets, places, strict=True)]
        members = [v for v in range(net.boxes) if home[v] == group]
        before = sum(x[v] for v in members)
        placed = _optimise(rows, tight, _tightest(rows, tight, len(x)), own)
        align_chains(net, rows, tight, placed)
        shift = (before - sum(placed[v] for v in members)) / len(members)
        for v in (v for row in rows for v in row):
            x[v] = placed[v] + shift


def _inner(wires: Wires, home: Sequence[int], group: int) -> Wires:
    above, below, both = ([(v, w) for v, w in side if home[v] == group] for side in wires)
    return above, below, both


def _side(turn: int) -> int:
    """Whose pull counts in a pass: 0 parents', 1 children's, 2 both.

    One-sided passes let whole chains follow their end; two-sided ones balance.
    """
    if turn < _SMOOTH // 2:
        return turn % 2
    if turn < _SMOOTH:
        return 2
    return (0, 2, 2, 1, 2, 2)[(turn - _SMOOTH) % 6]


def _lean(x: Sequence[float], wires: Sequence[Wires]) -> float:
    """How far all wires lean, in weighted pixels."""
    return sum([w * abs(x[v] - here) for here, (_, below, _) in zip(x, wires, strict=True) for v, w in below])


def _weighted(net: Network, vertex: int) -> Wires:
    """Neighbours above, below, and both, each with its pull: bends pull hardest, to keep lines straight."""

    def pull(other: int) -> float:
        bends = (vertex >= net.boxes) + (other >= net.boxes)
        return (1.0, 2.0, 8.0)[bends]

    above = [(v, pull(v)) for v in net.up[vertex]]
    below = [(v, pull(v)) for v in net.down[vertex]]
    return above, below, above + below


def _offsets(net: Network, row: Sequence[int], gap: float) -> list[float]:
    """Tightest possible centres, the first at 0."""
    found: list[float] = []
    for i, vertex in enumerate(row):
        if not i:
            found.append(0.0)
            continue
        left = row[i - 1]
        bends = (vertex >= net.boxes) + (left >= net.boxes)
        room = (gap, gap * 0.6, gap * 0.35)[bends]
        found.append(found[-1] + (net.width[left] + net.width[vertex]) / 2 + room)
    return found


def _settle(
    row: Sequence[int],
    offset: Sequence[float],
    x: list[float],
    wires: Sequence[Wires],
    side: int,
    *,
    straight: bool,
    held: Sequence[bool] = (),
) -> None:
    """Move a row as near as possible to where its wires pull, keeping order and room.

    Squared distances would bend a long line a little in every layer; dividing each pull by its
    distance turns them into plain distances, and all the leaning gathers in one place.

    Subtracting the tightest centres turns "keep apart" into "do not decrease": isotonic regression,
    solved exactly by pooling neighbours that violate it.
    """
    values: list[float] = []
    weights: list[float] = []
    sizes: list[int] = []
    for vertex, at in zip(row, offset, strict=True):
        pulls = wires[vertex][side]
        if held and held[vertex]:
            pulls = [(vertex, _HELD)]
        elif pulls and straight:
            here = x[vertex]
            pulls = [(v, w / (abs(x[v] - here) + _SOFT)) for v, w in pulls]
        if pulls:
            weight = sum([w for _, w in pulls])
            value = sum([x[v] * w for v, w in pulls]) / weight - at
        else:
            weight, value = _IDLE, x[vertex] - at
        size = 1
        while values and values[-1] > value:
            total = weights[-1] + weight
            value = (values.pop() * weights[-1] + value * weight) / total
            weights.pop()
            weight, size = total, size + sizes.pop()
        values.append(value)
        weights.append(weight)
        sizes.append(size)
    i = 0
    for value, size in zip(values, sizes, strict=True):
        for _ in range(size):
            x[row[i]] = value + offset[i]
            i += 1
