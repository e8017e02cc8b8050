"""Declarations: what is declared is what the catalogue says, and nothing in it can break out."""

# ruff: noqa: D102, S101 - these are tests, and their names say what they hold
from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from fascicle.errors import FascicleError, IntegrityError
from fascicle.model import CodecRef, CoreType, CurrentTimestamp, ForeignKey, Index, TableName, TableSpec
from fascicle.testing.backend.base import BackendFixtures
from fascicle.testing.backend.bench import Bench, attribute, key, portable, session, single, subject

NASTY = [
    "it's",
    'say "hi"',
    "`tick`",
    "100% %s %(x)s",
    "back\\slash\\",
    "'); DROP TABLE subject; --",
    "$$ $1 ? :name {x}",
    "/* no */ -- end",
    "Größe in µm, 漢字 🧠",
]


def everything(schema: str) -> TableSpec:
    """A table with every core type, codecs, defaults, comments and indexes."""
    name = TableName(schema, "__every_thing")
    return TableSpec(
        name,
        (
            key("id", "int64", origin=name).evolve(comment="a number: positive"),
            key("side", "enum", "left", "right", origin=name),
            attribute("tiny", "int8", default=-1),
            attribute("small", "int16", default=7, comment="small; not tiny"),
            attribute("single", "float32", default=0.5),
            attribute("double", "float64", nullable=True, default=None),
            attribute("flag", "bool", default=False),
            attribute("price", "decimal", 9, 3, default=Decimal("1.250")),
            attribute("code", "char", 6, default="abc"),
            attribute("name", "varchar", 255, comment="with, commas (and) parentheses"),
            attribute("day", "date", default=date(2026, 1, 31)),
            attribute("moment", "datetime", default=datetime(2026, 1, 31, 12, 0)),
            attribute("precise", "datetime", 3, default=CurrentTimestamp(3)),
            attribute("params", "json", nullable=True, default=None),
            attribute("guid", "uuid", default=UUID(int=77)),
            attribute("raw", "bytes", nullable=True, default=None),
            attribute("trace", "bytes", codec=CodecRef("blob")),
            attribute("volume", "json", nullable=True, default=None, codec=CodecRef("blob", "raw")),
            attribute("_job_version", "varchar", 64, default=""),
        ),
        (),
        (Index(("name",)), Index(("code", "day"), unique=True)),
        "Everything: at once",
    )


class DeclarationTests(BackendFixtures):
    """DDL and the catalogue."""

    def read(self, bench: Bench) -> dict[TableName, TableSpec]:
        catalog = bench.connection.catalog.refresh(bench.schema)
        return {name: portable(spec) for name, spec in catalog.tables.items()}

    def test_everything_is_read_as_declared(self, bench: Bench) -> None:
        spec = everything(bench.schema)
        bench.declare(spec)
        assert self.read(bench)[spec.name] == spec

    def test_an_empty_schema(self, bench: Bench) -> None:
        assert self.read(bench) == {}

    def test_foreign_keys(self, bench: Bench) -> None:
        parent, child = subject(bench.schema), session(bench.schema)
        name = TableName(bench.schema, "_pair")
        origin = f"{parent.name}.subject_id"
        pair = TableSpec(
            name,
            (
                key("first_id", "varchar", 32, origin=name).evolve(lineage=origin),
                key("second_id", "varchar", 32, origin=name).evolve(lineage=origin),
                attribute("subject_id", "varchar", 32, nullable=True, default=None, lineage=origin),
                attribute("number", "int32", nullable=True, default=None, lineage=f"{child.name}.number"),
                attribute("owner_id", "varchar", 32, lineage=origin),
            ),
            (
                ForeignKey(parent.name, (("first_id", "subject_id"),), in_key=True),
                ForeignKey(parent.name, (("second_id", "subject_id"),), in_key=True),
                ForeignKey(child.name, (("subject_id", "subject_id"), ("number", "number")), nullable=True),
                ForeignKey(parent.name, (("owner_id", "subject_id"),), unique=True),
            ),
        )
        bench.declare(parent, child, pair)
        found = self.read(bench)
        assert found[child.name] == child
        assert set(found[name].foreign_keys) == set(pair.foreign_keys)
        assert found[name].attributes == pair.attributes

    def test_parents_in_other_schemas_are_read_too(self, bench: Bench) -> None:
        connection = bench.connection
        parent = subject(bench.schema)
        other = Bench(connection, f"{bench.schema}_b")
        connection.execute_script(connection.dialect.create_schema(other.schema))
        child = session(other.schema)
        child = child.evolve(
            attributes=(
                child.attributes[0].evolve(lineage=f"{parent.name}.subject_id"),
                *child.attributes[1:],
            ),
            foreign_keys=(ForeignKey(parent.name, (("subject_id", "subject_id"),), in_key=True),),
        )
        bench.declare(parent)
        other.declare(child)
        try:
            before = connection.round_trips
            found = connection.catalog.refresh(other.schema)
            assert connection.round_trips - before <= 8
            assert portable(found[child.name]) == child
            assert portable(found[parent.name]) == parent
        finally:
            other.drop_all()

    def test_opening_forty_tables_takes_a_handful_of_trips(self, bench: Bench) -> None:
        specs = [single(bench.schema, f"t{i}", attribute("v", "int32")) for i in range(40)]
        bench.declare(*specs)
        before = bench.connection.round_trips
        assert len(bench.connection.catalog.load(bench.schema)) == 40
        assert bench.connection.round_trips - before <= 6
        before = bench.connection.round_trips
        bench.connection.catalog.load(bench.schema)
        assert bench.connection.round_trips == before

    def test_dropping(self, bench: Bench) -> None:
        parent, child = subject(bench.schema), session(bench.schema)
        bench.declare(parent, child)
        bench.connection.execute_script(bench.connection.dialect.drop_table(child))
        bench.declared.remove(child)
        assert list(self.read(bench)) == [parent.name]

    def test_a_parent_is_not_dropped_before_its_children(self, bench: Bench) -> None:
        parent, child = subject(bench.schema), session(bench.schema)
        bench.declare(parent, child)
        with pytest.raises(IntegrityError):
            bench.connection.execute_script(bench.connection.dialect.drop_table(parent))
        bench.insert(parent, {"subject_id": "a"})
        bench.insert(child, {"subject_id": "a", "number": 1})
        assert set(self.read(bench)) == {parent.name, child.name}

    def test_altering_keeps_rows(self, bench: Bench) -> None:
        parent, child = subject(bench.schema), session(bench.schema)
        bench.declare(parent, child)
        bench.insert(parent, {"subject_id": "a", "species": "rat", "weight": 2.5})
        bench.insert(child, {"subject_id": "a", "number": 1})
        new = parent.evolve(
            attributes=(
                parent.attributes[0],
                attribute("species", "varchar", 100, default="mouse", comment="longer"),
                attribute("cage", "int32", nullable=True, default=None),
                attribute("weight", "float64", nullable=True, default=None),
            ),
            indexes=(Index(("cage",)),),
            comment="Other",
        )
        bench.connection.execute_script(bench.connection.dialect.alter_table(parent, new))
        bench.declared[0] = new
        found = self.read(bench)
        assert found[child.name] == child
        assert found[parent.name].comment == "Other"
        assert set(found[parent.name].attributes) == set(new.attributes)
        assert found[parent.name].indexes == new.indexes
        bench.insert(new, {"subject_id": "b"})
        assert bench.fetch(new) == [
            {"subject_id": "a", "species": "rat", "cage": None, "weight": 2.5},
            {"subject_id": "b", "species": "mouse", "cage": None, "weight": None},
        ]

    @pytest.mark.parametrize("text", NASTY)
    def test_comments_and_values_are_only_text(self, bench: Bench, text: str) -> None:
        spec = single(
            bench.schema,
            "t",
            attribute("a", "varchar", 64, default=text, comment=text),
            attribute("b", "enum", "x", text, default=text, comment=f"{text} {text}"),
        ).evolve(comment=text)
        bench.declare(spec)
        bench.insert(spec, {"id": 1})
        assert bench.fetch(spec) == [{"id": 1, "a": text, "b": text}]
        found = self.read(bench)
        assert list(found) == [spec.name]
        assert found[spec.name] == spec

    @pytest.mark.parametrize("text", NASTY)
    def test_names_are_quoted_or_refused(self, bench: Bench, text: str) -> None:
        spec = single(bench.schema, f"t_{text}"[:40], attribute(f"a_{text}"[:40], "int32", default=1))
        try:
            bench.declare(spec)
        except FascicleError:
            assert self.read(bench) == {}
            return
        bench.insert(spec, {"id": 1})
        assert bench.fetch(spec) == [{"id": 1, spec.attributes[1].name: 1}]

    @pytest.mark.parametrize(
        "text", ["int); DROP TABLE x; --", "int' --", "varchar(10) DEFAULT (SELECT 1)", "int/**/"]
    )
    def test_native_types_hold_only_a_type(self, bench: Bench, text: str) -> None:
        spec = single(bench.schema, "t", attribute("a", "native", text))
        with pytest.raises(FascicleError):
            bench.declare(spec)

    @pytest.mark.parametrize("text", ["(id), x) --", "(id; DROP TABLE t)", "nothing", "(id /* )"])
    def test_indexes_hold_only_an_expression(self, bench: Bench, text: str) -> None:
        spec = single(bench.schema, "t").evolve(indexes=(Index((text,)),))
        with pytest.raises(FascicleError):
            bench.declare(spec)

    def test_names_too_long_are_refused(self, bench: Bench) -> None:
        limit = bench.connection.dialect.max_identifier
        with pytest.raises(FascicleError):
            bench.declare(single(bench.schema, "t" * (limit + 1)))

    def test_nul_is_refused(self, bench: Bench) -> None:
        with pytest.raises(FascicleError):
            bench.declare(single(bench.schema, "t", attribute("a", "varchar", 8, default="a\0b")))

    def test_a_hundred_columns(self, bench: Bench) -> None:
        spec = single(bench.schema, "t", *(attribute(f"a{i}", "int32", default=i) for i in range(100)))
        bench.declare(spec)
        bench.insert(spec, {"id": 1})
        assert list(bench.fetch(spec)[0].values()) == [1, *range(100)]
        assert self.read(bench)[spec.name] == spec

    def test_json_is_indexed_by_path(self, bench: Bench) -> None:
        spec = single(bench.schema, "t", attribute("params", "json")).evolve(
            indexes=(Index(("params.rate:decimal(9,2)",)),)
        )
        try:
            bench.declare(spec)
        except FascicleError as refused:
            assert "JSON" in str(refused)  # noqa: PT017 - a database without such indexes says so
            return
        bench.insert(spec, {"id": 1, "params": {"rate": 12.5}})
        assert bench.fetch(spec) == [{"id": 1, "params": {"rate": 12.5}}]

    def test_core_types_are_all_covered(self) -> None:
        from fascicle.model.types import NAMES

        covered = {a.type.name for a in everything("x").attributes} | {"int32", "time"}
        assert covered == set(NAMES)
        assert CoreType("int32") in {a.type for a in session("x").attributes}
