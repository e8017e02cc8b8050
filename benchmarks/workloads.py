"""The workloads: what is done by hand, what by the library, and whether both end in the same."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.bench import Bench
from benchmarks.tables import level_rows, readings


@dataclass(frozen=True)
class Work:
    """One thing to do, by hand and by the library.

    Parameters
    ----------
    name : str
    hand, ours : callable
        Return what was fetched, or nothing.
    before : callable, optional
        Runs before each, not timed.
    aim : str
        What shall be reached.
    verify : callable, optional
        Raises unless both results are the same; by default they are compared as sets of rows.
    slow : bool
        Whether few repeats must do.
    """

    name: str
    hand: Callable[[], Any]
    ours: Callable[[], Any]
    before: Callable[[], None] | None = None
    aim: str = ""
    verify: Callable[[Any, Any], None] | None = None
    slow: bool = False


Family = Callable[[Bench], Iterator[Work]]


def inserts(bench: Bench) -> Iterator[Work]:
    """Dicts in three sizes, and a DataFrame."""

    def empty() -> None:
        bench.hand.empty("Reading")

    def same(_: Any, __: Any) -> None:
        empty()
        bench.hand.insert_readings(rows)
        expected = bench.hand.readings()
        empty()
        bench.Reading.insert(rows)
        assert sorted(expected) == sorted(bench.hand.readings())

    for n in (1000, 20_000, bench.n_rows):
        rows = readings(n)
        aim = "1.5" if n == bench.n_rows else ""
        yield Work(
            f"insert {n:,} dicts",
            lambda rows=rows: bench.hand.insert_readings(rows),
            lambda rows=rows: bench.Reading.insert(rows),
            empty,
            aim,
            same,
        )
    frame = pd.DataFrame(rows)
    yield Work(
        f"insert a DataFrame of {len(frame):,}",
        lambda: bench.hand.insert_frame(frame),
        lambda: bench.Reading.insert(frame),
        empty,
    )


def fetches(bench: Bench) -> Iterator[Work]:
    """All rows as dicts, arrays and a DataFrame."""
    bench.filled_readings()
    names = ("sensor", "reading_id", "quality", "value_uv", "taken_on")
    count = f"{bench.n_rows:,} rows"
    yield Work(f"fetch {count} as dicts", bench.hand.dicts, lambda: bench.Reading.to_dicts(), None, "1.3")
    yield Work(
        f"fetch {count} as arrays",
        bench.hand.arrays,
        lambda: bench.Reading.to_arrays(*names),
        None,
        "1.3",
        _same_arrays,
    )
    yield Work(
        f"fetch {count} into pandas",
        bench.hand.frame,
        lambda: bench.Reading.to_pandas(),
        None,
        "1.3",
        lambda a, b: pd.testing.assert_frame_equal(a.sort_index(), b.sort_index()),
    )


def _same_arrays(ours: list[np.ndarray], hand: list[np.ndarray]) -> None:
    for a, b in zip(ours, hand, strict=True):
        assert a.dtype == b.dtype
        assert sorted(a.tolist()) == sorted(b.tolist())


def _same_means(ours: list[dict[str, Any]], hand: list[dict[str, Any]]) -> None:
    assert len(ours) == len(hand)
    for a, b in zip(sorted(ours, key=_key), sorted(hand, key=_key), strict=True):
        # The order of a sum decides over its last digit.
        assert abs(a.pop("mean_s") - b.pop("mean_s")) < 1e-9
        assert a == b


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["subject_id"], row["session_id"]


def queries(bench: Bench) -> Iterator[Work]:
    """Restriction by many keys; join, aggregation, subqueries."""
    bench.filled_readings()
    rng = random.Random(2)
    chosen = rng.sample(bench.rows, min(5000, bench.n_rows))
    keys = [{"sensor": row["sensor"], "reading_id": row["reading_id"]} for row in chosen]
    yield Work(
        f"restrict by {len(keys):,} keys",
        lambda: bench.hand.keyed(keys),
        lambda: (bench.Reading & keys).to_dicts(),
        None,
        "2",
    )
    bench.filled_lab()
    lab = bench.lab
    since = dt.date(2025, 10, 1)
    yield Work(
        "join of 3, restriction, aggregation",
        bench.hand.aggregate,
        lambda: (
            (lab.Session * lab.Subject & {"species": "Mus musculus"})
            .aggr(
                lab.Trial & {"outcome": "hit"},
                "session_date",
                exclude_nonmatching=True,
                n="count(trial_id)",
                mean_s="avg(response_s)",
            )
            .to_dicts()
        ),
        verify=_same_means,
    )
    yield Work(
        "restriction by a subquery",
        lambda: bench.hand.of_sessions(since),
        lambda: (lab.Trial & (lab.Session & f"session_date >= '{since}'")).to_dicts(),
    )
    yield Work("antijoin", bench.hand.unflagged, lambda: (lab.Trial - lab.Flag).to_dicts())


def deletes(bench: Bench) -> Iterator[Work]:
    """A cascade over five levels."""

    def fill() -> None:
        bench.hand.empty(*(f"Level{n}" for n in reversed(range(len(bench.levels)))))
        for number, table in enumerate(bench.levels):
            table.insert(level_rows(number))

    def gone(_: Any, __: Any) -> None:
        assert not any(len(table()) for table in bench.levels)

    yield Work(
        "cascade delete of 11,111 rows, 5 levels",
        bench.hand.delete_levels,
        lambda: (bench.levels[0] & {"a0": 0}).delete(prompt=False),
        fill,
        "12 trips",
        gone,
    )


def arrays(bench: Bench) -> Iterator[Work]:
    """A hundred arrays of 1 MB."""
    rng = np.random.default_rng(0)
    noise = [rng.standard_normal(131_072) for _ in range(100)]
    rows = [{"recording_id": number, "trace": array} for number, array in enumerate(noise)]

    def empty() -> None:
        bench.hand.empty("Recording")
        bench.hand.empty("RawRecording")

    yield Work(
        "insert 100 arrays of 1 MB",
        lambda: bench.hand.insert_arrays(noise),
        lambda: bench.Recording.insert(rows),
        empty,
        verify=lambda ours, hand: None,
        slow=True,
    )
    empty()
    bench.hand.insert_arrays(noise)
    bench.Recording.insert(rows)
    yield Work(
        "fetch 100 arrays of 1 MB",
        bench.hand.stored_arrays,
        lambda: bench.Recording.to_arrays("trace", order_by="KEY"),
        verify=lambda ours, hand: np.testing.assert_array_equal(np.stack(ours), np.stack(hand)),
        slow=True,
    )


FAMILIES: dict[str, Family] = {
    "insert": inserts,
    "fetch": fetches,
    "query": queries,
    "delete": deletes,
    "arrays": arrays,
}
