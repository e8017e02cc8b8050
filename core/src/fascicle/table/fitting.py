"""Whether the rows that are there fit an altered table: every value kept as it is, or the change refused.

Left to themselves the databases differ: some round, cut or make up values where others refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from fascicle.errors import ValidationError
from fascicle.model import Attribute, CoreType, TableSpec
from fascicle.query.nodes import Relation
from fascicle.query.operators import restrict
from fascicle.sql.changes import Changes, difference
from fascicle.table.expression import QueryExpression
from fascicle.table.fetch.columns import exists, stream
from fascicle.table.write.cells import CellError, convert

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

SHOWN = 10
_TEXTS = frozenset({"char", "varchar", "enum", "tinytext", "text", "mediumtext", "longtext"})
#: What turns into what with one meaning on every database.
_WAYS = {
    "integer": {"integer", "float", "decimal", "bool", "text"},
    "float": {"integer", "float", "decimal"},
    "decimal": {"integer", "float", "decimal"},
    "bool": {"integer"},
    "text": {"text", "integer"},
    "date": {"datetime"},
    "datetime": {"datetime", "date"},
    "time": {"time"},
}


def refuse_misfits(connection: Connection, declared: TableSpec, wanted: TableSpec) -> None:
    """Raise if altering a table would change, cut or invent a value.

    Raises
    ------
    ValidationError
        With the attributes and rows concerned; nothing is altered.
    """
    faults = list(islice(_misfits(connection, declared, difference(declared, wanted)), SHOWN + 1))
    if not faults:
        return
    shown = [f"{name}{f' of {key!r}' if key else ''}: {reason}" for name, key, reason in faults[:SHOWN]]
    raise ValidationError(
        f"{wanted.name.class_name} cannot be altered: its rows do not fit",
        where=str(wanted.name),
        why="; ".join(shown) + ("; and more" if len(faults) > SHOWN else ""),
        try_="give the attribute a default, or change those rows first; nothing was altered",
        faults=faults[:SHOWN],
    )


def _misfits(
    connection: Connection, declared: TableSpec, changes: Changes
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield attribute, key of the row and reason of what does not fit."""
    table = QueryExpression(connection, Relation(declared.name, declared.full_heading))
    for attribute, _ in changes.added:
        if not attribute.nullable and not attribute.has_default and exists(table):
            yield attribute.name, {}, "it is required, and the rows that are there have no value for it"
    names = {new: old for old, new in changes.renamed}
    for before, after in changes.changed:
        yield from _column(table, before.evolve(name=names.get(after.name, after.name)), after)


def _column(
    table: QueryExpression, before: Attribute, after: Attribute
) -> Iterator[tuple[str, dict[str, Any], str]]:
    key = table.heading.primary_key
    if before.nullable and not after.nullable:
        nulls = QueryExpression(table.connection, restrict(table.as_node(), {before.name: None}))
        for row in stream(nulls, [*key, before.name]):
            yield after.name, {name: row[name] for name in key}, "it is NULL"
    if before.type == after.type or is_wider(before.type, after.type):
        return
    for row in stream(table, [*key, before.name]):
        value = row[before.name]
        reason = None if value is None else _loss(before, after, value)
        if reason is not None:
            yield after.name, {name: row[name] for name in key}, reason


def _loss(before: Attribute, after: Attribute, value: Any) -> str | None:
    """Say what would become of a value other than itself."""
    source, target = _family(before.type), _family(after.type)
    if before.codec != after.codec or (source and target and target not in _WAYS.get(source, ())):
        return f"{before.declared} does not turn into {after.declared} with one meaning on every database"
    if source is None or target is None:
        return None  # a type of this database only, which judges for itself
    try:
        new = convert(after, value)
    except CellError as error:
        return str(error)
    if target != "float":
        kept = str(new) == value if source == "text" else _exact(new, target) == _exact(value, target)
        return None if kept else f"{value!r} would become {new!r}"
    return f"{value!r} would be rounded" if isinstance(value, int) and int(new) != value else None


def _exact(value: Any, family: str) -> Any:
    if family == "decimal":
        return Decimal(repr(value) if isinstance(value, float) else value)
    if family == "text":
        return str(value)
    return value.isoformat(" ") if family == "datetime" and hasattr(value, "hour") else _midnight(value)


def _midnight(value: Any) -> Any:
    return value.date() if hasattr(value, "hour") and hasattr(value, "year") else value


def _family(type_: CoreType) -> str | None:
    name = str(type_.args[0]) if type_.name == "native" else type_.name
    if name in _TEXTS:
        return "text"
    if type_.name == "native":
        return None
    return "integer" if type_.is_integer else "float" if type_.is_float else type_.name


def is_wider(before: CoreType, after: CoreType) -> bool:
    """Tell whether the second type holds every value of the first, so that no row need be looked at."""
    if before.is_integer and after.is_integer:
        return before.bounds[1] <= after.bounds[1]
    if before.name == after.name == "enum":
        return set(before.args) <= set(after.args)
    if before.name == after.name and before.name in ("varchar", "char", "datetime", "time"):
        return (before.args or (0,)) <= (after.args or (0,))
    return (before.name, after.name) in {("date", "datetime"), ("float32", "float64")}
