"""Measure the library against hand-written SQL with the same drivers, in one run.

Prints medians of wall time, their ratios and the round trips of one run.  ``--write`` puts the table into
docs/explanation/performance.md.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import statistics
import sys
import warnings
from collections.abc import Callable, Iterator

import fascicle as fc
from benchmarks import report, start
from benchmarks.bench import Bench
from benchmarks.places import NAMES, Place, SqliteFolder
from benchmarks.timing import Outcome, in_turn
from benchmarks.workloads import FAMILIES, Work
from tests.servers.base import Unavailable
from tests.servers.running import running_servers

FAMILY_NAMES = ("start", *FAMILIES)


def measured(work: Work, database: str, counted: tuple[int | None, int | None], repeats: int) -> Outcome:
    """Time a workload."""
    hand, ours = in_turn(work.hand, work.ours, work.before, min(repeats, 3) if work.slow else repeats)
    return Outcome(
        database,
        work.name,
        statistics.median(hand),
        statistics.median(ours),
        statistics.median(our / by_hand for our, by_hand in zip(ours, hand, strict=True)),
        *counted,
        aim=work.aim,
        ratio_of_best=min(ours) / min(hand),
    )


def trips_of(work: Work, bench: Bench, our_trips: Callable[[], int]) -> tuple[int | None, int | None]:
    """Run each way once, verify that they agree, and count their round trips."""
    found = []
    for action, count in ((work.hand, lambda: bench.hand.trips), (work.ours, our_trips)):
        for warm in (True, False):  # the first run may read what later ones know
            if work.before is not None:
                work.before()
            begun = count()
            result = action()
            trips = count() - begun
            if not warm:
                found.append((result, trips))
    (by_hand, hand_trips), (by_us, our_count) = found
    if work.verify is not None:
        work.verify(by_us, by_hand)
    elif isinstance(by_us, list):
        assert sorted(map(_sortable, by_us)) == sorted(map(_sortable, by_hand)), work.name
    return hand_trips, our_count


def _sortable(row: object) -> object:
    return tuple(row.items()) if isinstance(row, dict) else row


def run_family(name: str, timed: Bench, counted: Bench, repeats: int) -> Iterator[Outcome]:
    """Run the workloads of one family on one database."""
    if name == "start":
        yield start.compiling(timed)
        for_time, for_trips = start.Forty(timed), start.Forty(counted)
        try:
            for work, twin in zip(for_time.works(), for_trips.works(), strict=True):
                trips = trips_of(twin, counted, for_trips.our_trips)
                yield measured(work, timed.place.name, trips, repeats)
        finally:
            for_time.close()
            for_trips.close()
        return
    for work, twin in zip(FAMILIES[name](timed), FAMILIES[name](counted), strict=True):
        yield measured(work, timed.place.name, trips_of(twin, counted, counted.our_trips), repeats)


def run_place(name: str, urls: tuple[str, str], arguments: argparse.Namespace) -> Iterator[Outcome]:
    """Run all workloads on one database."""
    timed = Bench(Place(name, urls[0]), arguments.rows)
    counted = Bench(Place(name, urls[1], counted=True), arguments.rows)
    try:
        for family in arguments.work:
            yield from run_family(family, timed, counted, arguments.repeats)
    finally:
        timed.close()
        counted.close()


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--databases", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--work", nargs="+", choices=FAMILY_NAMES, default=FAMILY_NAMES)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the large tables")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument(
        "--running", action="store_true", help="use the servers that FASCICLE_TEST_* name, durable or not"
    )
    parser.add_argument("--write", action="store_true", help="put the table into the documentation")
    return parser.parse_args()


@contextlib.contextmanager
def places(names: list[str], running: bool) -> Iterator[dict[str, tuple[str, str]]]:
    """URLs for timing and for counting, by database; servers that cannot be had are left out."""
    with contextlib.ExitStack() as stack:
        urls = {}
        for name in names:
            if name == "sqlite":
                urls[name] = (stack.enter_context(SqliteFolder()), stack.enter_context(SqliteFolder()))
                continue
            try:
                url = os.environ.get(f"FASCICLE_TEST_{name.upper()}") if running else None
                url = url or stack.enter_context(running_servers(name, durable=True))[name]
            except Unavailable as error:
                print(f"NOT RUN: {name} ({error})", file=sys.stderr)
                continue
            urls[name] = (url, url)
        yield urls


def main() -> None:
    """Measure, print, and write if asked to."""
    arguments = parsed()
    warnings.simplefilter("ignore", fc.NamesakeWarning)
    outcomes: list[Outcome] = []
    with places(list(arguments.databases), arguments.running) as urls:
        versions = [Place(name, pair[0]).version() for name, pair in urls.items()]
        print(f"{'':9}{'work':40}{'by hand':>9}{'ours':>9}{'ratio':>7} {'':12}{'trips':>6}{'ours':>6}  aim")
        if "start" in arguments.work:
            for outcome in start.without_database(arguments.repeats):
                outcomes.append(outcome)
                print(report.line(outcome), flush=True)
        for name, pair in urls.items():
            for outcome in run_place(name, pair, arguments):
                outcomes.append(outcome)
                print(report.line(outcome), flush=True)
    if arguments.write:
        given = shlex.join(argument for argument in sys.argv[1:] if argument != "--write")
        report.write_page(outcomes, versions, f"./run bench {given}".strip(), os.cpu_count() or 1)


if __name__ == "__main__":
    main()
