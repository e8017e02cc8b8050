"""How long it takes to build and to compile queries, without any database.

    python benchmarks/algebra.py

Prints medians in microseconds for a query of ten operators and for single operators; aims are 100 to build
and 250 to compile the ten.  A text is parsed once for each table, so new values in it cost more.
"""

from __future__ import annotations

import itertools
import statistics
import time
import warnings
from collections.abc import Callable

from fascicle.backend.sqlite import SqliteDialect
from fascicle.model import Attribute, CoreType, Heading, TableName
from fascicle.query.matching import NamesakeWarning
from fascicle.query.nodes import Node, Relation
from fascicle.query.operators import aggregate, join, project, restrict
from fascicle.query.values import Top
from fascicle.sql.compiler import compile_count, compile_select

INT, TEXT, FLOAT, DATE = CoreType("int32"), CoreType("varchar", (64,)), CoreType("float64"), CoreType("date")


def table(name: str, key: dict[str, str], **secondary: CoreType) -> Relation:
    """Return a table; `key` maps each key attribute to the table where it starts."""
    attributes = [Attribute(n, INT, True, lineage=f"lab.{origin}.{n}") for n, origin in key.items()]
    attributes += [Attribute(n, type_, nullable=True, default=None) for n, type_ in secondary.items()]
    return Relation(TableName("lab", name), Heading(attributes))


SUBJECT = table("subject", {"subject_id": "subject"}, species=TEXT, born_on=DATE, sex=TEXT)
SESSION = table(
    "session",
    {"subject_id": "subject", "session_id": "session"},
    session_date=DATE,
    operator=TEXT,
    weight_g=FLOAT,
)
SCAN = table(
    "scan",
    {"subject_id": "subject", "session_id": "session", "scan_id": "scan"},
    depth_um=FLOAT,
    rate_hz=FLOAT,
    n_frames=INT,
)
QUALITY = table(
    "__quality",
    {"subject_id": "subject", "session_id": "session", "scan_id": "scan"},
    snr=FLOAT,
    passed=INT,
)


def ten_operators(value: int = 3) -> Node:
    """Build: restrictions by text, dict and query, joins, a projection, an aggregation, a limit.

    Texts with another value than before must be parsed anew.
    """
    recent = restrict(SESSION, f"session_date >= '2026-01-01' AND operator LIKE 'a{value}%'")
    mice = restrict(SUBJECT, {"species": "mouse"})
    seen = join(recent, mice)
    good = restrict(QUALITY, f"snr > {value}.5")
    scans = restrict(SCAN, good)
    deep = restrict(scans, f"depth_um BETWEEN {value} AND 3000000")
    rated = project(deep, "n_frames", duration_s="n_frames / rate_hz")
    counted = aggregate(seen, rated, "session_date", n="count(scan_id)", total_s="sum(duration_s)")
    many = restrict(counted, f"n > {value}")
    return restrict(many, Top(10, "total_s DESC"))


def median_us(action: Callable[[], object], repeats: int = 30, inner: int = 20) -> float:
    """Return the median over `repeats` of the mean time of `inner` calls, in microseconds."""
    action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(inner):
            action()
        times.append((time.perf_counter() - start) / inner)
    return statistics.median(times) * 1e6


def main() -> None:
    warnings.simplefilter("ignore", NamesakeWarning)
    dialect = SqliteDialect()
    node = ten_operators()
    values = itertools.count(1000)
    keys = [{"subject_id": i, "session_id": i % 7} for i in range(5000)]
    restricted = restrict(SESSION, keys)
    rows: list[tuple[str, Callable[[], object], int]] = [
        ("build ten operators", ten_operators, 20),
        ("with values never seen", lambda: ten_operators(next(values)), 20),
        ("compile them", lambda: compile_select(node, dialect), 20),
        ("compile their count", lambda: compile_count(node, dialect), 20),
        ("restrict by text", lambda: restrict(SESSION, "weight_g > 20"), 100),
        ("restrict by dict", lambda: restrict(SESSION, {"subject_id": 3, "session_id": 1}), 100),
        ("restrict by query", lambda: restrict(SESSION, SUBJECT), 100),
        ("join", lambda: join(SESSION, SUBJECT), 100),
        ("project two attributes", lambda: project(SESSION, "weight_g", when="session_date"), 100),
        ("aggregate", lambda: aggregate(SUBJECT, SESSION, n="count(session_id)"), 100),
        (
            "restrict by dict and compile",
            lambda: compile_select(restrict(SESSION, {"subject_id": 3, "session_id": 1}), dialect),
            100,
        ),
        ("restrict by 5,000 dicts", lambda: restrict(SESSION, keys), 1),
        ("compile 5,000 dicts", lambda: compile_select(restricted, dialect), 1),
    ]
    for name, action, inner in rows:
        print(f"{name:<32} {median_us(action, inner=inner):>10.1f} us")


if __name__ == "__main__":
    main()
