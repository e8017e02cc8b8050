"""Carrying out a delete: ask, then remove children before parents in one serializable transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fascicle.errors import ConfirmationRequired, IntegrityError, PartIntegrityError, TransactionError
from fascicle.model import TableName
from fascicle.sql import compile_delete
from fascicle.table import changes
from fascicle.table.remove.plan import DeletePlan, count_together, plan_delete, refuse_vacuous
from fascicle.table.runtime import runtime_of
from fascicle.table.watch import announce_write

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.base import Table


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How a delete is carried out; see `Table.delete`."""

    transaction: bool = True
    prompt: bool | None = None
    part_integrity: str = "enforce"
    dry_run: bool = False


def delete(query: Table, options: DeleteOptions) -> int:
    """Delete the rows of a query and all that depend on them; see `Table.delete`.

    Returns
    -------
    int
        Rows of the query's own table.
    """
    connection = query.connection
    runtime = runtime_of(connection)
    if not options.transaction and not connection.in_transaction:
        raise TransactionError(
            "delete(transaction=False) outside a transaction",
            why="a delete of several tables must be all or nothing",
            try_="leave transaction=True, or open `with connection.transaction:` first",
        )
    ask = bool(runtime.config["safemode"]) if options.prompt is None else options.prompt
    plan = plan_delete(query, options.part_integrity, count=ask or options.dry_run)
    if options.dry_run:
        runtime.interaction.echo(str(plan))
        return plan.root_count
    plan.raise_for_parts()
    if ask and plan.total == 0:
        runtime.interaction.echo(f"Nothing to delete: no row of {plan.root} matches.")
        return 0
    if ask:
        confirm(query, plan, "deleted")
    runtime.hooks.call("before_delete", plan=plan, connection=connection)
    count = carry_out(connection, plan, verify=ask)
    runtime.hooks.call("after_delete", plan=plan, connection=connection, count=count)
    return count


def confirm(query: Table, plan: object, done: str) -> None:
    """Show a plan and ask.

    Raises
    ------
    ConfirmationRequired
        If nobody agrees, or nobody can be asked.
    """
    runtime = runtime_of(query.connection)
    if not runtime.interaction.confirm(str(plan)):
        raise ConfirmationRequired(
            f"nothing was {done}: nobody agreed to the plan",
            where=type(query).__name__,
            why=str(plan),
            try_="answer yes where you are asked, or pass prompt=False once the plan is what you mean",
            plan=plan,
        )


def carry_out(connection: Connection, plan: DeletePlan, verify: bool) -> int:
    """Delete the rows of a plan in one transaction.

    Parameters
    ----------
    connection : Connection
    plan : DeletePlan
    verify : bool
        Refuse if any table would lose another number of rows than the plan says (a person agreed to those).

    Returns
    -------
    int
        Rows deleted from the root table.
    """
    for entry in plan.entries:
        announce_write(connection, entry.table, "delete")

    def act() -> int:
        _check_parts(connection, plan)
        results = connection.execute_script(
            [compile_delete(entry.node, connection.dialect) for entry in plan.entries]
        )
        removed = {entry.table: r.rowcount for entry, r in zip(plan.entries, results, strict=True)}
        if verify and removed != plan.counts:
            raise TransactionError(
                "rows were added or removed since the plan was shown; nothing was deleted",
                where=str(plan.root),
                try_="call delete again to see the plan as it is now",
            )
        _log(connection, plan, removed)
        return removed[plan.root]

    try:
        if connection.in_transaction:
            with connection.transaction:
                return act()
        return connection.retrying(act, isolation="serializable")
    except IntegrityError as error:
        if type(error) is IntegrityError:
            error.try_ = (
                "delete again if rows were added meanwhile; a table that the plan does not show lies in a schema "
                "that you may not use: ask for that privilege, or its owner to delete first"
            )
        raise


def _log(connection: Connection, plan: DeletePlan, removed: Mapping[TableName, int]) -> None:
    script = [
        sql
        for entry in plan.entries
        if removed[entry.table]
        for sql in changes.entries(connection, entry.table, "delete", changes.keys_of_node(entry.node))
    ]
    if script:
        connection.execute_script(script)


def _check_parts(connection: Connection, plan: DeletePlan) -> None:
    for (exposure, _), count in zip(
        plan.checks, count_together(connection, [node for _, node in plan.checks]), strict=True
    ):
        if count:
            raise PartIntegrityError(
                f"{count} rows of the part {exposure.part} would leave their master in {exposure.master}",
                where=str(plan.root),
                try_="part_integrity='cascade' deletes those masters too, 'ignore' deletes the parts alone",
            )


def delete_quick(query: Table, get_count: bool) -> int | None:
    """Delete the rows of a query only; see `Table.delete_quick`."""
    refuse_vacuous(query, "delete")
    announce_write(query.connection, query.table_id, "delete")
    node, connection = query.as_node(), query.connection
    log = changes.entries(connection, query.table_id, "delete", changes.keys_of_node(node))
    result = connection.execute_script([compile_delete(node, connection.dialect), *log])[0]
    return result.rowcount if get_count else None
