"""Declaring Elements: schemas, tables, contents and the manifest, in as few trips as can be."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fascicle.element.manifest import TABLE, manifest_spec, write_manifest
from fascicle.element.planning import make_plan
from fascicle.element.problems import Plan, Problem
from fascicle.errors import SchemaError
from fascicle.model import TableName, TableSpec
from fascicle.table import DriftWarning, Lookup, Schema, Table, lookups, runtime_of
from fascicle.table.binding import bind
from fascicle.table.changes import missing_logs
from fascicle.table.runtime import note_rules

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.element.element import Element


def activate(
    elements: Sequence[Element],
    connection: Connection,
    *,
    create_schema: bool = True,
    create_tables: bool = True,
) -> Plan:
    """Declare what is missing and bind every class.

    Returns
    -------
    Plan
        What was done.

    Raises
    ------
    SchemaError
        With every problem at once; nothing is declared then.
    """
    waiting = [element for element in elements if not element.is_active()]
    plan = make_plan(waiting, connection)
    plan.raise_for_errors()
    if plan.schemas and not create_schema:
        missing = ", ".join(plan.schemas)
        raise SchemaError(f"there is no schema {missing}", try_="pass create_schema=True to create it")
    _tell(plan.warnings)
    if plan.schemas or plan.missing:
        connection.refuse_in_transaction("declare the tables of an Element")
    for script in plan.schemas.values():
        connection.execute_script(script)
    for element in plan.elements:
        _declare(element, plan, create_tables)
    return plan


def _tell(problems: Sequence[Problem]) -> None:
    for problem in problems:
        warnings.warn(str(problem), DriftWarning, stacklevel=4)


def _declare(element: Element, plan: Plan, create_tables: bool) -> None:
    """Declare one Element in one script, so that an interrupted activation goes on where it stopped."""
    connection = plan.connection
    missing = [table for table in plan.of(element) if table.declared is None]
    if create_tables:
        manifest = _missing_manifest(element, connection)
        manifest += missing_logs(connection, [table.wanted for table in missing])
        script = [sql for table in missing for sql in table.statements]
        script += [sql for spec in manifest for sql in connection.dialect.create_table(spec)]
        if script:
            connection.execute_script(script)
        connection.catalog.put(*(table.wanted for table in missing), *manifest)
    _bind(element, plan, create_tables)
    if not create_tables:
        return
    hooks = runtime_of(connection).hooks
    for table in missing:
        hooks.call("after_declare", table=table.table, spec=table.wanted)
    _fill(element)
    write_manifest(element, connection)


def _missing_manifest(element: Element, connection: Connection) -> list[TableSpec]:
    known = connection.catalog.load(element.schema_name)
    return [] if TableName(element.schema_name, TABLE) in known else [manifest_spec(element.schema_name)]


def _bind(element: Element, plan: Plan, create_tables: bool) -> None:
    connection = plan.connection
    specs: dict[type[Table], TableSpec] = {planned.table: planned.spec for planned in plan.tables}
    linked, resolution = element._look(runtime_of(connection), lambda table: _known(table, specs))
    element._linked, element._resolution, element.problems = linked, resolution, []
    element._connection = connection
    for table in plan.of(element):
        is_declared = create_tables or table.declared is not None
        table.table._binding = bind(connection, table.spec, is_declared)
        note_rules(connection, table.table)
        table.table._resolve = staticmethod(_resolver(element, table.table))
    element._schema = Schema(element.schema_name, connection=connection, create_schema=False)


def _known(table: type[Table], specs: dict[type[Table], TableSpec]) -> TableSpec | None:
    binding = table._binding
    found = specs.get(table)
    return found if found is not None or binding is None else binding.spec


def _resolver(element: Element, table: type[Table]) -> Callable[[], TableSpec]:
    """Make the function that says what the class stands for, from the definition and the links as they are."""

    def resolve() -> TableSpec:
        _, resolution = element._look(runtime_of(element.connection), lambda other: _known(other, {}))
        spec = resolution.specs.get(table)
        if spec is None:
            raise SchemaError(
                f"the definition of {table.__name__} does not resolve any more",
                where=element.name,
                why="; ".join(str(problem) for problem in resolution.problems),
            )
        return spec

    return resolve


def _fill(element: Element) -> None:
    """Insert the contents of lookup tables, counting those of the whole schema in one trip."""
    tables = [table for table in element.tables.values() if issubclass(table, Lookup)]
    if not tables:
        return
    counts = lookups.counts(element.connection, element.schema_name)
    for table in element.all_tables:
        if table in tables:
            lookups.fill(table, counts)
