"""Expressions of all operators give the rows that plain Python gives, on every database."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from fascicle.query.matching import NamesakeWarning
from fascicle.query.nodes import Limit, Node, Project, Restrict
from fascicle.query.scalar import TRUE
from fascicle.sql.compiler import compile_select
from fascicle.testing.oracle import evaluate, ordered
from fascicle.testing.strategies import World, queries, worlds
from tests.properties.algebra import AlgebraDatabase, comparable, unordered

EXAMPLES = int(os.environ.get("FASCICLE_TEST_EXAMPLES", "150"))


@pytest.fixture
def database(backend: Any) -> Iterator[AlgebraDatabase]:
    connection = backend.connect()
    yield AlgebraDatabase(connection, backend.schema_name("algebra"))
    connection.close()


def drawn(data: st.DataObject, database: AlgebraDatabase, depth: int = 5) -> tuple[World, Node]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NamesakeWarning)
        world = data.draw(worlds(database.schema))
        node = data.draw(queries(world, depth))
    database.load(world)
    note(compile_select(node, database.dialect).sql.text)
    return world, node


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_rows_are_those_of_the_oracle(database: AlgebraDatabase, data: st.DataObject) -> None:
    world, node = drawn(data, database)
    heading = list(node.heading.values())
    expected = comparable(evaluate(node, world.rows), heading)
    found = comparable(database.select(node), heading)
    assert unordered(found) == unordered(expected)
    assert database.count(node) == len(expected)
    assert database.exists(node) == bool(expected)


def has_order(node: Node) -> bool:
    """Whether rows come in the order of a Top: projections keep it, conditions and joins do not."""
    if isinstance(node, Project) or (isinstance(node, Restrict) and node.condition == TRUE):
        return has_order(node.source)
    return isinstance(node, Limit)


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_pages_are_those_of_the_oracle(database: AlgebraDatabase, data: st.DataObject) -> None:
    world, node = drawn(data, database, depth=4)
    names = list(node.heading)
    order = data.draw(st.lists(st.sampled_from(names), max_size=2, unique=True)) if names else []
    terms = tuple((name, data.draw(st.booleans())) for name in order)
    columns = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True)) if names else []
    limit, offset = data.draw(st.one_of(st.none(), st.integers(0, 4))), data.draw(st.integers(0, 2))
    by = [f"{name} DESC" if descending else name for name, descending in terms]
    found = database.select(node, columns=columns, order_by=by, limit=limit, offset=offset)
    rows = evaluate(node, world.rows)
    if terms or not has_order(node):
        rows = ordered(rows, terms, node.primary_key)
    attributes = [node.heading[name] for name in columns]
    expected = comparable(rows[offset:][:limit], attributes)
    found_rows = comparable(found, attributes)
    if limit is None and not offset and not has_order(node):
        # Only what was asked orders a complete result.
        found_rows, expected = unordered(found_rows), unordered(expected)
    assert found_rows == expected
