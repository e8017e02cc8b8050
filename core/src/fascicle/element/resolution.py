"""The specifications of an Element's tables, found without a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fascicle.definition import Definition, ForeignKeyItem, ParentRef
from fascicle.element.linking import BoundLink, Linked, SpecOf
from fascicle.element.ports import TablePort
from fascicle.element.problems import Problem
from fascicle.element.templates import Scope, Target, Unit, spread, units_of, without
from fascicle.errors import DependencyError, FascicleError
from fascicle.model import TableSpec, nearest
from fascicle.table import Runtime, Table
from fascicle.table.binding import Binding
from fascicle.table.declare import finish_spec, physical_name

if TYPE_CHECKING:
    from fascicle.element.element import Element


@dataclass
class Resolution:
    """What the tables of an Element are.

    Attributes
    ----------
    specs : dict of type to TableSpec
        By bound class, parents first.
    left_out : dict of type to str
        Tables that are not declared, and why.
    dropped : list of str
        Foreign keys left out because their port is not linked: ``"Session -> Protocol"``.
    problems : list of Problem
    """

    specs: dict[type[Table], TableSpec] = field(default_factory=dict)
    left_out: dict[type[Table], str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Resolver:
    """Resolves the definitions of one Element.

    Parameters
    ----------
    element : Element
    linked : Linked
        Its links.
    runtime : Runtime
        Settings and codecs.
    spec_of : callable
        Gives the specification of tables of other Elements.
    """

    def __init__(self, element: Element, linked: Linked, runtime: Runtime, spec_of: SpecOf) -> None:
        self.element = element
        self.linked = linked
        self.runtime = runtime
        self.spec_of = spec_of
        self.found = Resolution()
        self.members = list(units_of(element._classes))
        self.scope = Scope(element, self.members)
        self._definitions: dict[str, Definition] = {}

    def run(self) -> Resolution:
        """Resolve every table that can be, going on after faults."""
        for unit in self.members:
            try:
                self._definitions[unit.key] = unit.parse()
            except FascicleError as error:
                self._problem(unit, error)
        self._leave_out()
        for unit in self._ordered():
            self._resolve(unit)
        return self.found

    def _problem(self, unit: Unit, error: FascicleError) -> None:
        self.found.problems.append(Problem.of(self.element.name, unit.key, error))

    # what is left out --------------------------------------------------------------------------------------
    def _leave_out(self) -> None:
        """Leave out switched-off tables, and, again and again, tables whose key refers to what is not there."""
        for unit in self.members:
            switch = self.element.slots[unit.slot].switch
            if switch is not None and not self.element.switches[switch]:
                self.found.left_out[unit.table] = f"{switch}=False"
        count = -1
        while count != len(self.found.left_out):
            count = len(self.found.left_out)
            for unit in self.members:
                if unit.table not in self.found.left_out:
                    self._leave_out_unit(unit)
        for unit in self.members:
            if unit.table not in self.found.left_out and unit.key in self._definitions:
                self._drop_references(unit)

    def _leave_out_unit(self, unit: Unit) -> None:
        if unit.master in self.found.left_out:
            self.found.left_out[unit.table] = self.found.left_out[unit.master]
            return
        for item in self._references(unit):
            reason = self._absence(unit, item) if item.in_key else None
            if reason is not None:
                self.found.left_out[unit.table] = reason

    def _references(self, unit: Unit) -> list[ForeignKeyItem]:
        definition = self._definitions.get(unit.key)
        items = definition.items if definition is not None else ()
        return [item for item in items if isinstance(item, ForeignKeyItem)]

    def _absence(self, unit: Unit, item: ForeignKeyItem) -> str | None:
        """Say why what a foreign key refers to is not there; ``None`` if it is, or should be."""
        target = self.scope.find(unit, item.parent)
        if target is None:
            return None
        if target.port is not None:
            port = self.element.ports[target.port]
            known = target.port in self.linked.tables or target.port in self.linked.broken
            return None if known or not port.optional else f"nothing is linked to {target.port}"
        return self.found.left_out.get(target.unit.table) if target.unit is not None else None

    def _drop_references(self, unit: Unit) -> None:
        lost = {item for item in self._references(unit) if self._absence(unit, item) is not None}
        self.found.dropped += sorted(f"{unit.key} -> {item.parent}" for item in lost)
        self._definitions[unit.key] = without(self._definitions[unit.key], lost)

    # order -------------------------------------------------------------------------------------------------
    def _ordered(self) -> list[Unit]:
        """Sort tables parents first, in the order of the slots where that leaves a choice."""
        waiting = [
            unit
            for unit in self.members
            if unit.table not in self.found.left_out and unit.key in self._definitions
        ]
        slots = list(dict.fromkeys(unit.slot for unit in waiting))
        needs = {slot: self._needs([u for u in waiting if u.slot == slot]) & set(slots) for slot in slots}
        order: list[str] = []
        while slots:
            ready = next((slot for slot in slots if needs[slot] <= set(order)), None)
            if ready is None:
                what = f"the tables {', '.join(slots)} refer to one another in a circle"
                self.found.problems.append(Problem(self.element.name, what))
                break
            slots.remove(ready)
            order.append(ready)
        return [unit for slot in order for unit in waiting if unit.slot == slot]

    def _needs(self, members: list[Unit]) -> set[str]:
        targets = (self.scope.find(unit, item.parent) for unit in members for item in self._references(unit))
        own = {unit.slot for unit in members}
        return {t.unit.slot for t in targets if t is not None and t.unit is not None} - own

    # one table ---------------------------------------------------------------------------------------------
    def _resolve(self, unit: Unit) -> None:
        if unit.master is not None and unit.master not in self.found.specs:
            return
        links = self._links(unit)
        if links is None:
            return
        many = {
            name for name, port in self.element.ports.items() if isinstance(port, TablePort) and port.many
        }
        definition, places = spread(self._definitions[unit.key], links, many)
        master = self.found.specs[unit.master].name if unit.master is not None else None
        try:
            name = physical_name(unit.table, self.element.schema_name, master)
            lookup = _Lookup(self, unit, places)
            self.found.specs[unit.table] = finish_spec(unit.table, definition, name, lookup, self.runtime)
        except FascicleError as error:
            self._problem(unit, error)

    def _links(self, unit: Unit) -> Mapping[str, list[BoundLink]] | None:
        """Return what the names of ports in a definition mean; ``None`` if anything needed is not known (yet)."""
        links: dict[str, list[BoundLink]] = {}
        for item in self._references(unit):
            target = self.scope.find(unit, item.parent)
            if target is not None and target.port is not None:
                if target.port in self.linked.broken:
                    return None
                bound = self.linked.tables.get(target.port, [])
                links[item.parent] = [self._walk(link, target.rest) for link in bound]
            elif target is not None and target.unit is not None and not self._is_there(target.unit, unit):
                return None
        return links

    def _is_there(self, wanted: Unit, unit: Unit) -> bool:
        """Tell whether a table of ours is resolved; if not, its own problem has been noted, or will be."""
        return wanted.table in self.found.specs or wanted.slot == unit.slot

    @staticmethod
    def _walk(link: BoundLink, rest: tuple[str, ...]) -> BoundLink:
        table = link.table
        for name in rest:
            table = getattr(table, name, table)
        return BoundLink(table, link.roles, link.rename)


class _Lookup:
    """Gives the resolver of definitions the tables behind dotted names."""

    def __init__(self, resolver: Resolver, unit: Unit, places: Mapping[str, BoundLink]) -> None:
        self.resolver = resolver
        self.unit = unit
        self.places = places

    def __call__(self, dotted: str) -> ParentRef:
        """Return the table that a dotted name means.

        Raises
        ------
        DependencyError
            If there is none.
        """
        if dotted in self.places:
            return self._reference(self.places[dotted].table, dotted)
        target = self.resolver.scope.find(self.unit, dotted)
        if target is None:
            raise self._unknown(dotted)
        return self._of_target(target, dotted)

    def _of_target(self, target: Target, dotted: str) -> ParentRef:
        if target.unit is None:
            return self._reference(target.other, dotted)
        spec = self.resolver.found.specs.get(target.unit.table)
        if spec is None:
            raise DependencyError(
                f"{dotted} is not resolved yet", try_="write the part to which this one refers above it"
            )
        return ParentRef(spec.name, spec.full_heading, spec)

    def _reference(self, found: object, dotted: str) -> ParentRef:
        spec = self.resolver.spec_of(found) if isinstance(found, type) and issubclass(found, Table) else None
        if spec is None:
            raise DependencyError(
                f"{dotted} is no declared table but {found!r:.80}",
                why="a template refers to slots and ports of its Element, and to tables that are declared",
                try_="declare a TablePort of this name",
            )
        return ParentRef(spec.name, spec.full_heading, spec)

    def _unknown(self, dotted: str) -> DependencyError:
        element = self.resolver.element
        close = nearest(dotted, [unit.key for unit in self.resolver.members] + list(element.ports))
        return DependencyError(
            f"{type(element).__name__} has neither a slot nor a port {dotted!r}",
            try_=f"did you mean {' or '.join(close)}?" if close else f"declare {dotted} = TablePort()",
        )


def bound_spec(table: type[Table]) -> TableSpec | None:
    """Return the specification of a bound class; ``None`` if it is not bound."""
    binding = table._binding
    return binding.spec if isinstance(binding, Binding) else None
