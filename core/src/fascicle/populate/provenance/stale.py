"""Rows that are out of date: something that they were made of has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fascicle.model import TableName
from fascicle.populate.forms import has_make
from fascicle.populate.provenance import tables
from fascicle.populate.provenance.code import fingerprint_code, fingerprint_value
from fascicle.populate.provenance.index import Change, ReadIndex, as_text, changes_since
from fascicle.populate.provenance.marks import ends
from fascicle.query.nodes import Relation, Restrict
from fascicle.query.scalar import KeySet
from fascicle.table.expression import QueryExpression
from fascicle.table.fetch.columns import Slice, fetch_columns
from fascicle.table.spawn import bound_classes
from fascicle.table.tiers import FreeTable

if TYPE_CHECKING:
    from fascicle.populate.tiers import AutoPopulated
    from fascicle.table.base import Table

Key = tuple[Any, ...]


@dataclass
class Staleness:
    """Keys that are out of date, and why.

    Attributes
    ----------
    reasons : dict
        Key (values in the order of the primary key) to what changed.
    """

    names: tuple[str, ...]
    reasons: dict[Key, list[str]] = field(default_factory=dict)

    def add(self, key: Key, reason: str) -> None:
        """Note a reason, once."""
        said = self.reasons.setdefault(key, [])
        if reason not in said:
            said.append(reason)

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return each key with its reasons under ``why``."""
        return [
            {**dict(zip(self.names, key, strict=True)), "why": list(said)}
            for key, said in self.reasons.items()
        ]


@dataclass(frozen=True)
class Made:
    """The provenance of one row, as far as staleness needs it."""

    key: Key
    code: str
    parameters: str
    inputs: str
    reads: Sequence[tuple[str, Mapping[str, str]]]
    marks: Mapping[str, int]


class StaleSearch:
    """Looks for stale rows of a table and, where rows rest on other computed rows, of those.

    Parameters
    ----------
    make_kwargs : dict, optional
        Parameters to compare with; by default they are not compared.
    """

    def __init__(self, make_kwargs: Mapping[str, Any] | None = None) -> None:
        self._parameters = None if make_kwargs is None else fingerprint_value(dict(make_kwargs))
        self._found: dict[TableName, Staleness] = {}

    def of(self, table: Table, rows: Any = None) -> Staleness:
        """Return the stale rows of a table, or of the rows given."""
        name = table.table_id
        if rows is None and name in self._found:
            return self._found[name]
        found = Staleness(tuple(table.primary_key))
        if rows is None:
            # A table that is reached again through its own ancestors ends the search.
            self._found[name] = found
        made = made_rows(table, rows)
        self._by_code(table, made, found)
        if made:
            self._by_changes(table, made, found)
            self._by_upstream(table, made, found)
        return found

    def _by_code(self, table: Table, made: Sequence[Made], found: Staleness) -> None:
        from fascicle.populate.tiers import AutoPopulated

        if not made or not isinstance(table, AutoPopulated) or not has_make(type(table)):
            return
        code = fingerprint_code(type(table))
        older = known_code(table, {row.code for row in made if row.code != code.digest})
        said = {digest: code.differences(pieces) for digest, pieces in older.items()}
        for row in made:
            if row.code != code.digest:
                for reason in said.get(row.code) or ["the code is another one"]:
                    found.add(row.key, f"code: {reason}")
            if self._parameters is not None and row.parameters != self._parameters:
                found.add(row.key, "parameters: make_kwargs are not what they were")

    def _by_changes(self, table: Table, made: Sequence[Made], found: Staleness) -> None:
        connection = table.connection
        schemas = sorted({schema for row in made for schema in row.marks})
        now = ends(connection, schemas)
        index = ReadIndex((number, row.reads) for number, row in enumerate(made))
        for schema in schemas:
            oldest = min(row.marks.get(schema, 0) for row in made)
            if now[schema] <= oldest:
                continue
            for change in changes_since(connection, schema, oldest, index.tables(schema)):
                for number in index.touched_by(change):
                    if made[number].marks.get(schema, 0) < change.seq:
                        found.add(made[number].key, f"input: {change}")

    def _by_upstream(self, table: Table, made: Sequence[Made], found: Staleness) -> None:
        index = ReadIndex((number, row.reads) for number, row in enumerate(made))
        for name in sorted(index.all_tables()):
            above = self._computed(table, name)
            if above is None:
                continue
            stale = self.of(above)
            if not stale.reasons:
                continue
            change = Change(name, "stale", 0, stale.names, [as_text(key) for key in stale.reasons])
            for number in index.touched_by(change):
                found.add(made[number].key, f"input: rows of {name.class_name} are stale themselves")

    def _computed(self, table: Table, name: TableName) -> Table | None:
        """Return the computed table of a name, by its class if there is one; ``None`` for other tables."""
        master = name.master or name
        if master == table.table_id or tables.find(table.connection, tables.provenance_name(master)) is None:
            return None
        for cls in bound_classes(master.schema, table.connection):
            if cls._bound().name == master:
                return cls()
        return FreeTable(table.connection, master)


def made_rows(table: Table, rows: Any = None) -> list[Made]:
    """Return the provenance of the rows of a table that are there and have one."""
    connection, target = table.connection, table.table_id
    spec = tables.find(connection, tables.provenance_name(target))
    if spec is None:
        return []
    relation = Relation(spec.name, spec.heading)
    query = (
        QueryExpression(connection, relation)
        & (rows if rows is not None else FreeTable(connection, target)).proj()
    )
    key = list(table.primary_key)
    names = [*key, "code", "parameters", "inputs", "reads", "marks"]
    _, columns = fetch_columns(query, names, Slice())
    found = []
    for values in zip(*columns, strict=True):
        code, parameters, inputs, reads, marks = values[len(key) :]
        pairs = [(str(read[0]), read[1]) for read in reads or ()]
        found.append(Made(values[: len(key)], code, parameters.strip(), inputs.strip(), pairs, marks or {}))
    return found


def known_code(table: Table, digests: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what older fingerprints of code were made of."""
    wanted = sorted(digests)
    spec = tables.find(table.connection, tables.code_name(table.table_id.schema))
    if not wanted or spec is None:
        return {}
    relation = Relation(spec.name, spec.heading)
    chosen = KeySet(("code",), tuple((digest,) for digest in wanted))
    query = QueryExpression(table.connection, Restrict(relation, chosen, relation.heading))
    return {row["code"]: dict(row["pieces"] or {}) for row in query.to_dicts()}


def stale(
    table: AutoPopulated,
    restrictions: Sequence[Any],
    *,
    why: bool,
    verify: bool,
    make_kwargs: Mapping[str, Any] | None,
) -> Any:
    """Find stale rows; see `AutoPopulated.stale`."""
    rows: Any = table
    for restriction in restrictions:
        rows = rows & restriction
    found = StaleSearch(make_kwargs).of(table, None if rows is table and table._restricted is None else rows)
    if verify:
        from fascicle.populate.provenance.verify import verify_inputs

        verify_inputs(table, made_rows(table, rows), found, dict(make_kwargs or {}))
    if why:
        return found.as_dicts()
    return chosen_rows(table, found)


def chosen_rows(table: AutoPopulated, found: Staleness) -> Any:
    """Return the table restricted to the keys found."""
    relation = table._bound().relation
    keys = KeySet(found.names, tuple(found.reasons))
    return type(table)()._same(Restrict(relation, keys, relation.heading))
