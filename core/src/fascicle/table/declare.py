"""From a table class to a declared table: names resolved, specification made, statements sent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fascicle.definition import Definition, ParentRef, describe, parse, resolve
from fascicle.errors import AccessError, DefinitionError, DependencyError
from fascicle.model import Catalog, TableName, TableSpec, Tier, from_camel_case, nearest
from fascicle.table import changes
from fascicle.table.binding import Binding
from fascicle.table.runtime import Runtime, runtime_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.base import Table


def physical_name(cls: type[Table], schema: str, master: TableName | None = None) -> TableName:
    """Make the physical name of a table class."""
    body = from_camel_case(cls.__name__)
    if master is not None:
        return TableName(schema, f"{master.table}__{body}")
    return TableName(schema, cls.tier.prefix + body)


class Names:
    """Resolves the dotted names of a definition; never evaluates anything.

    The order: the master, the explicit context, the class's own module, the frame of the decorator, and at last
    the catalogue, where ``Subject`` means a table of the same schema and ``schema.Subject`` one of another.

    Parameters
    ----------
    cls : type
        The class being declared.
    connection : Connection
    name : TableName
        Its physical name.
    master : type, optional
        The master's class if it is a part.
    context : mapping, optional
        Names given by the caller.
    frame : mapping, optional
        Local names of the decorating frame.
    """

    def __init__(
        self,
        cls: type[Table],
        connection: Connection,
        name: TableName,
        master: type[Table] | None = None,
        context: Mapping[str, Any] | None = None,
        frame: Mapping[str, Any] | None = None,
    ) -> None:
        self.cls = cls
        self.connection = connection
        self.name = name
        self.master = master
        module = sys.modules.get(cls.__module__)
        self.scopes: list[Mapping[str, Any]] = [
            scope for scope in (context, vars(module) if module else None, frame) if scope is not None
        ]

    def __call__(self, dotted: str) -> ParentRef:
        """Return the table that a dotted name means.

        Raises
        ------
        DependencyError
            If there is none, or the name means something else.
        """
        head, *rest = dotted.split(".")
        if self.master is not None and head in ("master", self.master.__name__):
            return self._reference(_walk(self.master, rest), dotted)
        for scope in self.scopes:
            if head in scope:
                return self._reference(_walk(scope[head], rest), dotted)
        spec = self._in_catalog(dotted)
        if spec is not None:
            return ParentRef(spec.name, spec.full_heading, spec)
        raise self._unknown(dotted)

    def _reference(self, found: Any, dotted: str) -> ParentRef:
        binding = getattr(found, "_binding", None) or getattr(found, "_free", None)
        if not isinstance(binding, Binding):
            what = (
                f"the class {found.__name__}, which is not declared yet"
                if isinstance(found, type)
                else repr(found)
            )
            raise DependencyError(
                f"{dotted!r} is no declared table but {what:.120}",
                try_="decorate the parent with its schema above this table, or pass context={...}",
            )
        if binding.connection is not self.connection:
            raise DependencyError(
                f"{dotted!r} lives on another connection ({binding.connection.url})",
                why="a foreign key cannot cross databases",
                try_="declare both tables on one connection",
            )
        return ParentRef(binding.name, binding.spec.full_heading, binding.spec)

    def _in_catalog(self, dotted: str) -> TableSpec | None:
        first, _, rest = dotted.partition(".")
        known = self.connection.catalog.load(self.name.schema)
        spec = by_class_name(known, self.name.schema, dotted)
        if spec is None and rest and first in self.connection.schemas:
            spec = by_class_name(self.connection.catalog.load(first), first, rest)
        return spec

    def _unknown(self, dotted: str) -> DependencyError:
        names = {name for scope in self.scopes for name, value in scope.items() if hasattr(value, "_binding")}
        names |= {n.class_name for n in self.connection.catalog.known.tables if n.schema == self.name.schema}
        close = nearest(dotted, names)
        return DependencyError(
            f"there is no table {dotted!r} to refer to",
            why="it is neither in the context, in the class's module, beside the decorator, nor in the schema",
            try_=f"did you mean {' or '.join(close)}?" if close else "declare or import it first",
        )


def _walk(found: Any, rest: list[str]) -> Any:
    for name in rest:
        found = getattr(found, name, None)
    return found


def by_class_name(catalog: Catalog, schema: str, dotted: str) -> TableSpec | None:
    """Find a declared table by the class name that its physical name stands for."""
    for name, spec in catalog.tables.items():
        if name.schema == schema and name.tier is not None and name.class_name == dotted:
            return spec
    return None


def make_spec(cls: type[Table], name: TableName, names: Names) -> TableSpec:
    """Parse and resolve a class's definition.

    Raises
    ------
    DefinitionError
        If the class has no definition, or it cannot be understood.
    """
    text = getattr(cls, "definition", None)
    if not isinstance(text, str):
        raise DefinitionError(
            f"the table class {cls.__name__} has no definition",
            try_='give it one: definition = """\\n    id : int32\\n    ---\\n    note : varchar(200)\\n    """',
        )
    return finish_spec(cls, parse(text, cls.__name__), name, names, runtime_of(names.connection))


def finish_spec(
    cls: type[Table],
    definition: Definition,
    name: TableName,
    lookup: Callable[[str], ParentRef],
    runtime: Runtime,
) -> TableSpec:
    """Resolve a parsed definition and add the columns of the class's tier.

    Raises
    ------
    DefinitionError
        With line, column and caret.
    """
    free = runtime.config["jobs.allow_new_pk_fields_in_computed_tables"]
    spec = resolve(
        definition,
        name=name,
        tier=cls.tier,
        lookup=lookup,
        codec_dtype=runtime.codec_dtype,
        allow_new_key_attributes=bool(free) or cls.tier not in (Tier.IMPORTED, Tier.COMPUTED),
    )
    return spec.evolve(attributes=(*spec.attributes, *cls._hidden_attributes(runtime)))


def create(connection: Connection, spec: TableSpec) -> TableSpec:
    """Create the table and note it in the catalogue; returns the specification as created."""
    connection.refuse_in_transaction("declare a table")
    create_table = connection.dialect.create_table
    logs = changes.missing_logs(connection, [spec])
    try:
        connection.execute_script([sql for each in (spec, *logs) for sql in create_table(each)])
    except AccessError:
        if not logs:
            raise
        # The schemas upstream may be somebody else's: then their changes are not logged.
        logs = []
        connection.execute_script(create_table(spec))
    connection.catalog.put(spec, *logs)
    return spec


def describe_table(binding: Binding) -> str:
    """Print a definition that declares a bound table again."""
    known = binding.connection.catalog.known
    schema = binding.name.schema

    def name_of(name: TableName) -> str:
        if name == binding.name.master:
            return "master"
        return name.class_name if name.schema == schema else f"{name.schema}.{name.class_name}"

    return describe(binding.spec, name_of=name_of, parent_of=known.tables.get)
