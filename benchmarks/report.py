"""The table of results, for the terminal and for the documentation."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.timing import Outcome

PAGE = Path(__file__).parents[1] / "docs/explanation/performance.md"
BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"
HEADER = ("database", "work", "by hand", "Fascicle", "ratio", "trips by hand", "trips", "aim", "reached")


def cells(outcome: Outcome) -> tuple[str, ...]:
    """One row of the table as text."""
    return (
        outcome.database,
        outcome.work,
        "" if outcome.hand_s is None else duration(outcome.hand_s),
        duration(outcome.ours_s),
        "" if outcome.ratio is None else f"{outcome.ratio:.2f}",
        "" if outcome.hand_trips is None else str(outcome.hand_trips),
        "" if outcome.ours_trips is None else str(outcome.ours_trips),
        outcome.aim,
        {None: "", True: "yes", False: "**no**"}[reached(outcome)],
    )


def reached(outcome: Outcome) -> bool | None:
    """Whether the aim is reached; ``None`` where there is none."""
    if not outcome.aim:
        return None
    number, _, unit = outcome.aim.partition(" ")
    if unit == "trips":
        return outcome.ours_trips is not None and outcome.ours_trips <= int(number)
    if unit in ("ms", "us"):
        return outcome.ours_s <= float(number) * (1e-3 if unit == "ms" else 1e-6)
    return outcome.ratio is not None and round(outcome.ratio, 2) <= float(number)


def duration(seconds: float) -> str:
    """A time with its unit and three digits."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1 or unit == "us":
            value = seconds * factor
            return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"
    raise AssertionError


def line(outcome: Outcome) -> str:
    """One row for the terminal."""
    best = "" if outcome.ratio_of_best is None else f"(best {outcome.ratio_of_best:.2f})"
    database, work, hand, ours, ratio, hand_trips, trips, aim, met = cells(outcome)
    return (
        f"{database:9}{work:40}{hand:>9}{ours:>9}{ratio:>7} {best:12}{hand_trips:>6}{trips:>6}  "
        f"{aim:10}{met.strip('*')}"
    )


def write_page(outcomes: Iterable[Outcome], versions: Sequence[str], command: str, n_cores: int) -> None:
    """Put the figures into the page, between its marks."""
    rows = [HEADER, tuple("---" for _ in HEADER), *map(cells, outcomes)]
    body = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    facts = (
        f"Measured by `{command}` on a machine with {n_cores} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}."
    )
    text = PAGE.read_text("utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n\n{facts}\n\n{body}\n\n{END}{tail}", "utf-8")
