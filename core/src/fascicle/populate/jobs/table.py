"""The job table as people use it: look at jobs, add them, hold them back, bring them on again."""

from __future__ import annotations

import datetime as dt
import os
import socket
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fascicle.errors import JobError
from fascicle.populate.jobs import refresh
from fascicle.populate.jobs.causes import cause_of
from fascicle.populate.jobs.declare import (
    CAUSE,
    LEASE,
    MESSAGE_LENGTH,
    STATUSES,
    TOKEN,
    find_job_table,
    require_job_table,
)
from fascicle.populate.jobs.statements import Condition, JobStatements, Moment, in_chunks
from fascicle.table.base import Table
from fascicle.table.binding import Binding, bind
from fascicle.table.expression import QueryExpression
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.populate.tiers import AutoPopulated
    from fascicle.query.nodes import Node


class JobTable(Table):
    """The jobs of a computed table; made by ``Table.jobs``.

    Each job has the key of a row to make, a status (``pending``, ``reserved``, ``success``, ``error`` or
    ``ignore``), a priority (lower first) and a time before which it does not run.  It can be queried like any
    table; the methods that change jobs change those of the query: ``Table.jobs.errors.retry()``.

    Parameters
    ----------
    target : AutoPopulated
        The computed table.
    """

    def __init__(self, target: AutoPopulated) -> None:
        super().__init__()
        self.target = target
        binding = target._bound()
        self._free = bind(binding.connection, require_job_table(binding.connection, binding.spec))
        self.statements = JobStatements(binding.connection, self._free.spec)

    def _bound(self) -> Binding:  # type: ignore[override]
        return self._free

    @classmethod
    def _whole(cls) -> Any:
        return None

    @property
    def key_names(self) -> list[str]:
        """Names of the key."""
        return self.statements.key_names

    # looking -----------------------------------------------------------------------------------------------
    @property
    def pending(self) -> JobTable:
        """Jobs to do."""
        return self & "status = 'pending'"

    @property
    def reserved(self) -> JobTable:
        """Jobs in work."""
        return self & "status = 'reserved'"

    @property
    def errors(self) -> JobTable:
        """Jobs that failed."""
        return self & "status = 'error'"

    @property
    def ignored(self) -> JobTable:
        """Jobs that are left alone."""
        return self & "status = 'ignore'"

    @property
    def completed(self) -> JobTable:
        """Jobs that succeeded; kept where the setting ``jobs.keep_completed`` says so."""
        return self & "status = 'success'"

    @property
    def foreign(self) -> list[dict[str, Any]]:
        """Keys reserved by a client that keeps no leases; they are left alone, see `refresh`."""
        marks = self.connection.dialect.identifier
        names = ", ".join(map(marks, self.key_names))
        text = (
            f"SELECT {names} FROM {self.full_table_name} WHERE status = 'reserved' AND {marks(TOKEN)} IS NULL"
        )
        return self.connection.query(text, as_dict=True).fetchall()

    def progress(self) -> dict[str, int]:
        """Count the jobs of each status, and all."""
        from fascicle.query.universe import U

        found = U("status").aggr(self, n="count(*)").to_dicts()
        counts = dict.fromkeys(STATUSES, 0) | {row["status"]: int(row["n"]) for row in found}
        return {**counts, "total": sum(counts.values())}

    def causes(self) -> list[dict[str, Any]]:
        """Group the failed jobs by what made them fail, the most frequent first.

        Returns
        -------
        list of dict
            With ``cause``, ``count``, and an ``example`` (the message of one of them).
        """
        marks = self.connection.dialect.identifier
        text = (
            f"SELECT {marks(CAUSE)}, COUNT(*), MIN(error_message) FROM {self.full_table_name} "
            f"WHERE status = 'error' GROUP BY {marks(CAUSE)} ORDER BY 2 DESC, 1"
        )
        found = self.connection.query(text).fetchall()
        return [{"cause": cause, "count": int(n), "example": message} for cause, n, message in found]

    # filling -----------------------------------------------------------------------------------------------
    def refresh(
        self,
        *restrictions: Any,
        delay: float = 0,
        priority: int | None = None,
        stale_timeout: float | None = None,
        orphan_timeout: float | None = None,
    ) -> dict[str, int]:
        """Add jobs for keys that have neither row nor job, and remove jobs whose key vanished.

        Parameters
        ----------
        *restrictions
            Conditions on the key source.
        delay : float
            Seconds before new jobs may run.
        priority : int, optional
            Of new jobs; lower runs earlier.
        stale_timeout : float, optional
            ``0`` leaves vanished keys where they are (the published name; any other value removes them).
        orphan_timeout : float, optional
            Seconds after which jobs that a client without leases reserved are put back.

        Returns
        -------
        dict
            ``added``, ``removed``, ``orphaned`` and ``re_pended`` jobs.
        """
        if priority is None:
            priority = int(runtime_of(self.connection).config["jobs.default_priority"])
        orphaned = refresh.orphans(self, orphan_timeout) if orphan_timeout is not None else 0
        re_pended = refresh.revive(self) if runtime_of(self.connection).config["jobs.keep_completed"] else 0
        removed = refresh.remove_vanished(self) if stale_timeout != 0 else 0
        added = refresh.add_keys(self, restrictions, delay, priority)
        return {"added": added, "removed": removed, "orphaned": orphaned, "re_pended": re_pended}

    # one job -----------------------------------------------------------------------------------------------
    def reserve(self, key: Mapping[str, Any]) -> bool:
        """Claim one pending job that is due, for the length of a lease.

        Returns
        -------
        bool
            Whether it is ours now.
        """
        from fascicle.populate.jobs.claims import Claims

        return bool(Claims(self).take(1, keys=[dict(key)]))

    def complete(self, key: Mapping[str, Any], duration: float | None = None) -> None:
        """Note that a job succeeded: it is removed, or kept as the setting ``jobs.keep_completed`` says."""
        chosen = [self.statements.among([key])]
        if runtime_of(self.connection).config["jobs.keep_completed"]:
            self.connection.execute(self.statements.update(self.completion(duration), chosen))
        else:
            self.connection.execute(self.statements.delete(chosen))

    @staticmethod
    def completion(duration: float | None) -> dict[str, Any]:
        """What a job that succeeded holds."""
        return {
            "status": "success",
            "completed_time": Moment(),
            "duration": duration,
            TOKEN: None,
            LEASE: None,
        }

    def error(
        self, key: Mapping[str, Any], error_message: str | BaseException, error_stack: str | None = None
    ) -> None:
        """Note that a job failed; it is added if it is missing."""
        if not self.exists(key):
            self.insert1({**key, "status": "error"}, ignore_extra_fields=True)
        self.connection.execute(
            self.statements.update(self.failure(error_message, error_stack), [self.statements.among([key])])
        )

    @staticmethod
    def failure(error: str | BaseException, stack: str | None = None) -> dict[str, Any]:
        """What a job that failed holds."""
        message = error if isinstance(error, str) else _message(error)
        if stack is None and isinstance(error, BaseException):
            stack = "".join(traceback.format_exception(error))
        return {
            "status": "error",
            "completed_time": Moment(),
            "error_message": message[:MESSAGE_LENGTH],
            "error_stack": stack,
            CAUSE: cause_of(error),
            TOKEN: None,
            LEASE: None,
        }

    def exists(self, key: Mapping[str, Any]) -> bool:
        """Whether there is a job for a key."""
        return bool(self & {name: key[name] for name in self.key_names})

    def ignore(self, *restrictions: Any) -> int:
        """Leave jobs alone from now on; a key (dict) without a job gets one that is ignored.

        Returns
        -------
        int
            How many jobs that concerns.
        """
        for restriction in restrictions:
            if isinstance(restriction, Mapping) and set(self.key_names) <= set(restriction):
                key = {name: restriction[name] for name in self.key_names}
                self.insert1({**key, "status": "ignore"}, skip_duplicates=True)
        return self._change(restrictions, "status <> 'reserved'", {"status": "ignore"})

    # several jobs ------------------------------------------------------------------------------------------
    def retry(self, *restrictions: Any, delay: float = 0) -> int:
        """Put failed and ignored jobs back into the queue; returns how many."""
        changes = {
            "status": "pending",
            "scheduled_time": Moment(delay),
            "error_message": "",
            "error_stack": None,
            "_attempts": 0,
            CAUSE: "",
        }
        return self._change(restrictions, "status in ('error', 'ignore')", changes)

    def release(self, *restrictions: Any) -> int:
        """Take reserved jobs from their workers and put them back; returns how many.

        A worker that still runs loses its claim: it can no longer commit.
        """
        return self._change(
            restrictions, "status = 'reserved'", {"status": "pending", TOKEN: None, LEASE: None}
        )

    def set_priority(self, priority: int, *restrictions: Any) -> int:
        """Give jobs another priority, lower runs earlier; returns how many changed."""
        return self._change(restrictions, "status <> 'success'", {"priority": priority})

    def schedule(self, when: dt.datetime | float, *restrictions: Any) -> int:
        """Let pending jobs wait until a moment (UTC), or for so many seconds; returns how many."""
        moment = when if isinstance(when, dt.datetime) else Moment(when)
        return self._change(restrictions, "status = 'pending'", {"scheduled_time": moment})

    def delete(self, *_args: Any, prompt: bool | None = None, **_options: Any) -> int:
        """Remove the jobs of the query; rows of the computed table stay."""
        return Table.delete_quick.__get__(self, type(self))(get_count=True) or 0

    def drop(
        self, prompt: bool | None = None, part_integrity: str = "enforce", dry_run: bool = False
    ) -> list[str]:
        """Drop the job table."""
        if not dry_run:
            self.drop_quick()
        return [str(self.table_id)]

    def with_node_of(self, node: Node) -> QueryExpression:
        """Wrap a node on this table's connection."""
        return QueryExpression(self.connection, node)

    def change(self, query: Any, changes: Mapping[str, Any], *conditions: Condition) -> int:
        """Change the jobs that a query chooses; returns how many changed."""
        keys = query.keys()
        total = 0
        for chunk in in_chunks(keys):
            sql = self.statements.update(changes, [self.statements.among(chunk), *conditions])
            total += max(self.connection.execute(sql).rowcount, 0)
        return total

    def _change(self, restrictions: Any, condition: str, changes: Mapping[str, Any]) -> int:
        query: Any = self & condition
        for restriction in restrictions:
            query = query & restriction
        return self.change(query, changes, Condition(f"({condition})"))


def _message(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def worker_identity(table: Any) -> dict[str, Any]:
    """Who works: user, host and process, and the version of the code, as a job keeps them."""
    from fascicle.populate.metadata import version_of

    return {
        "user": table.connection.get_user()[:255],
        "host": socket.gethostname()[:255],
        "pid": os.getpid(),
        "version": version_of(table),
    }


def jobs_of(table: AutoPopulated) -> JobTable:
    """Return the job table of a computed table, declaring it at first use.

    Raises
    ------
    JobError
        If it would have to be declared inside a transaction.
    """
    connection = table.connection
    if connection.in_transaction and find_job_table(connection, table.table_spec) is None:
        raise JobError(
            f"the jobs of {type(table).__name__} have no table yet, and a transaction is open",
            why="a table is not declared inside a transaction",
            try_=f"call {type(table).__name__}.jobs once before the transaction begins",
        )
    return JobTable(table)
