"""Tables: queries that are also rows in a database, to insert, change and delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.backend.protocol import Mode
from fascicle.errors import QueryError, SchemaError
from fascicle.model import Attribute, Catalog, TableName, TableSpec, Tier
from fascicle.query.nodes import Node
from fascicle.table import relatives
from fascicle.table.alter import alter, differences
from fascicle.table.binding import Binding
from fascicle.table.declare import describe_table
from fascicle.table.dual import dualmethod, dualproperty
from fascicle.table.expression import QueryExpression
from fascicle.table.meta import TableMeta
from fascicle.table.remove.delete import DeleteOptions, delete, delete_quick
from fascicle.table.remove.drop import drop, drop_quick
from fascicle.table.remove.plan import DeletePlan, plan_delete
from fascicle.table.storage import has_objects
from fascicle.table.write.insert import InsertOptions, Writer, insert, insert_query
from fascicle.table.write.rules import Rules
from fascicle.table.write.staged import StagedInsert
from fascicle.table.write.update import update1
from fascicle.table.write.validation import ValidationResult, validate

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.runtime import Runtime


class Table(QueryExpression, metaclass=TableMeta):
    """A table of a schema.

    Subclasses give ``definition``; the schema's decorator declares it and binds the class.  The class itself stands
    for the whole table: ``Session & key``, ``Session.insert1(row)``, ``len(Session)``.
    """

    definition: ClassVar[str]
    tier: ClassVar[Tier]
    #: The Element whose table this is, if one made the class: ``self.element`` reaches its ports and other tables.
    element: ClassVar[Any] = None
    #: What is asked of values beyond their types; see `fascicle.table.write.rules.Rules`.
    checks: ClassVar[Mapping[str, Callable[[Any], Any]]] = MappingProxyType({})
    fills: ClassVar[Mapping[str, Callable[[], Any]]] = MappingProxyType({})
    agreements: ClassVar[Mapping[tuple[str, ...], Callable[..., str | None]]] = MappingProxyType({})
    _binding: ClassVar[Binding | None] = None
    #: Gives the specification that the class stands for, where its definition alone does not.
    _resolve: ClassVar[Callable[[], TableSpec] | None] = None
    _restricted: Node | None = None

    def __init__(self) -> None:
        self._restricted = None

    @classmethod
    def _whole(cls) -> Table:
        return cls()

    @classmethod
    def _address(cls) -> tuple[str, str]:
        """Module and dotted name by which another process finds the class."""
        return cls.__module__, cls.__qualname__

    @classmethod
    def _bound(cls) -> Binding:
        binding = cls._binding
        if binding is None:
            raise SchemaError(
                f"the table class {cls.__name__} is not bound to a schema",
                why="its class is not decorated, or its schema is not activated yet",
                try_="put @schema above the class (parts are bound with their master), or call schema.activate(name)",
            )
        return binding

    @property
    def _expression_connection(self) -> Connection:  # type: ignore[override]
        return self._bound().connection

    @property
    def _expression_node(self) -> Node:
        return self._restricted if self._restricted is not None else self._bound().relation

    @_expression_node.setter
    def _expression_node(self, node: Node) -> None:
        self._restricted = node

    # --- what it is ----------------------------------------------------------------------------------------
    @dualproperty
    def table_spec(self) -> TableSpec:
        """Complete declaration as it stands in the database."""
        return self._bound().spec

    @dualproperty
    def table_id(self) -> TableName:
        """Full physical name as a value."""
        return self._bound().name

    @dualproperty
    def table_name(self) -> str:
        """Physical name within its schema."""
        return self._bound().name.table

    @dualproperty
    def class_name(self) -> str:
        """Name of the table's class, ``Master.Part`` for a part."""
        return self._bound().name.class_name

    @dualproperty
    def database(self) -> str:
        """Name of the schema."""
        return self._bound().name.schema

    @dualproperty
    def full_table_name(self) -> str:
        """Quoted name as SQL of this database writes it."""
        binding = self._bound()
        return binding.connection.dialect.table(binding.name)

    @dualproperty
    def is_declared(self) -> bool:
        """Whether the table exists in the database."""
        return self._bound().is_declared

    @dualmethod
    def describe(self, context: Mapping[str, Any] | None = None, printout: bool = False) -> str:
        """Return a definition that declares the same table again.

        Parameters
        ----------
        context : mapping, optional
            Accepted for programs that pass it: tables of other schemas are named ``schema.Table``.
        printout : bool
            Also send it to the person (terminal or notebook).
        """
        text = describe_table(self._bound())
        if printout:
            from fascicle.table.runtime import runtime_of

            runtime_of(self.connection).interaction.echo(text)
        return text

    @dualmethod
    def drift(self) -> list[str]:
        """Say how the class's definition and the declared table differ; empty when they agree."""
        return differences(type(self))

    @dualmethod
    def alter(self, prompt: bool | None = None, context: Mapping[str, Any] | None = None) -> list[str]:
        """Change the declared table to what the class's definition says.

        Parameters
        ----------
        prompt : bool, optional
            Ask before acting; by default as the setting ``safemode`` says.
        context : mapping, optional
            Names for foreign keys of the definition.

        Returns
        -------
        list of str
            The differences that were removed.

        Raises
        ------
        DriftError
            If the primary key or a foreign key differs: those hold rows together and need a new table.
        """
        return alter(type(self), prompt, context)

    @dualmethod
    def parents(
        self, primary: bool | None = None, as_objects: bool = False, foreign_key_info: bool = False
    ) -> Any:
        """Return the tables that this one refers to; see `relatives.parents`."""
        return relatives.parents(self, primary, as_objects, foreign_key_info)

    @dualmethod
    def children(
        self, primary: bool | None = None, as_objects: bool = False, foreign_key_info: bool = False
    ) -> Any:
        """Return the tables that refer to this one; see `relatives.children`."""
        return relatives.children(self, primary, as_objects, foreign_key_info)

    @dualmethod
    def ancestors(self, as_objects: bool = False) -> Any:
        """Return this table and all that it depends on, the table itself first."""
        return relatives.ancestors(self, as_objects)

    @dualmethod
    def descendants(self, as_objects: bool = False) -> Any:
        """Return this table and all that depend on it, upstream first."""
        return relatives.descendants(self, as_objects)

    @dualmethod
    def parts(self, as_objects: bool = False) -> Any:
        """Return the part tables of this master."""
        return relatives.parts(self, as_objects)

    @classmethod
    def __diagram_catalog__(cls) -> tuple[Catalog, list[TableName]]:
        """Give a diagram every table on the connection, and this one's name."""
        table = cls()
        return relatives.user_tables(table.connection), [table.table_id]

    # --- writing -------------------------------------------------------------------------------------------
    @dualmethod
    def insert1(self, /, row: Any, **options: Any) -> None:
        """Insert one row: a dict, a sequence in the order of the heading, or a numpy record.

        Parameters
        ----------
        row : dict, sequence or numpy.void
        **options
            As for `insert`.
        """
        self.insert((row,), **options)

    @dualmethod
    def insert(
        self,
        rows: Any,
        replace: bool = False,
        skip_duplicates: bool = False,
        ignore_extra_fields: bool = False,
        allow_direct_insert: bool | None = None,
        chunk_size: int | None = None,
    ) -> None:
        """Insert rows, all of them or none.

        Parameters
        ----------
        rows : iterable, DataFrame, Arrow table, structured array, query, or path of a CSV file
            Dicts may differ in their fields; sequences follow the order of the heading.
        replace : bool
            Replace the row that has the same primary key.
        skip_duplicates : bool
            Leave out rows whose primary key exists.  Other unique conflicts still raise.
        ignore_extra_fields : bool
            Leave out fields that are no attributes.
        allow_direct_insert : bool, optional
            Admit rows into a computed or imported table outside ``make``.
        chunk_size : int, optional
            Rows to hold in memory at a time.

        Raises
        ------
        ValidationError, UnknownAttributeError, MissingAttributeError
            All bad rows together; nothing is inserted.
        DuplicateError, MissingParentError
            With the key concerned.
        """
        if replace and skip_duplicates:
            raise QueryError("replace and skip_duplicates exclude each other", try_="pass one of them")
        self._check_insert_allowed(allow_direct_insert)
        mode: Mode = "replace" if replace else "skip" if skip_duplicates else "error"
        options = InsertOptions(mode, ignore_extra_fields, chunk_size)
        binding = self._bound()
        if isinstance(rows, TableMeta):
            rows = rows()
        if isinstance(rows, QueryExpression):
            # Objects are shared or copied row by row, so that garbage collection cannot come in between.
            here = rows.connection is binding.connection and Rules.of(type(self)) is None
            if here and not has_objects(binding.connection, binding.spec):
                insert_query(binding.connection, binding.spec, rows, options)
                return
            rows = iter(rows)
        insert(binding.connection, binding.spec, rows, options)

    @classmethod
    def _hidden_attributes(cls, runtime: Runtime) -> tuple[Attribute, ...]:
        """Columns that the tier adds to new tables beside those of the definition."""
        return ()

    def _check_insert_allowed(self, allow_direct_insert: bool | None) -> None:
        """Refuse inserts that a tier does not admit; tiers that are filled by ``make`` override this."""

    @dualmethod
    def validate(self, rows: Any, ignore_extra_fields: bool = False) -> ValidationResult:
        """Check rows without writing them; keys that exist and parents that are missing are not looked for.

        Returns
        -------
        ValidationResult
            True if every row fits; ``errors`` has row, attribute and reason of every bad cell.
        """
        binding = self._bound()
        return validate(Writer(binding.connection, binding.spec), rows, ignore_extra_fields)

    @dualmethod
    def insert_dataframe(self, /, df: Any, index_as_pk: bool | None = None, **options: Any) -> None:
        """Insert a pandas DataFrame.

        Parameters
        ----------
        df : pandas.DataFrame
        index_as_pk : bool, optional
            ``True``: the index is the primary key; ``False``: it is left out; by default it is used if it is named.
        **options
            As for `insert`.

        Raises
        ------
        QueryError
            If the index should be the primary key and has other names.
        """
        key = self.primary_key
        if index_as_pk and set(df.index.names) != set(key):
            raise QueryError(
                f"the index of the frame is {', '.join(map(str, df.index.names))} and not the primary key",
                where=type(self).__name__,
                why=f"the primary key is {', '.join(key)}",
                try_="set_index() with those names, or index_as_pk=False",
            )
        self.insert(df.reset_index(drop=True) if index_as_pk is False else df, **options)

    @dualproperty
    def staged_insert1(self) -> StagedInsert:
        """A row whose large objects are written straight to their place; see `StagedInsert`."""
        self._check_insert_allowed(None)
        return StagedInsert(self)

    @dualmethod
    def update1(self, row: Mapping[str, Any]) -> None:
        """Change secondary attributes of one row.

        Parameters
        ----------
        row : dict
            The whole primary key and the attributes to change; ``None`` resets one to its default.

        Raises
        ------
        QueryError
            If the table is restricted, the key is not whole, or the row does not exist.
        """
        if self._restricted is not None:
            raise QueryError(
                "update1 works on a whole table, not on a restricted one",
                try_=f"{type(self).__name__}.update1(row) with the key in the row",
            )
        binding = self._bound()
        update1(binding.connection, binding.spec, row)

    # --- removing ------------------------------------------------------------------------------------------
    @dualmethod
    def delete_plan(self, part_integrity: str = "enforce") -> DeletePlan:
        """Say what `delete` would remove: tables, counts, and what stands in the way.  Changes nothing."""
        return plan_delete(self, part_integrity)

    @dualmethod
    def delete(
        self,
        transaction: bool = True,
        prompt: bool | None = None,
        part_integrity: str = "enforce",
        dry_run: bool = False,
        safemode: bool | None = None,
        force_parts: bool = False,
        force_masters: bool = False,
    ) -> int:
        """Delete the rows of this query and every row that depends on them, in one transaction.

        Parameters
        ----------
        transaction : bool
            Open a transaction (or a savepoint in one).  ``False`` leaves that to the caller, who must be in one.
        prompt : bool, optional
            Ask first, showing the plan.  By default as the setting ``safemode`` says.  ``False`` acts at once.
        part_integrity : {"enforce", "ignore", "cascade"}
            What to do where part rows would go without their master: refuse, let them, or delete the masters too.
        dry_run : bool
            Show the plan and delete nothing.
        safemode, force_parts, force_masters
            Older spellings of `prompt`, ``part_integrity="ignore"`` and ``part_integrity="cascade"``.

        Returns
        -------
        int
            Number of rows deleted from this table (not counting what depended on them).

        Raises
        ------
        ConfirmationRequired
            If nobody can be asked; the plan is in its ``plan``.
        PartIntegrityError
            If part rows would be left without their master, or go without it.
        """
        if force_masters:
            part_integrity = "cascade"
        elif force_parts:
            part_integrity = "ignore"
        options = DeleteOptions(transaction, safemode if prompt is None else prompt, part_integrity, dry_run)
        return delete(self, options)

    @dualmethod
    def delete_quick(self, get_count: bool = False) -> int | None:
        """Delete the rows of this query only, at once; fails if others depend on them."""
        return delete_quick(self, get_count)

    @dualmethod
    def drop(
        self, prompt: bool | None = None, part_integrity: str = "enforce", dry_run: bool = False
    ) -> list[str]:
        """Drop the table and every table that depends on it.

        Parameters
        ----------
        prompt, part_integrity, dry_run
            As for `delete`.

        Returns
        -------
        list of str
            Names of the tables dropped, in order.
        """
        return drop(self, prompt, part_integrity, dry_run)

    @dualmethod
    def drop_quick(self) -> None:
        """Drop the table only; fails if others depend on it."""
        drop_quick(self)

    @dualproperty
    def size_on_disk(self) -> int:
        """Bytes that the table and its indexes take, as the database estimates them."""
        binding = self._bound()
        return binding.connection.size_of(binding.name)
