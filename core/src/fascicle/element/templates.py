"""From table templates to the bound classes of one Element, and their definitions as its links have them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

from fascicle.definition import Definition, ForeignKeyItem, IndexItem, parse
from fascicle.element.addresses import address_of
from fascicle.element.slots import parts_of
from fascicle.errors import SchemaError
from fascicle.table import Part, Table
from fascicle.table.binding import Binding

if TYPE_CHECKING:
    from fascicle.element.element import Element
    from fascicle.element.linking import BoundLink


def make_class(element: Element, slot: str, template: type[Table]) -> type[Table]:
    """Make the class of one table for one Element, its parts inside it.

    Returns
    -------
    type
        A subclass of the template, without a binding yet.
    """
    made = _subclass(element, slot, template, f"{type(element).__name__}.{slot}")
    for name, part in parts_of(template).items():
        bound = _subclass(element, name, part, f"{type(element).__name__}.{slot}.{name}")
        bound._master = made  # type: ignore[attr-defined]
        setattr(made, name, bound)
    return made


def _subclass(element: Element, name: str, template: type[Table], qualname: str) -> type[Table]:
    namespace = {
        "__module__": template.__module__,
        "__qualname__": qualname,
        "__doc__": template.__doc__,
        "element": element,
        "_binding": None,
        "_bound": classmethod(_bound),
        "_address": classmethod(address_of),
    }
    made: type[Table] = type(template)(name, (template,), namespace)  # type: ignore[misc]
    return made


def _bound(cls: type[Table]) -> Binding:
    """Take the place of `Table._bound`: an Element knows why a table of its is not bound."""
    binding = cls._binding
    if binding is None:
        _explain(cls)
    return binding


def _explain(cls: type[Table]) -> NoReturn:
    element: Element = cls.element
    why = element._left_out.get(cls)
    if why is not None:
        raise SchemaError(f"{element.name} has no table {cls.__name__}", why=why)
    problems = [str(problem) for problem in element.problems]
    raise SchemaError(
        f"the table {cls.__name__} of {element.name} is not linked",
        why="; ".join(problems) or "its Element has no schema yet",
        try_=f"{type(element).__name__}(schema=..., links=...), or element.link(...)",
    )


@dataclass(frozen=True)
class Unit:
    """One table to resolve: a master or a part.

    Parameters
    ----------
    key : str
        ``"Recording"`` or ``"Recording.Channel"``.
    table : type
        Bound class.
    master : type or None
    """

    key: str
    table: type[Table]
    master: type[Table] | None = None

    @property
    def slot(self) -> str:
        """Name of the slot to which it belongs."""
        return self.key.partition(".")[0]

    def parse(self) -> Definition:
        """Parse its definition.

        Raises
        ------
        DefinitionError
        """
        text = getattr(self.table, "definition", None)
        return parse(text if isinstance(text, str) else "", self.key)


def units_of(classes: Mapping[str, type[Table]]) -> Iterator[Unit]:
    """Yield masters and parts, each master before its parts."""
    for slot, table in classes.items():
        yield Unit(slot, table)
        for name, part in vars(table).items():
            if isinstance(part, type) and issubclass(part, Part):
                yield Unit(f"{slot}.{name}", part, table)


@dataclass(frozen=True)
class Target:
    """What a dotted name of a definition means to an Element.

    Parameters
    ----------
    unit : Unit or None
        A table of the Element itself.
    port : str or None
        A port of the Element.
    rest : tuple of str
        Part names behind the port.
    other : object
        Anything else found in the template's module.
    """

    unit: Unit | None = None
    port: str | None = None
    rest: tuple[str, ...] = ()
    other: Any = None


class Scope:
    """Resolves dotted names in the order master, slots, ports, the template's module; never evaluates anything.

    Parameters
    ----------
    element : Element
    members : sequence of Unit
        Every table of the Element, switched off or not.
    """

    def __init__(self, element: Element, members: list[Unit]) -> None:
        self.element = element
        self.members = members
        self._by_key = {unit.key: unit for unit in members}

    def find(self, unit: Unit, dotted: str) -> Target | None:
        """Return what a name means in the definition of a table; ``None`` if it means nothing."""
        head, *rest = dotted.split(".")
        if unit.master is not None and head in ("master", unit.master.__name__):
            return self._own(".".join((unit.slot, *rest)))
        if head in self.element.slots:
            return self._own(dotted)
        if head in self.element.ports:
            return Target(port=head, rest=tuple(rest))
        return self._in_module(unit, head, rest)

    def _own(self, key: str) -> Target | None:
        found = self._by_key.get(key)
        return Target(found) if found is not None else None

    def _in_module(self, unit: Unit, head: str, rest: list[str]) -> Target | None:
        # The class that the template's author wrote: bound subclasses carry its module.
        module = sys.modules.get(unit.table.__module__)
        found = getattr(module, head, None)
        for name in rest:
            found = getattr(found, name, None)
        if found is None:
            return None
        for member in self.members:
            if found in member.table.__mro__:
                return Target(member)
        return Target(other=found)


def without(definition: Definition, lost: set[ForeignKeyItem]) -> Definition:
    """Copy a definition without some foreign keys; indexes lose the columns that these would have brought."""
    if not lost:
        return definition
    names = {item.parent for item in lost}
    items: list[Any] = []
    for item in definition.items:
        if isinstance(item, IndexItem):
            columns = tuple(column for column in item.columns if column[0] not in names)
            if columns:
                items.append(replace(item, columns=columns))
        elif not isinstance(item, ForeignKeyItem) or item not in lost:
            items.append(item)
    return replace(definition, items=tuple(items))


def spread(
    definition: Definition, links: Mapping[str, list[BoundLink]], many: set[str]
) -> tuple[Definition, dict[str, BoundLink]]:
    """Apply links to a definition: renamed keys, and one foreign key for each table of a port that takes many.

    Parameters
    ----------
    definition : Definition
    links : mapping of str to list of BoundLink
        For each dotted name that stands for a port, what is linked there.
    many : set of str
        Names of ports that take several tables.

    Returns
    -------
    definition : Definition
    places : dict of str to BoundLink
        What the names of the new foreign keys mean.
    """
    items: list[Any] = []
    places: dict[str, BoundLink] = {}
    for item in definition.items:
        if not isinstance(item, ForeignKeyItem) or item.parent not in links:
            items.append(item)
            continue
        found = links[item.parent]
        several = item.parent in many and len(found) > 1
        for link in found:
            name = f"{item.parent}[{link.table.__name__}]" if several else item.parent
            places[name] = link
            nullable = item.nullable or (several and not item.in_key)
            items.append(_renamed(replace(item, parent=name, nullable=nullable), link))
    return replace(definition, items=tuple(items)), places


def _renamed(item: ForeignKeyItem, link: BoundLink) -> ForeignKeyItem:
    known = {old for old, _ in item.renames}
    added = tuple((old, new) for old, new in link.rename.items() if old not in known)
    return replace(
        item,
        renames=(*item.renames, *added),
        rename_columns=(*item.rename_columns, *(item.column for _ in added)),
    )
