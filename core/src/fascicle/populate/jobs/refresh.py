"""Keeping the queue in step with the key source: new keys in, vanished keys out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fascicle.populate.jobs.statements import Condition
from fascicle.populate.keysource import source_of, without_rows
from fascicle.query.nodes import Node, Relation, Restrict
from fascicle.query.scalar import Exists, Scalar
from fascicle.sql import Sql, compile_delete, compile_select
from fascicle.table.expression import QueryExpression

if TYPE_CHECKING:
    from fascicle.model import TableSpec
    from fascicle.populate.jobs.table import JobTable


def add_keys(jobs: JobTable, restrictions: Sequence[Any], delay: float, priority: int) -> int:
    """Add the keys of the key source that have neither row nor job, in one statement.

    Returns
    -------
    int
        How many were added.
    """
    return add_missing(jobs, source_of(jobs.target, restrictions).as_node(), delay, priority)


def add_missing(jobs: JobTable, source: Node, delay: float, priority: int) -> int:
    """Add those keys of a source that have neither row nor job, in one statement; returns how many."""
    connection, spec = jobs.connection, jobs.table_spec
    names = jobs.key_names
    missing = without_rows(jobs.target, QueryExpression(connection, source)).as_node()
    new = _lacking(missing, spec, names)
    dialect = connection.dialect
    chosen = compile_select(new, dialect, columns=names).sql
    listed = ", ".join(map(dialect.identifier, names))
    columns = (*names, "status", "priority", "created_time", "scheduled_time")
    own = ", ".join(map(dialect.identifier, columns))
    moment = dialect.clock_after() if delay else dialect.clock()
    text = (
        f"INSERT INTO {dialect.table(spec.name)} ({own}) "
        f"SELECT {listed}, 'pending', {int(priority)}, {dialect.clock()}, {moment} FROM ({chosen.text}) AS fresh "
        f"WHERE 1 = 1{dialect.conflict_clause(spec, columns, 'skip')}"
    )
    params = ((delay,) if delay else ()) + chosen.params
    # Under a stronger isolation some servers lock the rows that are read, and wait for whoever changes them.
    with connection.transaction(isolation="read committed"):
        return max(connection.execute(Sql(text, params)).rowcount, 0)


def _lacking(node: Node, spec: TableSpec, names: Sequence[str]) -> Node:
    there = Exists(Relation(spec.name, spec.heading), tuple((name, name) for name in names), negated=True)
    return Restrict(node, there, node.heading)


def remove_vanished(jobs: JobTable, among: Scalar | None = None) -> int:
    """Remove jobs whose key is no longer in the key source, or has its row already; those in work stay.

    Parameters
    ----------
    jobs : JobTable
    among : Scalar, optional
        Look only at jobs that meet this condition.

    Returns
    -------
    int
        How many were removed.
    """
    names = jobs.key_names
    pairs = tuple((name, name) for name in names)
    target = jobs.target.table_spec
    gone = Exists(source_of(jobs.target, ()).as_node(), pairs, negated=True)
    made = Exists(Relation(target.name, target.heading), pairs)
    waiting = jobs & "status in ('pending', 'error', 'ignore')"
    failed = jobs & "status in ('pending', 'error')"
    return sum(
        _delete_where(jobs, _among(query.as_node(), among), condition)
        for query, condition in ((waiting, gone), (failed, made))
    )


def _among(node: Node, condition: Scalar | None) -> Node:
    return node if condition is None else Restrict(node, condition, node.heading)


def _delete_where(jobs: JobTable, node: Node, condition: Exists) -> int:
    sql = compile_delete(Restrict(node, condition, node.heading), jobs.connection.dialect)
    with jobs.connection.transaction(isolation="read committed"):
        return max(jobs.connection.execute(sql).rowcount, 0)


def revive(jobs: JobTable) -> int:
    """Put jobs that succeeded, and whose row is gone, back into the queue (for ``jobs.keep_completed``)."""
    target = jobs.target.table_spec
    pairs = tuple((name, name) for name in jobs.key_names)
    node = (jobs & "status = 'success'").as_node()
    lost = Restrict(node, Exists(Relation(target.name, target.heading), pairs, negated=True), node.heading)
    return jobs.change(jobs.with_node_of(lost), {"status": "pending"})


def orphans(jobs: JobTable, seconds: float) -> int:
    """Put jobs back that a client without leases reserved longer ago than so many seconds."""
    statements = jobs.statements
    dialect = statements.dialect
    limit = Condition(f"{dialect.identifier('reserved_time')} < {dialect.clock_after()}", (-float(seconds),))
    unleased = Condition(f"{dialect.identifier('_token')} IS NULL")
    sql = statements.update({"status": "pending"}, [statements.equals("status", "reserved"), unleased, limit])
    return max(jobs.connection.execute(sql).rowcount, 0)
