"""Build, fill and query a small pipeline on an embedded database: what ``./run demo`` runs."""

import tempfile
from pathlib import Path

import fascicle as fc


def main() -> None:
    """Declare two tables, fill them, and print what three queries say."""
    with tempfile.TemporaryDirectory() as folder:
        db = fc.connect(f"sqlite:///{Path(folder) / 'lab.db'}")
        schema = fc.Schema("tutorial", connection=db)

        @schema
        class Subject(fc.Manual):
            definition = """
            subject_id : varchar(32)
            ---
            species    : varchar(64)
            born_on = null : date
            """

        @schema
        class Session(fc.Manual):
            definition = """
            -> Subject
            session_id   : int32
            ---
            session_date : date
            """

        Subject.insert(
            {"subject_id": f"m{n}", "species": "Mus musculus", "born_on": "2025-11-02"} for n in range(1, 4)
        )
        Session.insert(
            {"subject_id": "m1", "session_id": n, "session_date": f"2026-01-0{n}"} for n in range(1, 5)
        )
        print("Sessions since 2 January, with their subjects:")
        for row in ((Session & "session_date >= '2026-01-02'") * Subject).to_dicts():
            print("  ", row)
        print("Subjects with more than three sessions:")
        for row in (Subject.aggr(Session, n="count(session_id)") & "n > 3").to_dicts():
            print("  ", row)
        db.close()


if __name__ == "__main__":
    main()
