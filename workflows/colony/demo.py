"""Declare the pipeline on an embedded database, fill it and look at it."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline import assemble, fill

import fascicle as fc


def main() -> None:
    """Run the demonstration in a folder that stays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("fascicle-demo"))
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    pipeline = assemble()
    with fc.connect(f"sqlite:///{folder / 'colony.db'}") as db:
        print(pipeline.plan(db))
        pipeline.activate(db)
        session, subject = pipeline["session"], pipeline["subject"]
        if len(session.tables["Session"]):
            print("\nThe colony is there already, and nothing is left to do.")
        else:
            fill(pipeline, folder / "csv")
        print(f"\n{pipeline.status()}")
        calls = fc.U("zygosity", "evidence").aggr(subject.tables["ZygosityCall"], n="count(*)")
        print(f"\nZygosity, and what it rests on\n{calls.preview()}")
        pipeline.diagram().save(folder / "colony.svg")
    print(f"\nThe CSV files are in {folder / 'csv'}, the diagram is {folder / 'colony.svg'}.")


if __name__ == "__main__":
    main()
