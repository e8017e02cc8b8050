"""How far a pipeline is: rows, keys to make, failed jobs; and what populating all of it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fascicle.model import TableName, split_prefix
from fascicle.populate import AutoPopulated, PopulateSummary
from fascicle.query import operators
from fascicle.query.nodes import Node, Relation
from fascicle.table import Table
from fascicle.table.remove.plan import count_together

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection


@dataclass(frozen=True)
class TableStatus:
    """How far one table is.

    Parameters
    ----------
    table : str
        ``schema.Table``.
    tier : str
    rows : int
    remaining, total : int or None
        Keys without a row and all keys of the key source; ``None`` for tables that are not populated.
    errors : int
        Failed jobs.
    """

    table: str
    tier: str
    rows: int
    remaining: int | None = None
    total: int | None = None
    errors: int = 0


@dataclass
class PipelineStatus:
    """How far every table of a pipeline is."""

    tables: list[TableStatus] = field(default_factory=list)

    def __iter__(self) -> Any:
        return iter(self.tables)

    def __getitem__(self, name: str) -> TableStatus:
        return next(
            status for status in self.tables if name in (status.table, status.table.partition(".")[2])
        )

    @property
    def remaining(self) -> int:
        """Keys that have no row yet."""
        return sum(status.remaining or 0 for status in self.tables)

    @property
    def errors(self) -> int:
        """Failed jobs."""
        return sum(status.errors for status in self.tables)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return plain values, a dict for each table."""
        return [dict(vars(status)) for status in self.tables]

    def __str__(self) -> str:
        width = max((len(status.table) for status in self.tables), default=5)
        lines = [f"{'table':<{width}}  tier      rows      done"]
        for status in self.tables:
            done = "" if status.total is None else f"{status.total - (status.remaining or 0)}/{status.total}"
            failed = f"  {status.errors} failed" if status.errors else ""
            lines.append(f"{status.table:<{width}}  {status.tier:<9}{status.rows:<9} {done}{failed}".rstrip())
        return "\n".join(lines)


class PipelineSummary(list[PopulateSummary]):
    """What populating a pipeline did, table by table."""

    @property
    def success_count(self) -> int:
        """Keys made."""
        return sum(summary.success_count for summary in self)

    @property
    def error_list(self) -> list[tuple[str, dict[str, Any], Any]]:
        """Table, key and error of each failure."""
        return [(summary.table, key, error) for summary in self for key, error in summary.error_list]

    def __str__(self) -> str:
        return "\n".join(map(repr, self)) or "no table is populated"

    __repr__ = __str__


def status_of(tables: Sequence[type[Table]], connection: Connection) -> PipelineStatus:
    """Count everything; the rows of all tables in one trip, the keys of each populated table in one more."""
    declared = [table for table in tables if table._bound().is_declared]
    nodes: list[Node] = [table._bound().relation for table in declared]
    jobs: dict[type[Table], Node | None] = {
        table: _failed_jobs(table, connection) for table in declared if issubclass(table, AutoPopulated)
    }
    asked = [node for node in jobs.values() if node is not None]
    counts = iter(count_together(connection, [*nodes, *asked]))
    rows = [next(counts) for _ in nodes]
    failed = {table: next(counts) if node is not None else 0 for table, node in jobs.items()}
    return PipelineStatus(
        [_status(table, count, failed.get(table, 0)) for table, count in zip(declared, rows, strict=True)]
    )


def _status(table: type[Table], rows: int, errors: int) -> TableStatus:
    name = table._bound().name
    remaining, total = table.progress() if issubclass(table, AutoPopulated) else (None, None)
    return TableStatus(f"{name.schema}.{name.class_name}", str(table.tier), rows, remaining, total, errors)


def _failed_jobs(table: type[Table], connection: Connection) -> Node | None:
    """The failed jobs of a table, where it has a job table."""
    name = table._bound().name
    jobs = TableName(name.schema, "~~" + split_prefix(name.table)[1])
    spec = connection.catalog.load(name.schema).tables.get(jobs)
    if spec is None:
        return None
    return operators.restrict(Relation(jobs, spec.heading), {"status": "error"})
