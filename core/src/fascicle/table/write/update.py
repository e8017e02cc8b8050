"""Changing secondary attributes of one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fascicle.errors import DuplicateError, IntegrityError, MissingAttributeError, QueryError
from fascicle.model import CurrentTimestamp, TableSpec, unknown_attribute
from fascicle.sql import compile_update
from fascicle.table import changes as changes_log
from fascicle.table.watch import announce_write
from fascicle.table.write import diagnose
from fascicle.table.write.checks import Fault
from fascicle.table.write.insert import Writer, faults_error
from fascicle.table.write.rows import Batch

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection


def update1(connection: Connection, spec: TableSpec, row: Mapping[str, Any]) -> None:
    """Change one row; see `Table.update1`."""
    heading = spec.heading
    if not isinstance(row, Mapping):
        raise QueryError(f"update1 takes a dict, not a {type(row).__name__}", where=spec.name.class_name)
    for name in row:
        if name not in heading:
            raise unknown_attribute(name, heading.names, where=spec.name.class_name)
    missing = [name for name in heading.primary_key if row.get(name) is None]
    if missing:
        raise MissingAttributeError(
            f"update1 needs the whole primary key; missing: {', '.join(missing)}", where=spec.name.class_name
        )
    writer = Writer(connection, spec)
    with writer.uploads:
        _update(connection, spec, row, _encoded(writer, row))


def _update(
    connection: Connection, spec: TableSpec, row: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    heading = spec.heading
    key = {name: row[name] for name in heading.primary_key}
    changes = {name: value for name, value in values.items() if name not in key}
    announce_write(connection, spec.name, "update")
    try:
        matched = _run(connection, spec, key, changes)
    except (DuplicateError, IntegrityError) as error:
        columns = [[value] for value in row.values()]
        explained = diagnose.explain(connection, spec, list(row), columns, error, "update")
        if explained is error:
            raise
        raise explained from error
    if matched != 1:
        shown = ", ".join(f"{name}={row[name]!r}" for name in heading.primary_key)
        raise QueryError(
            f"update1 changes one row, and {matched} have the key ({shown})",
            where=spec.name.class_name,
            try_="insert the row first" if matched == 0 else None,
        )


def _run(connection: Connection, spec: TableSpec, key: Mapping[str, Any], changes: Mapping[str, Any]) -> int:
    if not changes:
        return 1
    sql = compile_update(spec.name, spec.heading, changes, key, connection.dialect)
    keys = changes_log.Keys(tuple(key), [tuple(key.values())])
    script = [sql, *changes_log.entries(connection, spec.name, "update", [keys])]
    return connection.execute_script(script)[0].rowcount


def _encoded(writer: Writer, row: Mapping[str, Any]) -> dict[str, Any]:
    """Check and encode the values given; ``None`` stands for the default where NULL is not admitted."""
    spec = writer.spec
    given = {name: value for name, value in row.items() if not _to_database_default(spec, name, value)}
    faults: list[Fault] = []
    batch = Batch(list(given), [[value] for value in given.values()], range(1))
    # Only the attributes given are checked: the rest of the row stays as it is.
    partial = spec.evolve(attributes=tuple(a for a in spec.attributes if a.name in given))
    prepared = Writer(writer.connection, partial).prepare(batch, faults)
    if not faults:
        prepared = writer.uploads.stored(prepared, faults)
    if faults:
        raise faults_error(spec, faults, "changed")
    return dict(zip(prepared.names, prepared.rows[0], strict=True))


def _to_database_default(spec: TableSpec, name: str, value: Any) -> bool:
    attribute = spec.heading[name]
    if value is not None or attribute.nullable or not isinstance(attribute.default, CurrentTimestamp):
        return False
    raise QueryError(
        f"{name!r} cannot be reset: its default is the time of insertion",
        where=spec.name.class_name,
        try_="give the time to store",
    )
