"""The seam to the tables: what a diagram asks of whoever knows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol, runtime_checkable

from fascicle.errors import DependencyError
from fascicle.graph import DependencyGraph
from fascicle.model import Catalog, Heading, TableName, Tier


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What is to be written about one table.

    Parameters
    ----------
    label : str
        Class name, ``Master.Part`` for a part.
    tier : Tier
    description : str
        Shown on hovering: comment and attributes.
    href : str
        Address of the table's page, empty for none.
    """

    label: str
    tier: Tier
    description: str = ""
    href: str = ""

    @classmethod
    def plain(cls, name: TableName) -> NodeInfo:
        """What a table's name alone tells."""
        return cls(name.class_name or name.table, name.tier or Tier.MANUAL, str(name))


@runtime_checkable
class DiagramSource(Protocol):
    """Knows tables and how they depend on one another.

    `find_source` makes one for every object with the method ``__diagram_catalog__``, which schemas and
    tables have: it returns the catalogue of all tables on their connection, and the names of those
    that the object stands for.
    """

    def graph(self) -> DependencyGraph:
        """Every table known and the foreign keys between them."""
        ...

    def nodes_for(self, obj: object) -> set[TableName]:
        """The tables that `obj` (a table, schema, module ...) stands for.

        Raises
        ------
        DependencyError
            If it stands for none.
        """
        ...

    def info(self, name: TableName) -> NodeInfo:
        """What is to be written about a table of the graph.

        Raises
        ------
        MissingTableError
            If the table is known by name only; another source may know more.
        """
        ...


class CatalogSource:
    """The tables of a catalogue.

    They are named by `TableName`, by ``schema``, by ``schema.table``, or by objects with a method
    ``__diagram_catalog__``, such as schemas and tables.

    Parameters
    ----------
    catalog : Catalog
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def graph(self) -> DependencyGraph:
        """Every table of the catalogue; parents outside it are known by name only."""
        return DependencyGraph.from_specs(self.catalog.tables.values())

    def nodes_for(self, obj: object) -> set[TableName]:
        """Resolve a table name, a schema name, an object or module that stands for tables, or several."""
        offers = _offers(obj)
        if offers:
            return {name for _, names in offers for name in names}
        if isinstance(obj, TableName):
            return set(self.graph().known((obj,)))
        if isinstance(obj, str):
            found = {name for name in self.catalog if obj in (name.schema, str(name))}
            if not found:
                raise DependencyError(
                    f"{obj!r} names neither a schema nor a table of this diagram's source",
                    try_="give a schema's name, or a table's as schema.table",
                )
            return found
        if isinstance(obj, Iterable):
            return {name for item in obj for name in self.nodes_for(item)}
        raise DependencyError(
            f"a diagram cannot be made of a {type(obj).__name__}",
            try_="give a table name, a schema name, or a sequence of these",
        )

    def info(self, name: TableName) -> NodeInfo:
        """Label by class name; comment and attributes as description."""
        heading = self.catalog[name].heading
        plain = NodeInfo.plain(name)
        return NodeInfo(plain.label, plain.tier, describe(name, heading))


def describe(name: TableName, heading: Heading) -> str:
    """Name, comment and attributes of a table, a line each, the key above ``---``."""
    lines = [str(name)]
    if heading.comment:
        lines.append(heading.comment)
    lines.append("")
    lines.extend(f"{a.name} : {a.declared}" for a in heading.values() if a.in_key)
    rest = [f"{a.name} : {a.declared}" for a in heading.values() if not a.in_key]
    if rest:
        lines.extend(["---", *rest])
    return "\n".join(lines)


def find_source(obj: object) -> DiagramSource:
    """Find the source of an object: itself, or the catalogue that it (or what a module holds) offers.

    Raises
    ------
    DependencyError
        If there is none.
    """
    if isinstance(obj, DiagramSource) and not isinstance(obj, type):
        return obj
    offers = _offers(obj)
    if not offers:
        raise DependencyError(
            f"a diagram cannot be made of {obj!r:.80}",
            why="it is neither a table, a schema nor a module that holds one",
            try_="pass a schema, a table class, or a module with a schema in it",
        )
    catalog, *others = [catalog for catalog, _ in offers]
    for other in others:
        catalog = catalog.with_tables(*other.tables.values())
    return CatalogSource(catalog)


def _offers(obj: object) -> list[tuple[Catalog, Collection[TableName]]]:
    """Catalogue and tables that an object offers, or that the schemas of a module offer.

    A module without a schema speaks through the tables in it.
    """
    if not isinstance(obj, ModuleType):
        offer = getattr(obj, "__diagram_catalog__", None)
        return [offer()] if offer is not None else []
    held = {id(value): value for value in vars(obj).values() if hasattr(value, "__diagram_catalog__")}
    schemas = [value for value in held.values() if not isinstance(value, type)]
    return [value.__diagram_catalog__() for value in schemas or held.values()]
