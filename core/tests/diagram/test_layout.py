"""What holds for every layout, and a few layouts that can be foretold."""

from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fascicle.diagram.layout import Box, Layout, Link, Rect, Route, lay_out

TOUCH = 0.05  # pixels that rounding may cost


@st.composite
def drawings(
    draw: st.DrawFn, *, grouped: bool = False, circles: bool = False
) -> tuple[list[Box], list[Link]]:
    """Boxes of many sizes with links from lower to higher numbers, shuffled; or any links at all."""
    count = draw(st.integers(1, 24))
    groups = draw(st.integers(2, 5)) if grouped else 0
    sizes = st.tuples(st.integers(40, 220), st.sampled_from([22, 32, 45]))
    boxes = [
        Box(*map(float, draw(sizes)), draw(st.integers(-1, groups - 1)) if grouped else -1)
        for _ in range(count)
    ]
    numbers = draw(st.permutations(range(count)))
    links = []
    for _ in range(draw(st.integers(0, 2 * count))):
        a, b = draw(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)))
        if not circles:
            if a == b:
                continue
            a, b = min(a, b), max(a, b)
        links.append(Link(numbers[a], numbers[b], draw(st.integers(0, 3))))
    return boxes, links


def curve_points(route: Route, steps: int = 12) -> Iterator[tuple[float, float]]:
    begin = route.start
    for one, two, end in route.pieces:
        for i in range(steps + 1):
            t = i / steps
            weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
            four = (begin, one, two, end)
            yield (
                sum(w * p[0] for w, p in zip(weights, four, strict=True)),
                sum(w * p[1] for w, p in zip(weights, four, strict=True)),
            )
        begin = end


def assert_sound(boxes: list[Box], links: list[Link], layout: Layout) -> None:
    assert len(layout.boxes) == len(boxes)
    assert len(layout.routes) == len(links)
    for box, rect in zip(boxes, layout.boxes, strict=True):
        assert rect.right - rect.left == pytest.approx(box.width)
        assert rect.bottom - rect.top == pytest.approx(box.height)
    for one, two in combinations(layout.boxes, 2):
        assert not one.overlaps(two)
    extent = layout.extent
    for rect in (*layout.boxes, *layout.groups.values()):
        assert holds(extent, rect)
    for route in layout.routes:
        for x, y in route.points:
            assert extent.left <= x <= extent.right
            assert extent.top <= y <= extent.bottom


def holds(outer: Rect, inner: Rect) -> bool:
    return (
        outer.left - TOUCH <= inner.left
        and outer.top - TOUCH <= inner.top
        and inner.right <= outer.right + TOUCH
        and inner.bottom <= outer.bottom + TOUCH
    )


@given(drawings(), st.booleans())
def test_no_overlap_everything_inside_parents_first(
    drawing: tuple[list[Box], list[Link]], sideways: bool
) -> None:
    boxes, links = drawing
    layout = lay_out(boxes, links, sideways=sideways)
    assert_sound(boxes, links, layout)
    for link, route in zip(links, layout.routes, strict=True):
        parent, child = layout.boxes[link.parent], layout.boxes[link.child]
        if sideways:
            assert parent.right < child.left
            assert route.start[0] == pytest.approx(parent.right)
            assert route.end[0] == pytest.approx(child.left)
            assert parent.top <= route.start[1] <= parent.bottom
            assert child.top <= route.end[1] <= child.bottom
        else:
            assert parent.bottom < child.top
            assert route.start[1] == pytest.approx(parent.bottom)
            assert route.end[1] == pytest.approx(child.top)
            assert parent.left <= route.start[0] <= parent.right
            assert child.left <= route.end[0] <= child.right


@given(drawings(), st.booleans())
def test_lines_pass_no_box(drawing: tuple[list[Box], list[Link]], sideways: bool) -> None:
    boxes, links = drawing
    layout = lay_out(boxes, links, sideways=sideways)
    for link, route in zip(links, layout.routes, strict=True):
        others = [r for i, r in enumerate(layout.boxes) if i not in (link.parent, link.child)]
        for x, y in curve_points(route):
            assert not any(r.left + 1 < x < r.right - 1 and r.top + 1 < y < r.bottom - 1 for r in others)


@given(drawings(grouped=True), st.booleans())
def test_areas_are_apart_and_hold_their_boxes(drawing: tuple[list[Box], list[Link]], sideways: bool) -> None:
    boxes, links = drawing
    layout = lay_out(boxes, links, sideways=sideways)
    assert_sound(boxes, links, layout)
    assert set(layout.groups) == {box.group for box in boxes if box.group >= 0}
    for one, two in combinations(layout.groups.values(), 2):
        assert not one.overlaps(two, -TOUCH)
    for box, rect in zip(boxes, layout.boxes, strict=True):
        for group, area in layout.groups.items():
            if group == box.group:
                assert holds(area, rect)
            else:
                assert not area.overlaps(rect, -TOUCH)


@given(drawings(circles=True), st.booleans())
def test_circles_and_loops_are_drawn(drawing: tuple[list[Box], list[Link]], sideways: bool) -> None:
    boxes, links = drawing
    layout = lay_out(boxes, links, sideways=sideways)
    assert_sound(boxes, links, layout)
    for link, route in zip(links, layout.routes, strict=True):
        for at, box in ((route.start, link.parent), (route.end, link.child)):
            rect = layout.boxes[box]
            assert rect.left - TOUCH <= at[0] <= rect.right + TOUCH
            assert rect.top - TOUCH <= at[1] <= rect.bottom + TOUCH


@given(drawings(grouped=True))
@settings(max_examples=20)
def test_equal_input_gives_an_equal_layout(drawing: tuple[list[Box], list[Link]]) -> None:
    assert lay_out(*drawing) == lay_out(*drawing)


def boxes_of(count: int) -> list[Box]:
    return [Box(60.0, 30.0) for _ in range(count)]


def centre(rect: Rect) -> float:
    return (rect.left + rect.right) / 2


def test_a_chain_is_straight() -> None:
    layout = lay_out(boxes_of(4), [Link(0, 1), Link(1, 2), Link(2, 3)])
    assert {round(centre(r), 3) for r in layout.boxes} == {46.0}
    assert layout.extent.right == 92.0
    for route in layout.routes:
        assert {round(x, 3) for x, _ in route.points} == {46.0}


def test_a_tree_crosses_nothing_and_is_balanced() -> None:
    layout = lay_out(boxes_of(7), [Link(0, 1), Link(0, 2), Link(1, 3), Link(1, 4), Link(2, 5), Link(2, 6)])
    left, right = sorted(layout.boxes[1:3], key=lambda r: r.left)
    assert centre(left) <= centre(layout.boxes[0]) <= centre(right)
    below = {frozenset((3, 4)), frozenset((5, 6))}
    order = sorted(range(3, 7), key=lambda i: layout.boxes[i].left)
    assert {frozenset(order[:2]), frozenset(order[2:])} == below


def test_a_looked_up_table_stands_near_its_reader() -> None:
    # 0 > 1 > 2 > 3, and 4 is read by 3 alone
    layout = lay_out(boxes_of(5), [Link(0, 1), Link(1, 2), Link(2, 3), Link(4, 3)])
    assert layout.boxes[4].top == layout.boxes[2].top


def test_many_childless_children_fill_several_rows() -> None:
    layout = lay_out(boxes_of(41), [Link(0, i) for i in range(1, 41)])
    rows = {rect.top for rect in layout.boxes[1:]}
    assert len(rows) > 2
    assert layout.extent.right < 41 * 60


def test_unconnected_boxes_do_not_make_one_long_row() -> None:
    layout = lay_out(boxes_of(30), [])
    width, height = layout.extent.right, layout.extent.bottom
    assert width < 4 * height


def test_dependent_groups_lie_below_one_another() -> None:
    boxes = [Box(60.0, 30.0, g) for g in (0, 0, 1, 1)]
    layout = lay_out(boxes, [Link(0, 1), Link(0, 2), Link(2, 3)])
    assert layout.groups[0].bottom <= layout.groups[1].top


def test_lines_of_one_lane_share_their_way() -> None:
    # 0 leads past the middle row to 3 and 4: one trunk, then two branches
    boxes = boxes_of(5)
    links = [Link(0, 1), Link(1, 2), Link(2, 3), Link(2, 4), Link(0, 3), Link(0, 4)]
    layout = lay_out(boxes, links)
    assert layout.routes[4].pieces[0] == layout.routes[5].pieces[0]
    apart = lay_out(boxes, [*links[:4], Link(0, 3, 1), Link(0, 4, 2)])
    assert apart.routes[4].pieces[1] != apart.routes[5].pieces[1]


def test_two_links_of_one_pair_are_apart() -> None:
    layout = lay_out(boxes_of(2), [Link(0, 1, 0), Link(0, 1, 1)])
    one, two = layout.routes
    assert abs(one.end[0] - two.end[0]) > 5
    assert abs(one.start[0] - two.start[0]) > 5


def test_nothing_at_all() -> None:
    layout = lay_out([], [])
    assert layout.boxes == layout.routes == ()
    assert layout.groups == {}
