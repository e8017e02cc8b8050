"""Why the database refused rows: which key is there already, which parent is missing, what is closest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fascicle.errors import BackendError, DuplicateError, FascicleError, MissingParentError
from fascicle.model import ForeignKey, TableSpec, nearest
from fascicle.query.nodes import Relation
from fascicle.query.operators import restrict
from fascicle.query.scalar import KeySet
from fascicle.table.expression import QueryExpression
from fascicle.table.fetch.columns import Slice, fetch_columns

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

CLOSEST_AMONG = 1000


def explain(
    connection: Connection,
    spec: TableSpec,
    names: Sequence[str],
    columns: Sequence[Sequence[Any]],
    error: FascicleError,
) -> FascicleError:
    """Return an error that names the offending row, or the given one if it cannot be found.

    Parameters
    ----------
    connection : Connection
    spec : TableSpec
    names, columns : sequences
        The canonical values that were to be written.
    error : DuplicateError or IntegrityError
        What the database said.
    """
    values = dict(zip(names, columns, strict=True))
    try:
        if isinstance(error, DuplicateError):
            found = _duplicate(connection, spec, values, error)
        else:
            found = _missing_parent(connection, spec, values)
    except BackendError:  # inside a failed transaction nothing can be asked
        found = None
    if found is not None:
        return found
    error.where = error.where or spec.name.class_name
    return error


def _duplicate(
    connection: Connection, spec: TableSpec, values: dict[str, Sequence[Any]], error: FascicleError
) -> FascicleError | None:
    key = spec.heading.primary_key
    if not key or any(name not in values for name in key):
        return None
    rows = list(zip(*(values[name] for name in key), strict=True))
    twice = _first_repeat(rows)
    if twice is not None:
        return _duplicate_error(spec, key, twice, "the same key stands twice in the rows given")
    there = _existing(connection, spec, key, rows)
    if there:
        return _duplicate_error(spec, key, there[0], "a row of this key exists")
    return None


def _first_repeat(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        if row in seen:
            return row
        seen.add(row)
    return None


def _existing(
    connection: Connection, spec: TableSpec, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """Return those of the rows of values that the table holds."""
    node = restrict(Relation(spec.name, spec.heading), KeySet(tuple(names), tuple(rows)))
    _, columns = fetch_columns(QueryExpression(connection, node), list(names), Slice())
    return list(zip(*columns, strict=True))


def _duplicate_error(spec: TableSpec, key: Sequence[str], row: tuple[Any, ...], why: str) -> DuplicateError:
    return DuplicateError(
        f"duplicate key ({_key_text(key, row)})",
        where=spec.name.class_name,
        why=why,
        try_="pass skip_duplicates=True to keep what is there, or replace=True to replace it",
        key=dict(zip(key, row, strict=True)),
    )


def _missing_parent(
    connection: Connection, spec: TableSpec, values: dict[str, Sequence[Any]]
) -> FascicleError | None:
    for key in spec.foreign_keys:
        children = [child for child, _ in key.columns]
        if any(name not in values for name in children):
            continue
        wanted = {row for row in zip(*(values[name] for name in children), strict=True) if None not in row}
        parent = _parent_spec(connection, key)
        if parent is None or not wanted:
            continue
        there = _existing(connection, parent, [p for _, p in key.columns], sorted(wanted, key=repr))
        absent = sorted(wanted - set(there), key=repr)
        if absent:
            return _missing_parent_error(connection, spec, key, parent, absent)
    return None


def _parent_spec(connection: Connection, key: ForeignKey) -> TableSpec | None:
    return connection.catalog.load(key.parent.schema).tables.get(key.parent)


def _missing_parent_error(
    connection: Connection, spec: TableSpec, key: ForeignKey, parent: TableSpec, absent: list[tuple[Any, ...]]
) -> MissingParentError:
    names = [p for _, p in key.columns]
    row = dict(zip(names, absent[0], strict=True))
    closest = _closest(connection, parent, names, absent[0])
    more = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
    text = _key_text(names, absent[0])
    return MissingParentError(
        f"no row in {parent.name.class_name} with {text}{more}",
        where=f"{spec.name.class_name} ({_key_text([c for c, _ in key.columns], absent[0])})",
        why=f"{spec.name.class_name} refers to {parent.name.class_name}, so that row must exist first",
        try_=(f"closest existing: {closest}; " if closest else "")
        + f"or first {parent.name.class_name}.insert1({row!r})",
        parent=parent.name,
        keys=[dict(zip(names, key_row, strict=True)) for key_row in absent],
    )


def _closest(
    connection: Connection, parent: TableSpec, names: Sequence[str], wanted: tuple[Any, ...]
) -> str | None:
    node = Relation(parent.name, parent.heading)
    _, columns = fetch_columns(QueryExpression(connection, node), list(names), Slice(limit=CLOSEST_AMONG))
    texts = [_key_text(names, row) for row in zip(*columns, strict=True)]
    match = nearest(_key_text(names, wanted), texts, count=1)
    return match[0] if match else None


def _key_text(names: Sequence[str], row: Sequence[Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in zip(names, row, strict=True))
