"""Links that do not lead downwards: circles are opened, self references get a loop beside their box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fascicle.diagram.layout.shapes import Link, Rect, Route

_REACH = 11.0  # how far a loop stands out of its box, pixels


def open_circles(count: int, links: Sequence[Link]) -> list[Link]:
    """Turn links around until none closes a circle.

    Tables never refer to one another in a circle, but collapsed schemas may.

    Returns
    -------
    list of Link
        In the same order; links from a box to itself are returned as they are.
    """
    below: list[list[int]] = [[] for _ in range(count)]
    for link in links:
        if link.child != link.parent:
            below[link.parent].append(link.child)
    backward = _backward(below)
    return [
        replace(link, parent=link.child, child=link.parent) if (link.parent, link.child) in backward else link
        for link in links
    ]


def _backward(below: Sequence[Sequence[int]]) -> set[tuple[int, int]]:
    """Pairs that lead back to a box on the way by which depth-first search reached them."""
    state = [0] * len(below)  # 1 on the way, 2 done
    found: set[tuple[int, int]] = set()
    heads = set(range(len(below))).difference(*below) if below else set()
    for start in [*sorted(heads), *range(len(below))]:
        if state[start]:
            continue
        state[start] = 1
        stack = [(start, iter(below[start]))]
        while stack:
            box, rest = stack[-1]
            for child in rest:
                if state[child] == 1:
                    found.add((box, child))
                elif not state[child]:
                    state[child] = 1
                    stack.append((child, iter(below[child])))
                    break
            else:
                state[box] = 2
                stack.pop()
    return found


def backwards(route: Route) -> Route:
    """The same line drawn from its other end."""
    starts = [route.start, *(piece[2] for piece in route.pieces)]
    turned = [(two, one, begin) for begin, (one, two, _) in zip(starts, route.pieces, strict=False)]
    return Route(route.end, tuple(reversed(turned)))


def loop(rect: Rect) -> Route:
    """A line from a box to itself, at its right side."""
    middle = (rect.top + rect.bottom) / 2
    out = rect.right + _REACH * 4 / 3
    return Route(
        (rect.right, middle - 6), (((out, middle - 12), (out, middle + 12), (rect.right, middle + 6)),)
    )
