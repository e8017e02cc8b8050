"""The tables of the workloads, and the rows in them."""

from __future__ import annotations

import datetime as dt
import random
from types import SimpleNamespace
from typing import Any

import fascicle as fc

READING_NAMES = ("sensor", "reading_id", "quality", "value_uv", "taken_on")
N_SENSORS = 50
LEVELS = 5


def declare_readings(schema: fc.Schema) -> Any:
    """Five columns with a key of two, no parents: the table of plain inserts and fetches."""

    @schema
    class Reading(fc.Manual):
        definition = """
        sensor     : varchar(16)
        reading_id : int32
        ---
        quality    : varchar(16)
        value_uv   : float64
        taken_on   : date
        """

    return Reading


def readings(n: int) -> list[dict[str, Any]]:
    """Rows of `Reading`, every cell an object of its own, as a program has them."""
    rng = random.Random(n)
    first = dt.date(2020, 1, 1)
    return [
        {
            "sensor": f"probe-{number % N_SENSORS:04d}",
            "reading_id": number,
            "quality": rng.choice(("good", "fair", "poor, see notes")),
            "value_uv": rng.gauss(0, 250),
            "taken_on": first + dt.timedelta(days=rng.randrange(2000)),
        }
        for number in range(n)
    ]


def declare_lab(schema: fc.Schema) -> SimpleNamespace:
    """Subjects with sessions with trials, and flags on trials."""

    @schema
    class Subject(fc.Manual):
        definition = """
        subject_id : varchar(16)
        ---
        species    : varchar(32)
        """

    @schema
    class Session(fc.Manual):
        definition = """
        -> Subject
        session_id   : int32
        ---
        session_date : date
        """

    @schema
    class Trial(fc.Manual):
        definition = """
        -> Session
        trial_id   : int32
        ---
        outcome    : varchar(8)
        response_s : float64
        """

    @schema
    class Flag(fc.Manual):
        definition = """
        -> Trial
        """

    return SimpleNamespace(Subject=Subject, Session=Session, Trial=Trial, Flag=Flag)


def fill_lab(lab: SimpleNamespace, n_trials: int) -> None:
    """Fill the lab: 100 subjects of 10 sessions each, the trials spread over them, every tenth flagged."""
    rng = random.Random(1)
    per_session = max(1, n_trials // 1000)
    subjects = [f"mouse-{number:03d}" for number in range(100)]
    lab.Subject.insert([(s, "Mus musculus" if n % 3 else "Rattus rattus") for n, s in enumerate(subjects)])
    days = [dt.date(2025, 1, 1) + dt.timedelta(days=day) for day in range(365)]
    lab.Session.insert([(s, n, rng.choice(days)) for s in subjects for n in range(10)])
    trials = [
        (s, n, t, rng.choice(("hit", "miss", "none")), rng.random())
        for s in subjects
        for n in range(10)
        for t in range(per_session)
    ]
    lab.Trial.insert(trials)
    lab.Flag.insert([row[:3] for row in trials[::10]])


def declare_levels(schema: fc.Schema) -> list[Any]:
    """Five tables, each the child of the one before."""

    @schema
    class Level0(fc.Manual):
        definition = """
        a0 : int32
        ---
        note = "" : varchar(32)
        """

    @schema
    class Level1(fc.Manual):
        definition = """
        -> Level0
        a1 : int32
        ---
        note = "" : varchar(32)
        """

    @schema
    class Level2(fc.Manual):
        definition = """
        -> Level1
        a2 : int32
        ---
        note = "" : varchar(32)
        """

    @schema
    class Level3(fc.Manual):
        definition = """
        -> Level2
        a3 : int32
        ---
        note = "" : varchar(32)
        """

    @schema
    class Level4(fc.Manual):
        definition = """
        -> Level3
        a4 : int32
        ---
        note = "" : varchar(32)
        """

    return [Level0, Level1, Level2, Level3, Level4]


def level_rows(level: int) -> list[dict[str, int]]:
    """Rows of a level: ten children for each parent, 11,111 rows in all five."""
    rows: list[dict[str, int]] = [{"a0": 0}]
    for deeper in range(1, level + 1):
        rows = [{**row, f"a{deeper}": number} for row in rows for number in range(10)]
    return rows


def declare_recordings(schema: fc.Schema) -> tuple[Any, Any]:
    """One array a row: by the blob codec, and as bytes for the hand-written side."""

    @schema
    class RawRecording(fc.Manual):
        definition = """
        recording_id : int32
        ---
        trace        : bytes
        """

    @schema
    class Recording(fc.Manual):
        definition = """
        recording_id : int32
        ---
        trace        : <blob>
        """

    return Recording, RawRecording


def declare_many(connection: fc.Connection, prefix: str, n_schemas: int = 4, n_tables: int = 10) -> list[Any]:
    """Forty tables in four schemas: chains of foreign keys, from schema to schema too.

    Returns
    -------
    list of type
        The table classes, parents first.
    """
    made: list[Any] = []
    for number in range(n_schemas):
        schema = fc.Schema(f"{prefix}_{number}", connection=connection)
        for place in range(n_tables):
            parent = made[-1] if made and place % 5 else made[0] if made else None
            arrow = f"-> {parent.__name__}" if parent else ""
            name = f"Table{number}{'abcdefghij'[place]}"
            text = f"""
            # step {place} of part {number}
            {arrow}
            t{number}{place}_id : int32
            ---
            amount : float64   # in ml
            label = null : varchar(32)
            state : enum('new', 'kept', 'dropped')
            made_at : datetime
            """
            context = {parent.__name__: parent} if parent else {}
            made.append(schema(type(name, (fc.Manual,), {"definition": text}), context=context))
    return made
