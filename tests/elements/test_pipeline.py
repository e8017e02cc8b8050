"""Pipelines: plans with every problem, activation, populate, status, diagrams."""

from __future__ import annotations

import datetime as dt
import warnings
from types import SimpleNamespace
from typing import Any

import pytest

import fascicle as fc
from fascicle.element import installed
from fascicle.errors import SchemaError
from tests.elements import toys
from tests.elements.toys import Menagerie, Visits

NOON = dt.datetime(2026, 1, 5, 12)


def make(backend: Any, lab: SimpleNamespace | None = None) -> fc.Pipeline:
    """A pipeline of two Elements, given child first and linked by text."""
    zoo = Menagerie(backend.schema_name("zoo"), name="zoo", links={"Keeper": lab.Helper} if lab else {})
    seen = Visits(
        backend.schema_name("visits"), name="visits", links={"Subject": fc.link("zoo.Animal", label="animal")}
    )
    return fc.Pipeline([seen, zoo])


def test_elements_are_sorted_and_linked_by_text(backend: Any, db: fc.Connection) -> None:
    pipeline = make(backend)
    assert [element.name for element in pipeline] == ["zoo", "visits"]
    assert pipeline.visits.problems == []
    assert pipeline["visits"].Visit.primary_key == ["animal", "visit"]
    assert pipeline.visits.Subject is pipeline.zoo.Animal
    with pytest.raises(SchemaError, match="did you mean 'zoo'"):
        pipeline["zo"]


def test_a_plan_changes_nothing_and_has_the_ddl(backend: Any, db: fc.Connection) -> None:
    pipeline = make(backend)
    plan = pipeline.plan(db)
    assert plan.ok
    assert str(plan).endswith("no problem")
    assert [t.wanted.name.class_name for t in plan.missing] == ["Animal", "Visit", "Kind", "Extra", "Length"]
    for table in plan.missing:
        assert any("CREATE TABLE" in s.text and table.wanted.name.table in s.text for s in table.statements)
    assert set(plan.ddl) >= {s.text for table in plan.tables for s in table.statements}
    assert not any(name.startswith(backend.prefix) for name in db.schemas)
    assert not pipeline.is_active()


def test_activating_twice_declares_once(backend: Any, db: fc.Connection) -> None:
    pipeline = make(backend).activate(db)
    pipeline.zoo.Animal.insert1({"animal": "Ida"})
    pipeline.visits.Visit.insert1(("Ida", 1, NOON))
    assert pipeline.activate(db).is_active()
    again = make(backend)
    plan = again.plan(db)
    assert (plan.missing, plan.problems) == ([], [])
    again.activate(db)
    assert len(again.visits.Visit) == 1
    assert len(again.zoo.Animal * again.visits.Visit) == 1


def test_an_interrupted_activation_goes_on(backend: Any, db: fc.Connection) -> None:
    pipeline = make(backend)
    pipeline.zoo.activate(connection=db)
    plan = pipeline.plan(db)
    assert [t.wanted.name.class_name for t in plan.missing] == ["Visit", "Kind", "Extra", "Length"]
    pipeline.activate(db)
    assert len(pipeline.tables) == 5


def test_every_problem_at_once(backend: Any, lab: SimpleNamespace) -> None:
    class Broken(fc.Manual):
        definition = """
        broken : integr
        """

    class Lost(fc.Manual):
        definition = """
        -> Nowhere
        """

    class Faulty(fc.Element):
        Subject = fc.TablePort("whom it is about")
        Device = fc.TablePort(requires=["serial"])
        convert = fc.FunctionPort(arguments=["path"])
        BrokenSlot = fc.TableSlot(Broken)
        LostSlot = fc.TableSlot(Lost)

    links = {"Subjct": lab.Beast, "Device": lab.Helper, "convert": lambda: None}
    faulty = Faulty(backend.schema_name("f"), name="faulty", links=links)
    roles = Visits(
        backend.schema_name("v"),
        name="roles",
        links={"Subject": fc.link(lab.Beast, label="mass", wieght="mass")},
    )
    text = Visits(backend.schema_name("w"), name="text", links={"Subject": "zo.Animal"})
    zoo = Menagerie(backend.schema_name("zoo"), name="zoo", links={"Keeper": faulty})
    plan = fc.Pipeline([faulty, roles, text, zoo]).plan(lab.schema.connection)
    told = str(plan)
    for expected in (
        "Faulty has no port 'Subjct'",
        "did you mean Subject?",
        "nothing is linked to the port Subject",
        "whom it is about",
        "Helper has no attribute 'serial'",
        "it is called with (path)",
        "faulty.BrokenSlot",
        "neither a slot nor a port 'Nowhere'",
        "the attribute 'mass' of Beast cannot be its label",
        "the port has no role 'wieght'",
        "the link 'zo.Animal' names no Element",
        "did you mean 'zoo'?",
        "is no table",
    ):
        assert expected in told, expected
    assert not plan.ok
    with pytest.raises(SchemaError, match=f"{len(plan.errors)} problems"):
        fc.Pipeline([faulty, roles, text, zoo]).activate(lab.schema.connection)
    assert not any(name.endswith(("_f", "_v", "_zoo")) for name in lab.schema.connection.schemas)


def test_a_circle_is_named(backend: Any, db: fc.Connection) -> None:
    zoo = Menagerie(backend.schema_name("zoo"), name="zoo", links={"Keeper": "visits.Visit"})
    seen = Visits(
        backend.schema_name("v"), name="visits", links={"Subject": fc.link("zoo.Animal", label="animal")}
    )
    plan = fc.Pipeline([zoo, seen]).plan(db)
    assert "zoo -> visits -> zoo" in str(plan) or "visits -> zoo -> visits" in str(plan)
    assert not plan.ok


def test_an_upstream_outside_the_pipeline_is_named(backend: Any, db: fc.Connection) -> None:
    zoo = Menagerie(backend.schema_name("zoo"), name="zoo")
    seen = Visits(backend.schema_name("v"), name="v", links={"Subject": fc.link(zoo.Animal, label="animal")})
    plan = fc.Pipeline([seen]).plan(db)
    assert "zoo.Animal is not activated" in str(plan)
    assert len(plan.errors) == 1
    zoo.activate(connection=db)
    assert fc.Pipeline([seen]).plan(db).ok


def test_drift_and_versions_are_told(
    backend: Any, db: fc.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, "version_of", lambda cls: "1.4.0")
    make(backend).activate(db)

    class Animal(toys.Animal):
        definition = toys.Animal.definition + "colour = '' : varchar(16)\n"

    monkeypatch.setattr(installed, "version_of", lambda cls: "1.10.0")
    zoo = Menagerie(backend.schema_name("zoo"), name="zoo", tables={"Animal": Animal})
    plan = fc.Pipeline([zoo]).plan(db)
    assert plan.ok
    told = str(plan)
    assert "lacks the attribute 'colour'" in told
    assert "version 1.10.0 is installed, and version 1.4.0 declared the schema" in told
    with pytest.warns(fc.DriftWarning) as caught:
        zoo.activate(connection=db)
    assert len(caught) == 2
    assert "colour" not in zoo.Animal.heading
    assert zoo.Animal.alter(prompt=False)
    assert "colour" in zoo.Animal.heading
    assert zoo.Animal.drift() == []
    monkeypatch.setattr(installed, "version_of", lambda cls: "1.9")
    assert "an older version" in str(fc.Pipeline([Menagerie(zoo.schema_name, name="zoo")]).plan(db))


def test_populate_and_status(backend: Any, db: fc.Connection) -> None:
    pipeline = make(backend).activate(db)
    pipeline.zoo.Animal.insert([{"animal": "Ida"}, {"animal": "Otto"}])
    pipeline.visits.Visit.insert([("Ida", 1, NOON), ("Otto", 1, NOON)])
    before = pipeline.status()
    assert (before.remaining, before["Length"].total, before["Visit"].rows) == (2, 2, 2)
    summary = pipeline.populate()
    assert summary.success_count == 2
    assert "2 made" in str(summary)
    after = pipeline.status()
    assert (after.remaining, after["Length"].rows, after.errors) == (0, 2, 0)
    assert "2/2" in str(after)
    assert pipeline.populate().success_count == 0


def test_failed_jobs_are_in_the_status(backend: Any, db: fc.Connection) -> None:
    pipeline = make(backend).activate(db)

    def fail() -> int:
        raise RuntimeError("no offset today")

    pipeline.visits._linked.functions["offset"] = fail
    pipeline.zoo.Animal.insert1({"animal": "Ida"})
    pipeline.visits.Visit.insert1(("Ida", 1, NOON))
    summary = pipeline.populate(reserve_jobs=True, suppress_errors=True)
    assert "no offset today" in str(summary.error_list)
    assert pipeline.status().errors == 1


def test_own_schemas_belong_to_the_pipeline(backend: Any, db: fc.Connection) -> None:
    pipeline = make(backend)
    own = pipeline.schema(backend.schema_name("own"))
    visits = pipeline.visits

    @own
    class Double(fc.Computed):
        definition = """
        -> visits.Length
        ---
        n2 : int32
        """

        def make(self, key: dict[str, Any]) -> None:
            self.insert1({**key, "n2": 2 * (visits.Length & key).fetch1("n")})

    pipeline.activate(db)
    pipeline.zoo.Animal.insert1({"animal": "Ida"})
    pipeline.visits.Visit.insert1(("Ida", 1, NOON))
    assert pipeline.populate().success_count == 2
    assert Double.fetch1("n2") == 6
    assert Double in pipeline.tables
    assert "Double" in pipeline.diagram().make_mermaid()


def test_a_diagram_needs_no_database() -> None:
    zoo = Menagerie("zoo")
    seen = Visits("visits", links={"Subject": fc.link(zoo.Animal, label="animal")})
    text = fc.Pipeline([zoo, seen]).diagram().make_mermaid()
    assert "Animal" in text
    assert "Length" in text
    assert "Visit" in fc.Diagram(seen).make_mermaid()


def test_two_elements_cannot_declare_one_table(backend: Any, db: fc.Connection) -> None:
    name = backend.schema_name("zoo")
    plan = fc.Pipeline([Menagerie(name, name="a"), Menagerie(name, name="b")]).plan(db)
    assert "declares the table" in str(plan)
    same = fc.Pipeline([Menagerie(name), Menagerie(name)]).plan(db)
    assert "two Elements are named" in str(same)


def test_an_existing_schema_is_opened_without_warnings(backend: Any, lab: SimpleNamespace) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make(backend, lab).activate(lab.schema.connection)
        other = backend.connect()
        schema = fc.Schema(lab.schema.name, connection=other)

        @schema
        class Helper(fc.Manual):
            definition = lab.Helper.definition

        again = make(backend, SimpleNamespace(Helper=Helper)).activate(other)
    assert again.zoo.Animal.heading["badge"].nullable
    other.close()
