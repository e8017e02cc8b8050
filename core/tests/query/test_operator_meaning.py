"""What operators mean, written once more and differently: over rows, by attributes of one origin.

The oracle evaluates the nodes that operators build, so it cannot tell when an operator builds the wrong one;
here each operator is held to a definition of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fascicle.errors import HeadingError, QueryError
from fascicle.query import AndList, NamesakeWarning, Node, Not, Top
from fascicle.query.operators import (
    aggregate,
    extend,
    join,
    project,
    restrict,
    union,
    universe_aggregate,
    universe_restrict,
)
from fascicle.testing.oracle import Row, evaluate, ordered
from fascicle.testing.strategies import World, queries, texts, worlds


def drawn(data: st.DataObject, count: int) -> tuple[World, list[Node]]:
    world = data.draw(worlds())
    return world, [data.draw(queries(world, 3)) for _ in range(count)]


def held(test: Callable[[st.DataObject], None]) -> Callable[[], None]:
    """Run a property with data to draw from; namesakes are no news here."""

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def wrapper(data: st.DataObject) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NamesakeWarning)
            test(data)

    wrapper.__name__ = test.__name__
    wrapper.__doc__ = test.__doc__
    return wrapper


def same(found: list[Row], expected: list[Row]) -> bool:
    return sorted(map(repr, map(sorted_items, found))) == sorted(map(repr, map(sorted_items, expected)))


def sorted_items(row: Row) -> list[tuple[str, Any]]:
    return sorted(row.items(), key=lambda item: item[0])


def links(left: Node, right: Node) -> list[str]:
    """Return the attributes of one origin that two queries share."""
    return [
        name
        for name, attribute in left.heading.items()
        if name in right.heading and attribute.lineage and right.heading[name].lineage == attribute.lineage
    ]


def linked(a: Row, b: Row, names: list[str]) -> bool:
    return all(a[n] is not None and a[n] == b[n] for n in names)


# restrictions ----------------------------------------------------------------------------------------------


def values(data: st.DataObject, rows: list[Row], names: list[str]) -> Row:
    """Return values for some attributes, mostly those of some row."""
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    source = data.draw(st.sampled_from(rows)) if rows and data.draw(st.integers(0, 4)) else {}
    return {name: source.get(name) for name in chosen}


def meets(row: Row, condition: Any) -> bool:
    """Whether a row meets a condition made of dicts, lists, Not and constants."""
    match condition:
        case Not():
            return not meets(row, condition.restriction)
        case AndList():
            return all(meets(row, part) for part in condition)
        case list():
            return any(meets(row, part) for part in condition)
        case dict():
            return all(row[name] == value for name, value in condition.items())
        case None:
            return False
        case bool():
            return condition
    raise AssertionError(condition)


def conditions(data: st.DataObject, rows: list[Row], names: list[str], depth: int = 2) -> Any:
    kind = data.draw(st.integers(0, 5)) if depth else 0
    if kind == 1:
        return Not(conditions(data, rows, names, depth - 1))
    if kind in (2, 3):
        parts = [conditions(data, rows, names, depth - 1) for _ in range(data.draw(st.integers(0, 3)))]
        return AndList(parts) if kind == 2 else parts
    if kind == 4:
        return data.draw(st.sampled_from((True, False, None)))
    return values(data, rows, names)


@held
def test_values_and_rows_are_sets(data: st.DataObject) -> None:
    world, (node,) = drawn(data, 1)
    names = [n for n, a in node.heading.items() if a.type.name not in ("float64", "native")]
    assume(names)
    rows = evaluate(node, world.rows)
    condition = conditions(data, rows, names)
    inside = evaluate(restrict(node, condition), world.rows)
    outside = evaluate(restrict(node, condition, negate=True), world.rows)
    assert same(inside, [row for row in rows if meets(row, condition)])
    assert same(outside, [row for row in rows if not meets(row, condition)])


@held
def test_queries_keep_or_drop_rows_with_a_partner(data: st.DataObject) -> None:
    world, (node, other) = drawn(data, 2)
    rows, partners = evaluate(node, world.rows), evaluate(other, world.rows)
    try:
        inside, outside = restrict(node, other), restrict(node, other, negate=True)
    except QueryError:
        assume(False)
    names = links(node, other)
    has = [any(linked(row, partner, names) for partner in partners) for row in rows]
    assert same(evaluate(inside, world.rows), [row for row, found in zip(rows, has, strict=True) if found])
    assert same(
        evaluate(outside, world.rows), [row for row, found in zip(rows, has, strict=True) if not found]
    )


@held
def test_text_and_its_contrary_share_no_row(data: st.DataObject) -> None:
    world, (node,) = drawn(data, 1)
    text = data.draw(texts(node.heading))
    inside = evaluate(restrict(node, text), world.rows)
    outside = evaluate(restrict(node, text, negate=True), world.rows)
    unknown = [row for row in evaluate(node, world.rows) if row not in inside and row not in outside]
    assert not [row for row in inside if row in outside]
    assert all(None in row.values() for row in unknown)


@held
def test_tops_follow_one_another(data: st.DataObject) -> None:
    world, (node,) = drawn(data, 1)
    rows = evaluate(node, world.rows)
    first, second = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 3))
    skip = data.draw(st.integers(0, 2))
    name = data.draw(st.sampled_from(sorted(node.heading))) if len(node.heading) else "KEY"
    terms = [(name, True)] if name != "KEY" else []
    by_name = ordered(rows, terms, node.primary_key)
    apart = restrict(restrict(node, Top(first, f"{name} DESC", skip)), Top(second, "KEY"))
    expected = ordered(by_name[skip:][:first], [], node.primary_key)[:second]
    if node.primary_key != [name]:
        assert evaluate(apart, world.rows) == expected
    merged = restrict(restrict(node, Top(first, f"{name} DESC", 1)), Top(second, None, skip))
    assert evaluate(merged, world.rows) == by_name[1 + skip :][: min(first, second)]


# joins -----------------------------------------------------------------------------------------------------


@held
def test_joins_pair_rows_of_one_origin(data: st.DataObject) -> None:
    world, (left, right) = drawn(data, 2)
    outer = data.draw(st.booleans())
    try:
        node = join(left, right, left_outer=outer, allow_nullable_pk=True)
    except QueryError:
        assume(False)
    names = links(left, right)
    rows: list[list[Any]] = []
    for ours in evaluate(left, world.rows):
        partners = [theirs for theirs in evaluate(right, world.rows) if linked(ours, theirs, names)]
        if outer and not partners:
            partners = [dict.fromkeys(right.heading)]
        for theirs in partners:
            rest = [theirs[n] for n in right.heading if n not in names]
            rows.append([*ours.values(), *rest])
    # Renamed or not, the values are those of the left row and of the right one.
    found = [sorted(map(repr, row.values())) for row in evaluate(node, world.rows)]
    assert sorted(found) == sorted(sorted(map(repr, row)) for row in rows)
    assert len(node.heading) == len(left.heading) + len(right.heading) - len(names)


@held
def test_extend_keeps_the_rows_of_the_left(data: st.DataObject) -> None:
    world, (left, right) = drawn(data, 2)
    try:
        node = extend(left, right)
    except QueryError:
        assume(False)
    narrowed = [{name: row[name] for name in left.heading} for row in evaluate(node, world.rows)]
    assert same(narrowed, evaluate(left, world.rows))


# projections, unions, groups -------------------------------------------------------------------------------


@held
def test_projections_rename_and_drop(data: st.DataObject) -> None:
    world, (node,) = drawn(data, 1)
    assume(len(node.heading))
    old = data.draw(st.sampled_from(sorted(node.heading)))
    renamed = evaluate(project(node, ..., fresh=old), world.rows)
    assert same(
        renamed,
        [{("fresh" if n == old else n): v for n, v in row.items()} for row in evaluate(node, world.rows)],
    )
    copied = evaluate(project(node, fresh=f"({old})"), world.rows)
    assert same(
        copied,
        [{**{n: row[n] for n in node.primary_key}, "fresh": row[old]} for row in evaluate(node, world.rows)],
    )


@held
def test_unions_hold_the_rows_of_both(data: st.DataObject) -> None:
    world, (node, _) = drawn(data, 2)
    text = data.draw(texts(node.heading))
    left, right = restrict(node, text), project(node)
    merged: dict[tuple[Any, ...], Row] = {}
    for row in evaluate(right, world.rows):
        merged[tuple(row.values())] = dict.fromkeys(node.heading) | row
    for row in evaluate(left, world.rows):
        merged[tuple(row[n] for n in node.primary_key)] = row
    for both in (union(left, right), union(right, left)):
        assert same(evaluate(both, world.rows), list(merged.values()))


@held
def test_aggregates_count_partners(data: st.DataObject) -> None:
    world, (left, right) = drawn(data, 2)
    names = [n for n, a in right.heading.items() if n not in left.heading]
    assume(names)
    counted = data.draw(st.sampled_from(names))
    outer = data.draw(st.booleans())
    try:
        node = aggregate(left, right, n="count(*)", m=f"count({counted})", exclude_nonmatching=not outer)
    except (QueryError, HeadingError):
        assume(False)
    expected = []
    for ours in evaluate(left, world.rows):
        partners = [row for row in evaluate(right, world.rows) if linked(ours, row, links(left, right))]
        if partners or outer:
            present = [row for row in partners if row[counted] is not None]
            # A row that nothing matches meets one row of NULLs.
            sums = {"n": len(partners) or 1, "m": len(present)}
            expected.append({**{n: ours[n] for n in left.primary_key}, **sums})
    if not any(left.heading[n].nullable for n in left.primary_key):
        assert same(evaluate(node, world.rows), expected)


@held
def test_the_universe_lists_and_counts_values(data: st.DataObject) -> None:
    world, (node,) = drawn(data, 1)
    names = (
        data.draw(st.lists(st.sampled_from(sorted(node.heading)), max_size=2, unique=True))
        if len(node.heading)
        else []
    )
    rows = [tuple(row[n] for n in names) for row in evaluate(node, world.rows)]
    distinct = list(dict.fromkeys(rows))
    listed = evaluate(universe_restrict(tuple(names), node), world.rows)
    assert same(listed, [dict(zip(names, found, strict=True)) for found in distinct])
    counted = evaluate(universe_aggregate(tuple(names), node, n_rows="count(*)"), world.rows)
    if not names:
        assert counted == [{"n_rows": len(rows)}]
    else:
        expected = [
            {**dict(zip(names, found, strict=True)), "n_rows": rows.count(found)} for found in distinct
        ]
        assert same(counted, expected)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NamesakeWarning)
        yield
