"""Tables and rows for the backend suite: declare, insert and fetch by nothing but a connection and its dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fascicle.backend.connection import Connection
from fascicle.model import Attribute, CoreType, ForeignKey, TableName, TableSpec
from fascicle.sql.statement import Sql


def attribute(name: str, type_: str, *args: int | str, **properties: Any) -> Attribute:
    """Make an attribute of a core type."""
    return Attribute(name, CoreType(type_, args), **properties)


def key(name: str, type_: str, *args: int | str, origin: TableName) -> Attribute:
    """Make a key attribute that begins in `origin`."""
    return attribute(name, type_, *args, in_key=True, lineage=f"{origin}.{name}")


def subject(schema: str) -> TableSpec:
    """A parent table."""
    name = TableName(schema, "subject")
    return TableSpec(
        name,
        (
            key("subject_id", "varchar", 32, origin=name),
            attribute("species", "varchar", 64, default="mus", comment="as the breeder says"),
            attribute("weight", "float64", nullable=True, default=None),
        ),
        comment="An animal",
    )


def session(schema: str) -> TableSpec:
    """A child table of `subject`, with a counter to race for."""
    parent, name = TableName(schema, "subject"), TableName(schema, "session")
    return TableSpec(
        name,
        (
            key("subject_id", "varchar", 32, origin=parent),
            key("number", "int32", origin=name),
            attribute("amount", "int32", default=0),
        ),
        (ForeignKey(parent, (("subject_id", "subject_id"),), in_key=True),),
    )


def single(schema: str, table: str, *attributes: Attribute) -> TableSpec:
    """A table with the key ``id`` and the given attributes."""
    name = TableName(schema, table)
    return TableSpec(name, (key("id", "int32", origin=name), *attributes))


class Bench:
    """A connection and a schema of its own to try things on.

    Parameters
    ----------
    connection : Connection
    schema : str
        A schema that exists and is empty.
    """

    def __init__(self, connection: Connection, schema: str) -> None:
        self.connection = connection
        self.schema = schema
        self.declared: list[TableSpec] = []

    def declare(self, *specs: TableSpec) -> None:
        """Create tables, parents first."""
        for spec in specs:
            self.connection.execute_script(self.connection.dialect.create_table(spec))
            self.declared.append(spec)

    def drop_all(self) -> None:
        """Drop what was declared, children first, and the schema."""
        dialect = self.connection.dialect
        for spec in reversed(self.declared):
            self.connection.execute_script(dialect.drop_table(spec))
        self.declared.clear()
        self.connection.execute_script(dialect.drop_schema(self.schema))

    def insert(self, spec: TableSpec, *rows: Mapping[str, Any], mode: str = "error") -> int:
        """Insert rows of the same fields; return how many."""
        return insert(self.connection, spec, rows, mode)

    def fetch(self, spec: TableSpec, where: str = "") -> list[dict[str, Any]]:
        """Fetch decoded rows, ordered by key."""
        return fetch(self.connection, spec, where)


def insert(
    connection: Connection, spec: TableSpec, rows: Sequence[Mapping[str, Any]], mode: str = "error"
) -> int:
    """Encode and insert rows of the same fields; return how many."""
    columns = list(rows[0])
    encoders = [connection.dialect.encoder(spec.full_heading[name]) for name in columns]
    encoded = [
        tuple(
            row[name] if encode is None or row[name] is None else encode(row[name])
            for name, encode in zip(columns, encoders, strict=True)
        )
        for row in rows
    ]
    return connection.bulk_insert(spec, columns, encoded, mode)  # type: ignore[arg-type]


def select(connection: Connection, spec: TableSpec, where: str = "") -> Sql:
    """Text that selects all attributes, ordered by key."""
    dialect: Any = connection.dialect
    columns = ", ".join(dialect.output(a, dialect.identifier(a.name)) for a in spec.attributes)
    order = ", ".join(dialect.identifier(a.name) for a in spec.attributes if a.in_key)
    return Sql(f"SELECT {columns} FROM {dialect.table(spec.name)} {where} ORDER BY {order}")


def fetch(connection: Connection, spec: TableSpec, where: str = "") -> list[dict[str, Any]]:
    """Fetch decoded rows, ordered by key."""
    names = [a.name for a in spec.attributes]
    decoders = [connection.dialect.decoder(a) for a in spec.attributes]
    return [
        {
            name: value if decode is None or value is None else decode(value)
            for name, value, decode in zip(names, row, decoders, strict=True)
        }
        for row in connection.execute(select(connection, spec, where)).rows
    ]


def portable(spec: TableSpec) -> TableSpec:
    """A declaration without what only a catalogue reports, for comparison."""
    return replace(spec, attributes=tuple(a.evolve(native=None, collation=None) for a in spec.attributes))
