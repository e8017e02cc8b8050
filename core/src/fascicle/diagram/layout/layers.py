"""Which layer each box belongs to: parents above children, lines short, no layer too wide."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

Pairs = Sequence[tuple[int, int]]


def assign_layers(count: int, pairs: Pairs, *, limit: int | None = None) -> list[int]:
    """Assign a layer to each of `count` boxes, 0 at the top.

    Parameters
    ----------
    count : int
    pairs : sequence of (int, int)
        Parent and child; without cycles.
    limit : int, optional
        Boxes per layer above which childless boxes move further down.

    Returns
    -------
    list of int
        Every parent's layer is less than its child's.
    """
    parents: list[list[int]] = [[] for _ in range(count)]
    children: list[list[int]] = [[] for _ in range(count)]
    for parent, child in pairs:
        parents[child].append(parent)
        children[parent].append(child)
    order = _topological(parents, children)
    layer = [0] * count
    for box in order:
        layer[box] = max((layer[p] + 1 for p in parents[box]), default=0)
    _tighten(layer, order, parents, children)
    if limit is not None:
        _spread(layer, parents, children, limit)
    return _squeezed(layer)


def fair_limit(count: int) -> int:
    """A number of boxes per layer that keeps a picture of `count` boxes from growing too wide."""
    return max(8, ceil(sqrt(count) * 1.5))


def _topological(parents: list[list[int]], children: list[list[int]]) -> list[int]:
    missing = [len(found) for found in parents]
    order = [box for box, count in enumerate(missing) if not count]
    for box in order:
        for child in children[box]:
            missing[child] -= 1
            if not missing[child]:
                order.append(child)
    if len(order) < len(parents):
        raise ValueError("the boxes to lay out form a cycle")
    return order


def _tighten(layer: list[int], order: list[int], parents: list[list[int]], children: list[list[int]]) -> None:
    """Move each box towards the side where it has more lines, until nothing moves."""
    for _ in range(8):
        moved = False
        for box in reversed(order):
            pull = len(children[box]) - len(parents[box])
            if pull > 0:
                best = min(layer[c] for c in children[box]) - 1
            elif pull < 0:
                best = max(layer[p] for p in parents[box]) + 1
            else:
                continue
            if best != layer[box]:
                layer[box], moved = best, True
        if not moved:
            return


def _spread(layer: list[int], parents: list[list[int]], children: list[list[int]], limit: int) -> None:
    """Push boxes without children out of crowded layers into the next ones below."""
    rows: dict[int, list[int]] = {}
    for box, row in enumerate(layer):
        rows.setdefault(row, []).append(box)
    row = min(rows, default=0)
    while row <= max(rows, default=-1):
        here = rows.get(row, [])
        movable = [b for b in here if not children[b]]
        surplus = min(len(here) - limit, len(movable))
        # Siblings move together: those of the parents with the most childless children go first.
        movable.sort(key=lambda b: _crowding(b, parents, children))
        for box in movable[: max(surplus, 0)]:
            here.remove(box)
            layer[box] = row + 1
            rows.setdefault(row + 1, []).append(box)
        row += 1


def _crowding(box: int, parents: list[list[int]], children: list[list[int]]) -> tuple[int, int, int]:
    first = parents[box][0] if parents[box] else -1
    siblings = sum(not children[c] for c in children[first]) if first >= 0 else 0
    return -siblings, first, box


def _squeezed(layer: list[int]) -> list[int]:
    used = {row: i for i, row in enumerate(sorted(set(layer)))}
    return [used[row] for row in layer]
