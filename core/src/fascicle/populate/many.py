"""Populating several tables together: parents first, and each child key as soon as its parents are there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fascicle.graph import DependencyGraph
from fascicle.populate.options import PopulateOptions
from fascicle.populate.run import populate
from fascicle.populate.signals import Interrupts, Terminated
from fascicle.populate.summary import PopulateSummary
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.populate.tiers import AutoPopulated

TURN_S = 2.0
"""A table's turn: then the others have theirs, so that children need not wait for all of their parents."""
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0

Tables = Sequence["AutoPopulated"]


def in_order(tables: Iterable[Any]) -> list[AutoPopulated]:
    """Return whole tables, parents first, of classes or tables."""
    whole = {table.table_id: table() if isinstance(table, type) else table for table in tables}
    if not whole:
        return []
    first = next(iter(whole.values()))
    catalog = first.connection.catalog.load(*sorted({name.schema for name in whole}))
    graph = DependencyGraph.from_specs(spec for spec in catalog.tables.values() if spec.name.tier is not None)
    return [whole[name] for name in graph.topological_sort(set(whole))]


def populate_tables(
    tables: Iterable[Any], *restrictions: Any, **options: Any
) -> dict[AutoPopulated, PopulateSummary]:
    """Populate several tables until none of them has anything left to do.

    Parameters
    ----------
    tables : iterable of table classes
        In any order.
    *restrictions
        Conditions on the key source of each.
    **options
        As for `populate` of a table; ``max_calls`` counts for each table.

    Returns
    -------
    dict of table to PopulateSummary
        Parents first.
    """
    wanted = PopulateOptions(restrictions, **options)
    return Round(in_order(tables), wanted).run()


class Round:
    """Gives each table its turn, again and again.

    Parameters
    ----------
    tables : sequence of AutoPopulated
        Parents first.
    options : PopulateOptions
    """

    def __init__(self, tables: Tables, options: PopulateOptions) -> None:
        self.tables = tables
        self._options = options
        self.summaries = {table: PopulateSummary(type(table).__name__) for table in tables}
        self._failed: dict[AutoPopulated, list[dict[str, Any]]] = {table: [] for table in tables}

    def run(self) -> dict[AutoPopulated, PopulateSummary]:
        """Work until no table had anything to do."""
        while sum(self.turn(table) for table in self.tables):
            pass
        return self.summaries

    def turn(self, table: AutoPopulated) -> int:
        """Populate one table for a while; returns how many keys were made or failed."""
        summary, options = self.summaries[table], self._options
        if options.max_calls is not None:
            options = replace(options, max_calls=options.max_calls - summary.calls)
            if not options.max_calls:
                return 0
        slice_s = None if options.processes > 1 else TURN_S
        done = populate(table, replace(options, max_seconds=slice_s, skip=tuple(self._failed[table])))
        if not options.reserve_jobs:
            # A job remembers that it failed; without jobs it would be tried in every turn.
            self._failed[table] += [key for key, _ in done.error_list]
        summary.add(done)
        if summary.calls == 0:
            summary.why_nothing_ran = done.why_nothing_ran
        else:
            summary.why_nothing_ran = None
        return done.calls


def work(tables: Iterable[Any], *, stop: threading.Event | None = None, **options: Any) -> None:
    """Be a worker: claim and make keys of the tables until told to stop.

    Any number of workers, on any machines that reach the database, share the keys.  Failed keys stay in the job
    tables with their errors.

    Parameters
    ----------
    tables : iterable of table classes
    stop : threading.Event, optional
        Ends the worker once set; Ctrl-C and SIGTERM end it in any case, after rolling the key in hand back or
        finishing its commit.
    **options
        As for `populate`.
    """
    stop = stop or threading.Event()
    round_ = Round(in_order(tables), PopulateOptions(reserve_jobs=True, suppress_errors=True, **options))
    if not round_.tables:
        return
    interaction = runtime_of(round_.tables[0].connection).interaction
    pause = SHORTEST_WAIT_S
    with Interrupts():
        try:
            while not stop.is_set():
                done = sum(round_.turn(table) for table in round_.tables)
                pause = SHORTEST_WAIT_S if done else min(2 * pause, LONGEST_WAIT_S)
                if not done:
                    _wait(stop, pause)
        except (KeyboardInterrupt, Terminated):
            interaction.echo("worker: asked to stop; nothing is in hand")
    made = sum(summary.success_count for summary in round_.summaries.values())
    failed = sum(summary.errors for summary in round_.summaries.values())
    interaction.echo(f"worker: stopped; {made} keys made, {failed} failed")


def _wait(stop: threading.Event, seconds: float) -> None:
    # In steps: a signal is only heard between waits.
    end = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < end:
        stop.wait(min(0.2, max(0.0, end - time.monotonic())))
