"""The shape of the SELECTs that queries become: flat unless the meaning needs more."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from core.tests.query.lab import RIG, SCAN, SESSION, SETTINGS, SUBJECT
from fascicle.backend.sqlite import SqliteDialect
from fascicle.errors import CompileError, UnknownAttributeError
from fascicle.model import CoreType
from fascicle.query import SQL, Node, Top, U
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
from fascicle.query.scalar import Column, Every, IsNull
from fascicle.sql.compiler import compile_count, compile_exists, compile_select
from fascicle.sql.modify import compile_delete
from fascicle.sql.statement import Sql

pytestmark = pytest.mark.filterwarnings("ignore::fascicle.query.NamesakeWarning")

DIALECT = SqliteDialect()


def text(node: Node, *columns: str, **how: Any) -> str:
    """Return the text of a SELECT, without the aliases that repeat a column's name."""
    return tidy(compile_select(node, DIALECT, columns=columns or None, **how).sql)


def tidy(sql: Sql) -> str:
    return re.sub(r'(\."(\w+)") AS "\2"', r"\1", sql.text).replace('"', "")


def nesting(node: Node) -> int:
    return compile_select(node, DIALECT).sql.text.count("(SELECT ")


class TestFlat:
    def test_restrictions_are_one_where(self) -> None:
        node = restrict(restrict(SESSION, "weight_g > 20"), {"rig": "a", "session_id": 3})
        assert text(node, "notes") == (
            "SELECT t1.notes FROM lab.session AS t1 WHERE (t1.weight_g > ?) AND (t1.rig = ?) AND (t1.session_id = ?)"
        )

    def test_joins_are_side_by_side(self) -> None:
        node = join(restrict(SESSION, "weight_g > 20"), restrict(SUBJECT, "species = 'mouse'"))
        assert text(node, "species") == (
            "SELECT t2.species FROM lab.session AS t1 JOIN lab.subject AS t2 ON t1.subject_id = t2.subject_id "
            "WHERE (t1.weight_g > ?) AND (t2.species = ?)"
        )

    def test_many_joins(self) -> None:
        node = join(join(SCAN, SESSION), join(project(SUBJECT, "species"), SETTINGS))
        assert nesting(node) == 0

    def test_projections_become_expressions(self) -> None:
        node = restrict(project(SESSION, kg="weight_g / 1000"), "kg > 0.02")
        assert text(node, "kg") == (
            "SELECT (t1.weight_g / ?) AS kg FROM lab.session AS t1 WHERE ((t1.weight_g / ?) > ?)"
        )

    def test_left_joins_take_the_conditions_of_the_right(self) -> None:
        node = extend(SESSION, restrict(RIG, "room = 'x'"))
        assert text(node, "room") == (
            "SELECT t2.room FROM lab.session AS t1 LEFT JOIN lab.#rig AS t2 ON t1.rig = t2.rig AND (t2.room = ?)"
        )

    def test_queries_are_correlated_subqueries(self) -> None:
        assert text(restrict(SUBJECT, SESSION, negate=True), "species") == (
            "SELECT t1.species FROM lab.subject AS t1 WHERE NOT EXISTS "
            "(SELECT 1 FROM lab.session AS t2 WHERE t2.subject_id = t1.subject_id)"
        )

    def test_aggregates_are_grouped_with_where_and_having(self) -> None:
        node = aggregate(SUBJECT, SESSION, "species", n="count(session_id)")
        assert text(restrict(node, "n > 3 AND species = 'mouse'"), "n") == (
            "SELECT COUNT(t2.session_id) AS n FROM lab.subject AS t1 "
            "LEFT JOIN lab.session AS t2 ON t1.subject_id = t2.subject_id "
            "WHERE (t1.species = ?) GROUP BY t1.subject_id, t1.species HAVING (COUNT(t2.session_id) > ?)"
        )

    def test_a_limit_after_a_projection(self) -> None:
        node = project(restrict(SESSION, Top(5, "weight_g DESC", 2)), kg="weight_g / 1000")
        assert text(node, "kg").endswith(
            "FROM lab.session AS t1 ORDER BY t1.weight_g DESC, t1.subject_id, t1.session_id LIMIT 5 OFFSET 2"
        )

    def test_distinct_values_are_a_group(self) -> None:
        node = universe_restrict(("species", "born_on"), SUBJECT)
        assert text(node, "species") == (
            "SELECT t1.species FROM lab.subject AS t1 GROUP BY t1.species, t1.born_on"
        )

    def test_values_that_hold_the_key_are_distinct_already(self) -> None:
        node = universe_restrict(("species", "subject_id"), SUBJECT)
        assert text(node) == "SELECT t1.species, t1.subject_id FROM lab.subject AS t1"

    def test_counts(self) -> None:
        node = restrict(join(SESSION, project(SUBJECT)), "weight_g > 1")
        assert tidy(compile_count(node, DIALECT)).startswith("SELECT COUNT(*) FROM lab.session AS t1 JOIN")

    def test_existence(self) -> None:
        assert tidy(compile_exists(restrict(SESSION, "weight_g > 1"), DIALECT)) == (
            "SELECT EXISTS (SELECT 1 FROM lab.session AS t1 WHERE (t1.weight_g > ?))"
        )

    def test_existence_among_chosen_rows(self) -> None:
        node = restrict(aggregate(SUBJECT, SESSION, n="count(*)"), Top(3, offset=1))
        assert tidy(compile_exists(node, DIALECT)).startswith("SELECT EXISTS (SELECT 1 FROM (SELECT 1 FROM")

    def test_thousands_of_keys_are_one_set(self) -> None:
        keys = [{"subject_id": i, "session_id": i % 7} for i in range(5000)]
        sql = compile_select(restrict(SESSION, keys), DIALECT).sql
        assert sql.text.count(" OR ") < 10

    def test_conditions_that_say_nothing_leave_no_trace(self) -> None:
        assert (
            text(restrict(restrict(SESSION, {}), Every(())), "rig") == "SELECT t1.rig FROM lab.session AS t1"
        )


class TestNested:
    def test_a_condition_on_chosen_rows(self) -> None:
        node = restrict(restrict(SESSION, Top(5)), "weight_g > 1")
        assert text(node, "rig") == (
            "SELECT t2.rig FROM (SELECT t1.weight_g, t1.rig FROM lab.session AS t1 "
            "ORDER BY t1.subject_id, t1.session_id LIMIT 5) AS t2 WHERE (t2.weight_g > ?)"
        )

    def test_only_what_is_used_is_selected_inside(self) -> None:
        node = join(project(restrict(SCAN, Top(3)), "depth_um", "image"), project(SUBJECT))
        assert "image" not in text(node, "depth_um")

    def test_computed_columns_of_a_left_join(self) -> None:
        assert nesting(extend(SESSION, project(RIG, fixed="5"))) == 1
        assert nesting(join(SESSION, project(RIG, fixed="5"))) == 0

    def test_groups_by_expressions(self) -> None:
        node = universe_aggregate(("year",), project(SUBJECT, year="year(born_on)"), n="count(*)")
        assert nesting(node) == 1

    def test_expressions_used_twice(self) -> None:
        node: Node = project(SESSION, x="weight_g + 1")
        for _ in range(30):
            node = project(node, x="x + x")
        assert len(compile_select(node, DIALECT).sql.text) < 10_000

    def test_a_subquery_of_aggregates(self) -> None:
        counted = aggregate(SUBJECT, SESSION, n="count(*)")
        assert nesting(join(project(SESSION), counted)) == 1
        assert nesting(restrict(counted, project(SESSION, rig="rig"))) == 1

    def test_raw_text_sees_the_names_of_the_heading(self) -> None:
        joined = project(join(SESSION, project(SUBJECT, "species")), mass="weight_g")
        assert "AS t3 WHERE (mass > 3)" in text(restrict(joined, SQL("mass > 3")), "mass")
        assert text(restrict(SESSION, SQL("weight_g > ?", 3)), "rig").endswith("WHERE (weight_g > ?)")

    def test_raw_expressions_too(self) -> None:
        node = project(project(SESSION, mass="weight_g"), twice=SQL("mass * 2", type=CoreType("float64")))
        assert text(node, "twice").startswith("SELECT (mass * 2) AS twice FROM (SELECT")

    def test_objects_pass_an_aggregation_by(self) -> None:
        node = aggregate(SCAN, project(SCAN), "image", "depth_um", n="count(*)")
        sql = text(node)
        assert "GROUP BY t1.subject_id, t1.session_id, t1.scan_id, t1.depth_um)" in sql
        assert list(node.heading) == ["subject_id", "session_id", "scan_id", "depth_um", "image", "n"]


class TestSelect:
    def test_columns_in_the_order_asked_for(self) -> None:
        compiled = compile_select(SESSION, DIALECT, columns=["rig", "subject_id"])
        assert [attribute.name for attribute in compiled.heading] == ["rig", "subject_id"]

    def test_order(self) -> None:
        assert text(SESSION, "rig", order_by=["weight_g DESC", "KEY"]).endswith(
            "ORDER BY t1.weight_g DESC, t1.subject_id, t1.session_id"
        )
        assert text(SESSION, "rig", order_by="weight_g").endswith("ORDER BY t1.weight_g")
        assert text(SESSION, "rig", order_by="KEY DESC").endswith(
            "ORDER BY t1.subject_id DESC, t1.session_id DESC"
        )

    def test_what_is_the_same_in_every_row_orders_nothing(self) -> None:
        # Drivers that write values into the text would make it the number of a column.
        node = restrict(project(SESSION, one="5", kg="weight_g / 1000"), Top(2, ["one", "kg"]))
        assert "ORDER BY (t1.weight_g / ?), t1.subject_id" in text(node, "kg")
        counted = restrict(aggregate(SUBJECT, SESSION, n="count(*)"), Top(2, "n DESC"))
        assert "ORDER BY COUNT(*) DESC, t1.subject_id" in text(counted, "n")

    def test_pages_have_a_whole_order(self) -> None:
        assert text(SESSION, "rig", limit=2).endswith("ORDER BY t1.subject_id, t1.session_id LIMIT 2")
        assert text(SESSION, "rig", order_by="rig", limit=2, offset=4).endswith(
            "ORDER BY t1.rig, t1.subject_id, t1.session_id LIMIT 2 OFFSET 4"
        )
        assert "OFFSET 4" in text(SESSION, "rig", offset=4)

    @pytest.mark.parametrize(
        ("limit", "offset", "wanted"),
        [
            (None, 0, "LIMIT 5 OFFSET 1"),
            (3, 0, "LIMIT 3 OFFSET 1"),
            (9, 2, "LIMIT 3 OFFSET 3"),
            (1, 7, "LIMIT 0 OFFSET 8"),
        ],
    )
    def test_a_page_of_chosen_rows(self, limit: int | None, offset: int, wanted: str) -> None:
        assert text(restrict(SESSION, Top(5, offset=1)), limit=limit, offset=offset).endswith(wanted)

    def test_another_order_of_chosen_rows(self) -> None:
        assert nesting(restrict(SESSION, Top(5))) == 0
        assert "LIMIT 5) AS t2 ORDER BY t2.rig" in text(restrict(SESSION, Top(5)), "rig", order_by="rig")

    def test_distinct(self) -> None:
        assert (
            text(SUBJECT, "species", distinct=True)
            == "SELECT t1.species FROM lab.subject AS t1 GROUP BY t1.species"
        )
        assert "GROUP" not in text(SUBJECT, "species", "subject_id", distinct=True)

    def test_unknown_names(self) -> None:
        with pytest.raises(UnknownAttributeError, match="weight_g"):
            compile_select(SESSION, DIALECT, columns=["wieght_g"])
        with pytest.raises(UnknownAttributeError):
            compile_select(SESSION, DIALECT, order_by="wieght_g")

    def test_the_same_query_has_the_same_text(self) -> None:
        node = restrict(join(SESSION, project(SUBJECT)), restrict(SCAN, "depth_um > 1"))
        assert compile_select(node, DIALECT) == compile_select(node, DIALECT)

    def test_values_are_never_in_the_text(self) -> None:
        evil = "x'; DROP TABLE subject; --"
        sql = compile_select(restrict(SUBJECT, {"species": evil}), DIALECT).sql
        assert "DROP" not in sql.text
        assert sql.params == (evil,)
        assert (
            "DROP"
            not in compile_select(
                restrict(SUBJECT, f"species = '{evil.replace(chr(39), chr(39) * 2)}'"), DIALECT
            ).sql.text
        )


@pytest.fixture
def rows() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute('CREATE TABLE "lab.settings" (theme TEXT)')
    connection.execute('CREATE TABLE "lab.subject" (subject_id INTEGER PRIMARY KEY, species, born_on, notes)')
    yield connection
    connection.close()


def fetched(rows: sqlite3.Connection, node: Node) -> list[tuple[Any, ...]]:
    sql = compile_select(node, DIALECT).sql
    return rows.execute(sql.text, sql.params).fetchall()


class TestNoRows:
    """Groups of nothing: SQL makes one row of them where there should be none, or none where there is one."""

    def test_the_whole_of_nothing_is_one_row(self, rows: sqlite3.Connection) -> None:
        assert fetched(rows, universe_aggregate((), SUBJECT, n="count(*)")) == [(0,)]

    def test_also_where_nothing_is_asked_of_it(self, rows: sqlite3.Connection) -> None:
        node = universe_aggregate((), SUBJECT, n="count(*)")
        assert len(fetched(rows, project(node))) == 1
        assert len(fetched(rows, project(node, x="3"))) == 1
        sql = compile_count(node, DIALECT)
        assert rows.execute(sql.text, sql.params).fetchone() == (1,)

    def test_its_row_can_be_refused(self, rows: sqlite3.Connection) -> None:
        node = universe_aggregate((), SUBJECT, n="count(*)")
        assert fetched(rows, restrict(node, "n > 0")) == []
        assert fetched(rows, restrict(node, False)) == []

    def test_the_universe_of_nothing_has_no_element(self, rows: sqlite3.Connection) -> None:
        assert fetched(rows, U() & SUBJECT) == []
        rows.execute('INSERT INTO "lab.subject" VALUES (1, 2, 3, 4), (2, 2, 3, 4)')
        assert len(fetched(rows, U() & SUBJECT)) == 1

    def test_an_empty_table_of_one_row_has_no_groups(self, rows: sqlite3.Connection) -> None:
        assert fetched(rows, aggregate(SETTINGS, SUBJECT, n="count(subject_id)")) == []
        rows.execute("INSERT INTO \"lab.settings\" VALUES ('dark')")
        assert fetched(rows, aggregate(SETTINGS, SUBJECT, "theme", n="count(subject_id)")) == [("dark", 0)]

    def test_a_union_with_nothing(self, rows: sqlite3.Connection) -> None:
        rows.execute('INSERT INTO "lab.subject" VALUES (1, 2, NULL, 4)')
        nothing = project(restrict(SUBJECT, False))
        assert fetched(rows, union(SUBJECT, nothing)) == [(1, 2, None, 4)]
        assert fetched(rows, union(nothing, SUBJECT)) == [(1, 2, None, 4)]


class TestDelete:
    def test_names_the_table_in_full(self) -> None:
        sql = compile_delete(restrict(SUBJECT, IsNull(Column("notes"))), DIALECT)
        assert tidy(sql) == "DELETE FROM lab.subject WHERE (lab.subject.notes IS NULL)"

    def test_reads_other_tables_where_they_are(self) -> None:
        sql = compile_delete(restrict(SUBJECT, SESSION), DIALECT)
        assert tidy(sql) == (
            "DELETE FROM lab.subject WHERE EXISTS "
            "(SELECT 1 FROM lab.session AS t1 WHERE t1.subject_id = lab.subject.subject_id)"
        )

    def test_reads_the_table_itself_apart(self) -> None:
        sql = compile_delete(restrict(SUBJECT, restrict(SUBJECT, "species = 'mouse'")), DIALECT)
        assert "FROM (SELECT DISTINCT t1.subject_id FROM lab.subject AS t1" in tidy(sql)

    def test_everything(self) -> None:
        assert tidy(compile_delete(SUBJECT, DIALECT)) == "DELETE FROM lab.subject"
        assert tidy(compile_delete(restrict(SUBJECT, {}), DIALECT)) == "DELETE FROM lab.subject"

    def test_what_is_no_table(self) -> None:
        with pytest.raises(CompileError):
            compile_delete(join(SUBJECT, SESSION), DIALECT)
