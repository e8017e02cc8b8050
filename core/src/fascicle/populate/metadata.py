"""Hidden columns of computed tables: when a row was made, how long that took, by which version of the code."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from fascicle.model import Attribute, CoreType
from fascicle.sql import Sql

if TYPE_CHECKING:
    from fascicle.populate.making import Making
    from fascicle.populate.tiers import AutoPopulated

START, DURATION, VERSION = "_job_start_time", "_job_duration", "_job_version"

HIDDEN = (
    Attribute(START, CoreType("datetime", (3,)), nullable=True, default=None),
    Attribute(DURATION, CoreType("float32"), nullable=True, default=None),
    Attribute(VERSION, CoreType("varchar", (64,)), nullable=True, default=None),
)


def metadata_update(making: Making, table: AutoPopulated) -> list[Sql]:
    """Statements that fill the hidden columns of the rows just made; none where the table lacks them."""
    spec = table.table_spec
    if not making.wrote or START not in spec.full_heading:
        return []
    started = dt.datetime.fromtimestamp(making.started, dt.UTC).replace(tzinfo=None)
    values = {START: _milliseconds(started), DURATION: making.seconds, VERSION: version_of(table)}
    dialect = table.connection.dialect
    changes = {name: value for name, value in values.items() if name in spec.full_heading}
    pairs = [(spec.full_heading[name], value) for name, value in (*changes.items(), *making.key.items())]
    params = tuple(bound(dialect.encoder(attribute), value) for attribute, value in pairs)
    mark = dialect.placeholder
    sets = ", ".join(f"{dialect.identifier(name)} = {mark}" for name in changes)
    where = " AND ".join(f"{dialect.identifier(name)} = {mark}" for name in making.key)
    return [Sql(f"UPDATE {dialect.table(spec.name)} SET {sets} WHERE {where}", params)]


def bound(encode: Any, value: Any) -> Any:
    """Encode a value unless it is NULL."""
    return value if value is None or encode is None else encode(value)


def _milliseconds(moment: dt.datetime) -> dt.datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def version_of(table: AutoPopulated) -> str:
    """Version of the code of a table's class, as the setting ``jobs.version_method`` says; empty for none."""
    from fascicle.populate.version import code_version
    from fascicle.table.runtime import runtime_of

    return code_version(type(table), runtime_of(table.connection).config["jobs.version_method"])
