"""What every Element must do, as tests that its author subclasses.

Examples
--------
::

    class TestMyElement(ElementSuite):
        element = MyElement
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from fascicle._default import connect
from fascicle.backend.connection import Connection
from fascicle.element import Element, FunctionPort, Pipeline
from fascicle.errors import SchemaError
from fascicle.model import Heading
from fascicle.table import Schema
from fascicle.testing.element.audit import empty_tables, null_columns
from fascicle.testing.element.upstream import make_upstream


class ElementSuite:
    """Conformance tests of an Element.

    A subclass names the ``element``, and gives a function for each `FunctionPort` that needs one.  Tests run on SQLite
    unless a subclass overrides the fixture ``connection``.

    Attributes
    ----------
    element : type
        The Element's class.
    functions : mapping of str to callable
        What is linked to function ports.
    seed : int
        Of the synthetic data.
    """

    element: ClassVar[type[Element]]
    functions: ClassVar[Mapping[str, Callable[..., Any]]] = MappingProxyType({})
    seed: ClassVar[int] = 0

    # what a test gets --------------------------------------------------------------------------------------
    @pytest.fixture
    def connection(self, tmp_path: Path) -> Iterator[Connection]:
        """A database in which schemas may be made."""
        with connect(f"sqlite:///{tmp_path / 'suite.db'}") as connection:
            yield connection

    @pytest.fixture
    def prefix(self) -> str:
        """Start of the names of all schemas that a test makes."""
        return f"suite_{secrets.token_hex(4)}"

    @pytest.fixture
    def links(self, connection: Connection, prefix: str) -> dict[str, Any]:
        """A link for every port, to tables with composite keys of other names."""
        return self.make_links(connection, prefix)

    def make_links(self, connection: Connection, prefix: str, *, optional: bool = True) -> dict[str, Any]:
        """Make upstream tables and return links to them and to the functions."""
        schema = Schema(f"{prefix}_up", connection=connection)
        links = make_upstream(self.element, schema, optional=optional)
        wanted = {name for name, port in self.element.ports.items() if optional or not port.optional}
        return links | {name: function for name, function in self.functions.items() if name in wanted}

    def make(self, connection: Connection, schema: str, links: Mapping[str, Any], **switches: Any) -> Element:
        """Make an instance, not yet activated."""
        return self.element(schema, links=links, connection=connection, **switches)

    def fill(self, element: Element, folder: Path) -> None:
        """Fill what people fill, and populate the rest."""
        element.synthetic(folder, seed=self.seed)
        Pipeline([element]).populate()

    # what it says of itself --------------------------------------------------------------------------------
    def test_it_says_what_it_is(self) -> None:
        """Class, tables and ports are described."""
        cls = self.element
        assert (cls.__doc__ or "").strip(), f"{cls.__name__} has no docstring"
        assert cls.slots, f"{cls.__name__} has no tables"
        mute = [name for name, port in cls.ports.items() if not port.doc]
        mute += [name for name, slot in cls.slots.items() if not (slot.template.__doc__ or "").strip()]
        assert mute == [], "these tables and ports say nothing about themselves"
        undocumented = [
            name for name, slot in cls.slots.items() if "#" not in slot.template.definition.strip()[:1]
        ]
        assert undocumented == [], "the definitions of these tables begin with no comment"

    def test_function_ports_are_given(self) -> None:
        """The suite has a function for each port that needs one."""
        ports = self.element.ports.items()
        needed = {name for name, port in ports if isinstance(port, FunctionPort) and not port.optional}
        assert needed <= set(self.functions), "give these functions in the class attribute `functions`"

    # binding -----------------------------------------------------------------------------------------------
    def test_missing_and_unknown_links_are_told_together(self, connection: Connection, prefix: str) -> None:
        """A plan names every port that needs a link, and links to no port."""
        element = self.make(connection, f"{prefix}_bare", {"NoSuchPort": None})
        required = {name for name, port in self.element.ports.items() if not port.optional}
        told = {problem.where for problem in element.plan().errors}
        assert required | {"NoSuchPort"} <= told
        with pytest.raises(SchemaError):
            element.activate()
        assert f"{prefix}_bare" not in connection.schemas

    def test_headings_are_known_before_activation(
        self, connection: Connection, prefix: str, links: dict[str, Any]
    ) -> None:
        """Linking alone tells the heading of every table, and activation declares just that."""
        element = self.make(connection, f"{prefix}_one", links)
        assert [str(problem) for problem in element.problems] == []
        before = {unit.key: plain(unit.table.heading) for unit in element.table_units()}
        trips = connection.round_trips
        assert all(before.values())
        assert connection.round_trips == trips
        element.activate()
        assert {unit.key: plain(unit.table.heading) for unit in element.table_units()} == before
        assert {unit.key: unit.table.drift() for unit in element.table_units()} == {key: [] for key in before}

    def test_a_plan_changes_nothing(self, connection: Connection, prefix: str, links: dict[str, Any]) -> None:
        """A plan lists every table and declares none."""
        element = self.make(connection, f"{prefix}_one", links)
        plan = element.plan()
        assert plan.problems == []
        assert {table.table for table in plan.missing} == set(element.all_tables)
        assert f"{prefix}_one" not in connection.schemas

    def test_activating_again_declares_nothing(
        self, connection: Connection, prefix: str, links: dict[str, Any]
    ) -> None:
        """A second instance finds what the first declared."""
        self.make(connection, f"{prefix}_one", links).activate()
        again = self.make(connection, f"{prefix}_one", links)
        plan = again.plan()
        assert (plan.missing, plan.problems) == ([], [])
        again.activate()

    # filling -----------------------------------------------------------------------------------------------
    def test_every_table_and_column_is_filled(
        self, connection: Connection, prefix: str, links: dict[str, Any], tmp_path: Path
    ) -> None:
        """After the synthetic data and populate no table is empty and no column without a value."""
        element = self.make(connection, f"{prefix}_one", links).activate()
        self.fill(element, tmp_path / "data")
        assert empty_tables(element) == [], "these tables are empty"
        assert null_columns(element) == [], "these columns are NULL in every row"
        assert Pipeline([element]).populate().success_count == 0, "populating again found something to do"

    def test_required_links_are_enough(self, connection: Connection, prefix: str, tmp_path: Path) -> None:
        """Without optional links the rest is declared and filled."""
        links = self.make_links(connection, prefix, optional=False)
        element = self.make(connection, f"{prefix}_one", links).activate()
        self.fill(element, tmp_path / "data")
        assert empty_tables(element) == [], "these tables are empty"

    def test_every_group_of_tables_can_be_left_out(
        self, connection: Connection, prefix: str, links: dict[str, Any], tmp_path: Path
    ) -> None:
        """With a switch off its tables are not declared, and the rest works."""
        switches = {slot.switch for slot in self.element.slots.values() if slot.switch is not None}
        for number, switch in enumerate(sorted(switches)):
            element = self.make(connection, f"{prefix}_{number}", links, **{switch: False}).activate()
            names = {name for name, slot in self.element.slots.items() if slot.switch == switch}
            assert not names & set(element.tables)
            self.fill(element, tmp_path / switch)
            assert empty_tables(element) == [], f"these tables are empty with {switch}=False"

    def test_two_bindings_do_not_touch(
        self, connection: Connection, prefix: str, links: dict[str, Any], tmp_path: Path
    ) -> None:
        """Two instances in one process, and a third in another database, keep their rows apart."""
        first = self.make(connection, f"{prefix}_one", links).activate()
        second = self.make(connection, f"{prefix}_two", links).activate()
        with connect(f"sqlite:///{tmp_path / 'elsewhere.db'}") as other:
            third = self.make(other, f"{prefix}_one", self.make_links(other, prefix)).activate()
            entered = {element: counts(element) for element in (second, third)}
            self.fill(first, tmp_path / "data")
            for element, before in entered.items():
                assert counts(element) == before
            assert all(n >= entered[second][key] for key, n in counts(first).items())

    def test_templates_are_written_for_what_people_fill(
        self, connection: Connection, prefix: str, links: dict[str, Any], tmp_path: Path
    ) -> None:
        """Templates hold a header, and ingesting them as they are changes nothing."""
        element = self.make(connection, f"{prefix}_one", links).activate()
        before = counts(element)
        assert element.templates(tmp_path / "csv")
        report = element.ingest(tmp_path / "csv", dry_run=True)
        assert (report.ok, sum(report.rows.values())) == (True, 0)
        element.ingest(tmp_path / "csv")
        assert counts(element) == before


def counts(element: Element) -> dict[str, int]:
    """Rows of every table."""
    return {unit.key: len(unit.table()) for unit in element.table_units()}


def plain(heading: Heading) -> list[Any]:
    """Attributes without what only a catalogue knows of their columns."""
    return [attribute.evolve(native=None, collation=None) for attribute in heading.values()]


__all__ = ["ElementSuite"]
