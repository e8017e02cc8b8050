"""Populating with claimed jobs: any number of workers share the keys of a table."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fascicle.errors import (
    ContractError,
    FascicleError,
    LockError,
    LostConnectionError,
    MakeError,
    RetryError,
)
from fascicle.populate.jobs.claims import Claim, Claims, LeaseLost
from fascicle.populate.jobs.consumer import Consumer
from fascicle.populate.jobs.heartbeat import Heartbeat
from fascicle.populate.jobs.table import JobTable, jobs_of
from fascicle.populate.keysource import keys_to_make, source_of
from fascicle.populate.maker import Maker
from fascicle.populate.reporting import Reporter
from fascicle.populate.run import deadline
from fascicle.populate.signals import Interrupts, Terminated
from fascicle.populate.summary import PopulateSummary
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.populate.options import PopulateOptions
    from fascicle.populate.tiers import AutoPopulated

BATCH_SECONDS = 2.0
"""A worker claims about as many jobs at a time as it can do in so many seconds."""
LARGEST_BATCH = 64
TRANSIENT = (LostConnectionError, LockError, RetryError)
TRANSIENT_RETRIES = 3
LONGEST_DELAY = 3600.0


def populate_reserved(table: AutoPopulated, options: PopulateOptions) -> PopulateSummary:
    """Make keys that are claimed in the job table; see `AutoPopulated.populate`."""
    jobs = jobs_of(table)
    look_for_keys(jobs, options)
    loop = JobLoop(jobs, options)
    summary = loop.run()
    if summary.calls == 0:
        summary.why_nothing_ran = explain_idleness(jobs)
    return summary


def look_for_keys(jobs: JobTable, options: PopulateOptions) -> None:
    """Bring the queue up to date, as the caller and the settings want it."""
    if options.refresh == "full":
        Consumer(jobs).full()
    elif wants_refresh(jobs.target, options):
        Consumer(jobs).advance()


def explain_idleness(jobs: JobTable) -> str:
    """Say why no job could be claimed, without comparing all keys."""
    counts = jobs.progress()
    waiting = {
        status: counts[status] for status in ("pending", "reserved", "error", "ignore") if counts[status]
    }
    if not waiting:
        return (
            "the queue is empty: no key lacks its row, as far as the logs of changes tell "
            "(refresh='full' compares all)"
        )
    listed = ", ".join(f"{count} {status}" for status, count in waiting.items())
    return (
        f"no job could be claimed: {listed}. Pending jobs are held back by their scheduled time, by priority or by "
        "the restrictions; failed and ignored ones wait for jobs.retry()"
    )


def wants_refresh(table: AutoPopulated, options: PopulateOptions) -> bool:
    """Whether to look for new keys before claiming."""
    if options.refresh is None:
        return bool(runtime_of(table.connection).config["jobs.auto_refresh"])
    return bool(options.refresh)


class JobLoop:
    """One worker's loop: claim, make, complete.

    Parameters
    ----------
    jobs : JobTable
    options : PopulateOptions
    """

    def __init__(self, jobs: JobTable, options: PopulateOptions) -> None:
        self.jobs = jobs
        self.table = jobs.target
        self.options = options
        self.summary = PopulateSummary(type(self.table).__name__)
        self._keys = None if options.keys is None else keys_to_make(self.table, options)
        source = source_of(self.table, options.restrictions).as_node() if options.restrictions else None
        self.claims = Claims(jobs, source, options.priority, descending=options.order == "reverse")
        self._limit = min((n for n in (options.max_calls, options.limit) if n is not None), default=None)
        self._batch = 1
        self._end = deadline(options)

    @cached_property
    def maker(self) -> Maker:
        """Makes the keys; made at the first of them."""
        return Maker(self.table, self.options)

    def run(self) -> PopulateSummary:
        """Work until nothing is left to claim."""
        batch = self._claim()
        if not batch:
            return self.summary
        with (
            Interrupts() as interrupts,
            Heartbeat(self.claims),
            Reporter(self.table, self.options, self._limit) as reporter,
        ):
            while batch:
                self._work(batch, interrupts, reporter)
                batch = self._claim()
        return self.summary

    def _claim(self) -> list[Claim]:
        count = self._batch
        if self._limit is not None:
            count = min(count, self._limit - self.summary.calls)
        if count < 1 or time.monotonic() >= self._end:
            return []
        return self.claims.take(count, self._keys)

    def _work(self, batch: list[Claim], interrupts: Interrupts, reporter: Reporter) -> None:
        begun = time.perf_counter()
        waiting = list(batch)
        try:
            while waiting:
                claim = waiting[0]
                reporter.begin(claim.key, self.summary)
                self._make(claim, interrupts)
                waiting.pop(0)
                interrupts.release()
                reporter.end(self.summary)
        except BaseException as error:
            self._break_off(waiting, error, reporter)
            raise
        finally:
            self.claims.tokens.discard(batch[0].token)
        self._adapt(len(batch), time.perf_counter() - begun)

    def _break_off(self, waiting: list[Claim], error: BaseException, reporter: Reporter) -> None:
        with suppress(FascicleError):
            self.claims.give_back(waiting)
        if isinstance(error, (KeyboardInterrupt, Terminated)) and waiting:
            self.summary.interrupted = True
            reporter.interrupted(waiting[0].key, self.summary)

    def _adapt(self, count: int, seconds: float) -> None:
        """Claim more at a time where makes are quick, and one at a time where they are not."""
        budget = min(BATCH_SECONDS, self.options.max_seconds or BATCH_SECONDS)
        affordable = int(budget * count / max(seconds, 1e-6))
        self._batch = max(1, min(affordable, 4 * self._batch, LARGEST_BATCH))

    def _make(self, claim: Claim, interrupts: Interrupts) -> None:
        begun = time.perf_counter()
        try:
            fence = self.claims.fence(claim, 0.0)
            made = self.maker.make(claim.key, interrupts, (fence,))
            if not made:
                self.jobs.complete(claim.key, time.perf_counter() - begun)
        except LeaseLost:
            self.summary.skipped += 1
        except Exception as error:  # noqa: BLE001  (kept in the job, and raised unless suppressed)
            self._failed(claim, error)
        else:
            self.summary.success_count += made
            self.summary.skipped += not made

    def _failed(self, claim: Claim, error: Exception) -> None:
        retry_in = self._retry_in(claim, error)
        with suppress(LostConnectionError):
            self.claims.fail(claim, error, retry_in)
        self.summary.error_list.append((claim.key, self.maker.shown(error)))
        if not self.options.suppress_errors and retry_in is None:
            raise error

    def _retry_in(self, claim: Claim, error: Exception) -> float | None:
        """Seconds after which the job should be tried again; ``None`` for never."""
        if isinstance(error, MakeError) and not isinstance(error, ContractError):
            return None
        config: Any = runtime_of(self.table.connection).config
        retries = int(config["jobs.retries"])
        if isinstance(error, TRANSIENT):
            retries = max(retries, TRANSIENT_RETRIES)
        if claim.attempts >= retries:
            return None
        return min(float(config["jobs.retry_delay"]) * 2.0**claim.attempts, LONGEST_DELAY)
