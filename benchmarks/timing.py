"""Two ways to do one thing, timed in turn so that both meet the same machine."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Action = Callable[[], object]


@dataclass(frozen=True)
class Outcome:
    """What one workload cost on one database.

    Parameters
    ----------
    database, work : str
    hand_s, ours_s : float or None
        Medians of wall time in seconds; ``None`` where there is nothing to compare with.
    ratio : float or None
        Median of the ratios of runs that followed one another, so that both met the same load.
    hand_trips, ours_trips : int or None
        Round trips of one run.
    aim : str
        What shall be reached, as written in the table.
    ratio_of_best : float or None
        Ratio of the fastest runs, which a busy machine disturbs less.
    """

    database: str
    work: str
    hand_s: float | None
    ours_s: float
    ratio: float | None = None
    hand_trips: int | None = None
    ours_trips: int | None = None
    aim: str = ""
    ratio_of_best: float | None = None


def once(action: Action, before: Action | None = None) -> float:
    """Wall time of one call in seconds; `before` is not counted."""
    if before is not None:
        before()
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def in_turn(
    hand: Action, ours: Action, before: Action | None = None, repeats: int = 7
) -> tuple[list[float], list[float]]:
    """Time both ways `repeats` times after a warm-up, each going first as often as the other."""
    hand_times: list[float] = []
    our_times: list[float] = []
    for action in (hand, ours):
        once(action, before)
    for number in range(repeats):
        pair = [(hand, hand_times), (ours, our_times)]
        for action, times in pair if number % 2 == 0 else reversed(pair):
            times.append(once(action, before))
    return hand_times, our_times


def median_of(action: Action, repeats: int = 30, inner: int = 1) -> float:
    """Median over `repeats` of the mean CPU time of `inner` calls, in seconds: for what waits for nobody."""
    action()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        for _ in range(inner):
            action()
        times.append((time.process_time() - start) / inner)
    return statistics.median(times)
