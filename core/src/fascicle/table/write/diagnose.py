"""Why the database refused rows: which key is there already, which parent is missing, what is closest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from fascicle.backend.protocol import Mode
from fascicle.errors import BackendError, DuplicateError, FascicleError, MissingParentError
from fascicle.model import ForeignKey, TableSpec, nearest
from fascicle.query.nodes import Relation
from fascicle.query.operators import restrict
from fascicle.query.scalar import KeySet
from fascicle.sql.ddl import all_indexes
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
    mode: Mode | Literal["update"] = "error",
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
    mode : {"error", "skip", "replace", "update"}
        How they were to be written: only ``"error"`` fails for a primary key that exists.
    """
    values = dict(zip(names, columns, strict=True))
    try:
        if isinstance(error, DuplicateError):
            found = _same_key(connection, spec, values) if mode == "error" else None
            found = found or _same_unique(connection, spec, values)
        else:
            found = _missing_parent(connection, spec, values)
    except BackendError:  # inside a failed transaction nothing can be asked
        found = None
    if found is not None:
        return found
    error.where = error.where or spec.name.class_name
    return error


def _same_key(
    connection: Connection, spec: TableSpec, values: dict[str, Sequence[Any]]
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


def _same_unique(
    connection: Connection, spec: TableSpec, values: dict[str, Sequence[Any]]
) -> FascicleError | None:
    """Find rows of two keys that share values of a unique index."""
    key = spec.heading.primary_key
    for index in all_indexes(spec):
        names = index.columns
        if not index.unique or any(name not in values for name in (*key, *names)):
            continue
        owners: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        rows = list(zip(*(values[name] for name in names), strict=True))
        for row, own in zip(rows, zip(*(values[name] for name in key), strict=True), strict=True):
            if None not in row and owners.setdefault(row, own) != own:
                return _unique_error(spec, names, row, "two of the rows given have them")
        wanted = list(owners)
        for found in _existing(connection, spec, names, wanted, also=key) if wanted else ():
            row, other = found[: len(names)], found[len(names) :]
            if owners.get(row, other) != other:
                return _unique_error(spec, names, row, f"the row ({_key_text(key, other)}) has them")
    return None


def _unique_error(spec: TableSpec, names: Sequence[str], row: Sequence[Any], why: str) -> DuplicateError:
    return DuplicateError(
        f"duplicate values ({_key_text(names, row)})",
        where=spec.name.class_name,
        why=f"{why}, and they are unique",
        try_="correct the row, or change or delete the other one first",
        values=dict(zip(names, row, strict=True)),
    )


def _first_repeat(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        if row in seen:
            return row
        seen.add(row)
    return None


def _existing(
    connection: Connection,
    spec: TableSpec,
    names: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    also: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Return those of the rows of values that the table holds, with further attributes."""
    node = restrict(Relation(spec.name, spec.heading), KeySet(tuple(names), tuple(rows)))
    listed = list(dict.fromkeys((*names, *also)))
    _, columns = fetch_columns(QueryExpression(connection, node), listed, Slice())
    columns = [columns[listed.index(name)] for name in (*names, *also)]
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
