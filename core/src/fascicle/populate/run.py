"""The loop of `populate` in one process: key by key, each in a transaction of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fascicle.errors import MakeError, TransactionError
from fascicle.populate.executors import executor_for
from fascicle.populate.forms import form_of
from fascicle.populate.keysource import keys_to_make, progress, source_of
from fascicle.populate.maker import Maker
from fascicle.populate.reporting import Reporter
from fascicle.populate.signals import Interrupts, Terminated
from fascicle.populate.summary import PopulateSummary
from fascicle.table.tiers import FreeTable

if TYPE_CHECKING:
    from fascicle.populate.options import PopulateOptions
    from fascicle.populate.tiers import AutoPopulated


def populate(table: AutoPopulated, options: PopulateOptions) -> PopulateSummary:
    """Make the keys that have no rows; see `AutoPopulated.populate`."""
    check_call(table)
    begun = time.perf_counter()
    summary = executor_for(options).populate(table, options)
    summary.seconds = time.perf_counter() - begun
    if summary.calls == 0 and not summary.why_nothing_ran:
        summary.why_nothing_ran = explain_nothing(table, options, summary)
    return summary


def check_call(table: AutoPopulated) -> None:
    """Refuse calls that cannot work.

    Raises
    ------
    MakeError, TransactionError
    """
    if table._restricted is not None:
        raise MakeError(
            "populate works on a whole table, not on a restricted one",
            where=type(table).__name__,
            try_=f"{type(table).__name__}.populate(restriction)",
        )
    if table.connection.in_transaction:
        raise TransactionError(
            "populate was called inside a transaction",
            why="each key has a transaction of its own",
            try_="call populate before the transaction begins",
        )
    form_of(type(table))


def populate_directly(table: AutoPopulated, options: PopulateOptions) -> PopulateSummary:
    """Make keys without claiming them: for one worker."""
    summary = PopulateSummary(type(table).__name__)
    keys = keys_to_make(table, options)
    if not keys:
        return summary
    maker = Maker(table, options)
    end = deadline(options)
    with Interrupts() as interrupts, Reporter(table, options, _total(keys, options)) as reporter:
        for key in keys:
            if options.max_calls is not None and summary.calls >= options.max_calls:
                break
            if time.monotonic() >= end:
                break
            if not make_one(maker, key, summary, reporter, interrupts):
                break
    return summary


def deadline(options: PopulateOptions) -> float:
    """Return when to begin no further key, on the monotonic clock."""
    return float("inf") if options.max_seconds is None else time.monotonic() + options.max_seconds


def _total(keys: list[dict[str, Any]], options: PopulateOptions) -> int:
    return len(keys) if options.max_calls is None else min(len(keys), options.max_calls)


def make_one(
    maker: Maker,
    key: dict[str, Any],
    summary: PopulateSummary,
    reporter: Reporter,
    interrupts: Interrupts,
) -> bool:
    """Make one key and note the outcome; ``False`` if the loop should end."""
    reporter.begin(key, summary)
    try:
        made = maker.make(key, interrupts)
    except Exception as error:
        if not maker.options.suppress_errors:
            raise
        summary.error_list.append((key, maker.shown(error)))
    except (KeyboardInterrupt, Terminated):
        summary.interrupted = True
        reporter.interrupted(key, summary)
        raise
    else:
        summary.success_count += made
        summary.skipped += not made
    _heed(interrupts, key, summary, reporter)
    reporter.end(summary)
    return True


def _heed(interrupts: Interrupts, key: dict[str, Any], summary: PopulateSummary, reporter: Reporter) -> None:
    """Let a signal that came during the commit take effect now."""
    try:
        interrupts.release()
    except (KeyboardInterrupt, Terminated):
        summary.interrupted = True
        reporter.interrupted(key, summary)
        raise


def explain_nothing(table: AutoPopulated, options: PopulateOptions, summary: PopulateSummary) -> str:
    """Say why no make was called."""
    if options.max_calls == 0 or options.limit == 0:
        return "max_calls or limit is 0"
    if options.keys is not None:
        return "no keys were given" if not summary.skipped else "every key given has its row already"
    remaining, total = progress(table, options.restrictions, display=False)
    if remaining:
        return (
            f"{remaining} of {total} keys have no row, but all of them were taken by others or are held back"
        )
    if total:
        return f"all {total} keys of the key source have their rows already"
    if options.restrictions and len(source_of(table, ())):
        return "no key of the key source meets the restrictions"
    empty = [name for name, count in _parent_counts(table) if count == 0]
    return (
        f"the key source is empty: there are no rows in {', '.join(empty)}"
        if empty
        else "the key source is empty"
    )


def _parent_counts(table: AutoPopulated) -> Iterator[tuple[str, int]]:
    for key in table.table_spec.foreign_keys:
        if key.in_key:
            yield key.parent.class_name, len(FreeTable(table.connection, key.parent))
