"""Build, fill, compute and query a small pipeline on an embedded database: what ``./run demo`` runs."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

import numpy as np
import pipeline
from pipeline import ChannelNoise, Recording, Session, Subject

import fascicle as fc

SUBJECTS = 3
SESSIONS = 4
CHANNELS = 4
SAMPLES = 3000


def enter_animals() -> None:
    """Enter subjects and their sessions, as a person would."""
    Subject.insert(
        [
            {"subject_id": f"m{n}", "species": "Mus musculus", "born_on": "2025-11-02"}
            for n in range(1, SUBJECTS + 1)
        ],
        skip_duplicates=True,
    )
    start = dt.date(2026, 1, 5)
    Session.insert(
        [
            {"subject_id": f"m{n}", "session_id": s, "session_date": start + dt.timedelta(days=7 * s)}
            for n in range(1, SUBJECTS + 1)
            for s in range(1, SESSIONS + n - 1)
        ],
        skip_duplicates=True,
    )


def enter_recordings() -> int:
    """Make a synthetic recording for each session that has none; returns how many."""
    rng = np.random.default_rng(20260105)
    missing = (Session - Recording).keys()
    for key in missing:
        with Recording.connection.transaction:  # a recording and its channels, or neither
            Recording.insert1({**key, "sampling_rate_hz": 30_000.0})
            Recording.Channel.insert(
                {**key, "channel": c, "trace_uv": rng.normal(0, 5 + c, SAMPLES).astype("float32")}
                for c in range(CHANNELS)
            )
    return len(missing)


def show(title: str, query: fc.QueryExpression) -> None:
    """Print a query's first rows under a title."""
    print(f"\n{title}\n{query.preview(limit=6)}")


def main() -> None:
    """Run the demonstration in a folder that stays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("fascicle-demo"))
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    db = fc.connect(f"sqlite:///{folder / 'lab.db'}")
    pipeline.schema.activate("tutorial", connection=db)

    enter_animals()
    new = enter_recordings()
    print(f"{len(Subject)} subjects, {len(Session)} sessions, {new} new recordings of {CHANNELS} channels")
    summary = ChannelNoise.populate(display_progress=False)
    done = summary["success_count"]
    print(f"ChannelNoise: {done} computed" if done else "ChannelNoise: nothing to compute, all is up to date")

    show(
        "Sessions since 20 January, with their subjects", (Session & "session_date >= '2026-01-20'") * Subject
    )
    show("Subjects with more than four sessions", Subject.aggr(Session, n="count(session_id)") & "n > 4")
    show(
        "Noise by channel, after smoothing",
        fc.U("channel").aggr(
            ChannelNoise & "filter_id = 2", n="count(*)", mean_rms_uv="round(avg(rms_uv), 3)"
        ),
    )
    print("\nWhat deleting subject m1 would remove (nothing is deleted):")
    print((Subject & {"subject_id": "m1"}).delete_plan())

    picture = folder / "pipeline.svg"
    fc.Diagram(pipeline.schema).save(picture)
    print(f"\nThe database is {folder / 'lab.db'}, the diagram {picture}.")
    print("Next: open them from Python (fascicle.connect), or read docs/tutorials/first-pipeline.md.")
    db.close()


if __name__ == "__main__":
    main()
