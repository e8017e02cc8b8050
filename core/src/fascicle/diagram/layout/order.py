"""The order within each layer: few crossings, groups side by side."""

from __future__ import annotations

from bisect import bisect_right, insort
from random import Random

from fascicle.diagram.layout.network import Network

_SWEEPS, _POLISH = 6, 2
_EFFORT = 2200  # vertices and wires that all restarts together may work through


def order_rows(net: Network) -> dict[int, float]:
    """Reorder ``net.rows`` so that wires cross seldom.

    The search restarts from disturbed orders with a fixed seed: equal input gives an equal picture.

    Returns
    -------
    dict of int to float
        Rank of each group: within every row, boxes of a lower rank stand left of those of a higher.
        Empty if the boxes have fewer than two groups.
    """
    ordering = _Ordering(net, {})
    ordering.run()
    if len({group for group in net.group if group >= 0}) > 1:
        net.rows = ordering.best
        ordering = _Ordering(net, _ranks(net))
        ordering.run()
    size = len(net.layer) + sum(len(below) for below in net.down)
    ordering.restart_often(max(1, min(8, _EFFORT // max(size, 1))))
    net.rows = ordering.best
    return ordering.rank


class _Ordering:
    """Barycentre and median sweeps with swaps of neighbours, the best order kept."""

    def __init__(self, net: Network, rank: dict[int, float]) -> None:
        self.net = net
        self.rank = rank
        self.place = [0] * len(net.layer)
        self.rows = _first_rows(net)
        self.best: list[list[int]] = []
        self.fewest = -1
        self._take(self.rows)
        self._keep()

    def _take(self, rows: list[list[int]]) -> None:
        self.rows = [list(row) for row in rows]
        for row in self.rows:
            self._number(row)

    def _keep(self) -> None:
        crossings = self.total()
        if self.fewest < 0 or crossings < self.fewest:
            self.fewest, self.best = crossings, [list(row) for row in self.rows]

    def restart_often(self, times: int) -> None:
        """Search again from disturbed orders, by turns slightly and wholly, and keep the best."""
        random = Random(7)  # noqa: S311 (nothing secret: an equal picture for equal input)
        for turn in range(times):
            if not self.fewest:
                return
            spread = 0.25 if turn % 2 else 10.0
            before, kept = self.fewest, self.best
            self._take([_disturbed(row, spread, random) for row in self.best])
            self.fewest = -1
            self.run()
            if self.fewest >= before:
                self.fewest, self.best = before, kept

    def run(self) -> None:
        """Sweep down and up, then polish the best order found."""
        for turn in range(_SWEEPS):
            self._sweep(downward=turn % 2 == 0, median=turn % 4 >= 2)
            if turn >= 2:
                self._swap_neighbours()
            self._keep()
        for _ in range(_POLISH):
            before = self.fewest
            self._take(self.best)
            self._sift()
            self._swap_neighbours()
            self._keep()
            if self.fewest == before:
                return

    def total(self) -> int:
        """All crossings."""
        return sum(self._between(row) for row in self.rows[:-1])

    def _between(self, upper: list[int]) -> int:
        seen: list[int] = []
        crossings = 0
        place, down = self.place, self.net.down
        for vertex in upper:
            ends = down[vertex]
            if not ends:
                continue
            for end in sorted([place[v] for v in ends]):
                crossings += len(seen) - bisect_right(seen, end)
                insort(seen, end)
        return crossings

    def _number(self, row: list[int]) -> None:
        if self.rank:
            self._regroup(row)
        for i, vertex in enumerate(row):
            self.place[vertex] = i

    def _regroup(self, row: list[int]) -> None:
        """Deal the boxes out again over the places that boxes have, in the order of their groups."""
        group, rank, boxes = self.net.group, self.rank, self.net.boxes
        places = [i for i, v in enumerate(row) if v < boxes]
        dealt = sorted([row[i] for i in places], key=lambda v: rank[group[v]])
        for i, vertex in zip(places, dealt, strict=True):
            row[i] = vertex

    def _apart(self, left: int, right: int) -> bool:
        """Whether two vertices must keep their order because they are of different groups."""
        group, boxes = self.net.group, self.net.boxes
        return bool(self.rank) and left < boxes and right < boxes and group[left] != group[right]

    def _sweep(self, *, downward: bool, median: bool) -> None:
        """Sort each row by where its neighbours in the row before stand.

        A vertex without any there, as the looked-up tables that stand low, follows those on its other side.
        """
        count = len(self.rows)
        before, near, far = (-1, self.net.up, self.net.down) if downward else (1, self.net.down, self.net.up)
        for i in range(1, count) if downward else range(count - 2, -1, -1):
            row = self.rows[i]
            # rows differ in length, so places are told as fractions of their row
            here = 1 / len(self.rows[i + before])
            there = 1 / len(self.rows[i - before]) if 0 <= i - before < count else 0.0
            keys: dict[int, float] = {}
            for vertex in row:
                if near[vertex]:
                    keys[vertex] = self._centre(near[vertex], median=median) * here
                elif far[vertex]:
                    keys[vertex] = self._centre(far[vertex], median=median) * there
                else:
                    keys[vertex] = (self.place[vertex] + 0.5) / len(row)
            row.sort(key=keys.__getitem__)
            self._number(row)

    def _centre(self, vertices: list[int], *, median: bool) -> float:
        places = [self.place[v] for v in vertices]
        if not median or len(places) < 3:
            return sum(places) / len(places) + 0.5
        places.sort()
        half = len(places) // 2
        return (places[half] if len(places) % 2 else (places[half - 1] + places[half]) / 2) + 0.5

    def _swap_neighbours(self) -> None:
        """Exchange neighbours wherever that removes crossings."""
        for _ in range(4):
            improved = False
            for row in self.rows:
                for i in range(len(row) - 1):
                    left, right = row[i], row[i + 1]
                    if self._gain(left, right) > 0 and not self._apart(left, right):
                        row[i], row[i + 1] = right, left
                        self.place[left], self.place[right] = i + 1, i
                        improved = True
            if not improved:
                return

    def _gain(self, left: int, right: int) -> int:
        """Crossings that vanish if `left` and `right`, neighbours, change places."""
        place, gain = self.place, 0
        for near in (self.net.up, self.net.down):
            one, two = near[left], near[right]
            if one and two:
                theirs = [place[v] for v in two]
                for a in [place[v] for v in one]:
                    for b in theirs:
                        gain += (a > b) - (a < b)
        return gain

    def _sift(self) -> None:
        """Try every place in its row for each vertex."""
        for row in self.rows:
            if len(row) > 2:
                for vertex in list(row):
                    self._sift_one(row, vertex)

    def _sift_one(self, row: list[int], vertex: int) -> None:
        start = self.place[vertex]
        best, where = 0, start
        for step in (-1, 1):
            gain, i = 0, start + step
            while 0 <= i < len(row) and not self._apart(row[i], vertex):
                gain += self._gain(row[i], vertex) if step < 0 else self._gain(vertex, row[i])
                if gain > best:
                    best, where = gain, i
                i += step
        if where != start:
            row.insert(where, row.pop(start))
            self._number(row)


def _first_rows(net: Network) -> list[list[int]]:
    """A first order in which each vertex stands near the one that it was reached from."""
    rows: list[list[int]] = [[] for _ in net.rows]
    seen = [False] * len(net.layer)
    for start in [vertex for row in net.rows for vertex in row]:
        stack = [start]
        while stack:
            vertex = stack.pop()
            if seen[vertex]:
                continue
            seen[vertex] = True
            rows[net.layer[vertex]].append(vertex)
            stack.extend(net.up[vertex])
            stack.extend(reversed(net.down[vertex]))
    return rows


def _disturbed(row: list[int], spread: float, random: Random) -> list[int]:
    """The row with each vertex moved at random, by `spread` times the row's length on average."""
    keys = [i + random.gauss(0.0, spread * len(row)) for i in range(len(row))]
    return [vertex for _, vertex in sorted(zip(keys, row, strict=True))]


def _ranks(net: Network) -> dict[int, float]:
    """Rank of each group: by where its boxes stand in their rows on average."""
    sums: dict[int, tuple[float, int]] = {}
    for row in net.rows:
        for i, vertex in enumerate(row):
            if vertex < net.boxes:
                total, count = sums.get(net.group[vertex], (0.0, 0))
                sums[net.group[vertex]] = total + (i + 0.5) / len(row), count + 1
    means = sorted((total / count, group) for group, (total, count) in sums.items())
    return {group: float(i) for i, (_, group) in enumerate(means)}
