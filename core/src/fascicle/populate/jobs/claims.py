"""Claiming jobs: many at a time, by one short transaction, for the length of a lease."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fascicle.errors import JobError
from fascicle.populate.jobs.declare import ATTEMPTS, LEASE, TOKEN
from fascicle.populate.jobs.statements import Moment, More
from fascicle.populate.making import Closing
from fascicle.query.nodes import Node, Relation, Restrict
from fascicle.query.scalar import Binary, Column, Every, Exists, IsNull, KeySet, Literal, Raw, Scalar
from fascicle.sql import Sql, compile_select
from fascicle.sql.dialect import Capability
from fascicle.table.fetch import columns
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.backend.protocol import Result
    from fascicle.populate.jobs.table import JobTable

DEATHS = 20
"""Times that workers may die over one job before it counts as failed."""


@dataclass(frozen=True)
class Claim:
    """A job that is ours while the lease lasts.

    Parameters
    ----------
    key : dict
    token : str
        Proves that it is ours.
    attempts : int
        Times that the job was claimed before.
    """

    key: dict[str, Any]
    token: str
    attempts: int = 0


class LeaseLost(JobError):
    """A job is no longer ours: its lease ran out, or somebody released it."""


class Claims:
    """Takes jobs for one worker and gives them back.

    Parameters
    ----------
    jobs : JobTable
    source : Node, optional
        Only jobs whose key is among these.
    priority : int, optional
        Only jobs of this priority or a lower number.
    descending : bool
        Take the last keys first, within a priority.
    """

    def __init__(
        self,
        jobs: JobTable,
        source: Node | None = None,
        priority: int | None = None,
        *,
        descending: bool = False,
    ) -> None:
        self.jobs = jobs
        self.connection = jobs.connection
        self.statements = jobs.statements
        self.lease = float(runtime_of(self.connection).config["jobs.lease"])
        self._source = source
        self._priority = priority
        self._descending = descending
        self.tokens: set[str] = set()

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Who claims."""
        from fascicle.populate.jobs.table import worker_identity

        return worker_identity(self.jobs.target)

    def take(self, count: int, keys: Sequence[dict[str, Any]] | None = None) -> list[Claim]:
        """Claim up to so many jobs: pending ones that are due, then those whose lease ran out.

        Parameters
        ----------
        count : int
        keys : sequence of dict, optional
            Only jobs of these keys.
        """
        _ = self.identity  # asked for before the transaction, which shall be short
        return self.connection.retrying(lambda: self._take(count, keys), isolation="read committed")

    def _take(self, count: int, keys: Sequence[dict[str, Any]] | None) -> list[Claim]:
        due = [self._choice(condition, count, keys) for condition in (self._pending(), self._expired())]
        names = (*self.jobs.key_names, ATTEMPTS)
        heading = [self.jobs.table_spec.full_heading[name] for name in names]
        functions = columns.decoders(self.connection, heading)
        raw = [row for result in self.connection.execute_script(due) for row in result.rows][:count]
        rows = columns.decode_rows(raw, heading, functions)
        token = secrets.token_hex(12)
        claims: list[Claim] = []
        worn: list[Claim] = []
        for row in rows:
            key = dict(zip(self.jobs.key_names, row, strict=False))
            claim = Claim(key, token, int(row[-1]))
            (worn if claim.attempts >= DEATHS else claims).append(claim)
        script = [*self._mark(claims, token), *self._give_up(worn)]
        if script:
            self.connection.execute_script(script)
        if claims:
            self.tokens.add(token)
        return claims

    def _mark(self, claims: Sequence[Claim], token: str) -> list[Sql]:
        if not claims:
            return []
        changes = {
            "status": "reserved",
            "reserved_time": Moment(),
            **self.identity,
            TOKEN: token,
            LEASE: Moment(self.lease),
            ATTEMPTS: More(),
        }
        return [self.statements.update(changes, [self.statements.among([claim.key for claim in claims])])]

    def _give_up(self, claims: Sequence[Claim]) -> list[Sql]:
        if not claims:
            return []
        failure = self.jobs.failure(
            f"workers died, or lost their lease, {DEATHS} times over this key",
            "no traceback: the process ended",
        )
        return [self.statements.update(failure, [self.statements.among([claim.key for claim in claims])])]

    # choosing ----------------------------------------------------------------------------------------------
    def _pending(self) -> Scalar:
        return Every((_is("status", "pending"), Binary("<=", Column("scheduled_time"), self._now())))

    def _expired(self) -> Scalar:
        leased = IsNull(Column(TOKEN), negated=True)
        return Every((_is("status", "reserved"), leased, Binary("<", Column(LEASE), self._now())))

    def _now(self) -> Raw:
        moment = self.jobs.table_spec.full_heading[LEASE].type
        return Raw(self.connection.dialect.clock().replace("%%", "%"), (), moment)

    def _choice(self, condition: Scalar, count: int, keys: Sequence[dict[str, Any]] | None) -> Sql:
        spec, names = self.jobs.table_spec, self.jobs.key_names
        terms = [condition]
        if self._priority is not None:
            terms.append(Binary("<=", Column("priority"), Literal(self._priority)))
        if self._source is not None:
            terms.append(Exists(self._source, tuple((name, name) for name in names)))
        if keys is not None:
            terms.append(KeySet(tuple(names), tuple(tuple(key[name] for name in names) for key in keys)))
        relation = Relation(spec.name, spec.full_heading)
        node = Restrict(relation, Every(tuple(terms)), relation.heading)
        key_order = [f"{name} DESC" if self._descending else name for name in names]
        sql = compile_select(
            node,
            self.connection.dialect,
            columns=(*names, ATTEMPTS),
            order_by=("priority", "scheduled_time", *key_order),
            limit=count,
        ).sql
        locks = Capability.SKIP_LOCKED in self.connection.dialect.capabilities
        return Sql(sql.text + " FOR UPDATE SKIP LOCKED", sql.params) if locks else sql

    # keeping and giving back -------------------------------------------------------------------------------
    def fence(self, claim: Claim, seconds: float) -> Closing:
        """The statement that completes a job in its result's transaction, and proves that it is still ours."""
        ours = self._ours(claim)
        if runtime_of(self.connection).config["jobs.keep_completed"]:
            sql = self.statements.update(self.jobs.completion(seconds), ours)
        else:
            sql = self.statements.delete(ours)
        return Closing(sql, self._check(claim))

    def _ours(self, claim: Claim) -> list[Any]:
        return [
            self.statements.among([claim.key]),
            self.statements.with_token([claim.token]),
            self.statements.equals("status", "reserved"),
            self.statements.in_force(),
        ]

    def _check(self, claim: Claim) -> Any:
        def check(result: Result) -> None:
            if result.rowcount != 1:
                raise LeaseLost(
                    f"the job {claim.key} is no longer ours; nothing of its result is kept",
                    where=type(self.jobs.target).__name__,
                    why="its lease ran out before the result was committed, or somebody released it",
                    try_="compute in make_compute, which holds no transaction, so that the heartbeat can keep "
                    "the lease; or raise the setting jobs.lease",
                )

        return check

    def fail(self, claim: Claim, error: BaseException, retry_in: float | None) -> bool:
        """Note that a job failed: as an error, or back into the queue after so many seconds.

        Returns
        -------
        bool
            ``False`` if the job was no longer ours.
        """
        changes = self.jobs.failure(error)
        if retry_in is not None:
            changes |= {"status": "pending", "scheduled_time": Moment(retry_in), "completed_time": None}
        sql = self.statements.update(changes, self._ours(claim)[:3])
        return self.connection.execute(sql).rowcount == 1

    def give_back(self, claims: Sequence[Claim]) -> None:
        """Put jobs that were not begun, or broken off, back into the queue."""
        for claim in claims:
            changes = {"status": "pending", TOKEN: None, LEASE: None, ATTEMPTS: claim.attempts}
            self.connection.execute(self.statements.update(changes, self._ours(claim)[:3]))

    def prolong(self) -> int:
        """Keep every lease of ours that has not run out; returns how many jobs that are."""
        tokens = sorted(self.tokens)
        if not tokens:
            return 0
        conditions = [
            self.statements.equals("status", "reserved"),
            self.statements.with_token(tokens),
            self.statements.in_force(),
        ]
        return self.connection.execute(
            self.statements.update({LEASE: Moment(self.lease)}, conditions)
        ).rowcount


def _is(name: str, value: str) -> Scalar:
    return Binary("=", Column(name), Literal(value))
