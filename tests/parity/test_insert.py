"""Inserting, validating, updating."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fascicle as dj


def subjects(lab: Any) -> list[int]:
    return lab.Subject.to_arrays("subject_id", order_by="KEY").tolist()


@pytest.mark.parity(
    "Table.insert",
    "Table.insert1",
    "insert: dicts",
    "insert: sequences",
    "insert: numpy records",
    "insert: generator",
)
def test_rows(empty_lab: Any) -> None:
    Subject = empty_lab.Subject
    Subject.insert([{"subject_id": 1, "species": "mouse"}, {"subject_id": 2, "species": "rat"}])
    Subject.insert([(3, "mouse", "F", "2025-01-01", "x")])
    Subject.insert1({"subject_id": 4, "species": "rat"})
    Subject.insert1((5, "rat", "M", None, ""))
    records = np.array([(6, "rat"), (7, "rat")], dtype=[("subject_id", "i4"), ("species", "U8")])
    Subject.insert(list(records[:1]))
    Subject.insert1(records[1])
    Subject.insert({"subject_id": n, "species": "rat"} for n in (8, 9))
    Subject().insert1({"subject_id": 10, "species": "rat"})
    assert subjects(empty_lab) == list(range(1, 11))
    assert (Subject & "subject_id = 3").fetch1("sex") == "F"


@pytest.mark.parity(
    "insert: structured array",
    "insert: DataFrame",
    "insert: DataFrame with index",
    "insert: polars",
    "insert: Arrow",
    "Table.insert_dataframe",
    "Table.insert_dataframe(index_as_pk=)",
)
def test_frames(empty_lab: Any) -> None:
    pd, pl, pa = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    Subject = empty_lab.Subject
    Subject.insert(np.array([(1, "rat")], dtype=[("subject_id", "i4"), ("species", "U8")]))
    frame = pd.DataFrame({"subject_id": [2], "species": ["rat"]})
    Subject.insert(frame)
    Subject.insert(frame.assign(subject_id=3).set_index("subject_id"))
    Subject.insert(pl.DataFrame({"subject_id": [4], "species": ["rat"]}))
    Subject.insert(pa.table({"subject_id": [5], "species": ["rat"]}))
    Subject.insert_dataframe(frame.assign(subject_id=6))
    Subject.insert_dataframe(frame.assign(subject_id=7).set_index("subject_id"), index_as_pk=True)
    Subject.insert_dataframe(frame.assign(subject_id=8), index_as_pk=False)
    with pytest.raises(dj.DataJointError, match="primary key"):
        Subject.insert_dataframe(frame, index_as_pk=True)
    assert subjects(empty_lab) == list(range(1, 9))
    fetched = Subject.to_pandas()
    Subject.delete()
    Subject.insert_dataframe(fetched)
    assert subjects(empty_lab) == list(range(1, 9))


@pytest.mark.parity("insert: CSV path", "insert: query", "insert: table class")
def test_files_and_queries(lab: Any, tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("subject_id,species,date_of_birth\n4,rat,2025-05-05\n5,mouse,\n", encoding="utf-8")
    lab.Subject.insert(path)
    assert (lab.Subject & "subject_id > 3").to_arrays("species", order_by="KEY").tolist() == ["rat", "mouse"]
    assert (lab.Subject & "subject_id = 5").fetch1("date_of_birth") is None

    @lab.schema
    class Animal(dj.Manual):
        definition = """
        subject_id : int32
        ---
        species : varchar(24)
        """

    Animal.insert(lab.Subject & "subject_id < 3", ignore_extra_fields=True)
    Animal.insert(lab.Subject.proj("species") & "subject_id = 3")
    assert len(Animal) == 3
    with pytest.raises(dj.DataJointError, match="remarks"):
        Animal.insert(lab.Subject & "subject_id = 4")
    Animal.insert(lab.Subject, ignore_extra_fields=True, skip_duplicates=True)
    assert len(Animal) == 5


@pytest.mark.parity(
    "Table.insert(replace=)",
    "Table.insert(skip_duplicates=)",
    "Table.insert(ignore_extra_fields=)",
    "Table.insert(chunk_size=)",
    "insert: skip_duplicates and other unique conflicts",
)
def test_options(lab: Any) -> None:
    with pytest.raises(dj.errors.DuplicateError):
        lab.Subject.insert1({"subject_id": 3, "species": "rat"})
    lab.Subject.insert([{"subject_id": n, "species": "mouse"} for n in (3, 4)], skip_duplicates=True)
    assert (lab.Subject & "subject_id = 3").fetch1("species") == "rat"
    lab.Subject.insert1({"subject_id": 3, "species": "mouse", "sex": "F"}, replace=True)
    assert (lab.Subject & "subject_id = 3").fetch1("species", "sex", "remarks") == ("mouse", "F", "")
    with pytest.raises(dj.errors.UnknownAttributeError):
        lab.Subject.insert1({"subject_id": 5, "species": "rat", "cage": 7})
    lab.Subject.insert1({"subject_id": 5, "species": "rat", "cage": 7}, ignore_extra_fields=True)
    lab.Subject.insert(({"subject_id": n, "species": "rat"} for n in range(100, 150)), chunk_size=7)
    assert len(lab.Subject & "subject_id >= 100") == 50

    @lab.schema
    class Cage(dj.Manual):
        definition = """
        cage : int32
        ---
        place : varchar(8)
        unique index (place)
        """

    Cage.insert1((1, "A1"))
    Cage.insert1((1, "A1"), skip_duplicates=True)
    with pytest.raises(dj.errors.DuplicateError):
        Cage.insert1((2, "A1"), skip_duplicates=True)


@pytest.mark.parity("insert: None, NaN and '' give the default", "insert: rows with different fields")
def test_defaults(empty_lab: Any) -> None:
    empty_lab.Subject.insert(
        [
            {"subject_id": 1, "species": "mouse", "sex": None},
            {"subject_id": 2, "species": "mouse", "remarks": "more fields than the first"},
            {"subject_id": 3, "species": "mouse", "date_of_birth": None},
        ]
    )
    assert empty_lab.Subject.to_arrays("sex", order_by="KEY").tolist() == ["U", "U", "U"]
    assert (empty_lab.Subject & "subject_id = 3").fetch1("date_of_birth") is None
    empty_lab.Session.insert1((1, 1, "2026-01-01", float("nan"), ""))
    empty_lab.Session.insert1((1, 2, "2026-01-01", "", ""))
    assert [row["weight"] for row in empty_lab.Session] == [None, None]


@pytest.mark.parity("insert: infinities")
def test_infinities(lab: Any) -> None:
    row = {"subject_id": 3, "session_id": 1, "session_date": "2026-01-01"}
    with pytest.raises(dj.DataJointError, match="finite"):
        lab.Session.insert1({**row, "weight": float("inf")})
    assert len(lab.Session & "subject_id = 3") == 0


@pytest.mark.parity("Table.insert(allow_direct_insert=)")
def test_direct_insert(lab: Any) -> None:
    key = {"subject_id": 1, "session_id": 1}
    with pytest.raises(dj.DataJointError, match="allow_direct_insert"):
        lab.Recording.insert1({**key, "rate": 1.0})
    lab.Recording.insert1({**key, "rate": 1.0}, allow_direct_insert=True)
    lab.Recording.Channel.insert1({**key, "channel": 0, "gain": 2.0})
    assert (lab.Recording * lab.Recording.Channel).fetch1("rate", "gain") == (1.0, 2.0)


@pytest.mark.parity(
    "Table.validate",
    "Table.validate(ignore_extra_fields=)",
    "ValidationResult.is_valid",
    "ValidationResult.errors",
    "ValidationResult.rows_checked",
    "ValidationResult.raise_if_invalid",
    "ValidationResult.summary",
    "ValidationResult(errors=)",
    "ValidationResult(rows_checked=)",
    "dj.ValidationResult",
)
def test_validation(lab: Any) -> None:
    good = lab.Subject.validate([{"subject_id": 9, "species": "mouse"}])
    assert isinstance(good, dj.ValidationResult)
    assert good
    assert (good.is_valid, good.errors, good.rows_checked) == (True, [], 1)
    good.raise_if_invalid()
    bad = lab.Subject.validate([{"subject_id": 9, "species": "mouse"}, {"subject_id": "x", "cage": 1}])
    assert not bad
    assert bad.rows_checked == 2
    assert {(row, field) for row, field, _ in bad.errors} == {(1, "subject_id"), (1, "cage"), (1, "species")}
    assert "subject_id" in bad.summary()
    with pytest.raises(dj.DataJointError, match="subject_id"):
        bad.raise_if_invalid()
    row = [{"subject_id": 9, "species": "mouse", "cage": 1}]
    assert not lab.Subject.validate(row)
    assert lab.Subject.validate(row, ignore_extra_fields=True)
    assert len(lab.Subject) == 3
    made = dj.ValidationResult(False, errors=[(0, "a", "bad")], rows_checked=1)
    assert made.rows_checked == 1


@pytest.mark.parity("Table.update1")
def test_update1(lab: Any) -> None:
    lab.Session.update1({"subject_id": 1, "session_id": 1, "weight": 22.0, "notes": "fine"})
    assert (lab.Session & {"subject_id": 1, "session_id": 1}).fetch1("weight", "notes") == (22.0, "fine")
    lab.Session.update1({"subject_id": 1, "session_id": 1, "weight": None, "notes": None})
    assert (lab.Session & {"subject_id": 1, "session_id": 1}).fetch1("weight", "notes") == (None, "")
    for bad in ({"subject_id": 1, "weight": 1.0}, {"subject_id": 9, "session_id": 9, "weight": 1.0}):
        with pytest.raises(dj.DataJointError):
            lab.Session.update1(bad)
    with pytest.raises(dj.DataJointError):
        (lab.Session & "subject_id = 1").update1({"subject_id": 1, "session_id": 1, "weight": 1.0})
