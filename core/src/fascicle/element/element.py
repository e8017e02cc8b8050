"""Elements: parts of a pipeline that install alone, bound to schemas and to one another by whoever uses them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from fascicle.config import Config
from fascicle.element.linking import Linked, Linker, SpecOf
from fascicle.element.pending import UNCONNECTED
from fascicle.element.ports import FunctionPort, Port, TablePort, names_of, wanted_from
from fascicle.element.problems import Plan, Problem, raise_for
from fascicle.element.resolution import Resolution, Resolver, bound_spec
from fascicle.element.slots import TableSlot, template_fault
from fascicle.element.templates import Unit, make_class, units_of
from fascicle.errors import DefinitionError, SchemaError
from fascicle.model import Catalog, TableName, TableSpec, nearest
from fascicle.table import Runtime, Schema, Table
from fascicle.table.binding import bind

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.element.csvfiles import IngestReport

STABILITIES = ("alpha", "beta", "stable")


class Element:
    """A part of a pipeline: tables, and what they need from outside.

    A subclass declares slots and ports::

        class Session(fc.Element):
            Subject = fc.TablePort("the animal, person or preparation")
            Session = fc.TableSlot(tables.Session)

    An instance is bound to one schema of one database; any number of instances work side by side.

    Parameters
    ----------
    schema : str, optional
        Name of the schema; may be given at activation.
    links : mapping, optional
        What each port stands for: a table class, `fascicle.link`, ``"element.Table"``, or a function.
    name : str, optional
        Name of the instance in a pipeline; by default that of its schema.
    tables : mapping of str to type, optional
        Templates that take the place of those in the slots named.
    connection : Connection, optional
        Database on which it is activated; the default one unless given.
    linking_module : module, str or mapping, optional
        Where to find links by the names of the ports, as published pipelines give them.
    **switches : bool
        Groups of tables to leave out, or not.

    Attributes
    ----------
    stability : {"alpha", "beta", "stable"}
        How settled its tables are, for those who choose.
    distribution : str
        Name of the distribution that brings it.
    """

    stability: ClassVar[str] = "alpha"
    distribution: ClassVar[str] = ""
    slots: ClassVar[Mapping[str, TableSlot[Any]]] = MappingProxyType({})
    ports: ClassVar[Mapping[str, Port]] = MappingProxyType({})

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        found: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            found.update(
                (n, v) for n, v in vars(base).items() if isinstance(v, (TableSlot, Port)) or n in found
            )
        cls.slots = MappingProxyType({n: v for n, v in found.items() if isinstance(v, TableSlot)})
        cls.ports = MappingProxyType({n: v for n, v in found.items() if isinstance(v, Port)})
        for slot in cls.slots.values():
            slot.check(cls.__name__)
        if cls.stability not in STABILITIES:
            raise DefinitionError(
                f"the stability of {cls.__name__} is {cls.stability!r}",
                try_=f"one of {', '.join(STABILITIES)}",
            )

    def __init__(
        self,
        schema: str | None = None,
        *,
        links: Mapping[str, Any] | None = None,
        name: str | None = None,
        tables: Mapping[str, type[Table]] | None = None,
        connection: Connection | None = None,
        linking_module: Any = None,
        **switches: bool,
    ) -> None:
        self.schema_name = schema or ""
        self._name = name
        self.links: dict[str, Any] = {}
        self.switches = self._switches(switches)
        self.problems: list[Problem] = []
        self._connection = connection
        self._linked = Linked()
        self._resolution = Resolution()
        self._schema: Schema | None = None
        self._classes: dict[str, type[Table]] = {}
        self._siblings: Mapping[str, Element] = {}
        for slot, template in self._templates(tables or {}).items():
            self._classes[slot] = make_class(self, slot, template)
        self.link(linking_module, **(links or {}))

    def _switches(self, given: Mapping[str, bool]) -> dict[str, bool]:
        known = dict.fromkeys((s.switch for s in self.slots.values() if s.switch is not None), True)
        for name in given:
            if name not in known:
                close = nearest(name, known)
                raise SchemaError(
                    f"{type(self).__name__} takes no argument {name!r}",
                    why=f"its switches are {', '.join(known) or 'none'}",
                    try_=f"did you mean {close[0]!r}?" if close else None,
                )
        return {**known, **given}

    def _templates(self, given: Mapping[str, type[Table]]) -> dict[str, type[Table]]:
        for name, template in given.items():
            fault = template_fault(template) if name in self.slots else "there is no such slot"
            if fault:
                close = nearest(name, self.slots) if name not in self.slots else []
                raise SchemaError(
                    f"{type(self).__name__} cannot put {template!r:.60} into {name!r}",
                    why=fault,
                    try_=f"did you mean {close[0]!r}?" if close else f"its slots are {', '.join(self.slots)}",
                )
        return {name: given.get(name, slot.template) for name, slot in self.slots.items()}

    # what it is --------------------------------------------------------------------------------------------
    @property
    def name(self) -> str:
        """Name of the instance."""
        return self._name or self.schema_name or type(self).__name__.lower()

    @property
    def label(self) -> str:
        """Class and version, for people."""
        version = self.version()
        return f"{type(self).__name__} {version}" if version else type(self).__name__

    @classmethod
    def version(cls) -> str:
        """Version of the distribution that brings the Element; empty if it belongs to none."""
        from fascicle.element.installed import version_of

        return version_of(cls)

    @property
    def tables(self) -> dict[str, type[Table]]:
        """Tables by name, those that are left out not among them."""
        return {name: table for name, table in self._classes.items() if table not in self._left_out}

    @property
    def _left_out(self) -> Mapping[type[Table], str]:
        return self._resolution.left_out

    @property
    def left_out(self) -> dict[str, str]:
        """Tables that are not declared, and why; parts as ``Master.Part``."""
        keys = {unit.table: unit.key for unit in self.units()}
        return {keys[table]: why for table, why in self._left_out.items()}

    @property
    def dropped(self) -> list[str]:
        """Foreign keys that were left out because their port is not linked."""
        return list(self._resolution.dropped)

    @property
    def all_tables(self) -> list[type[Table]]:
        """Every table that is declared, parts too, parents first."""
        return list(self._resolution.specs)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.slots, *self.ports})

    def __repr__(self) -> str:
        place = f" in {self.schema_name!r}" if self.schema_name else ""
        return f"<{type(self).__name__} {self.name!r}{place}: {len(self.tables)} tables>"

    # links -------------------------------------------------------------------------------------------------
    def link(self, linking_module: Any = None, /, **links: Any) -> Self:
        """Link ports, beside or instead of what is linked already.

        Parameters
        ----------
        linking_module : module, str or mapping, optional
            Where to find links by the names of the ports.
        **links
            What each port stands for.

        Returns
        -------
        Element
            Itself.  What is wrong is in ``problems``, and raised at activation.

        Raises
        ------
        SchemaError
            If it is active already.
        """
        if linking_module is not None:
            links = {**wanted_from(self.ports, names_of(linking_module)), **links}
        if links and self.is_active():
            raise SchemaError(
                f"{self.name} is active already, and its links with it",
                try_="make another instance for other links",
            )
        self.links.update(links)
        self._relink(self._siblings)
        return self

    def _relink(self, siblings: Mapping[str, Element]) -> None:
        """Resolve links and tables anew, without a database."""
        if self.is_active():
            return
        self._siblings = siblings
        runtime = Runtime(config=Config(read_files=False))
        self._linked, self._resolution = self._look(runtime, bound_spec)
        self.problems = [*self._linked.problems, *self._resolution.problems]
        for table in self._classes.values():
            _unbind(table)
        for table, spec in self._resolution.specs.items():
            table._binding = bind(UNCONNECTED, spec, is_declared=False)

    def _look(self, runtime: Runtime, spec_of: SpecOf) -> tuple[Linked, Resolution]:
        linked = Linker(self, self._siblings, spec_of).run()
        if not self.schema_name:
            missing = Problem(self.name, "no schema is named", try_=f"{type(self).__name__}(schema='...')")
            return linked, Resolution(problems=[missing])
        return linked, Resolver(self, linked, runtime, spec_of).run()

    def linked(self, port: str) -> Any:
        """Return what is linked to a port: a table class, a function, a tuple of tables where it takes many.

        Returns
        -------
        Any
            ``None`` for an optional port that nobody linked.

        Raises
        ------
        SchemaError
            If a port that must be linked is not, or not rightly.
        """
        kind = self.ports.get(port)
        if kind is None:
            raise SchemaError(
                f"{type(self).__name__} has no port {port!r}", try_=f"its ports: {', '.join(self.ports)}"
            )
        if isinstance(kind, FunctionPort) and port in self._linked.functions:
            return self._linked.functions[port]
        found = self._linked.tables.get(port, [])
        if isinstance(kind, TablePort) and kind.many:
            return tuple(link.table for link in found)
        if found:
            return found[0].table
        raise_for(problem for problem in self._linked.problems if problem.where == port and not kind.optional)
        return None

    def roles(self, port: str, index: int = 0) -> dict[str, str | None]:
        """Return the attribute bound to each role of a port; ``None`` for optional roles that have none.

        Parameters
        ----------
        port : str
        index : int
            Which of the linked tables, where the port takes many.
        """
        found = self._linked.tables.get(port, [])
        return dict(found[index].roles) if index < len(found) else {}

    def columns(self, table: type[Table], parent: type[Table]) -> dict[str, str]:
        """Return how a table of this Element names the key of a table it refers to.

        Parameters
        ----------
        table : type
            A table of the Element.
        parent : type
            A table of it, or one linked to a port.

        Returns
        -------
        dict of str to str
            Attribute of `parent` to attribute of `table`; empty if it does not refer to `parent`.
        """
        for key in table._bound().spec.foreign_keys:
            if key.parent == parent._bound().name:
                return {theirs: mine for mine, theirs in key.columns}
        return {}

    # activation --------------------------------------------------------------------------------------------
    def _default_connection(self) -> Connection:
        raise SchemaError(
            f"{self.name} has no connection",
            try_="pass connection=fascicle.connect('sqlite:///lab.db')",
        )

    @property
    def connection(self) -> Connection:
        """Database of the Element."""
        if self._connection is None:
            self._connection = self._default_connection()
        return self._connection

    def is_active(self) -> bool:
        """Tell whether its tables are declared."""
        return self._schema is not None

    @property
    def schema(self) -> Schema:
        """The schema in which the tables are.

        Raises
        ------
        SchemaError
            If the Element is not activated.
        """
        if self._schema is None:
            raise SchemaError(f"{self.name} is not activated", try_="call activate(), or pipeline.activate()")
        return self._schema

    def plan(self, connection: Connection | None = None) -> Plan:
        """Say what activation would declare, and every problem at once; changes nothing."""
        from fascicle.element.planning import make_plan

        return make_plan([self], connection or self.connection)

    def activate(
        self,
        schema_name: str | None = None,
        *,
        links: Mapping[str, Any] | None = None,
        linking_module: Any = None,
        connection: Connection | None = None,
        create_schema: bool = True,
        create_tables: bool = True,
    ) -> Self:
        """Declare the tables that are missing, and bind the classes to the database.

        Parameters
        ----------
        schema_name : str, optional
            Name of the schema, if the Element was made without.
        links, linking_module
            As for the class.
        connection : Connection, optional
            The default one unless given here or to the class.
        create_schema, create_tables : bool
            Declare what is missing.

        Returns
        -------
        Element
            Itself.

        Raises
        ------
        SchemaError
            With every problem at once; nothing is declared then.
        """
        from fascicle.element.activation import activate

        if self.is_active():
            if schema_name in (None, self.schema_name):
                return self
            raise SchemaError(
                f"{self.name} is active in the schema {self.schema_name!r} already",
                try_=f"{type(self).__name__}(schema={schema_name!r}) makes another one",
            )
        self.schema_name = schema_name or self.schema_name
        self._connection = connection or self._connection
        self.link(linking_module, **(links or {}))
        activate([self], self.connection, create_schema=create_schema, create_tables=create_tables)
        return self

    def __diagram_catalog__(self) -> tuple[Catalog, list[TableName]]:
        """Give a diagram the tables of the Element, and those that they refer to as far as they are known."""
        specs = {spec.name: spec for spec in self._specs().values()}
        if self.is_active():
            return Catalog({**self.connection.catalog.known.tables, **specs}), list(specs)
        for links in self._linked.tables.values():
            found = (bound_spec(link.table) for link in links)
            specs = {**{spec.name: spec for spec in found if spec is not None}, **specs}
        return Catalog(specs), [spec.name for spec in self._specs().values()]

    def _specs(self) -> dict[type[Table], TableSpec]:
        return {t: t._binding.spec for t in self._resolution.specs if t._binding is not None}

    # rows --------------------------------------------------------------------------------------------------
    def units(self) -> list[Unit]:
        """Every table and part, declared or not, with their names."""
        return list(units_of(self._classes))

    def table_names(self) -> list[str]:
        """Class names of the tables that are declared, parts as ``Master.Part``, parents first."""
        return [unit.key for unit in self.table_units()]

    def table_units(self) -> list[Unit]:
        """Tables that are declared, with their names, parents first."""
        order = list(self._resolution.specs)
        found = [unit for unit in self.units() if unit.table in self._resolution.specs]
        return sorted(found, key=lambda unit: order.index(unit.table))

    def templates(self, folder: str | Path) -> list[Path]:
        """Write a CSV template for each table that people fill, and ``columns.csv`` that explains the columns."""
        from fascicle.element.csvfiles import write_templates

        return write_templates(self.table_units(), Path(folder))

    def ingest(
        self, folder: str | Path, *, dry_run: bool = False, time_zone: str | None = None
    ) -> IngestReport:
        """Insert what the CSV files of a folder hold; see `fascicle.element.csvfiles.ingest`.

        Parameters
        ----------
        folder : path
        dry_run : bool
            Check everything and insert nothing.
        time_zone : str, optional
            IANA zone of moments written without an offset.

        Returns
        -------
        IngestReport
            What there is to insert, and everything that is wrong.
        """
        from fascicle.element.csvfiles import ingest

        units = self.table_units()
        return ingest(units, self.schema.connection, Path(folder), dry_run=dry_run, time_zone=time_zone)

    def fill(self, folder: Path, rows: Mapping[str, Any]) -> IngestReport:
        """Write rows, by table name, into CSV templates and ingest these: the way that people's rows take too."""
        from fascicle.element.csvfiles import write_rows

        write_rows(self.table_units(), folder, rows)
        return self.ingest(folder)

    def synthetic(self, folder: Path, *, seed: int = 0) -> None:
        """Fill the tables that people fill with small, plausible data of known truth.

        Parameters
        ----------
        folder : path
            Where files may be written.
        seed : int
            The same seed gives the same data.

        Raises
        ------
        SchemaError
            If the Element brings no such data.
        """
        raise SchemaError(
            f"{type(self).__name__} brings no synthetic data",
            try_="define synthetic(self, folder, *, seed=0) in its class",
        )


def _unbind(table: type[Table]) -> None:
    table._binding = None
    for name in vars(table):
        part = getattr(table, name, None)
        if isinstance(part, type) and issubclass(part, Table):
            part._binding = None


__all__ = ["STABILITIES", "Element"]
