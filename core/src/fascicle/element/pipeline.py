"""Pipelines: Elements and a lab's own schemas, planned, declared, computed and watched together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from fascicle.element.element import Element
from fascicle.element.planning import make_plan, sorted_elements
from fascicle.element.problems import Plan
from fascicle.element.status import PipelineStatus, PipelineSummary, status_of
from fascicle.errors import SchemaError
from fascicle.graph import DependencyGraph
from fascicle.model import Catalog, TableName, nearest
from fascicle.populate import AutoPopulated
from fascicle.populate.forms import has_make
from fascicle.populate.many import populate_tables
from fascicle.table import Schema, Table
from fascicle.table.spawn import bound_classes

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.diagram import Diagram


class Pipeline:
    """Elements that are linked to one another, in one database.

    Parameters
    ----------
    elements : sequence of Element
        In any order; they are sorted by their links.
    connection : Connection, optional
        Database; the default one unless given here or to `activate`.

    Notes
    -----
    ``pipeline.rig1`` and ``pipeline["rig1"]`` are the Element of that name.
    """

    def __init__(self, elements: Sequence[Element], *, connection: Connection | None = None) -> None:
        for element in elements:
            if not isinstance(element, Element):
                raise SchemaError(
                    f"{element!r:.80} is no Element",
                    why="a pipeline is made of instances of Elements",
                    try_="Pipeline([Lab(schema='lab'), ...]); tables of your own go into pipeline.schema('name')",
                )
        self._connection = connection
        self._schemas: dict[str, Schema] = {}
        self._elements: dict[str, Element] = {}
        for element in elements:
            self._elements.setdefault(element.name, element)
        self._given = list(elements)
        self._link()

    def _link(self) -> None:
        """Resolve the links of all Elements, parents first; links given as text find their Elements now."""
        for element in self._given:
            element._siblings = self.elements
        for element in sorted_elements(self._given)[0]:
            element._relink(self.elements)

    # members -----------------------------------------------------------------------------------------------
    @property
    def elements(self) -> Mapping[str, Element]:
        """Elements by name."""
        return MappingProxyType(self._elements)

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """The lab's own schemas, by name."""
        return MappingProxyType(self._schemas)

    def __getitem__(self, name: str) -> Element:
        try:
            return self._elements[name]
        except KeyError:
            close = nearest(name, self._elements)
            raise SchemaError(
                f"the pipeline has no Element {name!r}",
                try_=f"did you mean {close[0]!r}?"
                if close
                else f"it has {', '.join(self._elements) or 'none'}",
            ) from None

    def __getattr__(self, name: str) -> Element:
        elements = self.__dict__.get("_elements", {})
        if name in elements:
            found: Element = elements[name]
            return found
        raise AttributeError(f"the pipeline has no Element and no attribute {name!r}")

    def __iter__(self) -> Iterator[Element]:
        return iter(sorted_elements(self._given)[0])

    def __len__(self) -> int:
        return len(self._elements)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._elements})

    def __repr__(self) -> str:
        state = "active" if self.is_active() else "not active"
        return f"<Pipeline of {', '.join(e.name for e in self)}: {state}>"

    def schema(self, name: str) -> Schema:
        """Make a schema for tables of the lab's own, downstream of the Elements.

        Its classes may be decorated before or after the pipeline is activated.

        Parameters
        ----------
        name : str

        Returns
        -------
        Schema
        """
        if name not in self._schemas:
            made = self._make_schema()
            self._schemas[name] = made
            if self.is_active():
                made.activate(name, connection=self.connection)
        return self._schemas[name]

    def _make_schema(self) -> Schema:
        return Schema()

    # activation --------------------------------------------------------------------------------------------
    def _default_connection(self) -> Connection:
        raise SchemaError(
            "the pipeline has no connection",
            try_="pipeline.activate(fascicle.connect('sqlite:///lab.db'))",
        )

    @property
    def connection(self) -> Connection:
        """Database of the pipeline."""
        if self._connection is None:
            own = [e._connection for e in self._given if e._connection is not None]
            self._connection = own[0] if own else self._default_connection()
        return self._connection

    def is_active(self) -> bool:
        """Tell whether every Element is declared."""
        return bool(self._given) and all(element.is_active() for element in self._given)

    def plan(self, connection: Connection | None = None) -> Plan:
        """Say what activation would declare, and every problem at once; changes nothing.

        Parameters
        ----------
        connection : Connection, optional
            Database to look at.

        Returns
        -------
        Plan
            ``print(plan)`` lists it; ``plan.ddl`` has the statements, ``plan.problems`` what is wrong.
        """
        return make_plan(self._given, connection or self.connection)

    def activate(
        self, connection: Connection | None = None, *, create_schema: bool = True, create_tables: bool = True
    ) -> Self:
        """Declare what is missing and bind every table; safe to repeat.

        Parameters
        ----------
        connection : Connection, optional
            Database; the default one unless given here or to the class.
        create_schema, create_tables : bool
            Declare what is missing.

        Returns
        -------
        Pipeline
            Itself.

        Raises
        ------
        SchemaError
            With every problem at once; nothing is declared then.
        """
        from fascicle.element.activation import activate

        if connection is not None and self._connection not in (None, connection):
            raise SchemaError("the pipeline has another connection already", try_="make another pipeline")
        self._connection = connection or self.connection
        activate(self._given, self._connection, create_schema=create_schema, create_tables=create_tables)
        for name, schema in self._schemas.items():
            schema.activate(name, connection=self._connection, create_tables=create_tables)
        return self

    def _check_active(self) -> None:
        if not self.is_active():
            raise SchemaError("the pipeline is not activated", try_="call pipeline.activate()")

    # tables ------------------------------------------------------------------------------------------------
    @property
    def tables(self) -> list[type[Table]]:
        """Every table of the Elements and of the lab's own schemas, parents first."""
        self._check_active()
        found: dict[TableName, type[Table]] = {}
        for element in self:
            found.update((table._bound().name, table) for table in element.all_tables)
        for name in self._schemas:
            for table in bound_classes(name, self.connection):
                found.setdefault(table._bound().name, table)
        specs = [table._bound().spec for table in found.values()]
        order = DependencyGraph.from_specs(specs).topological_sort(set(found))
        return [found[name] for name in order]

    def populate(self, *restrictions: Any, **options: Any) -> PipelineSummary:
        """Populate all imported and computed tables: parents first, each child key as soon as its parents are there.

        Parameters
        ----------
        *restrictions
            Conditions on the key source of each table.
        **options
            As for `populate` of a table.

        Returns
        -------
        PipelineSummary
            One summary for each table.
        """
        return PipelineSummary(populate_tables(self._populated(), *restrictions, **options).values())

    def _populated(self) -> list[type[AutoPopulated]]:
        return [
            table
            for table in self.tables
            if issubclass(table, AutoPopulated) and table._bound().is_declared and has_make(table)
        ]

    def status(self) -> PipelineStatus:
        """Count rows, keys to make and failed jobs of every table."""
        return status_of(self.tables, self.connection)

    def diagram(self) -> Diagram:
        """Draw the tables of the pipeline; needs no database."""
        from fascicle.diagram import Diagram  # drawing loads networkx, which not every pipeline needs

        return Diagram(self)

    def __diagram_catalog__(self) -> tuple[Catalog, list[TableName]]:
        """Give a diagram every table of the pipeline."""
        offers = [element.__diagram_catalog__() for element in self]
        offers += [schema.__diagram_catalog__() for schema in self._schemas.values() if schema.is_activated()]
        specs = {name: spec for catalog, _ in offers for name, spec in catalog.tables.items()}
        return Catalog(specs), [name for _, names in offers for name in names]
