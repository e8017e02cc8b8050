"""Schemas, virtual modules, tables by name."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as dj


def tables_in(module: Any) -> set[str]:
    return {name for name, value in vars(module).items() if isinstance(value, type)}


@pytest.mark.parity(
    "@schema",
    "dj.Schema",
    "Schema(schema_name=)",
    "Schema(connection=)",
    "Schema.exists",
    "'X' in schema",
    "dj.schema",
    "dj.list_schemas",
    "dj.list_schemas(connection=)",
)
def test_schema(backend: Any, settings: dj.Config) -> None:
    name = backend.schema_name("lab")
    schema = dj.Schema(schema_name=name, connection=dj.conn())

    @schema
    class Rig(dj.Manual):
        definition = """
        rig : varchar(8)
        """

    assert schema.exists
    assert name in dj.list_schemas()
    assert name in dj.list_schemas(connection=dj.conn())
    assert "Rig" in schema
    assert "Nothing" not in schema
    old = dj.schema(backend.schema_name("old"))
    assert isinstance(old, dj.Schema)


@pytest.mark.parity("Schema(context=)", "Schema(add_objects=)", "Schema.activate(add_objects=)")
def test_context(backend: Any, lab: Any) -> None:
    definition = """
    -> Animal
    ---
    cage : int16
    """
    for number, options in enumerate(
        ({"context": {"Animal": lab.Subject}}, {"add_objects": {"Animal": lab.Subject}})
    ):
        schema = dj.Schema(backend.schema_name(f"c{number}"), **options)
        Cage = schema(type(dj.Manual)("Cage", (dj.Manual,), {"definition": definition}))
        assert Cage.parents() == [lab.Subject.full_table_name]
    schema = dj.Schema()
    Cage = schema(type(dj.Manual)("Cage", (dj.Manual,), {"definition": definition}))
    schema.activate(backend.schema_name("c2"), add_objects={"Animal": lab.Subject})
    assert Cage.primary_key == ["subject_id"]


@pytest.mark.parity(
    "Schema.is_activated",
    "Schema.activate",
    "Schema.activate(schema_name=)",
    "Schema.activate(connection=)",
    "Schema.activate(create_schema=)",
    "Schema.activate(create_tables=)",
)
def test_deferred_activation(backend: Any, settings: dj.Config) -> None:
    schema = dj.Schema()

    @schema
    class Rig(dj.Manual):
        definition = """
        rig : varchar(8)
        """

    assert not schema.is_activated()
    with pytest.raises(dj.DataJointError):
        Rig.insert1(("a",))
    missing = backend.schema_name("missing")
    with pytest.raises(dj.DataJointError, match="missing"):
        schema.activate(missing, create_schema=False)
    schema.activate(schema_name=backend.schema_name("rigs"), connection=dj.conn(), create_tables=True)
    assert schema.is_activated()
    Rig.insert1(("a",))
    assert len(Rig) == 1


@pytest.mark.parity("Schema(create_schema=)", "Schema(create_tables=)")
def test_reading_only(backend: Any, lab: Any) -> None:
    with pytest.raises(dj.DataJointError):
        dj.Schema(backend.schema_name("missing"), create_schema=False)
    schema = dj.Schema(lab.schema.name, create_schema=False, create_tables=False)

    @schema
    class Extra(dj.Manual):
        definition = """
        extra : int32
        """

    assert not Extra.is_declared
    assert "Extra" not in schema
    with pytest.raises(dj.DataJointError):
        Extra.insert1((1,))
    assert lab.Subject.is_declared


@pytest.mark.parity(
    "Schema.list_tables",
    "Schema.get_table",
    "schema['X']",
    "for table in schema",
    "Schema.size_on_disk",
    "Schema.lineage",
    "Schema.rebuild_lineage",
)
def test_looking(lab: Any) -> None:
    names = lab.schema.list_tables()
    assert set(names) == {
        "#species",
        "subject",
        "session",
        "_recording",
        "_recording__channel",
        "#threshold",
        "__detection",
    }
    assert names.index("subject") < names.index("session") < names.index("_recording__channel")
    assert len(lab.schema["Session"]) == 4
    assert len(lab.schema.get_table("Recording.Channel")) == 0
    assert {table.class_name for table in lab.schema} >= {"Subject", "Session"}
    with pytest.raises(dj.DataJointError):
        lab.schema["Nothing"]
    assert lab.schema.size_on_disk >= 0
    key = f"{lab.schema.name}.session.subject_id"
    assert lab.schema.lineage[key] == f"{lab.schema.name}.subject.subject_id"
    lab.schema.rebuild_lineage()
    assert lab.schema.lineage[key] == f"{lab.schema.name}.subject.subject_id"


@pytest.mark.parity("Schema.make_classes", "Schema.make_classes(into=)", "Schema.spawn_missing_classes")
def test_classes_from_tables(recorded: Any) -> None:
    schema = dj.Schema(recorded.schema.name)
    into: dict[str, Any] = {}
    schema.make_classes(into=into)
    assert set(into) == {"Species", "Subject", "Session", "Recording", "Threshold", "Detection"}
    assert issubclass(into["Species"], dj.Lookup)
    assert issubclass(into["Recording"], dj.Imported)
    assert issubclass(into["Detection"], dj.Computed)
    assert len(into["Recording"].Channel & {"channel": 1}) == 4
    older: dict[str, Any] = {}
    schema.spawn_missing_classes(context=older)
    assert set(older) == set(into)


def test_classes_arrive_in_the_callers_namespace(lab: Any) -> None:
    space: dict[str, Any] = {"dj": dj, "name": lab.schema.name}
    exec("schema = dj.Schema(name)\nschema.make_classes()\ncount = len(Session)", space)
    assert space["count"] == 4


@pytest.mark.parity(
    "dj.VirtualModule",
    "VirtualModule(create_schema=)",
    "VirtualModule(create_tables=)",
    "VirtualModule(connection=)",
    "VirtualModule(add_objects=)",
    "dj.virtual_schema",
    "dj.virtual_schema(connection=)",
    "dj.virtual_schema(create_schema=)",
    "dj.virtual_schema(create_tables=)",
    "dj.virtual_schema(add_objects=)",
    "dj.create_virtual_module",
)
def test_virtual_modules(backend: Any, lab: Any) -> None:
    name = lab.schema.name
    options = {"connection": dj.conn(), "add_objects": {"answer": 42}}
    modules = [
        dj.VirtualModule("lab", name, **options),
        dj.virtual_schema(name, **options),
        dj.create_virtual_module("lab", name, **options),
    ]
    for module in modules:
        assert tables_in(module) >= {"Subject", "Session", "Recording"}
        assert len(module.Session & {"subject_id": 1}) == 3
        assert module.answer == 42
        assert module.schema.name == name
    missing = backend.schema_name("missing")
    for make in (
        lambda **o: dj.VirtualModule("m", missing, **o),
        lambda **o: dj.virtual_schema(missing, **o),
    ):
        with pytest.raises(dj.DataJointError):
            make()
    made = dj.VirtualModule("m", missing, create_schema=True, create_tables=True)
    assert made.schema.exists
    assert dj.virtual_schema(missing, create_schema=True, create_tables=True).schema.exists


@pytest.mark.parity(
    "dj.FreeTable", "FreeTable(connection, full_name)", "FreeTable(full_name)", "Instance.FreeTable"
)
def test_free_tables(backend: Any, lab: Any) -> None:
    for name in (lab.Session.full_table_name, f"{lab.schema.name}.session"):
        table = dj.FreeTable(dj.conn(), name)
        assert len(table & "subject_id = 1") == 3
        assert table.heading.names == lab.Session.heading.names
        assert len(dj.FreeTable(name)) == 4
    with pytest.raises(dj.errors.MissingTableError):
        dj.FreeTable(dj.conn(), f"{lab.schema.name}.nothing").to_dicts()
    with dj.Instance(backend.url) as instance:
        assert len(instance.FreeTable(f"{lab.schema.name}.session")) == 4


@pytest.mark.parity("Schema.drop", "Schema.drop(prompt=)")
def test_drop(lab: Any) -> None:
    dj.config["safemode"] = True
    with pytest.raises(dj.ConfirmationRequired):
        lab.schema.drop()
    lab.schema.drop(prompt=False)
    assert not lab.schema.exists
