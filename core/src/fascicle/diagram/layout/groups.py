"""Areas of groups: side by side where they share layers, never overlapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from fascicle.diagram.layout.network import Network
from fascicle.diagram.layout.shapes import Rect

PAD, CAPTION = 9.0, 14.0  # room inside an area around its boxes, and for its name above them
BORDER = 12.0  # extra room below a layer with which some area ends


def part_groups(
    net: Network,
    offsets: Sequence[Sequence[float]],
    x: list[float],
    ranks: Mapping[int, float],
    gap: float,
) -> None:
    """Shift whole groups until their areas are apart.

    Only groups that share layers can collide; of two such the one of higher rank moves right.

    Parameters
    ----------
    net : Network
        Rows ordered so that, of two groups in a row, the one of lower rank stands left.
    offsets : sequence of sequence of float
        Tightest possible centres in each row.
    x : list of float
        Centre of each vertex; changed in place, boxes only.
    ranks : mapping of int to float
        Order of the groups from left to right.
    gap : float
        Room between two areas.
    """
    before = _left_neighbours(net, offsets)
    members: dict[int, list[int]] = {}
    for box in range(net.boxes):
        members.setdefault(net.group[box], []).append(box)
    spans: list[tuple[int, int, float]] = []  # first layer, last layer, right edge
    for group in sorted(members, key=ranks.__getitem__):
        found = members[group]
        first, last = min(net.layer[b] for b in found), max(net.layer[b] for b in found)
        left = min(x[b] - net.width[b] / 2 for b in found) - PAD
        limits = [edge + gap for top, bottom, edge in spans if top <= last and first <= bottom]
        shift = max(0.0, max(limits, default=left) - left)
        for box in found:
            neighbour, room = before.get(box, (box, 0.0))
            if net.group[neighbour] != group:
                shift = max(shift, x[neighbour] + room - x[box])
        for box in found:
            x[box] += shift
        spans.append((first, last, max(x[b] + net.width[b] / 2 for b in found) + PAD))


def _left_neighbours(net: Network, offsets: Sequence[Sequence[float]]) -> dict[int, tuple[int, float]]:
    """Each box to the next box on its left and the least distance, lines between them included."""
    found: dict[int, tuple[int, float]] = {}
    for row, offset in zip(net.rows, offsets, strict=True):
        boxes = [i for i, vertex in enumerate(row) if vertex < net.boxes]
        for i, j in pairwise(boxes):
            found[row[j]] = (row[i], offset[j] - offset[i])
    return found


def areas(groups: Sequence[int], rects: Sequence[Rect]) -> dict[int, Rect]:
    """The area of each group around its boxes, its caption included."""
    found: dict[int, Rect] = {}
    for group, rect in zip(groups, rects, strict=True):
        if group >= 0:
            found[group] = found[group].around(rect) if group in found else rect
    return {
        group: Rect(r.left - PAD, r.top - PAD - CAPTION, r.right + PAD, r.bottom + PAD)
        for group, r in found.items()
    }
