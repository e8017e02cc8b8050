"""Inserting rows in every shape, and refusing those that do not fit."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fascicle as fc

ROWS = [
    {"subject_id": f"m{n}", "species": "Mus", "born_on": dt.date(2025, 1, n), "notes": ""} for n in (1, 2, 3)
]


def _shapes() -> dict[str, Any]:
    frame = pd.DataFrame(ROWS)
    return {
        "dicts": ROWS,
        "generator": (row for row in ROWS),
        "tuples": [tuple(row.values()) for row in ROWS],
        "pandas": frame,
        "indexed pandas": frame.set_index("subject_id"),
        "polars": pl.DataFrame(ROWS),
        "arrow": pa.Table.from_pylist(ROWS),
        "structured": np.array(
            [(r["subject_id"], r["species"], r["born_on"], "") for r in ROWS],
            dtype=[("subject_id", "U8"), ("species", "U8"), ("born_on", "datetime64[D]"), ("notes", "U8")],
        ),
    }


@pytest.mark.parametrize("shape", list(_shapes()))
def test_every_shape_of_rows_is_inserted(empty_lab: Any, shape: str) -> None:
    empty_lab.Subject.insert(_shapes()[shape])
    assert empty_lab.Subject.to_dicts(order_by="KEY") == ROWS


def test_csv_file_with_empty_fields(empty_lab: Any, tmp_path: Any) -> None:
    path = tmp_path / "subjects.csv"
    path.write_text("subject_id,born_on\nm1,2025-01-01\nm2,\n")
    empty_lab.Subject.insert(path)
    assert (empty_lab.Subject & "subject_id = 'm2'").fetch1("born_on") is None
    assert (empty_lab.Subject & "subject_id = 'm1'").fetch1("born_on") == dt.date(2025, 1, 1)


def test_query_is_inserted_without_fetching(lab: Any, db: fc.Connection) -> None:
    @lab.schema
    class Copy(fc.Manual):
        definition = """
        -> Subject
        ---
        species : varchar(64)
        """

    before = db.round_trips
    Copy.insert(lab.Subject.proj("species"))
    assert db.round_trips - before <= 3
    assert len(Copy) == 3
    Copy.insert(lab.Subject.proj("species"), skip_duplicates=True)
    with pytest.raises(fc.DuplicateError):
        Copy.insert(lab.Subject.proj("species"))


def test_rows_may_differ_in_their_fields(empty_lab: Any) -> None:
    empty_lab.Subject.insert(
        [{"subject_id": "a"}, {"subject_id": "b", "species": "Rattus"}, {"notes": "n", "subject_id": "c"}]
    )
    rows = {row["subject_id"]: row for row in empty_lab.Subject}
    assert rows["a"] == {"subject_id": "a", "species": "Mus musculus", "born_on": None, "notes": ""}
    assert rows["b"]["species"] == "Rattus"
    assert rows["c"]["notes"] == "n"


def test_all_bad_rows_are_reported_and_none_inserted(empty_lab: Any) -> None:
    rows = [
        {"subject_id": "ok"},
        {"subject_id": "x" * 40},
        {"subject_id": "b", "born_on": "yesterday"},
        {"subject_id": None},
    ]
    with pytest.raises(fc.ValidationError) as caught:
        empty_lab.Subject.insert(rows)
    faults = [(fault.row, fault.attribute) for fault in caught.value.details["faults"]]
    assert faults == [(1, "subject_id"), (2, "born_on"), (3, "subject_id")]
    assert "row 2, born_on" in str(caught.value)
    assert len(empty_lab.Subject) == 0
    assert [row for row, _, _ in empty_lab.Subject.validate(rows).errors] == [1, 2, 3]
    assert empty_lab.Subject.validate(rows[:1])


def test_a_generator_with_a_bad_row_inserts_nothing(empty_lab: Any) -> None:
    rows = ({"subject_id": f"s{n}", "born_on": "never" if n == 150 else None} for n in range(200))
    with pytest.raises(fc.ValidationError, match="row 150"):
        empty_lab.Subject.insert(rows, chunk_size=50)
    assert len(empty_lab.Subject) == 0


def test_unknown_fields(empty_lab: Any) -> None:
    with pytest.raises(fc.UnknownAttributeError, match="species"):
        empty_lab.Subject.insert1({"subject_id": "a", "spieces": "Mus"})
    empty_lab.Subject.insert1({"subject_id": "a", "spieces": "Mus"}, ignore_extra_fields=True)
    assert empty_lab.Subject.fetch1("species") == "Mus musculus"


def test_missing_values(empty_lab: Any) -> None:
    with pytest.raises(fc.MissingAttributeError, match="session_date"):
        empty_lab.Session.insert([{"subject_id": "a", "session_id": 1}, {"subject_id": "b", "session_id": 1}])


def test_duplicates(lab: Any) -> None:
    with pytest.raises(fc.DuplicateError, match="subject_id='m2'"):
        lab.Subject.insert([{"subject_id": "m9"}, {"subject_id": "m2"}])
    assert len(lab.Subject) == 3
    lab.Subject.insert([{"subject_id": "m9"}, {"subject_id": "m2", "notes": "new"}], skip_duplicates=True)
    assert len(lab.Subject) == 4
    assert (lab.Subject & {"subject_id": "m2"}).fetch1("notes") == ""


def test_skip_duplicates_is_for_the_primary_key_only(schema: fc.Schema) -> None:
    @schema
    class Tag(fc.Manual):
        definition = """
        tag_id : int32
        ---
        name : varchar(16)
        unique index(name)
        """

    Tag.insert([(1, "a"), (2, "b")])
    Tag.insert([(1, "a"), (3, "c")], skip_duplicates=True)
    assert len(Tag) == 3
    with pytest.raises(fc.DuplicateError):
        Tag.insert([(4, "a")], skip_duplicates=True)
    assert len(Tag) == 3


def test_replace_keeps_children(lab: Any) -> None:
    lab.Subject.insert1({"subject_id": "m1", "notes": "replaced"}, replace=True)
    assert (lab.Subject & {"subject_id": "m1"}).fetch1("notes", "born_on") == ("replaced", None)
    assert len(lab.Session & {"subject_id": "m1"}) == 3


def test_a_missing_parent_is_named_with_the_closest(lab: Any) -> None:
    with pytest.raises(fc.MissingParentError) as caught:
        lab.Session.insert(
            [
                {"subject_id": "m1", "session_id": 9, "session_date": "2026-03-01"},
                {"subject_id": "M2", "session_id": 9, "session_date": "2026-03-01"},
            ]
        )
    text = str(caught.value)
    assert "subject_id='M2'" in text
    assert "subject_id='m2'" in text
    assert caught.value.details["keys"] == [{"subject_id": "M2"}]
    assert len(lab.Session & "session_id = 9") == 0


def test_nan_is_null_or_the_default(schema: fc.Schema) -> None:
    @schema
    class Value(fc.Manual):
        definition = """
        value_id : int32
        ---
        x = null : float64
        y = 1.5 : float32
        n = null : int32
        """

    Value.insert(
        pd.DataFrame({"value_id": [1, 2], "x": [1.0, np.nan], "y": [np.nan, 2.0], "n": [np.nan, 3.0]})
    )
    assert Value.to_dicts(order_by="KEY") == [
        {"value_id": 1, "x": 1.0, "y": 1.5, "n": None},
        {"value_id": 2, "x": None, "y": 2.0, "n": 3},
    ]
    with pytest.raises(fc.ValidationError, match="finite"):
        Value.insert1((3, float("inf"), 1.0, 1))


def test_every_core_type_keeps_its_values(schema: fc.Schema) -> None:
    @schema
    class Everything(fc.Manual):
        definition = """
        id : int32
        ---
        a = null : int8
        b = null : int16
        c = null : int64
        d = null : float32
        e = null : float64
        f = null : bool
        g = null : decimal(12,3)
        h = null : char(4)
        i = null : enum('x', "it's")
        j = null : date
        k = null : datetime(6)
        l = null : datetime
        m = null : json
        n = null : uuid
        o = null : bytes
        p = null : <blob>
        q = null : time(3)
        """

    row = {
        "id": 1,
        "a": -128,
        "b": 32767,
        "c": -(2**63),
        "d": 1.5,
        "e": 1e-300,
        "f": True,
        "g": decimal.Decimal("-123456789.125"),
        "h": "éß☃x",
        "i": "it's",
        "j": dt.date(1, 1, 2),
        "k": dt.datetime(2026, 2, 3, 4, 5, 6, 789012),
        "l": dt.datetime(1999, 12, 31, 23, 59, 59),
        "m": {"a": [1, None, "x", 1.5, True]},
        "n": uuid.UUID("12345678-1234-5678-1234-567812345678"),
        "o": bytes(range(256)),
        "p": {"x": np.arange(3)},
        "q": dt.time(23, 59, 59, 999000),
    }
    Everything.insert1(row)
    Everything.insert1({"id": 2})
    back = (Everything & "id = 1").fetch1()
    blob = back.pop("p")
    assert np.array_equal(blob["x"], np.arange(3))
    row.pop("p")
    assert back == row
    assert {name: type(value) for name, value in back.items()} == {
        name: type(value) for name, value in row.items()
    }
    assert (Everything & "id = 2").fetch1() == {"id": 2, **dict.fromkeys("abcdefghijklmnopq")}


def test_times_with_a_zone_become_utc(schema: fc.Schema) -> None:
    @schema
    class Event(fc.Manual):
        definition = """
        event_id : int32
        ---
        at : datetime(3)
        """

    zone = dt.timezone(dt.timedelta(hours=2))
    Event.insert1((1, dt.datetime(2026, 1, 1, 1, 0, 0, 1500, tzinfo=zone)))
    assert Event.fetch1("at") == dt.datetime(2025, 12, 31, 23, 0, 0, 2000)


def test_update1(lab: Any) -> None:
    lab.Session.update1({"subject_id": "m1", "session_id": 1, "weight_g": 19.0, "notes": "thin"})
    assert (lab.Session & {"subject_id": "m1", "session_id": 1}).fetch1("weight_g", "notes") == (19.0, "thin")
    lab.Session.update1({"subject_id": "m1", "session_id": 1, "weight_g": None, "notes": None})
    assert (lab.Session & {"subject_id": "m1", "session_id": 1}).fetch1("weight_g", "notes") == (None, "")
    with pytest.raises(fc.QueryError, match="0 have the key"):
        lab.Session.update1({"subject_id": "m1", "session_id": 99, "weight_g": 1.0})
    with pytest.raises(fc.MissingAttributeError):
        lab.Session.update1({"subject_id": "m1", "weight_g": 1.0})
    with pytest.raises(fc.UnknownAttributeError, match="weight_g"):
        lab.Session.update1({"subject_id": "m1", "session_id": 1, "wieght_g": 1.0})
    with pytest.raises(fc.QueryError, match="restricted"):
        (lab.Session & "session_id = 1").update1({"subject_id": "m1", "session_id": 1, "weight_g": 1.0})


def test_values_never_become_sql(empty_lab: Any) -> None:
    nasty = "'); DROP TABLE subject; -- \" ` \\ % %s ?"
    empty_lab.Subject.insert1({"subject_id": nasty[:32], "notes": nasty})
    assert (empty_lab.Subject & {"notes": nasty}).fetch1("notes") == nasty
    assert len(empty_lab.Subject & {"notes": nasty + "x"}) == 0
