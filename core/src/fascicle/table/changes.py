"""The log of changes: which rows of a schema's tables were inserted, updated or deleted, and in what order.

A schema has a log once a table is declared that is computed from the schema's own.  Whoever changes rows through
Fascicle then writes the log in the same transaction.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fascicle.errors import AccessError
from fascicle.model import Attribute, CoreType, CurrentTimestamp, TableName, TableSpec, Tier
from fascicle.query.nodes import Node, Relation, Restrict
from fascicle.query.scalar import AnyOf, KeySet, Scalar
from fascicle.sql import Sql
from fascicle.table.write.prepared import prepared_inserts

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

TABLE = "~changes"
KEYS_IN_ENTRY = 1000
OPERATIONS = ("insert", "update", "delete")
_JSON = CoreType("json")


@dataclass(frozen=True, slots=True)
class Keys:
    """Rows that changed, by the values of some attributes; no attributes mean rows that nobody knows.

    Parameters
    ----------
    names : tuple of str
    rows : sequence of tuple
    """

    names: tuple[str, ...] = ()
    rows: Sequence[tuple[Any, ...]] = ()


UNKNOWN = Keys()


def log_name(schema: str) -> TableName:
    """Name of a schema's log."""
    return TableName(schema, TABLE)


def log_spec(schema: str) -> TableSpec:
    """Declare a schema's log."""
    columns = (
        Attribute("seq", CoreType("int64"), in_key=True, autoincrement=True),
        Attribute("table_name", CoreType("varchar", (64,))),
        Attribute("operation", CoreType("enum", OPERATIONS)),
        Attribute("changed_time", CoreType("datetime", (3,)), default=CurrentTimestamp(3)),
        Attribute("attributes", _JSON, nullable=True, default=None, comment="names by which rows are told"),
        Attribute(
            "row_keys", _JSON, nullable=True, default=None, comment="their values, a list for each row"
        ),
    )
    return TableSpec(log_name(schema), columns, comment="changes of rows, in order")


def find_log(connection: Connection, schema: str) -> TableSpec | None:
    """Return a schema's log if it has one, without asking the database."""
    return connection.catalog.known.tables.get(log_name(schema))


def require_log(connection: Connection, schema: str) -> TableSpec | None:
    """Return a schema's log, declaring it if it is missing; ``None`` where we may not."""
    found = connection.catalog.load(schema).tables.get(log_name(schema))
    if found is not None or connection.in_transaction:
        return found
    try:
        connection.execute_script(connection.dialect.create_table(log_spec(schema)))
    except AccessError:
        return None
    connection.catalog.put(log_spec(schema))
    return log_spec(schema)


def missing_logs(connection: Connection, specs: Iterable[TableSpec]) -> list[TableSpec]:
    """Return the logs that tables about to be declared need: those of all schemas upstream of computed tables."""
    known = connection.catalog.known.tables
    fresh = {spec.name: spec for spec in specs}
    schemas: set[str] = set()
    waiting = [spec for spec in fresh.values() if spec.name.tier in (Tier.IMPORTED, Tier.COMPUTED)]
    seen = {spec.name for spec in waiting}
    while waiting:
        spec = waiting.pop()
        schemas.add(spec.name.schema)
        for key in spec.foreign_keys:
            parent = fresh.get(key.parent) or known.get(key.parent)
            if parent is not None and key.parent not in seen:
                seen.add(key.parent)
                waiting.append(parent)
    return [log_spec(schema) for schema in sorted(schemas) if log_name(schema) not in known]


def entries(connection: Connection, name: TableName, operation: str, changed: Iterable[Keys]) -> list[Sql]:
    """Statements that log changes of a table; none where its schema has no log."""
    spec = find_log(connection, name.schema)
    if spec is None or name.tier is None:
        return []
    return [_entry(connection, spec, name, operation, piece) for keys in changed for piece in _pieces(keys)]


def _pieces(keys: Keys) -> Iterator[Keys]:
    if not keys.names:
        yield UNKNOWN
        return
    for start in range(0, len(keys.rows), KEYS_IN_ENTRY):
        yield Keys(keys.names, keys.rows[start : start + KEYS_IN_ENTRY])


def _entry(connection: Connection, spec: TableSpec, name: TableName, operation: str, keys: Keys) -> Sql:
    row: dict[str, Any] = {"table_name": name.table[:64], "operation": operation}
    if keys.names:
        row["attributes"] = list(keys.names)
        row["row_keys"] = [[storable(value) for value in values] for values in keys.rows]
    return prepared_inserts(connection).row(spec, row)


def storable(value: Any) -> Any:
    """Turn a value of a key into one that JSON keeps."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, bytes):
        return base64.b16encode(value).decode().lower()
    return str(value)


def canonical(value: Any) -> str:
    """Write a value of a key so that equal values are written alike, in a query as in the log."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(storable(value))


def keys_of_rows(spec: TableSpec, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> Keys:
    """Return the primary keys of rows that are given by columns; unknown where they are not among them."""
    key = spec.heading.primary_key
    if not key or any(name not in names for name in key):
        return UNKNOWN
    position = [list(names).index(name) for name in key]
    return Keys(tuple(key), list(zip(*(columns[i] for i in position), strict=True)))


def keys_of_node(node: Node) -> list[Keys]:
    """Return the rows that a node chooses by sets of keys; unknown ones where it chooses otherwise."""
    if isinstance(node, Restrict) and isinstance(node.source, Relation):
        found = list(_sets(node.condition))
        if found:
            return found
    return [UNKNOWN]


def _sets(condition: Scalar) -> Iterator[Keys]:
    terms = condition.terms if isinstance(condition, AnyOf) else (condition,)
    if all(isinstance(term, KeySet) for term in terms):
        for term in terms:
            yield Keys(term.names, term.rows)  # type: ignore[attr-defined]
