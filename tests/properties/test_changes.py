"""Rows deleted, updated and inserted by queries are those that plain Python says, on every database."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from fascicle.errors import CompileError, DuplicateError, UnknownAttributeError
from fascicle.model import Attribute, CoreType, TableName, TableSpec
from fascicle.query import Node, Top
from fascicle.query.matching import NamesakeWarning
from fascicle.query.operators import aggregate, join, project, restrict
from fascicle.query.scalar import Column
from fascicle.sql.modify import compile_delete, compile_insert_select, compile_update
from fascicle.testing.oracle import evaluate
from fascicle.testing.strategies import World, queries, relation, texts, worlds
from tests.properties.algebra import AlgebraDatabase, comparable, unordered

EXAMPLES = int(os.environ.get("FASCICLE_TEST_EXAMPLES", "60"))
INT, TEXT = CoreType("int32"), CoreType("varchar", (8,))


@pytest.fixture
def database(backend: Any) -> Iterator[AlgebraDatabase]:
    connection = backend.connect()
    yield AlgebraDatabase(connection, backend.schema_name("algebra"))
    connection.close()


def leaves(world: World) -> list[TableSpec]:
    """Return the tables that no other refers to: their rows can go without asking anyone."""
    parents = {fk.parent for spec in world.specs for fk in spec.foreign_keys}
    return [spec for spec in world.specs if spec.name not in parents]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_deleted_are_the_rows_of_the_query(database: AlgebraDatabase, data: st.DataObject) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NamesakeWarning)
        world = data.draw(worlds(database.schema))
        spec = data.draw(st.sampled_from(leaves(world)))
        node: Node = relation(spec)
        if data.draw(st.booleans()):
            # The table itself is read by the condition, which not every database likes.
            itself = restrict(relation(spec), data.draw(texts(spec.heading)))
            node = restrict(node, itself, negate=data.draw(st.booleans()))
        node = restrict(node, data.draw(queries(world)), negate=data.draw(st.booleans()))
        if data.draw(st.booleans()):
            node = restrict(node, Top(2, offset=data.draw(st.integers(0, 1))))
        if data.draw(st.booleans()):
            node = restrict(node, data.draw(texts(node.heading)))
    database.load(world)
    sql = compile_delete(node, database.dialect)
    note(sql.text)
    gone = evaluate(node, world.rows)
    heading = list(spec.heading.values())
    expected = comparable([row for row in world.rows[spec.name] if row not in gone], heading)
    assert database.connection.execute(sql).rowcount == len(gone)
    assert unordered(comparable(database.select(relation(spec)), heading)) == unordered(expected)


def items(schema: str, name: str = "item") -> TableSpec:
    return TableSpec(
        TableName(schema, name),
        (
            Attribute("item_id", INT, True, lineage=f"{schema}.item.item_id"),
            Attribute("label", TEXT, nullable=True, default=None),
            Attribute("amount", INT, nullable=False, default=0),
        ),
    )


def filled(database: AlgebraDatabase, name: str, rows: list[tuple[int, str | None, int]]) -> TableSpec:
    spec = items(database.schema, name)
    names = ("item_id", "label", "amount")
    database.load(World((spec,), {spec.name: [dict(zip(names, row, strict=True)) for row in rows]}))
    return spec


def rows_in(database: AlgebraDatabase, spec: TableSpec) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in database.select(relation(spec), order_by="KEY")]


def test_delete_leaves_everything_else(database: AlgebraDatabase) -> None:
    spec = filled(database, "item", [(1, "a", 0), (2, None, 5), (3, "c", 9)])
    database.connection.execute(compile_delete(restrict(relation(spec), "amount > 4"), database.dialect))
    assert rows_in(database, spec) == [(1, "a", 0)]
    database.connection.execute(compile_delete(relation(spec), database.dialect))
    assert rows_in(database, spec) == []


def test_delete_through_a_projection(database: AlgebraDatabase) -> None:
    spec = filled(database, "item", [(1, "a", 0), (2, None, 5)])
    node = restrict(project(relation(spec), double="amount * 2"), "double = 10")
    database.connection.execute(compile_delete(node, database.dialect))
    assert rows_in(database, spec) == [(1, "a", 0)]


def test_what_cannot_be_deleted(database: AlgebraDatabase) -> None:
    spec = items(database.schema)
    renamed = project(relation(spec), other="item_id")
    joined = join(relation(spec), project(relation(items(database.schema, "more"))))
    counted = aggregate(relation(spec), project(relation(spec)), n="count(*)")
    for node in (renamed, joined, counted):
        with pytest.raises(CompileError, match="cannot be deleted"):
            compile_delete(node, database.dialect)


def test_update_changes_one_row(database: AlgebraDatabase) -> None:
    spec = filled(database, "item", [(1, "a", 0), (2, None, 5)])
    sql = compile_update(
        spec.name,
        spec.heading,
        {"label": "?%s", "amount": Column("item_id")},
        {"item_id": 2},
        database.dialect,
    )
    assert database.connection.execute(sql).rowcount == 1
    assert rows_in(database, spec) == [(1, "a", 0), (2, "?%s", 2)]


def test_update_names_attributes_only(database: AlgebraDatabase) -> None:
    spec = items(database.schema)
    with pytest.raises(UnknownAttributeError, match="label"):
        compile_update(spec.name, spec.heading, {"labl": "x"}, {"item_id": 1}, database.dialect)


def test_insert_from_a_query(database: AlgebraDatabase) -> None:
    source = filled(database, "item", [(1, "a", 0), (2, None, 5), (3, "c", 9)])
    target = filled(database, "copied", [(7, "g", 7)])
    node = restrict(relation(source), "amount > 4")
    columns = ["item_id", "label", "amount"]
    database.connection.execute(compile_insert_select(target, columns, node, database.dialect))
    assert rows_in(database, target) == [(2, None, 5), (3, "c", 9), (7, "g", 7)]
    with pytest.raises(DuplicateError):
        database.connection.execute(compile_insert_select(target, columns, node, database.dialect))


@pytest.mark.parametrize("restricted", [True, False])
def test_insert_skips_rows_that_are_there(database: AlgebraDatabase, restricted: bool) -> None:
    source = filled(database, "item", [(1, "a", 0), (2, None, 5)])
    target = filled(database, "copied", [(1, "kept", 1)])
    node: Node = relation(source)
    if restricted:
        node = restrict(node, "amount >= 0")
    sql = compile_insert_select(target, ["item_id", "label"], node, database.dialect, "skip")
    database.connection.execute(sql)
    assert rows_in(database, target) == [(1, "kept", 1), (2, None, 0)]


def test_insert_replaces_rows_that_are_there(database: AlgebraDatabase) -> None:
    source = filled(database, "item", [(1, "new", 4), (2, None, 5)])
    target = filled(database, "copied", [(1, "old", 1), (3, "kept", 3)])
    sql = compile_insert_select(
        target, ["item_id", "label", "amount"], relation(source), database.dialect, "replace"
    )
    database.connection.execute(sql)
    assert rows_in(database, target) == [(1, "new", 4), (2, None, 5), (3, "kept", 3)]


def test_insert_from_a_query_in_order(database: AlgebraDatabase) -> None:
    source = filled(database, "item", [(1, "a", 0), (2, None, 5), (3, "c", 9)])
    target = filled(database, "copied", [])
    top = project(restrict(relation(source), Top(1, "amount DESC")), "label", amount="amount + 1")
    database.connection.execute(
        compile_insert_select(target, ["item_id", "label", "amount"], top, database.dialect, "skip")
    )
    assert rows_in(database, target) == [(3, "c", 10)]


def test_insert_names_attributes_of_the_query(database: AlgebraDatabase) -> None:
    spec = items(database.schema)
    with pytest.raises(UnknownAttributeError):
        compile_insert_select(spec, ["labl"], relation(spec), database.dialect)
