"""Schemas: where table classes are declared and bound."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fascicle.errors import DependencyError, FascicleError, MissingTableError, SchemaError
from fascicle.model import Catalog, TableName, TableSpec, nearest
from fascicle.table import lookups, spawn
from fascicle.table.alter import compare, in_order_of
from fascicle.table.base import Table
from fascicle.table.binding import bind
from fascicle.table.declare import Names, create, make_spec, physical_name
from fascicle.table.relatives import graph_of, user_tables
from fascicle.table.remove.drop import DropPlan, drop_tables, plan_drop
from fascicle.table.runtime import note_rules, runtime_of
from fascicle.table.tiers import FreeTable, Lookup, Part

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

T = TypeVar("T", bound=type[Table])
Scope = Mapping[str, Any]


class DriftWarning(UserWarning):
    """A class's definition differs from its declared table."""


class Schema:
    """A named set of tables in a database.

    Parameters
    ----------
    schema_name : str, optional
        Name of the schema.  Without it classes may be decorated already; they are declared by `activate`.
    context : mapping, optional
        Names that foreign keys in definitions may use.
    connection : Connection, optional
        By default the default connection.
    create_schema : bool
        Create the schema if it is missing.
    create_tables : bool, optional
        Create tables that are missing; by default the setting ``database.create_tables``.
    add_objects : mapping, optional
        Further names for foreign keys.
    """

    def __init__(
        self,
        schema_name: str | None = None,
        context: Scope | None = None,
        *,
        connection: Connection | None = None,
        create_schema: bool = True,
        create_tables: bool | None = None,
        add_objects: Scope | None = None,
    ) -> None:
        self.database: str | None = None
        self._connection = connection
        self.context: dict[str, Any] = {**(context or {}), **(add_objects or {})}
        self._create_schema = create_schema
        self._create_tables = create_tables
        self._waiting: list[tuple[type[Table], Scope | None, Scope | None]] = []
        self._lookup_counts: dict[TableName, int] | None = None
        self._just_read = False
        if schema_name is not None:
            self.activate(schema_name)

    # --- activation ----------------------------------------------------------------------------------------
    def _default_connection(self) -> Connection:
        raise SchemaError(
            "the schema has no connection",
            try_="pass connection=fascicle.connect('sqlite:///lab.db')",
        )

    @property
    def connection(self) -> Connection:
        """Connection on which the schema lives."""
        if self._connection is None:
            self._connection = self._default_connection()
        return self._connection

    @property
    def name(self) -> str:
        """Name of the schema.

        Raises
        ------
        SchemaError
            If the schema is not activated.
        """
        if self.database is None:
            raise SchemaError("the schema is not activated", try_="call schema.activate('name') first")
        return self.database

    def is_activated(self) -> bool:
        """Tell whether the schema has a name and its tables are declared."""
        return self.database is not None

    def activate(
        self,
        schema_name: str | None = None,
        *,
        connection: Connection | None = None,
        create_schema: bool | None = None,
        create_tables: bool | None = None,
        add_objects: Scope | None = None,
    ) -> None:
        """Name the schema and declare the classes that wait for it.

        Parameters
        ----------
        schema_name : str, optional
            May be left out when the schema is active already.
        connection, create_schema, create_tables, add_objects
            As for the class.

        Raises
        ------
        SchemaError
            If it is active under another name, or missing and not to be created.
        """
        if schema_name is None or self.database is not None:
            if self.database is None:
                raise SchemaError("activate needs the name of the schema")
            if schema_name not in (None, self.database):
                raise SchemaError(
                    f"the schema is already active as {self.database!r}",
                    try_="make another Schema object for another name",
                )
            return
        check_schema_name(schema_name)
        if connection is not None:
            self._connection = connection
        self._open(schema_name, self._create_schema if create_schema is None else create_schema)
        self._create_tables = self._create_tables if create_tables is None else create_tables
        self.context.update(add_objects or {})
        self.database = schema_name
        waiting, self._waiting = self._waiting, []
        for cls, context, frame in waiting:
            self._decorate(cls, context, frame)

    def _open(self, schema_name: str, create: bool) -> None:
        connection = self.connection
        self._just_read = schema_name not in connection.catalog.schemas
        catalog = connection.catalog.load(schema_name)
        if any(name.schema == schema_name for name in catalog):
            return
        there = connection.schemas
        if schema_name in there:
            return  # empty; who may use it need not be allowed to create it
        if create:
            _refuse_same_letters(schema_name, there)
            connection.refuse_in_transaction("create a schema")
            connection.execute_script(connection.dialect.create_schema(schema_name))
        else:
            close = nearest(schema_name, there)
            raise SchemaError(
                f"there is no schema {schema_name!r}",
                where=str(connection.url),
                try_=f"did you mean {' or '.join(close)}?"
                if close
                else "pass create_schema=True to create it",
            )

    # --- declaring -----------------------------------------------------------------------------------------
    def __call__(self, cls: T, *, context: Scope | None = None) -> T:
        """Declare a table class and bind it: the decorator ``@schema``.

        Raises
        ------
        SchemaError
            If the class is no table, or a part (parts are declared with their master).
        DefinitionError
            If its definition cannot be understood.
        """
        return self._receive(cls, context, None)

    def _receive(self, cls: T, context: Scope | None, frame: Scope | None) -> T:
        if not _is_table(cls):
            raise SchemaError(
                f"@schema decorates table classes, not {cls!r:.80}",
                try_="derive the class from fascicle.Manual, Lookup, Imported or Computed",
            )
        if issubclass(cls, Part):
            raise SchemaError(
                f"the part {cls.__name__} is not decorated on its own",
                why="a part is declared with its master",
                try_="write it as a class inside its master's and decorate the master",
            )
        if self.database is None:
            self._waiting.append((cls, context, frame))
        else:
            self._decorate(cls, context, frame)
        return cls

    def _decorate(self, cls: type[Table], context: Scope | None, frame: Scope | None) -> None:
        names = {**self.context, **(context or {})}
        self._declare(cls, None, names, frame)
        note_rules(self.connection, cls)
        for attribute, part in list(vars(cls).items()):
            if isinstance(part, type) and issubclass(part, Part):
                part._master = cls
                self._declare(part, cls, names, frame)
                note_rules(self.connection, part)
            elif isinstance(part, type) and issubclass(part, Table) and part._binding is None:
                raise SchemaError(
                    f"{cls.__name__}.{attribute} is a table inside another and no Part",
                    try_=f"derive {attribute} from fascicle.Part, or move it out of {cls.__name__}",
                )
        if issubclass(cls, Lookup):
            self._fill(cls)

    def _declare(
        self, cls: type[Table], master: type[Table] | None, context: Scope, frame: Scope | None
    ) -> None:
        connection = self.connection
        name = physical_name(cls, self.name, master._bound().name if master else None)
        declared = connection.catalog.load(self.name).tables.get(name)
        resolver = Names(cls, connection, name, master, context, frame)
        cls._declared_in = frame  # type: ignore[attr-defined]
        if declared is not None:
            cls._binding = bind(connection, declared)
            cls._binding = bind(connection, _compared(cls, declared, resolver))
            return
        spec = make_spec(cls, name, resolver)
        if not self._may_create():
            cls._binding = bind(connection, spec, is_declared=False)
            return
        cls._binding = bind(connection, create(connection, spec))
        if self._lookup_counts is not None:
            self._lookup_counts[name] = 0
        runtime_of(connection).hooks.call("after_declare", table=cls, spec=spec)

    def _may_create(self) -> bool:
        if self._create_tables is not None:
            return self._create_tables
        setting = runtime_of(self.connection).config["database.create_tables"]
        return True if setting is None else bool(setting)

    def _fill(self, cls: type[Lookup]) -> None:
        if self._lookup_counts is None:
            self._lookup_counts = lookups.counts(self.connection, self.name)
        lookups.fill(cls, self._lookup_counts)

    # --- looking -------------------------------------------------------------------------------------------
    @property
    def exists(self) -> bool:
        """Whether the schema is there in the database."""
        return self.name in self.connection.schemas

    def catalog(self) -> Catalog:
        """Return the declared tables of the schema, read anew."""
        found = self.connection.catalog.refresh(self.name)
        return Catalog(
            {n: s for n, s in found.tables.items() if n.schema == self.name and n.tier is not None}
        )

    def list_tables(self) -> list[str]:
        """Return physical table names, upstream first."""
        own = self.catalog()
        graph = graph_of(self.connection)
        return [name.table for name in graph.topological_sort(set(own))]

    def get_table(self, name: str) -> FreeTable:
        """Return a table by class name (``"Scan"``, ``"Scan.Field"``) or physical name.

        Raises
        ------
        MissingTableError
        """
        own = self.catalog()
        for table in own:
            if name in (table.class_name, table.table):
                return FreeTable(self.connection, table)
        close = nearest(name, [table.class_name for table in own])
        raise MissingTableError(
            f"the schema {self.name} has no table {name!r}",
            try_=f"did you mean {' or '.join(close)}?" if close else None,
        )

    def __getitem__(self, name: str) -> FreeTable:
        return self.get_table(name)

    def __iter__(self) -> Iterator[FreeTable]:
        return (FreeTable(self.connection, TableName(self.name, table)) for table in self.list_tables())

    def __contains__(self, name: object) -> bool:
        return any(name in (table.class_name, table.table) for table in self.catalog())

    def make_classes(self, into: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make classes for declared tables that have none, and put them into a namespace.

        Parameters
        ----------
        into : dict, optional
            Namespace, e.g. ``globals()``; a new dict by default.

        Returns
        -------
        dict
            The namespace.
        """
        namespace = {} if into is None else into
        if not self._just_read:  # others may have declared tables since
            self.connection.catalog.refresh(self.name)
        self._just_read = False
        spawn.make_classes(self.connection, self.name, namespace)
        return namespace

    def spawn_missing_classes(self, context: dict[str, Any] | None = None) -> None:
        """Older name of `make_classes`."""
        self.make_classes(context)

    def check(self) -> dict[str, list[str]]:
        """Compare every class bound in this schema's modules with its table; see `Table.drift`."""
        return {cls.__name__: cls.drift() for cls in spawn.bound_classes(self.name, self.connection)}

    def __diagram_catalog__(self) -> tuple[Catalog, list[TableName]]:
        """Give a diagram every table on the connection, and the names of this schema's."""
        known = user_tables(self.connection)
        return known, [name for name in known if name.schema == self.name]

    @property
    def size_on_disk(self) -> int:
        """Bytes that all tables of the schema take, as the database estimates them."""
        return sum(self.connection.size_of(name) for name in self.catalog())

    @property
    def lineage(self) -> dict[str, str]:
        """Origin of every attribute that has one: ``schema.table.attribute`` to origin."""
        return {
            f"{name}.{attribute.name}": attribute.lineage
            for name, spec in self.catalog().tables.items()
            for attribute in spec.attributes
            if attribute.lineage is not None
        }

    def rebuild_lineage(self) -> None:
        """Write the lineage table again from the foreign keys as they stand."""
        dialect = self.connection.dialect
        statements = [sql for spec in self.catalog().tables.values() for sql in dialect.record_lineage(spec)]
        self.connection.execute_script(statements)
        self.connection.catalog.refresh(self.name)

    # --- dropping ------------------------------------------------------------------------------------------
    def drop(self, prompt: bool | None = None) -> list[str]:
        """Drop the schema with all of its tables.

        Parameters
        ----------
        prompt : bool, optional
            Ask first, showing the plan; by default as the setting ``safemode`` says.

        Returns
        -------
        list of str
            The tables dropped.

        Raises
        ------
        DependencyError
            If tables of other schemas depend on it; they are named.
        ConfirmationRequired
            If nobody can be asked.
        """
        own = self.catalog()
        connection = self.connection
        plan = plan_drop(connection, own, "ignore")
        foreign = [str(name) for name, _ in plan.tables if name.schema != self.name]
        if foreign:
            raise DependencyError(
                f"the schema {self.name} is not dropped: other schemas depend on it",
                why=f"these tables refer to it: {', '.join(foreign)}",
                try_="drop those first",
            )
        self._confirm_drop(plan, prompt)
        dropped = drop_tables(connection, [name for name, _ in plan.tables])
        connection.execute_script(connection.dialect.drop_schema(self.name))
        connection.catalog.forget(self.name)
        return dropped

    def _confirm_drop(self, plan: DropPlan, prompt: bool | None) -> None:
        from fascicle.errors import ConfirmationRequired

        runtime = runtime_of(self.connection)
        ask = bool(runtime.config["safemode"]) if prompt is None else prompt
        if ask and not runtime.interaction.confirm(f"Schema {self.name}\n{plan}"):
            raise ConfirmationRequired(
                f"the schema {self.name} was not dropped: nobody agreed",
                why=str(plan),
                try_="pass prompt=False once the plan is what you mean",
                plan=plan,
            )

    def __repr__(self) -> str:
        return f"Schema {self.database!r}" if self.database else "Schema (not activated)"


def _is_table(cls: object) -> bool:
    return isinstance(cls, type) and issubclass(cls, Table)


def check_schema_name(name: str) -> None:
    """Refuse a name that cannot name a schema on every database.

    Raises
    ------
    SchemaError
    """
    # The name goes into identifiers of every dialect; a dot would read as two names on SQLite.
    if (
        not name
        or not name.replace("_", "").replace("-", "").isalnum()
        or len(name) > 63
        or not name.isascii()
    ):
        raise SchemaError(
            f"{name!r} cannot name a schema",
            why="a schema's name has at most 63 letters, digits, underscores and hyphens",
            try_="choose a name such as 'lab_ephys'",
        )


def _refuse_same_letters(name: str, there: Sequence[str]) -> None:
    for other in there:
        if other.lower() == name.lower():
            raise SchemaError(
                f"{name!r} cannot name a schema beside {other!r}",
                why="the names differ by case alone, and some databases would take one's tables for the other's",
                try_=f"open {other!r}, or choose another name",
            )


def _compared(cls: type[Table], declared: TableSpec, resolver: Names) -> TableSpec:
    """Compare a class with its table; a definition that no longer resolves is drift too."""
    if not isinstance(getattr(cls, "definition", None), str):
        return declared
    try:
        wanted = make_spec(cls, declared.name, resolver)
        found = compare(declared, wanted)
        declared = in_order_of(declared, wanted)
    except FascicleError as error:
        found = [f"the definition does not resolve: {error.what}"]
    if found:
        warnings.warn(
            f"{cls.__name__} differs from its declared table {declared.name}: {'; '.join(found)}. The declared table "
            f"holds; {cls.__name__}.alter() changes it where that is safe.",
            DriftWarning,
            stacklevel=5,
        )
    return declared


def list_schemas(connection: Connection) -> list[str]:
    """Return the names of the schemas on a connection."""
    return list(connection.schemas)
