"""Hidden tables of provenance: one row for each computed row, one for each version of the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fascicle.errors import AccessError
from fascicle.model import REQUIRED, Attribute, CoreType, CurrentTimestamp, TableName, TableSpec, split_prefix
from fascicle.table.declare import create

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

DIGEST = CoreType("char", (32,))
_TEXT = CoreType("varchar", (255,))
_MOMENT = CoreType("datetime", (3,))
_JSON = CoreType("json")


def provenance_name(target: TableName) -> TableName:
    """Name of the table that keeps the provenance of a computed table's rows."""
    return TableName(target.schema, "~provenance__" + split_prefix(target.table)[1])


def code_name(schema: str) -> TableName:
    """Name of the table that keeps what the fingerprints of code in a schema stand for."""
    return TableName(schema, "~code")


def provenance_spec(target: TableSpec) -> TableSpec:
    """Declare the provenance of a computed table: its key, and what each row was made of."""
    key = [a.evolve(default=REQUIRED, autoincrement=False) for a in target.attributes if a.in_key]
    columns = (
        Attribute("code", DIGEST, comment="fingerprint of the code"),
        Attribute("parameters", DIGEST, default="", comment="fingerprint of make_kwargs"),
        Attribute("inputs", DIGEST, default="", comment="digest of the rows read"),
        Attribute("reads", _JSON, nullable=True, default=None, comment="tables read, and by which values"),
        Attribute("marks", _JSON, nullable=True, default=None, comment="place in each schema's change log"),
        Attribute("started_time", _MOMENT, nullable=True, default=None),
        Attribute("duration", CoreType("float64"), nullable=True, default=None, comment="seconds"),
        Attribute(
            "peak_memory", CoreType("int64"), nullable=True, default=None, comment="bytes, of the process"
        ),
        Attribute("user", _TEXT, default=""),
        Attribute("host", _TEXT, default=""),
        Attribute("pid", CoreType("int32"), default=0),
        Attribute("version", _TEXT, default="", comment="package or commit of the code"),
    )
    return TableSpec(
        provenance_name(target.name), (*key, *columns), comment=f"provenance of {target.name.class_name}"
    )


def code_spec(schema: str) -> TableSpec:
    """Declare the table of code fingerprints."""
    columns = (
        Attribute("code", DIGEST, in_key=True),
        Attribute("table_name", CoreType("varchar", (64,))),
        Attribute("recorded_time", _MOMENT, default=CurrentTimestamp(3)),
        Attribute("pieces", _JSON, nullable=True, default=None, comment="what the code is made of"),
    )
    return TableSpec(code_name(schema), columns, comment="code that made rows")


def find(connection: Connection, name: TableName) -> TableSpec | None:
    """Return a hidden table as it is declared, ``None`` where there is none."""
    return connection.catalog.load(name.schema).tables.get(name)


def require(connection: Connection, spec: TableSpec) -> TableSpec | None:
    """Return a hidden table, declaring it if it is missing; ``None`` where we may not."""
    found = find(connection, spec.name)
    if found is not None:
        return found
    if connection.in_transaction:
        return None
    try:
        return create(connection, spec)
    except AccessError:
        return None
