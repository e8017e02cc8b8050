"""Binding Elements: links, roles, keys of any shape, two at once, variants, optional ports."""

from __future__ import annotations

import datetime as dt
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import fascicle as fc
from fascicle.errors import DefinitionError, SchemaError
from tests.elements import toys
from tests.elements.toys import Menagerie, Visits

NOON = dt.datetime(2026, 1, 5, 12)


def plain(heading: Any) -> list[Any]:
    """Attributes without what only the catalogue knows of their columns."""
    return [a.evolve(native=None, collation=None) for a in heading.values()]


def visits(backend: Any, lab: SimpleNamespace, name: str = "visits", **options: Any) -> Visits:
    links = {"Subject": fc.link(lab.Beast, label="called", weight="mass"), **options.pop("links", {})}
    return Visits(schema=backend.schema_name(name), links=links, connection=lab.schema.connection, **options)


def test_headings_are_known_without_a_database() -> None:
    zoo = Menagerie(schema="zoo")
    seen = Visits(schema="visits", links={"Subject": fc.link(zoo.Animal, label="animal")})
    assert seen.problems == []
    assert seen.Visit.primary_key == ["animal", "visit"]
    assert seen.Length.heading["n"].type.name == "int32"
    assert (seen.Visit & "visit > 2").heading.names == ["animal", "visit", "begun_utc"]
    assert (seen.Visit * zoo.Animal).heading.primary_key == ["animal", "visit"]
    assert issubclass(seen.Visit, toys.Visit)
    assert type(seen.Visit) is type(toys.Visit)
    with pytest.raises(SchemaError, match="not activated"):
        len(seen.Visit)
    with pytest.raises(SchemaError, match="not bound"):
        toys.Visit.heading  # noqa: B018


def test_a_composite_renamed_upstream_key(backend: Any, lab: SimpleNamespace) -> None:
    element = visits(backend, lab, links={"Keeper": lab.Helper, "offset": lambda: 100})
    before = {key: plain(table.heading) for key, table in element.tables.items()}
    element.activate()
    assert {key: plain(table.heading) for key, table in element.tables.items()} == before
    assert element.Visit.primary_key == ["house", "number", "visit"]
    assert element.Visit.Guest.primary_key == ["house", "number", "visit", "badge"]
    unique = [i.columns for i in element.Visit.table_spec.indexes if i.unique]
    assert unique == [("house", "number", "begun_utc")]
    element.Visit.insert([("north", 1, 1, NOON), ("south", 1, 1, NOON)])
    element.Visit.Guest.insert1({"house": "north", "number": 1, "visit": 1, "badge": 7})
    assert element.Length.populate()["success_count"] == 2
    assert element.Length.to_dicts() == [
        {"house": "north", "number": 1, "visit": 1, "n": 103, "weight_kg": 0.5},
        {"house": "south", "number": 1, "visit": 1, "n": 110, "weight_kg": 0.25},
    ]
    assert len(element.Visit * lab.Beast) == 2
    assert element.Visit.drift() == []
    assert element.Visit.Guest.drift() == []


def test_two_schemas_at_once(backend: Any, lab: SimpleNamespace) -> None:
    first = visits(backend, lab, "first").activate()
    second = visits(backend, lab, "second", extras=False).activate()
    first.Visit.insert1(("north", 1, 1, NOON))
    assert (len(first.Visit), len(second.Visit)) == (1, 0)
    second.Visit.insert([("north", 1, 1, NOON), ("north", 2, 1, NOON)])
    assert first.Length.populate()["success_count"] == 1
    assert second.Length.populate()["success_count"] == 2
    assert first.Visit is not second.Visit
    assert "Extra" in first.tables
    assert "Extra" not in second.tables


def test_two_databases_at_once(backend: Any, db: fc.Connection, tmp_path: Any) -> None:
    with fc.connect(f"sqlite:///{tmp_path / 'other.db'}") as other:
        zoos = [Menagerie(backend.schema_name("zoo")).activate(connection=c) for c in (db, other)]
        seen = [
            Visits(backend.schema_name("v"), links={"Subject": fc.link(z.Animal, label="animal")})
            for z in zoos
        ]
        for element, connection in zip(seen, (db, other), strict=True):
            element.activate(connection=connection)
        zoos[0].Animal.insert1({"animal": "Ida"})
        zoos[1].Animal.insert([{"animal": "Otto"}, {"animal": "Pia"}])
        seen[1].Visit.insert1(("Otto", 1, NOON))
        assert (len(zoos[0].Animal), len(zoos[1].Animal)) == (1, 2)
        assert (len(seen[0].Visit), len(seen[1].Visit)) == (0, 1)
        crossed = Visits("crossed", links={"Subject": fc.link(zoos[0].Animal, label="animal")})
        problems = crossed.plan(other).errors
        assert len(problems) == 1
        assert "another database" in problems[0].what


def test_optional_ports_drop_their_foreign_key(backend: Any, lab: SimpleNamespace) -> None:
    bare = visits(backend, lab, "bare")
    assert bare.dropped == ["Visit -> Room"]
    assert bare.left_out == {"Visit.Guest": "nothing is linked to Keeper"}
    assert bare.Room is None
    bare.activate()
    assert "badge" not in bare.Visit.heading
    with pytest.raises(SchemaError, match="nothing is linked to Keeper"):
        len(bare.Visit.Guest)
    full = visits(backend, lab, "full", links={"Keeper": lab.Helper, "Room": lab.Helper})
    assert full.dropped == []
    assert full.Visit.heading["badge"].nullable


def test_switched_off_tables_are_not_declared(backend: Any, lab: SimpleNamespace) -> None:
    element = visits(backend, lab, extras=False).activate()
    assert {k: w for k, w in element.left_out.items() if "." not in k} == dict.fromkeys(
        ("Kind", "Extra"), "extras=False"
    )
    assert {name.partition("~")[0] for name in element.schema.list_tables()} == {"visit", "__length"}
    with pytest.raises(SchemaError, match="takes no argument 'extra'"):
        Visits("v", extra=False)


def test_lookup_contents_are_inserted_once(backend: Any, lab: SimpleNamespace) -> None:
    visits(backend, lab).activate()
    element = visits(backend, lab).activate()
    assert sorted(element.Kind.to_arrays("kind")) == ["long", "short"]


def test_links_at_activation_and_by_linking_module(backend: Any, lab: SimpleNamespace) -> None:
    late = Visits()
    with pytest.raises(SchemaError, match="no schema is named"):
        len(late.Visit)
    links = {"Subject": fc.link(lab.Beast, label="called")}
    late.activate(backend.schema_name("late"), links=links, connection=lab.schema.connection)
    assert len(late.Visit) == 0
    module = ModuleType("pipeline_of_a_lab")
    module.Subject = fc.link(lab.Beast, label="called")  # type: ignore[attr-defined]
    module.Keeper = lab.Helper  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    try:
        published = Visits()
        published.activate(
            backend.schema_name("published"), linking_module=module.__name__, connection=lab.schema.connection
        )
    finally:
        del sys.modules[module.__name__]
    assert published.Visit.Guest.primary_key == ["house", "number", "visit", "badge"]
    assert Visits("v", linking_module=vars(module)).problems == []


def test_a_link_renames_keys(backend: Any, lab: SimpleNamespace) -> None:
    link = fc.link(lab.Beast, label="called", rename={"house": "building", "number": "beast"})
    element = Visits(
        backend.schema_name("v"), links={"Subject": link}, connection=lab.schema.connection
    ).activate()
    assert element.Visit.primary_key == ["building", "beast", "visit"]
    element.Visit.insert1(("north", 1, 1, NOON))
    element.Length.populate()
    assert element.Length.fetch1("n") == 3


def test_a_variant_overrides_one_slot(backend: Any, lab: SimpleNamespace) -> None:
    class LongVisit(toys.Visit):
        definition = toys.Visit.definition + "hours = 1.0 : float64\n"

    class LongVisits(Visits):
        Visit = fc.TableSlot(LongVisit)

    links = {"Subject": fc.link(lab.Beast, label="called"), "Keeper": lab.Helper}
    variant = LongVisits(
        backend.schema_name("long"), links=links, connection=lab.schema.connection
    ).activate()
    assert variant.Visit.table_name == "visit"
    assert "hours" in variant.Visit.heading
    assert variant.Visit.Guest.primary_key[-1] == "badge"
    assert issubclass(variant.Visit, toys.Visit)
    given = visits(backend, lab, "given", tables={"Visit": LongVisit})
    assert "hours" in given.Visit.heading
    assert "hours" not in visits(backend, lab, "plain").Visit.heading
    with pytest.raises(SchemaError, match="there is no such slot"):
        visits(backend, lab, "wrong", tables={"Vist": LongVisit})


def test_a_port_that_takes_many(backend: Any, lab: SimpleNamespace) -> None:
    class NoteTemplate(fc.Manual):
        definition = """
        note : int32
        ---
        -> Subject
        """

    class Notes(fc.Element):
        Subject = fc.TablePort(many=True)
        Note = fc.TableSlot(NoteTemplate)

    element = Notes(
        backend.schema_name("n"), links={"Subject": [lab.Beast, lab.Helper]}, connection=lab.schema.connection
    )
    element.activate()
    assert [key.nullable for key in element.Note.table_spec.foreign_keys] == [True, True]
    element.Note.insert([{"note": 1, "badge": 7}, {"note": 2, "house": "north", "number": 1}])
    assert element.Subject == (lab.Beast, lab.Helper)
    one = Notes(backend.schema_name("one"), links={"Subject": lab.Helper})
    assert not one.Note.heading["badge"].nullable


def test_a_service_is_called(backend: Any, lab: SimpleNamespace) -> None:
    element = visits(backend, lab, links={"offset": lambda: 5})
    assert element.offset() == 5
    assert visits(backend, lab).offset is None


def test_own_tables_downstream_in_three_lines(backend: Any, lab: SimpleNamespace) -> None:
    element = visits(backend, lab).activate()
    schema = fc.Schema(backend.schema_name("mine"), connection=lab.schema.connection)

    @schema
    class Score(fc.Manual):
        definition = """
        -> element.Visit
        ---
        score : float64
        """

    element.Visit.insert1(("north", 1, 1, NOON))
    Score.insert1(("north", 1, 1, 0.5))
    assert (Score * element.Visit * lab.Beast).fetch1("called") == "Ida"


def test_an_element_must_be_activated_before_others_refer_to_it(backend: Any, lab: SimpleNamespace) -> None:
    element = visits(backend, lab)  # noqa: F841  (the definition names it)
    schema = fc.Schema(backend.schema_name("mine"), connection=lab.schema.connection)

    class Score(fc.Manual):
        definition = """
        -> element.Visit
        """

    with pytest.raises(DefinitionError, match="not activated"):
        schema(Score)


def test_templates_are_checked_when_the_element_is_written(lab: SimpleNamespace) -> None:
    with pytest.raises(DefinitionError, match="bound to a schema already"):
        type("Wrong", (fc.Element,), {"Beast": fc.TableSlot(lab.Beast)})
    with pytest.raises(DefinitionError, match="stability"):
        type("Wrong", (fc.Element,), {"stability": "perhaps"})
