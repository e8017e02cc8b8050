"""What a worker costs before it works: the import, declaring forty tables, opening them again."""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import fascicle as fc
from benchmarks import tables
from benchmarks.algebra import ten_operators
from benchmarks.bench import Bench
from benchmarks.timing import Outcome, median_of
from benchmarks.workloads import Work
from fascicle.sql.compiler import compile_select

_IMPORT = (
    "import time; w, c = time.perf_counter(), time.process_time(); import fascicle; "
    "print(time.perf_counter() - w, time.process_time() - c)"
)


def import_cost(repeats: int) -> tuple[float, float]:
    """Median wall and CPU seconds of ``import fascicle`` in fresh processes."""
    walls, cpus = [], []
    for _ in range(repeats):
        done = subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, text=True, check=True)
        wall, cpu = map(float, done.stdout.split())
        walls.append(wall)
        cpus.append(cpu)
    return statistics.median(walls), statistics.median(cpus)


def without_database(repeats: int) -> Iterator[Outcome]:
    """The import, and building a query."""
    wall, cpu = import_cost(repeats + 4)
    yield Outcome("", "import fascicle, wall", None, wall, aim="150 ms")
    yield Outcome("", "import fascicle, CPU", None, cpu)
    yield Outcome("", "build a query of 10 operators", None, median_of(ten_operators, 30, 20), aim="100 us")
    values = itertools.count(1000)
    fresh = median_of(lambda: ten_operators(next(values)), 30, 20)
    yield Outcome("", "the same, texts with values never seen", None, fresh)


def compiling(bench: Bench) -> Outcome:
    """Compiling that query for the bench's database."""
    node, dialect = ten_operators(), bench.connection.dialect
    seconds = median_of(lambda: compile_select(node, dialect), 30, 20)
    return Outcome(bench.place.name, "compile it", None, seconds, aim="250 us")


class Forty:
    """Forty tables in four schemas, declared and opened again."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.prefix = f"many{os.getpid()}{'c' if bench.place.counted else 't'}"
        self.schemas = [f"{self.prefix}_{number}" for number in range(4)]
        self.connection = bench.place.connect()
        self.scripts = self._scripts()

    def _scripts(self) -> list[list[tuple[str, Any]]]:
        """The statements that declare everything, a script for each schema and table."""
        self.declare()
        dialect = self.connection.dialect
        made = [dialect.create_schema(schema) for schema in self.schemas]
        known = self.connection.catalog.load(*self.schemas)
        ordered = sorted((spec for spec in known.tables.values()), key=lambda spec: str(spec.name))
        mine = [spec for spec in ordered if spec.name.schema in self.schemas]
        made += [dialect.create_table(spec) for spec in mine]
        return [[(sql.text, sql.params) for sql in script] for script in made]

    def fresh(self) -> None:
        """A new connection, which knows nothing."""
        self.connection.close()
        self.connection = self.bench.place.connect()

    def dropped(self) -> None:
        """Nothing declared, and a new connection."""
        self.fresh()
        for schema in reversed(self.schemas):
            fc.Schema(schema, connection=self.connection).drop(prompt=False)
        self.fresh()

    def declare(self) -> list[Any]:
        """Declare all, or open them where they are declared."""
        return tables.declare_many(self.connection, self.prefix)

    def declare_by_hand(self) -> None:
        """Send the same statements."""
        for script in self.scripts:
            self.bench.hand.run_all(script)

    def works(self) -> Iterator[Work]:
        """Declare, then open again."""
        nothing: Any = lambda ours, hand: None  # noqa: E731
        yield Work(
            "declare 40 tables in 4 schemas",
            self.declare_by_hand,
            self.declare,
            self.dropped,
            "100 trips",
            nothing,
            slow=True,
        )
        self.fresh()
        self.declare()
        yield Work(
            "re-open them",
            lambda: self.bench.hand.read_catalogue(self.schemas),
            self.declare,
            self.fresh,
            "8 trips",
            nothing,
        )

    def our_trips(self) -> int:
        """Trips of the current connection."""
        return self.bench.place.our_trips(self.connection)

    def close(self) -> None:
        """Drop all."""
        self.dropped()
        self.connection.close()
