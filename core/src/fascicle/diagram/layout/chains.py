"""Straight chains: vertices that follow one another without branching, set in one line."""

from __future__ import annotations

from collections.abc import Container, Sequence
from math import inf

from fascicle.diagram.layout.network import Network

Rows = Sequence[Sequence[int]]
Offsets = Sequence[Sequence[float]]


def align_chains(
    net: Network, rows: Rows, offsets: Offsets, x: list[float], held: Sequence[bool] = ()
) -> None:
    """Set the vertices of unbranched chains exactly below one another, as far as neighbours let them.

    Row by row each of them stands well between its two ends; only moving all at once straightens them.

    Parameters
    ----------
    net : Network
    rows : sequence of sequence of int
        Vertices to move, all of a row or some, in order.
    offsets : sequence of sequence of float
        Tightest possible centres in each of `rows`.
    x : list of float
        Centre of each vertex; changed in place.
    held : sequence of bool, optional
        Vertices that must not move.
    """
    slot = {vertex: (row, i) for row, found in enumerate(rows) for i, vertex in enumerate(found)}

    def free(vertex: int) -> tuple[float, float]:
        if held and held[vertex]:
            return x[vertex], x[vertex]
        row, i = slot[vertex]
        line, offset = rows[row], offsets[row]
        low = x[line[i - 1]] + offset[i] - offset[i - 1] if i else -inf
        high = x[line[i + 1]] - offset[i + 1] + offset[i] if i + 1 < len(line) else inf
        return low, high

    for chain in _chains(net, rows, slot):
        run: list[int] = []
        low, high = -inf, inf
        for vertex in chain:
            lower, upper = free(vertex)
            if max(low, lower) > min(high, upper):
                _set_run(run, low, high, x)
                run, low, high = [], -inf, inf
            run.append(vertex)
            low, high = max(low, lower), min(high, upper)
        _set_run(run, low, high, x)


def _set_run(run: Sequence[int], low: float, high: float, x: list[float]) -> None:
    if len(run) < 2:
        return
    middle = sorted(x[v] for v in run)[len(run) // 2]
    at = min(max(middle, low), high)
    for vertex in run:
        x[vertex] = at


def _chains(net: Network, rows: Rows, known: Container[int]) -> list[list[int]]:
    """Longest runs in which each vertex is the only one above the next (and bends of one trunk)."""
    chains: list[list[int]] = []
    chained = [False] * len(net.layer)
    for row in rows:
        for start in row:
            if chained[start]:
                continue
            chain = [start]
            while (following := _only_below(net, chain[-1])) in known and following is not None:
                chain.append(following)
            for vertex in chain:
                chained[vertex] = True
            chains.append(chain)
    return chains


def _only_below(net: Network, vertex: int) -> int | None:
    bends = [v for v in net.down[vertex] if v >= net.boxes] if vertex >= net.boxes else []
    below = bends or net.down[vertex]
    if len(below) != 1 or len(net.up[below[0]]) != 1:
        return None
    return below[0]
