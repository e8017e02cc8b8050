"""Finding new keys by what changed since the last look, instead of comparing everything.

Each job table remembers its place in the logs of changes of the schemas that its key source reads.  Looking again
reads the entries behind that place, and compares only the keys that they name.  A place never passes a number that
is missing from the log and may belong to a transaction still open; what no log saw is found by comparing
everything: at first use, on request, and on a schedule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fascicle.model import Attribute, CoreType, TableName, TableSpec
from fascicle.populate.cone import tables_of
from fascicle.populate.jobs import refresh
from fascicle.populate.jobs.statements import JobStatements, Moment
from fascicle.populate.keysource import source_of
from fascicle.populate.provenance.index import Change, changes_since
from fascicle.populate.provenance.tables import require
from fascicle.query.nodes import Node, Restrict
from fascicle.query.scalar import AnyOf, KeySet
from fascicle.sql import Sql
from fascicle.table.changes import log_name, require_log
from fascicle.table.runtime import runtime_of
from fascicle.table.write.cells import convert

if TYPE_CHECKING:
    from fascicle.populate.jobs.table import JobTable

SETTLE_S = 600.0
"""A number missing from a log for so many seconds is one that was rolled back."""
MOST_ROWS = 20_000
"""So many changed rows are no longer cheaper to look at one by one."""
_NAME = CoreType("varchar", (64,))


def consumer_spec(schema: str) -> TableSpec:
    """Declare where the places of a schema's job tables are kept."""
    columns = (
        Attribute("table_name", _NAME, in_key=True),
        Attribute("source_schema", _NAME, in_key=True),
        Attribute("position", CoreType("int64")),
        Attribute("full_time", CoreType("datetime", (3,)), comment="when everything was last compared"),
    )
    return TableSpec(TableName(schema, "~consumers"), columns, comment="places in the logs of changes")


@dataclass(frozen=True)
class Place:
    """How far a log has been read, and how far it can be.

    Parameters
    ----------
    position : int
        Everything up to here was looked at.
    end : int
        Last number of the log that can be seen.
    gapless : bool
        Whether no number between is missing.
    age : float
        Seconds since everything was compared.
    """

    position: int
    end: int
    gapless: bool
    age: float


class Consumer:
    """Keeps a job table in step with its key source.

    Parameters
    ----------
    jobs : JobTable
    """

    def __init__(self, jobs: JobTable) -> None:
        self.jobs = jobs
        self.connection = jobs.connection
        self.name = jobs.target.table_id
        self.node = source_of(jobs.target, ()).as_node()
        self.tables = {*tables_of(self.node), self.name}
        self.spec = require(self.connection, consumer_spec(self.name.schema))
        schemas = sorted({name.schema for name in self.tables})
        self.schemas = schemas if all(require_log(self.connection, schema) for schema in schemas) else []

    def advance(self) -> dict[str, int]:
        """Look at what changed since the last time; compare everything where that is not enough.

        Returns
        -------
        dict
            As `JobTable.refresh`.
        """
        if self.spec is None or not self.schemas:
            return self.jobs.refresh()
        places = self._places()
        longest = float(runtime_of(self.connection).config["jobs.full_refresh"])
        if places is None or max(place.age for place in places.values()) > longest:
            return self.full()
        if all(place.end == place.position for place in places.values()):
            return {"added": 0, "removed": 0, "orphaned": 0, "re_pended": 0}
        # Before the entries are read: a transaction that ends in between must not be passed.
        reach = {schema: self._reach(schema, place) for schema, place in places.items()}
        changed = [change for schema, place in places.items() for change in self._changes(schema, place)]
        done = self._apply(changed)
        if done is None:
            return self.full()
        self._remember(reach)
        return done

    def full(self, **options: Any) -> dict[str, int]:
        """Compare everything, and remember the places from which the logs tell the rest."""
        places = {}
        if self.spec is not None:
            # Taken before comparing: what is committed meanwhile is looked at again.
            places = {schema: self._horizon(schema) for schema in self.schemas}
        done = self.jobs.refresh(**options)
        if places:
            self._remember(places, full=True)
        return done

    # places ------------------------------------------------------------------------------------------------
    def _places(self) -> dict[str, Place] | None:
        """Read all places in one trip; ``None`` where one is missing."""
        results = self.connection.execute_script([self._place_query(schema) for schema in self.schemas])
        found = {}
        for schema, result in zip(self.schemas, results, strict=True):
            if not result.rows:
                return None
            position, full_time, now, end, count = result.rows[0]
            position, end = int(position), int(end or 0)
            gapless = int(count) == end - position
            found[schema] = Place(position, max(end, position), gapless, _seconds(full_time, now))
        return found

    def _place_query(self, schema: str) -> Sql:
        assert self.spec is not None  # noqa: S101  (asked for only where it is there)
        dialect = self.connection.dialect
        mark, log, seq = dialect.placeholder, dialect.table(log_name(schema)), dialect.identifier("seq")
        position, table = dialect.identifier("position"), dialect.table(self.spec.name)
        behind = f"FROM {log} AS l WHERE l.{seq} > c.{position}"
        text = (
            f"SELECT c.{position}, c.{dialect.identifier('full_time')}, {dialect.clock()}, "
            f"(SELECT MAX(l.{seq}) {behind}), (SELECT COUNT(*) {behind}) FROM {table} AS c "
            f"WHERE c.{dialect.identifier('table_name')} = {mark} AND c.{dialect.identifier('source_schema')} = {mark}"
        )
        return Sql(text, (self.name.table[:64], schema))

    def _reach(self, schema: str, place: Place) -> int:
        """Return how far the place in a log may move."""
        if place.gapless:
            return place.end
        return self._before_gap(schema, place.position, place.end)

    def _horizon(self, schema: str) -> int:
        """Return the last number of a log before which nothing can still come to light."""
        dialect = self.connection.dialect
        log, seq = dialect.table(log_name(schema)), dialect.identifier("seq")
        recent = f"FROM {log} WHERE {dialect.identifier('changed_time')} >= {dialect.clock_after()}"
        text = (
            f"SELECT (SELECT MAX({seq}) FROM {log}), (SELECT MIN({seq}) {recent}), (SELECT COUNT(*) {recent})"
        )
        end, first, count = self.connection.execute(Sql(text, (-SETTLE_S, -SETTLE_S))).rows[0]
        if end is None or first is None:
            return int(end or 0)
        if int(count) == int(end) - int(first) + 1:
            return int(end)
        return self._before_gap(schema, int(first) - 1, int(end))

    def _before_gap(self, schema: str, position: int, end: int) -> int:
        """Return the number before the first missing one that may still be a transaction's."""
        dialect = self.connection.dialect
        log, seq = dialect.table(log_name(schema)), dialect.identifier("seq")
        mark, when = dialect.placeholder, dialect.identifier("changed_time")
        text = (
            f"SELECT {seq}, CASE WHEN {when} < {dialect.clock_after()} THEN 1 ELSE 0 END FROM {log} "
            f"WHERE {seq} > {mark} AND {seq} <= {mark} ORDER BY {seq}"
        )
        last = position
        for number, settled in self.connection.execute(Sql(text, (-SETTLE_S, position, end))).rows:
            if int(number) != last + 1 and not settled:
                return last
            last = int(number)
        return last

    def _remember(self, places: Mapping[str, int], full: bool = False) -> None:
        assert self.spec is not None  # noqa: S101
        statements = JobStatements(self.connection, self.spec)
        script = []
        for schema, position in places.items():
            row = {"table_name": self.name.table[:64], "source_schema": schema, "position": position}
            where = [statements.equals(name, row[name]) for name in ("table_name", "source_schema")]
            changes: dict[str, Any] = {"position": position}
            if full:
                script.append(statements.delete(where))
                script.append(statements.insert({**row, "full_time": Moment()}))
            else:
                script.append(statements.update(changes, where))
        self.connection.execute_script(script)

    # changes -----------------------------------------------------------------------------------------------
    def _changes(self, schema: str, place: Place) -> list[Change]:
        if place.end == place.position:
            return []
        names = [name.table for name in self.tables if name.schema == schema]
        return [c for c in changes_since(self.connection, schema, place.position, names) if self._matters(c)]

    def _matters(self, change: Change) -> bool:
        """A row that was inserted into the table itself makes no new key; one that was deleted does."""
        return change.table != self.name or change.operation == "delete"

    def _apply(self, changes: Sequence[Change]) -> dict[str, int] | None:
        """Add and remove the jobs that changes concern; ``None`` if they do not say which those are."""
        sets: dict[tuple[str, ...], dict[tuple[Any, ...], None]] = {}
        total = 0
        for change in changes:
            columns = self._columns_of(change)
            if columns is None:
                return None
            names = tuple(columns)
            position = [change.names.index(columns[name]) for name in names]
            rows = sets.setdefault(names, {})
            for row in change.rows:
                rows[tuple(self._value(name, row[i]) for name, i in zip(names, position, strict=True))] = None
            total += len(change.rows)
            if total > MOST_ROWS:
                return None
        terms = tuple(KeySet(names, tuple(rows)) for names, rows in sets.items())
        if not terms:
            return {"added": 0, "removed": 0, "orphaned": 0, "re_pended": 0}
        condition = terms[0] if len(terms) == 1 else AnyOf(terms)
        chosen: Node = Restrict(self.node, condition, self.node.heading)
        priority = int(runtime_of(self.connection).config["jobs.default_priority"])
        added = refresh.add_missing(self.jobs, chosen, 0, priority)
        deleted = any(change.operation != "insert" for change in changes)
        removed = refresh.remove_vanished(self.jobs, condition) if deleted else 0
        return {"added": added, "removed": removed, "orphaned": 0, "re_pended": 0}

    def _columns_of(self, change: Change) -> dict[str, str] | None:
        """Return which attribute of the key source has the values of which attribute of a change."""
        spec = self.connection.catalog.load(change.table.schema).tables.get(change.table)
        if spec is None or not change.names:
            return None
        found: dict[str, str] = {}
        for name in change.names:
            lineage = spec.full_heading[name].lineage if name in spec.full_heading else None
            same = [
                own for own, a in self.node.heading.items() if lineage is not None and a.lineage == lineage
            ]
            if len(same) > 1:
                return None
            if same:
                found[same[0]] = name
        return found or None

    def _value(self, name: str, text: str) -> Any:
        attribute = self.node.heading[name]
        if attribute.type.name == "bool":
            return text == "1"
        return convert(attribute, text)


def _seconds(then: Any, now: Any) -> float:
    """Seconds between two moments as a driver returns them: datetimes, or text."""
    moments = [dt.datetime.fromisoformat(value) if isinstance(value, str) else value for value in (then, now)]
    return float((moments[1] - moments[0]).total_seconds())
