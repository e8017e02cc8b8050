"""Changes of rows against what was read: which of many rows a change concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fascicle.model import TableName
from fascicle.query.nodes import Relation, Restrict
from fascicle.query.scalar import Binary, Column, Every, In, Literal
from fascicle.table.changes import canonical, find_log
from fascicle.table.expression import QueryExpression
from fascicle.table.fetch.columns import Slice, fetch_columns

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

Read = tuple[str, Mapping[str, str]]


@dataclass(frozen=True)
class Change:
    """Rows of a table that changed together.

    Parameters
    ----------
    table : TableName
    operation : str
    seq : int
        Place in the log.
    names : tuple of str
        Attributes that tell the rows; none where they are not known.
    rows : sequence of tuple of str
        Their values, as `canonical` writes them.
    """

    table: TableName
    operation: str
    seq: int
    names: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()

    def __str__(self) -> str:
        done = {"insert": "inserted", "update": "updated", "delete": "deleted"}.get(
            self.operation, self.operation
        )
        return f"rows of {self.table.class_name} were {done}"


def changes_since(connection: Connection, schema: str, seq: int, only: Sequence[str]) -> Iterator[Change]:
    """Yield what a schema's log holds after a place, for some of its tables."""
    spec = find_log(connection, schema)
    if spec is None or not only:
        return
    relation = Relation(spec.name, spec.heading)
    later = Binary(">", Column("seq"), Literal(seq))
    among = In(Column("table_name"), tuple(Literal(name[:64]) for name in only))
    query = QueryExpression(connection, Restrict(relation, Every((later, among)), relation.heading))
    names = ["seq", "table_name", "operation", "attributes", "row_keys"]
    _, columns = fetch_columns(query, names, Slice("seq"))
    for number, table, operation, attributes, rows in zip(*columns, strict=True):
        values = [tuple(map(canonical, row)) for row in rows or ()]
        yield Change(TableName(schema, table), operation, int(number), tuple(attributes or ()), values)


class ReadIndex:
    """Finds, among many rows with what each of them read, those that a change concerns.

    Parameters
    ----------
    rows : iterable of (int, sequence of Read)
        Number of a row, and the tables it read with the values by which rows were chosen.
    """

    def __init__(self, rows: Iterable[tuple[int, Sequence[Read]]]) -> None:
        # By table and by the attributes that chose the rows: their values to the numbers of those who read them.
        self._reads: dict[str, dict[tuple[str, ...], dict[tuple[str, ...], list[int]]]] = defaultdict(dict)
        for number, reads in rows:
            for table, pairs in reads:
                names = tuple(sorted(pairs))
                groups = self._reads[table].setdefault(names, {})
                groups.setdefault(tuple(pairs[name] for name in names), []).append(number)

    def all_tables(self) -> list[TableName]:
        """Tables that anybody read."""
        return [TableName(*name.split(".", 1)) for name in self._reads]

    def tables(self, schema: str) -> list[str]:
        """Names of the tables of a schema that anybody read."""
        return [name.table for name in self.all_tables() if name.schema == schema]

    def touched_by(self, change: Change) -> Iterator[int]:
        """Yield the numbers of those who read a row that changed, as far as the values tell."""
        for names, groups in self._reads.get(str(change.table), {}).items():
            shared = [name for name in names if name in change.names]
            if not shared:
                for numbers in groups.values():
                    yield from numbers
                continue
            yield from _matching(names, groups, shared, change)


def _matching(
    names: tuple[str, ...],
    groups: Mapping[tuple[str, ...], list[int]],
    shared: Sequence[str],
    change: Change,
) -> Iterator[int]:
    position = [change.names.index(name) for name in shared]
    changed = {tuple(row[i] for i in position) for row in change.rows}
    if len(shared) == len(names):
        for values in changed:
            yield from groups.get(values, ())
        return
    own = [names.index(name) for name in shared]
    for values, numbers in groups.items():
        if tuple(values[i] for i in own) in changed:
            yield from numbers


def as_text(key: Iterable[Any]) -> tuple[str, ...]:
    """Write the values of a key as they are compared."""
    return tuple(map(canonical, key))
