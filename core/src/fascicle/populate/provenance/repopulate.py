"""Making rows again: computed first, then put in the place of the old ones in one transaction.

The master row is changed in place, so that whatever refers to it stays.  Part rows that the new result lacks go, and
with them what was computed from them; where a person's rows hang on such a part, nothing happens unless they were
named.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fascicle.errors import ConfirmationRequired, MakeError
from fascicle.model import TableName, Tier
from fascicle.populate.cone import known_graph
from fascicle.populate.forms import call_make
from fascicle.populate.maker import Maker, rechecks
from fascicle.populate.making import Closing, Held, Making
from fascicle.populate.options import PopulateOptions
from fascicle.populate.signals import Interrupts
from fascicle.populate.summary import PopulateSummary
from fascicle.query.nodes import Relation, Restrict
from fascicle.query.scalar import KeySet
from fascicle.sql import Sql, compile_delete
from fascicle.table import changes
from fascicle.table.expression import QueryExpression
from fascicle.table.fetch.columns import Slice, fetch_columns
from fascicle.table.remove.plan import PlanEntry, plan_delete
from fascicle.table.runtime import runtime_of
from fascicle.table.tiers import FreeTable

if TYPE_CHECKING:
    from fascicle.backend.protocol import Mode
    from fascicle.model import TableSpec
    from fascicle.populate.tiers import AutoPopulated

Key = tuple[Any, ...]
ENTERED = (Tier.MANUAL, Tier.LOOKUP)


@dataclass
class Redoing(Making):
    """A make whose rows are all held back, to be compared with those that are there."""

    results: list[Held] = field(default_factory=list)

    def defer(
        self,
        connection: Any,
        spec: TableSpec,
        names: Sequence[str],
        columns: Sequence[Sequence[Any]],
        rows: Sequence[tuple[Any, ...]],
        mode: Mode,
    ) -> bool:
        """Hold back every row, however many."""
        if connection is not self.connection or self._at_rest:
            return False
        self.results.append(Held(spec, names, columns, rows, mode))
        return True

    def _before(self, writes: bool, isolation: Any) -> None:
        if writes and not self._at_rest:
            raise MakeError(
                "make cannot be repeated: it writes by other means than insert",
                where=self.name.class_name,
                why="its rows must be known before they take the place of the old ones",
                try_="delete the rows and populate again",
            )


@dataclass(frozen=True)
class Replacement:
    """What takes the place of one key's rows.

    Parameters
    ----------
    inserts : list of Held
        New rows, masters first.
    removals : list of PlanEntry
        Part rows that go, and what hangs on them, children first.
    """

    inserts: list[Held]
    removals: list[PlanEntry]


def repopulate(
    table: AutoPopulated,
    restrictions: Sequence[Any],
    *,
    prompt: bool | None,
    also_delete: Iterable[Any],
    make_kwargs: dict[str, Any] | None,
    suppress_errors: bool,
) -> PopulateSummary:
    """Make rows again; see `AutoPopulated.repopulate`."""
    begun = time.perf_counter()
    rows: Any = table if restrictions or table._restricted is not None else table.stale()
    for restriction in restrictions:
        rows = rows & restriction
    keys = rows.keys(order_by="KEY")
    summary = PopulateSummary(type(table).__name__)
    if not keys:
        summary.why_nothing_ran = "no row is stale" if not restrictions else "no row meets the restrictions"
        return summary
    _confirm(table, keys, prompt)
    whole = type(table)()
    options = PopulateOptions(make_kwargs=dict(make_kwargs or {}), suppress_errors=suppress_errors)
    redo = Redo(whole, options, {other.table_id for other in also_delete})
    with Interrupts() as interrupts:
        for key in keys:
            try:
                redo.make(key, interrupts)
                summary.success_count += 1
            except Exception as error:
                if not suppress_errors:
                    raise
                summary.error_list.append((key, redo.maker.shown(error)))
            interrupts.release()
    summary.seconds = time.perf_counter() - begun
    return summary


def _confirm(table: AutoPopulated, keys: Sequence[Any], prompt: bool | None) -> None:
    runtime = runtime_of(table.connection)
    ask = bool(runtime.config["safemode"]) if prompt is None else prompt
    if not ask:
        return
    graph = known_graph(table.connection, table.table_id.schema)
    below = [name.class_name for name in graph.descendants(table.table_id) if name.master != table.table_id]
    lines = [
        f"{len(keys)} rows of {type(table).__name__} would be made again and replaced, with their parts."
    ]
    if below:
        lines.append(f"Rows of these tables rest on them, stay, and become stale: {', '.join(below)}.")
        lines.append("Rows that hang on parts which the new results lack go too; a person's rows never do.")
    if not runtime.interaction.confirm("\n".join(lines)):
        raise ConfirmationRequired(
            f"no row of {type(table).__name__} was made again: nobody agreed",
            why="\n".join(lines),
            try_="pass prompt=False once that is what you mean",
            plan=lines,
        )


class Redo:
    """Makes single keys again.

    Parameters
    ----------
    table : AutoPopulated
    options : PopulateOptions
    expendable : set of TableName
        Tables whose rows, entered by people, may be deleted.
    """

    def __init__(self, table: AutoPopulated, options: PopulateOptions, expendable: set[TableName]) -> None:
        self.table = table
        self.maker = Maker(table, options)
        self._connection = table.connection
        self._expendable = expendable

    def make(self, key: dict[str, Any], interrupts: Interrupts) -> None:
        """Compute a key, then replace its rows."""
        making = Redoing(self._connection, self.table.table_id, key)
        with making:
            call_make(making, type(self.table)(), self.maker.options.make_kwargs)
            making._at_rest = True
            replacement = self._compare(making)
            interrupts.shield()
            try:
                self._replace(making, replacement)
            finally:
                interrupts.unshield()

    def _compare(self, making: Redoing) -> Replacement:
        own = self.table.table_id
        if not any(held.spec.name == own for held in making.results):
            raise MakeError(
                f"make inserted no row for {making.key} this time; the old one stays",
                where=type(self.table).__name__,
                try_="delete the row if there should be none",
            )
        inserts = [self._as_replacement(held, own) for held in making.results]
        removals: list[PlanEntry] = []
        for part in known_graph(self._connection, own.schema).parts_of(own):
            removals += self._vanishing(part, making)
        self._protect(removals)
        return Replacement(inserts, removals)

    def _as_replacement(self, held: Held, own: TableName) -> Held:
        belongs = own in (held.spec.name, held.spec.name.master)
        return replace(held, mode="replace") if belongs else held

    def _vanishing(self, part: TableName, making: Redoing) -> list[PlanEntry]:
        """Plan the removal of the part rows of a key that the new result lacks."""
        spec = self._connection.catalog.load(part.schema)[part]
        link = next(fk for fk in spec.foreign_keys if fk.parent == self.table.table_id)
        chosen = {child: making.key[parent] for child, parent in link.columns}
        relation = Relation(part, spec.heading)
        condition = KeySet(tuple(chosen), (tuple(chosen.values()),))
        query = QueryExpression(self._connection, Restrict(relation, condition, relation.heading))
        names = spec.heading.primary_key
        _, columns = fetch_columns(query, names, Slice())
        old = set(zip(*columns, strict=True))
        gone = old - self._new_keys(part, making)
        if not gone:
            return []
        rows = Restrict(relation, KeySet(tuple(names), tuple(sorted(gone, key=repr))), relation.heading)
        plan = plan_delete(FreeTable(self._connection, part)._same(rows), "ignore")
        return [entry for entry in plan.entries if entry.count]

    def _new_keys(self, part: TableName, making: Redoing) -> set[Key]:
        found: set[Key] = set()
        for held in making.results:
            if held.spec.name == part:
                found.update(changes.keys_of_rows(held.spec, held.names, held.columns).rows)
        return found

    def _protect(self, removals: Sequence[PlanEntry]) -> None:
        """Refuse to delete what a person entered.

        Raises
        ------
        MakeError
        """
        held = []
        for entry in removals:
            owner = entry.table.master or entry.table
            if owner.tier in ENTERED and owner not in self._expendable:
                held.append(f"{entry.count} rows of {entry.table.class_name}")
        if held:
            raise MakeError(
                f"the new result lacks parts on which people's rows hang: {', '.join(held)}; nothing was replaced",
                where=type(self.table).__name__,
                why="rows that a person entered are never deleted without being named",
                try_="move those rows, or pass also_delete=(Table, ...) with their tables",
            )

    def _replace(self, making: Redoing, replacement: Replacement) -> None:
        connection = self._connection
        records = self.maker._records(making)
        script: list[Closing] = rechecks(making.inputs)
        for entry in replacement.removals:
            script.append(Closing(compile_delete(entry.node, connection.dialect)))
            script += self._logged(entry.table, "delete", changes.keys_of_node(entry.node))
        for held in replacement.inserts:
            script += [Closing(sql) for sql in _statements(connection, held)]
            keys = changes.keys_of_rows(held.spec, held.names, held.columns)
            script += self._logged(held.spec.name, "update" if held.mode == "replace" else "insert", [keys])
        with connection.transaction(isolation="read committed"):
            making.run([*script, *records])

    def _logged(self, name: TableName, operation: str, keys: Iterable[changes.Keys]) -> list[Closing]:
        return [Closing(sql) for sql in changes.entries(self._connection, name, operation, keys)]


def _statements(connection: Any, held: Held) -> list[Sql]:
    """INSERTs of held rows, in pieces that a statement can take."""
    size = max(1, 900 // max(len(held.names), 1))
    return [
        replace(held, rows=held.rows[start : start + size]).statement(connection)
        for start in range(0, len(held.rows), size)
    ]
