"""What goes into a layout and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A node to be placed.

    Parameters
    ----------
    width, height : float
        Size in pixels.
    group : int
        Boxes of one group are kept together; -1 for none.
    """

    width: float
    height: float
    group: int = -1


@dataclass(frozen=True, slots=True)
class Link:
    """A line to be drawn from a parent box to a child box, by their numbers.

    Links of one parent and one `lane` share their way until they part.
    """

    parent: int
    child: int
    lane: int = 0


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle: left, top, right, bottom in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Rect, margin: float = 0.0) -> bool:
        """Whether the two come closer than `margin` in both directions."""
        return (
            self.left < other.right + margin
            and other.left < self.right + margin
            and self.top < other.bottom + margin
            and other.top < self.bottom + margin
        )

    def around(self, other: Rect) -> Rect:
        """The smallest rectangle that holds both."""
        return Rect(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class Route:
    """A smooth line: a start and cubic Bezier pieces, each two control points and an end."""

    start: Point
    pieces: tuple[tuple[Point, Point, Point], ...]

    @property
    def points(self) -> tuple[Point, ...]:
        """All points; the line lies within their hull."""
        return (self.start, *(point for piece in self.pieces for point in piece))

    @property
    def end(self) -> Point:
        """Where the line arrives."""
        return self.pieces[-1][2] if self.pieces else self.start

    @property
    def mark(self) -> Point:
        """A point well visible on the part of the line that no other line shares."""
        if not self.pieces:
            return self.start
        starts = [self.start, *(piece[2] for piece in self.pieces)]
        last = len(self.pieces) - 1
        # a short straight line into the box may follow the last curve
        if last and sum(abs(a - b) for a, b in zip(starts[last], self.end, strict=True)) < 30:
            last -= 1
        one, two, end = self.pieces[last]
        begin = starts[last]
        return (
            (begin[0] + 3 * one[0] + 3 * two[0] + end[0]) / 8,
            (begin[1] + 3 * one[1] + 3 * two[1] + end[1]) / 8,
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes.

    Parameters
    ----------
    boxes : tuple of Rect
        One per box, in the order given.
    routes : tuple of Route
        One per link, in the order given.
    groups : dict of int to Rect
        The area of each group; areas do not overlap one another.
    extent : Rect
        Holds every box, group and route.
    """

    boxes: tuple[Rect, ...]
    routes: tuple[Route, ...]
    groups: dict[int, Rect]
    extent: Rect
