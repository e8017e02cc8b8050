"""populate against a loop written by hand, trips per key, and finding a few new keys among many done.

    python -m benchmarks.populate [URL ...] [--keys 1000] [--done 10000 100000]

Without URLs it measures SQLite in a temporary folder, and the servers that FASCICLE_TEST_MARIADB and
FASCICLE_TEST_POSTGRES name.  The loop by hand sends the same statements (fence, row, log, provenance) through the
same driver, with texts made beforehand; so the ratio is the cost of the library in Python.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import tempfile
import time
from typing import Any, Self

import fascicle as fc
from fascicle.sql import Sql


class Pipeline:
    """A parent and a trivial computed table in a schema of their own."""

    def __init__(self, url: str) -> None:
        self.connection = fc.connect(url, config=fc.Config())
        self.schema = fc.Schema(f"bench{secrets.token_hex(4)}_pop", connection=self.connection)
        schema = self.schema

        @schema
        class Parent(fc.Manual):
            definition = "parent_id : int32"

        @schema
        class Made(fc.Computed):
            definition = """
            -> Parent
            ---
            value : float64
            """

            def make(self, key: dict[str, Any]) -> None:
                self.insert1(dict(key, value=1.0))

        self.parent, self.made = Parent, Made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.schema.drop(prompt=False)
        self.connection.close()


def populated(url: str, keys: int, **options: Any) -> tuple[float, float]:
    """Seconds and trips per key."""
    with Pipeline(url) as pipeline:
        pipeline.parent.insert([(-1,)])
        pipeline.made.populate(**options)
        pipeline.parent.insert([(i,) for i in range(keys)])
        trips, begun = pipeline.connection.round_trips, time.perf_counter()
        assert pipeline.made.populate(**options)["success_count"] == keys
        seconds = time.perf_counter() - begun
        return seconds / keys, (pipeline.connection.round_trips - trips) / keys


def by_hand(url: str, keys: int, reserved: bool) -> float:
    """Seconds per key of a loop that sends the same statements itself."""
    with Pipeline(url) as pipeline:
        pipeline.parent.insert([(-1,)])
        pipeline.made.populate(reserve_jobs=reserved)
        seen: list[Sql] = []
        pipeline.parent.insert1((-2,))
        pipeline.made.jobs.refresh()
        with pipeline.connection.trace(seen.append):
            pipeline.made.populate(reserve_jobs=reserved, refresh=False)
        pipeline.parent.insert([(i,) for i in range(keys)])
        script = _result_of(seen, pipeline, reserved)
        token = "by hand"
        if reserved:
            pipeline.made.jobs.refresh()
            table = pipeline.made.jobs.full_table_name
            moment = "2999-01-01 00:00:00.000"
            pipeline.connection.query(
                f"UPDATE {table} SET status='reserved', _token='{token}', _lease_until='{moment}'"
            )
        session = pipeline.connection.pool.take()
        begun = time.perf_counter()
        for key in range(keys):
            statements = [
                Sql(sql.text, tuple(_fill(value, key, token) for value in sql.params)) for sql in script
            ]
            if not reserved:
                session.execute_script(statements)
                continue
            session.begin("read committed", False)
            assert session.execute_script(statements)[0].rowcount == 1
            session.commit()
        seconds = time.perf_counter() - begun
        pipeline.connection.pool.give(session)
        assert len(pipeline.made) == keys + 2
        return seconds / keys


def _result_of(seen: list[Sql], pipeline: Pipeline, reserved: bool) -> list[Sql]:
    """Pick the statements of one key out of a trace: from the fence, or the row, to the ends of the logs."""
    row = pipeline.connection.dialect.table(pipeline.made.table_id)
    at = next(i for i, sql in enumerate(seen) if sql.text.startswith(f"INSERT INTO {row} "))
    first = at - 1 if reserved else at
    last = next(i for i in range(at, len(seen)) if "MAX(" in seen[i].text)
    return seen[first : last + 1]


def _fill(value: Any, key: int, token: str) -> Any:
    """Put a key, and the claim of the loop, in the place of those of the trace."""
    if value == -2 and not isinstance(value, bool):
        return key
    if isinstance(value, str) and value.startswith("[[-2"):
        return json.dumps([[key]])
    if isinstance(value, str) and len(value) == 24 and value.isalnum():
        return token
    return value


def new_among(url: str, done: int) -> tuple[float, float]:
    """Milliseconds and trips to find and make ten new keys where so many are done."""
    with Pipeline(url) as pipeline:
        pipeline.parent.insert((i,) for i in range(done))
        pipeline.made.insert(((i, 1.0) for i in range(done)), allow_direct_insert=True)
        pipeline.made.populate(reserve_jobs=True)
        times, trips = [], 0.0
        for turn in range(7):
            first = done + 10 * turn
            pipeline.parent.insert([(i,) for i in range(first, first + 10)])
            before, begun = pipeline.connection.round_trips, time.perf_counter()
            assert pipeline.made.populate(reserve_jobs=True)["success_count"] == 10
            times.append(time.perf_counter() - begun)
            trips = pipeline.connection.round_trips - before
        return 1e3 * statistics.median(times), trips


def overhead(url: str, seconds: float = 1.0) -> float:
    """Seconds that the library adds to a make that takes some time."""
    with Pipeline(url) as pipeline:

        def make(self: Any, key: dict[str, Any]) -> None:
            time.sleep(seconds)
            self.insert1(dict(key, value=1.0))

        pipeline.made.make = make
        pipeline.parent.insert([(i,) for i in range(3)])
        pipeline.made.jobs.refresh()
        begun = time.perf_counter()
        pipeline.made.populate(reserve_jobs=True)
        return (time.perf_counter() - begun) / 3 - seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("urls", nargs="*")
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--done", type=int, nargs="*", default=[10_000, 100_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        urls = options.urls or [
            f"sqlite:///{folder}/bench.db",
            *(
                os.environ[name]
                for name in ("FASCICLE_TEST_MARIADB", "FASCICLE_TEST_POSTGRES")
                if name in os.environ
            ),
        ]
        for url in urls:
            print(url.partition(":")[0])
            for reserved in (False, True):
                seconds, trips = populated(url, options.keys, reserve_jobs=reserved)
                hand = by_hand(url, options.keys, reserved)
                print(
                    f"  trivial make, {'reserved' if reserved else 'direct  '}: {1e6 * seconds:6.0f} us a key, by hand "
                    f"{1e6 * hand:6.0f} us, ratio {seconds / hand:.2f}; {trips:.2f} trips a key"
                )
            for done in options.done:
                milliseconds, trips = new_among(url, done)
                print(f"  10 new among {done:>8,} done: {milliseconds:6.1f} ms, {trips:.0f} trips")
            print(f"  added to a make of 10 s: {100 * overhead(url) / 10:.3f} %")


if __name__ == "__main__":
    main()
