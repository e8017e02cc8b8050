"""Tables of SQLite: checks, rebuilding, indexes, and the form for old versions of the library."""

import sqlite3
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fascicle.backend.connect import connect
from fascicle.backend.sqlite.dialect import SqliteDialect
from fascicle.errors import (
    DefinitionError,
    DuplicateError,
    IntegrityError,
    MissingAttributeError,
    TransactionError,
    ValidationError,
)
from fascicle.model import REQUIRED, CoreType, ForeignKey, Index, TableName, TableSpec
from fascicle.sql.statement import Sql
from fascicle.testing.backend.bench import Bench, attribute, key, session, single, subject
from fascicle.testing.backend.values import REFUSED, ROUND_TRIPS


@pytest.fixture(params=["strict", "loose"])
def bench(request):
    with connect("sqlite:///:memory:") as connection:
        connection.dialect = SqliteDialect(strict=request.param == "strict")
        connection.execute_script(connection.dialect.create_schema("s"))
        yield Bench(connection, "s")


def raw(bench, text, *params):
    return bench.connection.execute(Sql(text, params))


@pytest.mark.parametrize("type_", ROUND_TRIPS, ids=str)
def test_values_without_strict_tables_too(bench, type_):
    spec = single("s", "t", attribute("value", type_.name, *type_.args))
    bench.declare(spec)
    bench.insert(spec, *({"id": i, "value": value} for i, value in enumerate(ROUND_TRIPS[type_])))
    assert [row["value"] for row in bench.fetch(spec)] == list(ROUND_TRIPS[type_])


@pytest.mark.parametrize(("type_", "value"), REFUSED, ids=str)
def test_refused_without_strict_tables_too(bench, type_, value):
    spec = single("s", "t", attribute("value", type_.name, *type_.args))
    bench.declare(spec)
    with pytest.raises((ValidationError, ValueError, TypeError)):
        bench.insert(spec, {"id": 1, "value": value})


@pytest.mark.parametrize(
    ("type_", "stored"),
    [
        (CoreType("int8"), 200),
        (CoreType("int32"), 1.5),
        (CoreType("float64"), float("inf")),
        (CoreType("float64"), "much"),
        (CoreType("bool"), 2),
        (CoreType("decimal", (4, 2)), 10_000),
        (CoreType("varchar", (3,)), "abcd"),
        (CoreType("enum", ("a", "b")), "c"),
        (CoreType("date"), "2026-02-30"),
        (CoreType("date"), "2026-2-3"),
        (CoreType("datetime"), "2026-01-01"),
        (CoreType("datetime"), "2026-01-01 00:00:00.5"),
        (CoreType("datetime", (3,)), "2026-01-01 00:00:00"),
        (CoreType("datetime", (3,)), "2026-01-01 00:00:00.12x"),
        (CoreType("time"), "25:00:00"),
        (CoreType("json"), "{"),
        (CoreType("uuid"), b"short"),
        (CoreType("bytes"), "text"),
        (CoreType("varchar", (9,)), b"bytes"),
    ],
    ids=str,
)
def test_checks_hold_against_other_clients(bench, type_, stored):
    bench.declare(single("s", "t", attribute("value", type_.name, *type_.args)))
    with pytest.raises(ValidationError) as caught:
        raw(bench, 'INSERT INTO "s.t" (id, value) VALUES (1, ?)', stored)
    assert "value" in str(caught.value)


def test_times(bench):
    spec = single("s", "t", attribute("value", "time"), attribute("fine", "time", 3))
    bench.declare(spec)
    bench.insert(spec, {"id": 1, "value": time(23, 59, 59, 900_000), "fine": time(1, 2, 3, 4000)})
    assert bench.fetch(spec) == [{"id": 1, "value": time(23, 59, 59), "fine": time(1, 2, 3, 4000)}]


def test_wide_decimals_are_refused_with_the_reason(bench):
    with pytest.raises(DefinitionError, match="18"):
        bench.declare(single("s", "t", attribute("value", "decimal", 19, 2)))


@pytest.mark.parametrize(
    ("native", "value"),
    [
        ("bigint unsigned", 2**40),
        ("double precision", 0.5),
        ("longtext", "x" * 100_000),
        ("tinytext", "x"),
        ("timestamp", "2026-01-01 00:00:00"),
        ("varbinary(20)", b"x"),
        ("geometry", 5),
    ],
)
def test_native_types_keep_their_affinity(bench, native, value):
    spec = single("s", "t", attribute("v", "native", native))
    bench.declare(spec)
    bench.insert(spec, {"id": 1, "v": value})
    assert bench.fetch(spec) == [{"id": 1, "v": value}]
    assert bench.connection.catalog.refresh("s")[spec.name] == spec


def test_missing_integer_keys_are_not_made_up(bench):
    bench.declare(single("s", "t", attribute("v", "int32", default=0)))
    for text in ('INSERT INTO "s.t" (v) VALUES (1)', 'INSERT INTO "s.t" (id, v) VALUES (NULL, 1)'):
        with pytest.raises(MissingAttributeError):
            raw(bench, text)


def test_autoincrement(bench):
    name = TableName("s", "t")
    spec = TableSpec(
        name, (key("id", "int64", origin=name).evolve(autoincrement=True), attribute("v", "int32"))
    )
    bench.declare(spec)
    bench.insert(spec, {"v": 5}, {"v": 6})
    assert [row["id"] for row in bench.fetch(spec)] == [1, 2]


def test_singletons_hold_one_row(bench):
    only = attribute("_singleton", "bool", in_key=True, default=True)
    spec = TableSpec(TableName("s", "#only"), (only, attribute("v", "int32")))
    bench.declare(spec)
    bench.insert(spec, {"v": 1})
    with pytest.raises(DuplicateError):
        bench.insert(spec, {"v": 2})
    with pytest.raises(ValidationError):
        bench.insert(spec, {"_singleton": False, "v": 2})


def test_a_table_without_a_key_is_refused(bench):
    with pytest.raises(DefinitionError, match="primary key"):
        bench.declare(TableSpec(TableName("s", "t"), (attribute("v", "int32"),)))


def test_foreign_keys_are_looked_up_by_index(bench):
    parent, child = subject("s"), session("s")
    plain = TableSpec(
        TableName("s", "plain"),
        (key("id", "int32", origin=TableName("s", "plain")), attribute("subject_id", "varchar", 32)),
        (ForeignKey(parent.name, (("subject_id", "subject_id"),)),),
    )
    bench.declare(parent, child, plain)
    indexes = {
        row[0]
        for row in raw(
            bench, "SELECT name FROM sqlite_master WHERE name LIKE 's.%' AND sql LIKE 'CREATE INDEX%'"
        ).rows
    }
    # The key of session begins with subject_id already.
    assert indexes == {"s.plain(subject_id)"}
    plan = raw(bench, "EXPLAIN QUERY PLAN SELECT * FROM \"s.plain\" WHERE subject_id = 'a'").rows
    assert "USING INDEX" in plan[0][3]


class TestRebuilding:
    def alter(self, bench, old, new):
        bench.connection.execute_script(bench.connection.dialect.alter_table(old, new))

    @pytest.mark.parametrize(
        ("old", "value", "new", "expected"),
        [
            (CoreType("int8"), 5, CoreType("int32"), 5),
            (CoreType("int32"), 5, CoreType("decimal", (6, 2)), Decimal("5.00")),
            (CoreType("decimal", (6, 2)), Decimal("1.25"), CoreType("decimal", (8, 3)), Decimal("1.250")),
            (CoreType("decimal", (6, 2)), Decimal("1.25"), CoreType("decimal", (6, 1)), Decimal("1.3")),
            (CoreType("decimal", (6, 2)), Decimal("1.25"), CoreType("float64"), 1.25),
            (CoreType("float64"), 1.256, CoreType("decimal", (6, 2)), Decimal("1.26")),
            (CoreType("float32"), 0.5, CoreType("float64"), 0.5),
            (CoreType("varchar", (9,)), "abc", CoreType("varchar", (30,)), "abc"),
            (CoreType("int32"), 5, CoreType("varchar", (30,)), "5"),
            (CoreType("date"), date(2026, 1, 2), CoreType("datetime", (3,)), datetime(2026, 1, 2)),
            (
                CoreType("datetime"),
                datetime(2026, 1, 2, 3),
                CoreType("datetime", (6,)),
                datetime(2026, 1, 2, 3),
            ),
            (
                CoreType("datetime", (6,)),
                datetime(2026, 1, 2, 3, 4, 5, 678901),
                CoreType("datetime", (3,)),
                datetime(2026, 1, 2, 3, 4, 5, 678000),
            ),
            (CoreType("datetime"), datetime(2026, 1, 2, 3), CoreType("date"), date(2026, 1, 2)),
            (CoreType("time"), time(1, 2, 3), CoreType("time", (3,)), time(1, 2, 3)),
            (CoreType("enum", ("a", "b")), "a", CoreType("enum", ("a", "b", "c")), "a"),
        ],
        ids=str,
    )
    def test_values_follow_their_type(self, bench, old, value, new, expected):
        before = single("s", "t", attribute("v", old.name, *old.args))
        after = single("s", "t", attribute("v", new.name, *new.args))
        bench.declare(before)
        bench.insert(before, {"id": 1, "v": value})
        self.alter(bench, before, after)
        assert bench.fetch(after) == [{"id": 1, "v": expected}]
        assert bench.connection.catalog.refresh("s")[after.name] == after

    def test_what_does_not_fit_changes_nothing(self, bench):
        before = single("s", "t", attribute("v", "int32"))
        bench.declare(before)
        bench.insert(before, {"id": 1, "v": 1000})
        with pytest.raises(ValidationError):
            self.alter(bench, before, single("s", "t", attribute("v", "int8")))
        with pytest.raises(MissingAttributeError):
            self.alter(bench, before, single("s", "t", attribute("v", "int32"), attribute("w", "int32")))
        assert bench.fetch(before) == [{"id": 1, "v": 1000}]
        assert bench.connection.catalog.refresh("s")[before.name] == before
        assert raw(bench, "PRAGMA foreign_keys").rows == [(1,)]

    def test_references_survive(self, bench):
        parent, child = subject("s"), session("s")
        bench.declare(parent, child)
        bench.insert(parent, {"subject_id": "a"}, {"subject_id": "b"})
        bench.insert(child, {"subject_id": "a", "number": 1})
        self.alter(
            bench, parent, parent.evolve(attributes=(*parent.attributes, attribute("n", "int32", default=1)))
        )
        assert raw(bench, "PRAGMA foreign_key_check").rows == []
        with pytest.raises(IntegrityError):
            raw(bench, "DELETE FROM \"s.subject\" WHERE subject_id = 'a'")
        raw(bench, "UPDATE \"s.subject\" SET subject_id = 'c' WHERE subject_id = 'a'")
        assert [row["subject_id"] for row in bench.fetch(child)] == ["c"]

    def test_renaming_hidden_and_indexes(self, bench):
        before = single("s", "t", attribute("old", "int32"), attribute("_hidden", "int32", default=7)).evolve(
            indexes=(Index(("old",), unique=True),)
        )
        after = single("s", "t", attribute("new", "int32", comment="{old} said better")).evolve(
            indexes=(Index(("new",)),)
        )
        bench.declare(before)
        bench.insert(before, {"id": 1, "old": 5})
        self.alter(bench, before, after)
        kept = after.evolve(attributes=(*after.attributes, before.attributes[-1]))
        assert bench.fetch(kept) == [{"id": 1, "new": 5, "_hidden": 7}]
        assert bench.connection.catalog.refresh("s")[after.name] == kept
        bench.insert(after, {"id": 2, "new": 5})

    def test_indexes_alone_need_no_rebuilding(self, bench):
        before = single("s", "t", attribute("a", "int32"), attribute("b", "int32"))
        after = before.evolve(indexes=(Index(("a",)), Index(("b", "a"), unique=True)), comment="new")
        bench.declare(before)
        texts = [sql.text for sql in bench.connection.dialect.alter_table(before, after)]
        assert not any('CREATE TABLE "s.t~new' in text for text in texts)
        self.alter(bench, before, after)
        self.alter(bench, after, before)
        assert raw(
            bench, "SELECT COUNT(*) FROM sqlite_master WHERE name LIKE 's.%' AND sql LIKE 'CREATE%INDEX%'"
        ).rows == [(0,)]

    def test_keys_cannot_be_altered(self, bench):
        before = single("s", "t", attribute("a", "int32"))
        after = before.evolve(
            attributes=(before.attributes[0].evolve(type=CoreType("int64")), before.attributes[1])
        )
        with pytest.raises(DefinitionError, match="primary key"):
            bench.connection.dialect.alter_table(before, after)


names = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
columns = st.sampled_from(
    [(type_, value) for type_, values in ROUND_TRIPS.items() for value in (REQUIRED, None, *values)]
)


@st.composite
def declarations(draw):
    """A table with any types, defaults, comments and indexes."""
    table = TableName("s", draw(names))
    attributes = [key("id", "int32", origin=table)]
    for name in draw(st.lists(names.filter(lambda n: n != "id"), unique=True, max_size=8)):
        type_, default = draw(columns)
        if type_.name in ("json", "bytes") and default is not None:
            default = REQUIRED
        nullable = default is None
        comment = draw(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20))
        attributes.append(
            attribute(name, type_.name, *type_.args, default=default, nullable=nullable, comment=comment)
        )
    indexed = [a.name for a in attributes[1:] if a.type.name not in ("json", "bytes")]
    indexes = (
        [Index((name,), draw(st.booleans())) for name in draw(st.sets(st.sampled_from(indexed)))]
        if indexed
        else []
    )
    return TableSpec(table, tuple(attributes), (), tuple(indexes), draw(st.text(max_size=20)))


@settings(max_examples=60, deadline=None)
@given(spec=declarations(), strict=st.booleans())
def test_what_is_declared_is_read(spec, strict):
    with connect("sqlite:///:memory:") as connection:
        connection.dialect = SqliteDialect(strict=strict)
        connection.execute_script(connection.dialect.create_schema("s"))
        connection.execute_script(connection.dialect.create_table(spec))
        assert connection.catalog.load("s").tables == {spec.name: spec}
        required = [a for a in spec.attributes if a.default is REQUIRED and not a.in_key]
        if not required:
            # Every default that was accepted passes the checks of its own column.
            bench = Bench(connection, "s")
            bench.insert(spec, {"id": 1})
            (row,) = bench.fetch(spec)
            assert row == {"id": 1, **{a.name: a.default for a in spec.attributes[1:]}}


def test_declaring_is_atomic(bench):
    spec = single("s", "t", attribute("v", "int32")).evolve(indexes=(Index(("v",)),))
    statements = [*bench.connection.dialect.create_table(spec), Sql("SELEC")]
    with pytest.raises(Exception, match="syntax"):
        bench.connection.execute_script(statements)
    assert raw(bench, "SELECT COUNT(*) FROM sqlite_master WHERE name LIKE 's.t%'").rows == [(0,)]
    assert len(bench.connection.catalog.refresh("s")) == 0


def test_declaring_twice_changes_nothing(bench):
    spec = single("s", "t", attribute("v", "int32")).evolve(indexes=(Index(("v",)),))
    bench.declare(spec, spec)
    assert bench.connection.catalog.refresh("s")[spec.name] == spec


def test_size_without_page_counts(bench, monkeypatch):
    from fascicle.backend.sqlite import catalog

    spec = single("s", "t", attribute("v", "bytes"))
    bench.declare(spec)
    bench.insert(spec, *({"id": i, "v": b"x" * 1000} for i in range(50)))
    execute = type(bench.connection.pool.idle_sessions[0]).execute

    def without(session, sql):
        if "dbstat" in sql.text:
            raise sqlite3.OperationalError("no such table: dbstat")
        return execute(session, sql)

    monkeypatch.setattr("fascicle.backend.sqlite.session.SqliteSession.execute", without)
    with bench.connection.pool._changed:
        pass
    assert 50_000 <= bench.connection.size_of(spec.name) < 60_000
    assert catalog.quoted('a"b') == '"a""b"'


def test_writing_while_reading_only(bench):
    bench.declare(single("s", "t"))
    with bench.connection.transaction(read_only=True), pytest.raises(TransactionError, match="read-only"):
        raw(bench, 'INSERT INTO "s.t" VALUES (1)')
    raw(bench, 'INSERT INTO "s.t" VALUES (1)')
