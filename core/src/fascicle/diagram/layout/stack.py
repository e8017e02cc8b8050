"""Layers for grouped boxes: each group in layers of its own, groups below those that they depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fascicle.diagram.layout.layers import assign_layers, fair_limit

Reach = Mapping[int, set[int]]


def stacked_layers(groups: Sequence[int], pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Assign a layer to each box so that a group stands below every group that it depends on.

    Groups that depend on one another in a circle share their layers.

    Parameters
    ----------
    groups : sequence of int
        Group of each box.
    pairs : sequence of (int, int)
        Parent and child; without cycles.

    Returns
    -------
    list of int
        Every parent's layer is less than its child's.
    """
    unit_of = _units(groups, pairs)
    members: dict[int, list[int]] = {}
    for box, group in enumerate(groups):
        members.setdefault(unit_of[group], []).append(box)
    inner, depth = _inside(members, pairs, [unit_of[g] for g in groups])
    crossing = [(unit_of[groups[p]], unit_of[groups[c]]) for p, c in pairs]
    start = _starts(depth, [(p, c) for p, c in crossing if p != c])
    return [start[unit_of[group]] + inner[box] for box, group in enumerate(groups)]


def _units(groups: Sequence[int], pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Each group to its unit: groups that reach one another are one, named by the least of them."""
    below: dict[int, set[int]] = {group: set() for group in groups}
    for parent, child in pairs:
        below[groups[parent]].add(groups[child])
    reach = {group: _closure(group, below) for group in below}
    return {g: min(h for h in (*reach[g], g) if h == g or g in reach[h]) for g in below}


def _closure(start: int, below: Reach) -> set[int]:
    found: set[int] = set()
    stack = list(below[start])
    while stack:
        group = stack.pop()
        if group not in found:
            found.add(group)
            stack.extend(below[group])
    return found


def _inside(
    members: Mapping[int, list[int]], pairs: Sequence[tuple[int, int]], unit: Sequence[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Layer of each box within its unit, and the number of layers of each unit."""
    inner: dict[int, int] = {}
    depth: dict[int, int] = {}
    for name, boxes in members.items():
        local = {box: i for i, box in enumerate(boxes)}
        own = [(local[p], local[c]) for p, c in pairs if unit[p] == name == unit[c]]
        layers = assign_layers(len(boxes), own, limit=fair_limit(len(boxes)))
        inner.update(zip(boxes, layers, strict=True))
        depth[name] = max(layers) + 1
    return inner, depth


def _starts(depth: Mapping[int, int], crossing: Iterable[tuple[int, int]]) -> dict[int, int]:
    """First layer of each unit: below its parents, and no higher than its children need."""
    children: dict[int, list[int]] = {unit: [] for unit in depth}
    parents: dict[int, list[int]] = {unit: [] for unit in depth}
    for parent, child in crossing:
        children[parent].append(child)
        parents[child].append(parent)
    start: dict[int, int] = {}
    order = [unit for unit in depth if not parents[unit]]
    for unit in order:  # grows while units become ready
        start[unit] = max((start[p] + depth[p] for p in parents[unit]), default=0)
        for child in dict.fromkeys(children[unit]):
            if child not in start and all(p in start for p in parents[child]) and child not in order:
                order.append(child)
    for unit in reversed(order):
        if len(children[unit]) > len(parents[unit]):
            start[unit] = min(start[c] for c in children[unit]) - depth[unit]
    return start
