"""Schemas: declaring, opening again, drift, alter, virtual modules, relatives, diagrams."""

from __future__ import annotations

import types
import warnings
from typing import Any

import pytest

import fascicle as fc
from fascicle.definition import parse
from fascicle.table import DriftWarning


def plain(table: Any) -> list[Any]:
    """Attributes without what only the catalogue knows of their columns."""
    return [a.evolve(native=None, collation=None) for a in table.heading.values()]


def reopened(backend: Any, lab: Any) -> Any:
    connection = backend.connect()
    connection.runtime.config["safemode"] = False
    return connection


def test_describe_declares_the_same_table_again(backend: Any, lab: Any) -> None:
    for table in (lab.Subject, lab.Session, lab.Method, lab.Scan, lab.Field, lab.Note):
        assert parse(table.describe()).items
    other = fc.Schema(backend.schema_name("again"), connection=lab.schema.connection)
    tables: dict[str, Any] = {}
    for source in (lab.Subject, lab.Session, lab.Scan, lab.Note):
        body = {"definition": source.describe(), "__module__": __name__}
        if source is lab.Scan:
            body["Field"] = type(
                "Field", (fc.Part,), {"definition": lab.Field.describe(), "__module__": __name__}
            )
        cls = type(source)(source.__name__, (fc.Manual,), body)
        tables[source.__name__] = other(cls, context=tables)
    for name, cls in tables.items():
        assert cls.describe() == getattr(lab, name).describe()
        assert list(cls.heading) == list(getattr(lab, name).heading)


def test_opening_again_reads_what_was_declared(backend: Any, lab: Any) -> None:
    again = reopened(backend, lab)
    module = fc.VirtualModule("lab", lab.schema.name, connection=again)
    for name in ("Subject", "Session", "Method", "Scan", "Note"):
        assert plain(getattr(module, name)) == plain(getattr(lab, name))
        assert getattr(module, name).table_spec.foreign_keys == getattr(lab, name).table_spec.foreign_keys
    assert plain(module.Scan.Field) == plain(lab.Field)
    assert issubclass(module.Method, fc.Lookup)
    assert len(module.Session & "session_id = 1") == 2
    again.close()


def test_drift_is_told_and_mended(backend: Any, lab: Any) -> None:
    again = reopened(backend, lab)
    schema = fc.Schema(lab.schema.name, connection=again)
    with pytest.warns(DriftWarning, match="colour"):

        @schema
        class Subject(fc.Manual):
            definition = """
            # animal
            subject_id : varchar(32)
            ---
            species = 'Mus musculus' : varchar(80)
            born_on = null : date
            notes = '' : varchar(200)
            colour = null : varchar(16)   # of the coat
            """

    assert len(Subject.drift()) == 2
    assert Subject.alter(prompt=False)
    assert Subject.drift() == []
    Subject.insert1({"subject_id": "m9", "colour": "agouti", "species": "x" * 80})
    assert (Subject & "colour = 'agouti'").fetch1("subject_id") == "m9"
    assert len(Subject) == 4
    again.catalog.refresh(lab.schema.name)
    assert Subject.table_id in again.catalog.known
    assert plain(fc.FreeTable(again, Subject.table_id)) == plain(Subject)
    with pytest.raises(fc.QueryError, match="different connections"):
        lab.Session & Subject
    with pytest.raises(fc.QueryError, match="different connections"):
        lab.Session & [fc.Not(Subject), "session_id = 1"]

    with pytest.warns(DriftWarning, match="variant"):

        @schema
        class Method(fc.Lookup):
            definition = """
            method : varchar(16)
            variant : int8
            ---
            threshold : float64
            """

    with pytest.raises(fc.errors.DriftError, match="primary key"):
        Method.alter(prompt=False)
    again.close()


def test_no_drift_no_warning(backend: Any, lab: Any) -> None:
    from tests.backends.conftest import declare_lab

    again = reopened(backend, lab)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copy = declare_lab(fc.Schema(lab.schema.name, connection=again))
    assert copy.Subject.drift() == []
    assert len(copy.Method) == 2
    again.close()


def test_contents_are_inserted_once_and_extended(backend: Any, lab: Any) -> None:
    assert lab.Method.to_dicts(order_by="KEY") == [
        {"method": "fast", "threshold": 1.5},
        {"method": "slow", "threshold": 2.5},
    ]
    again = reopened(backend, lab)
    schema = fc.Schema(lab.schema.name, connection=again)

    @schema
    class Method(fc.Lookup):
        definition = """
        method : varchar(16)
        ---
        threshold : float64
        """
        contents = (("fast", 9.0), ("slow", 2.5), {"method": "exact", "threshold": 0.5})

    assert len(Method) == 3
    assert (Method & "method = 'fast'").fetch1("threshold") == 1.5
    again.close()


def test_activation_later(backend: Any, db: fc.Connection) -> None:
    schema = fc.Schema()

    @schema
    class Rig(fc.Manual):
        definition = """
        rig : varchar(8)
        """

    @schema
    class Day(fc.Manual):
        definition = """
        -> Rig
        day : date
        """

    with pytest.raises(fc.errors.SchemaError, match="not bound"):
        len(Rig)
    schema.activate(backend.schema_name("rigs"), connection=db)
    Rig.insert1(("a",))
    Day.insert1(("a", "2026-01-01"))
    assert len(Day) == 1
    schema.activate()
    with pytest.raises(fc.errors.SchemaError, match="already active"):
        schema.activate("elsewhere")


def test_references_that_lead_nowhere(schema: fc.Schema) -> None:
    with pytest.raises(fc.DefinitionError, match="Subjekt") as caught:

        @schema
        class Session(fc.Manual):
            definition = """
            -> Subjekt
            session_id : int32
            """

    assert "line 2" in str(caught.value)
    assert "^" in str(caught.value)
    with pytest.raises(fc.errors.SchemaError, match="part"):

        @schema
        class Alone(fc.Part):
            definition = "-> master"

    with pytest.raises(fc.errors.SchemaError, match="table classes"):
        schema(int)  # type: ignore[type-var]


def test_a_missing_schema_is_not_made_when_reading(backend: Any, db: fc.Connection) -> None:
    with pytest.raises(fc.errors.SchemaError, match="there is no schema"):
        fc.VirtualModule("x", backend.schema_name("nothere"), connection=db)


def test_tables_are_not_declared_in_a_transaction(schema: fc.Schema, db: fc.Connection) -> None:
    with pytest.raises(fc.errors.TransactionError), db.transaction:

        @schema
        class Late(fc.Manual):
            definition = """
            late : int32
            """


def test_relatives(lab: Any) -> None:
    names = [t.table_id.class_name for t in lab.Scan.ancestors(as_objects=True)]
    assert names == ["Scan", "Session", "Subject"]
    names = [t.table_id.class_name for t in lab.Session.descendants(as_objects=True)]
    assert names == ["Session", "Scan", "Scan.Field", "Note"]
    assert lab.Session.parents() == [lab.Subject.full_table_name]
    assert lab.Field.children(primary=False) == [lab.Note.full_table_name]
    assert lab.Field.children(primary=True) == []
    [(_, info)] = lab.Note.parents(as_objects=True, foreign_key_info=True)
    assert info["attr_map"] == {"subject_id": "subject_id", "session_id": "session_id", "field": "field"}
    assert lab.Scan.parts() == [lab.Field.full_table_name]
    assert lab.Field.master is lab.Scan
    assert lab.schema.list_tables()[0] in ("subject", "#method")
    assert "Session" in lab.schema
    assert len(lab.schema["Scan.Field"]) == 8
    with pytest.raises(fc.MissingTableError, match="Session"):
        lab.schema["Sesion"]
    assert len(list(lab.schema)) == 6


def test_make_classes_fills_a_namespace(backend: Any, lab: Any) -> None:
    schema = fc.Schema(lab.schema.name, connection=lab.schema.connection)
    into: dict[str, Any] = {}
    schema.make_classes(into)
    assert set(into) == {"Subject", "Session", "Method", "Scan", "Note"}
    assert into["Scan"].Field.master is into["Scan"]
    free = fc.FreeTable(lab.schema.connection, lab.Subject.full_table_name)
    assert free.to_dicts() == lab.Subject.to_dicts()


def test_diagram(lab: Any, tmp_path: Any) -> None:
    diagram = fc.Diagram(lab.schema)
    assert len(diagram) == 6
    assert len(fc.Diagram(lab.Session)) == 1
    assert len(fc.Diagram(lab.Session) + 1 - 1) == 3
    assert len(fc.Diagram(lab.schema) - fc.Diagram(lab.Session)) == 5
    assert "Session" in fc.Diagram(lab.schema).make_mermaid()
    module = types.ModuleType("m")
    module.schema = lab.schema  # type: ignore[attr-defined]
    assert len(fc.Diagram(module)) == 6
    fc.Diagram(lab.schema).save(tmp_path / "d.svg")
    assert (tmp_path / "d.svg").read_text().lstrip().startswith("<svg")


def forty(backend: Any, db: fc.Connection) -> list[fc.Schema]:
    schemas = []
    for s in range(4):
        schema = fc.Schema(backend.schema_name(f"s{s}"), connection=db)
        previous = None
        for t in range(10):
            parent = f"-> T{t - 1}\n" if previous is not None else ""
            definition = f"{parent}k{t} : int32\n---\nx = null : float64\n"
            cls = type(fc.Manual)(f"T{t}", (fc.Manual,), {"definition": definition, "__module__": __name__})
            previous = schema(cls, context={f"T{t - 1}": previous})
        schemas.append(schema)
    return schemas


def test_round_trips_of_forty_tables(backend: Any, db: fc.Connection) -> None:
    before = db.round_trips
    forty(backend, db)
    assert db.round_trips - before <= 100
    again = backend.connect()
    before = again.round_trips
    forty(backend, again)
    assert again.round_trips - before <= 8
    again.close()


def test_schemas_whose_names_differ_by_case(backend: Any, db: fc.Connection) -> None:
    """Some databases would keep the tables of both in one place."""
    fc.Schema(backend.schema_name("Lab"), connection=db)
    with pytest.raises(fc.errors.SchemaError, match="case alone"):
        fc.Schema(backend.schema_name("lab"), connection=db)


def test_a_virtual_module_shows_what_others_declared_meanwhile(
    backend: Any, schema: fc.Schema, db: fc.Connection
) -> None:
    assert "Late" not in vars(fc.VirtualModule("before", schema.database, connection=db))
    theirs = fc.Schema(schema.database, connection=backend.connect())
    theirs(type("Late", (fc.Manual,), {"definition": "late : int32"}))
    assert len(fc.VirtualModule("after", schema.database, connection=db).Late) == 0
