"""The table ``~~name`` that keeps the jobs of a computed table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fascicle.model import (
    REQUIRED,
    Attribute,
    CodecRef,
    CoreType,
    CurrentTimestamp,
    Index,
    TableName,
    TableSpec,
    split_prefix,
)
from fascicle.table.declare import create
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

STATUSES = ("pending", "reserved", "success", "error", "ignore")
MESSAGE_LENGTH = 2047
CAUSE_LENGTH = 255
TOKEN, LEASE, ATTEMPTS, CAUSE = "_token", "_lease_until", "_attempts", "_cause"

_MOMENT = CoreType("datetime", (3,))
_TEXT = CoreType("varchar", (255,))


def job_table_name(target: TableName) -> TableName:
    """Name of the job table of a computed table: its own without the prefix of its tier, behind ``~~``."""
    return TableName(target.schema, "~~" + split_prefix(target.table)[1])


def job_spec(connection: Connection, target: TableSpec) -> TableSpec:
    """Return the declaration of the job table: the Specs' columns, and hidden ones of ours that have defaults."""
    stack = CodecRef("blob")
    key = [a.evolve(default=REQUIRED, autoincrement=False) for a in target.attributes if a.in_key]
    columns = (
        Attribute("status", CoreType("enum", STATUSES), default="pending"),
        Attribute("priority", CoreType("int8"), default=5),
        Attribute("created_time", _MOMENT, default=CurrentTimestamp(3)),
        Attribute("scheduled_time", _MOMENT, default=CurrentTimestamp(3)),
        Attribute("reserved_time", _MOMENT, nullable=True, default=None),
        Attribute("completed_time", _MOMENT, nullable=True, default=None),
        Attribute("duration", CoreType("float64"), nullable=True, default=None),
        Attribute("error_message", CoreType("varchar", (MESSAGE_LENGTH,)), default=""),
        Attribute(
            "error_stack", runtime_of(connection).codec_dtype(stack), nullable=True, default=None, codec=stack
        ),
        Attribute("user", _TEXT, default=""),
        Attribute("host", _TEXT, default=""),
        Attribute("pid", CoreType("int32"), default=0),
        Attribute("connection_id", CoreType("int64"), default=0),
        Attribute("version", CoreType("varchar", (64,)), default=""),
    )
    return TableSpec(
        job_table_name(target.name),
        (*key, *columns, *HIDDEN),
        indexes=(Index(("status", "priority", "scheduled_time")),),
        comment=f"jobs of {target.name.class_name}",
    )


HIDDEN = (
    Attribute(TOKEN, CoreType("varchar", (32,)), nullable=True, default=None),
    Attribute(LEASE, _MOMENT, nullable=True, default=None),
    Attribute(ATTEMPTS, CoreType("int32"), default=0),
    Attribute(CAUSE, CoreType("varchar", (CAUSE_LENGTH,)), default=""),
)


def find_job_table(connection: Connection, target: TableSpec) -> TableSpec | None:
    """Return the job table of a computed table as it is declared, ``None`` where there is none yet."""
    name = job_table_name(target.name)
    return connection.catalog.load(name.schema).tables.get(name)


def require_job_table(connection: Connection, target: TableSpec) -> TableSpec:
    """Return the job table of a computed table, declaring it if it is missing.

    One that another client declared gets our hidden columns.
    """
    wanted = job_spec(connection, target)
    found = find_job_table(connection, target)
    if found is None:
        return create(connection, wanted)
    missing = tuple(a for a in HIDDEN if a.name not in found.full_heading)
    if not missing:
        return found
    extended = found.evolve(attributes=(*found.attributes, *missing))
    connection.refuse_in_transaction("extend a job table")
    connection.execute_script(connection.dialect.alter_table(found, extended))
    connection.catalog.put(extended)
    return extended
