"""Plans: what declaring Elements in a database would do, and every problem at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fascicle.element.linking import Linked
from fascicle.element.manifest import read_manifests, version_problems
from fascicle.element.pending import UNCONNECTED
from fascicle.element.problems import Plan, PlannedTable, Problem
from fascicle.errors import SchemaError
from fascicle.model import Catalog, TableName, TableSpec
from fascicle.table import Table, runtime_of
from fascicle.table.alter import beside_hidden, compare
from fascicle.table.schema import check_schema_name

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.element.element import Element


def make_plan(elements: Sequence[Element], connection: Connection) -> Plan:
    """Look at Elements, parents first, against what a database has; reads the catalogue and changes nothing.

    Parameters
    ----------
    elements : sequence of Element
    connection : Connection

    Returns
    -------
    Plan
    """
    return Planner(elements, connection).run()


class Planner:
    """Makes one plan.

    Parameters
    ----------
    elements : sequence of Element
    connection : Connection
    """

    def __init__(self, elements: Sequence[Element], connection: Connection) -> None:
        self.elements = list(elements)
        self.connection = connection
        self.plan = Plan(connection)
        self._specs: dict[type[Table], TableSpec] = {}
        self._declared = Catalog()
        self._owners: dict[TableName, Element] = {}

    def run(self) -> Plan:
        """Look at every Element, going on after problems."""
        plan = self.plan
        plan.elements, circle = sorted_elements(self.elements)
        plan.problems += circle
        self._check_names()
        self._read()
        for element in plan.elements:
            self._element(element)
        if self._declared:
            plan.problems += version_problems(plan.elements, read_manifests(plan.elements, self.connection))
        return plan

    def _check_names(self) -> None:
        names: dict[str, Element] = {}
        for element in self.elements:
            other = names.setdefault(element.name, element)
            if other is not element:
                what = f"two Elements are named {element.name!r}"
                advice = "give one of them another schema, or name=..."
                self.plan.problems.append(Problem(element.name, what, try_=advice))

    def _read(self) -> None:
        """Read every schema concerned in as few trips as can be, and note those that are missing."""
        wanted = [name for name in dict.fromkeys(e.schema_name for e in self.elements) if name]
        for name in list(wanted):
            try:
                check_schema_name(name)
            except SchemaError as error:
                owner = next(e for e in self.elements if e.schema_name == name)
                self.plan.problems.append(Problem.of(owner.name, "", error))
                wanted.remove(name)
        if not wanted:
            return
        known = self.connection.catalog.refresh(*wanted)
        self._declared = Catalog({n: s for n, s in known.tables.items() if n.schema in wanted})
        found = {name.schema for name in self._declared}
        there = set(self.connection.schemas) if set(wanted) - found else found
        for name in wanted:
            if name not in there:
                self.plan.schemas[name] = list(self.connection.dialect.create_schema(name))

    def _spec_of(self, table: type[Table]) -> TableSpec | None:
        if table in self._specs:
            return self._specs[table]
        binding = table._binding
        if binding is None or binding.connection is UNCONNECTED:
            return None
        return binding.spec

    def _element(self, element: Element) -> None:
        linked, resolution = element._look(runtime_of(self.connection), self._spec_of)
        plan = self.plan
        plan.problems += self._databases(element, linked)
        plan.problems += [*linked.problems, *resolution.problems]
        for table, wanted in resolution.specs.items():
            declared = self._declared.tables.get(wanted.name)
            self._clash(element, wanted.name)
            self._specs[table] = declared or wanted
            plan.tables.append(self._table(element, table, wanted, declared))
        element._resolution.left_out.update(resolution.left_out)

    def _table(
        self, element: Element, table: type[Table], wanted: TableSpec, declared: TableSpec | None
    ) -> PlannedTable:
        if declared is None:
            statements = tuple(self.connection.dialect.create_table(wanted))
            return PlannedTable(element, table, wanted, None, statements)
        found = compare(declared, beside_hidden(declared, wanted))
        if found:
            what = f"the declared table {declared.name} differs from its class: {'; '.join(found)}"
            advice = (
                f"{wanted.name.class_name}.alter() changes it where that is safe; till then the table holds"
            )
            where = wanted.name.class_name
            self.plan.problems.append(Problem(element.name, what, where, try_=advice, is_warning=True))
        return PlannedTable(element, table, wanted, declared, differences=tuple(found))

    def _clash(self, element: Element, name: TableName) -> None:
        other = self._owners.setdefault(name, element)
        if other is not element:
            what = f"{other.name} declares the table {name} too"
            self.plan.problems.append(
                Problem(element.name, what, name.class_name, try_="give one another schema")
            )

    def _databases(self, element: Element, linked: Linked) -> list[Problem]:
        """Find links to tables that are elsewhere, or not declared and not in this plan."""
        problems = []
        if element._connection is not None and element._connection is not self.connection:
            what = f"it belongs to another database ({element._connection.url})"
            problems.append(Problem(element.name, what, try_="make another instance for this database"))
        for port, value in element.links.items():
            tables = [link.table for link in linked.tables.get(port, [])] or tables_in(value)
            for table in tables:
                problem = self._database(element, port, table)
                if problem is not None:
                    problems.append(problem)
                    linked.problems = [p for p in linked.problems if p.where != port or not p.is_warning]
        return problems

    def _database(self, element: Element, port: str, table: type[Table]) -> Problem | None:
        binding = table._binding
        owner = table.element
        if owner in self.plan.elements or binding is None or binding.connection is self.connection:
            return None
        if binding.connection is UNCONNECTED:
            what = f"{owner.name}.{table.__name__} is not activated, and {owner.name} is not in this plan"
            advice = f"put {owner.name} into the same pipeline, or activate it first"
            return Problem(element.name, what, port, try_=advice)
        return Problem(
            element.name,
            f"the linked table {binding.name} lives in another database",
            port,
            f"it is in {binding.connection.url}, and this is {self.connection.url}; a foreign key cannot cross",
            "link a table of this database",
        )


def tables_in(value: object) -> list[type[Table]]:
    """Table classes given for a port, as far as they are classes."""
    from fascicle.element.ports import as_links

    found = [link.table for link in as_links(value)]
    return [table for table in found if isinstance(table, type) and issubclass(table, Table)]


def owners_in(element: Element) -> list[Element]:
    """Elements whose tables an Element links, in the order of its ports."""
    from fascicle.element.ports import as_links

    found: list[Element] = []
    for value in element.links.values():
        for link in as_links(value):
            if isinstance(link.table, str):
                owner = element._siblings.get(link.table.partition(".")[0])
            else:
                owner = getattr(link.table, "element", None) if isinstance(link.table, type) else None
            if owner is not None and owner not in found:
                found.append(owner)
    return found


def sorted_elements(elements: Sequence[Element]) -> tuple[list[Element], list[Problem]]:
    """Sort Elements parents first, in the order given where that leaves a choice.

    Returns
    -------
    order : list of Element
        Those of a circle, and what depends on them, come last in the order given.
    problems : list of Problem
        One for each circle.
    """
    waiting, order, problems = list(elements), [], []
    parents: Mapping[int, list[Element]] = {id(e): owners_in(e) for e in elements}
    while waiting:
        ready = next((e for e in waiting if not any(p in waiting for p in parents[id(e)])), None)
        if ready is None:
            circle = _circle(waiting, parents)
            path = " -> ".join(e.name for e in (*circle, circle[0]))
            what = f"the links form a circle: {path}"
            advice = "leave out one of these links, or move the table that closes the circle into an Element of its own"
            problems.append(Problem(circle[0].name, what, "links", try_=advice))
            ready = circle[0]
        waiting.remove(ready)
        order.append(ready)
    return order, problems


def _circle(waiting: Sequence[Element], parents: Mapping[int, list[Element]]) -> list[Element]:
    path = [waiting[0]]
    while True:
        following = next(p for p in parents[id(path[-1])] if p in waiting)
        if following in path:
            return path[path.index(following) :]
        path.append(following)
