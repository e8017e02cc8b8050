"""Fetching: every shape, order, slices, streams."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

import fascicle as fc


def test_dicts_order_and_slices(lab: Any) -> None:
    rows = lab.Session.to_dicts("weight_g", order_by="session_date DESC, subject_id", limit=2)
    assert rows == [{"weight_g": 260.0}, {"weight_g": 21.0}]
    assert lab.Session.keys(limit=1, offset=1) == [{"subject_id": "m1", "session_id": 2}]
    assert [r["session_id"] for r in lab.Session.tail(2)] == [1, 2]
    assert [r["subject_id"] for r in lab.Session.head(3)] == ["m1"] * 3
    assert lab.Session.to_dicts(order_by="weight_g")[0]["weight_g"] is None


def test_fetch1(lab: Any) -> None:
    first = lab.Session & {"subject_id": "m1", "session_id": 1}
    assert first.fetch1("weight_g") == 20.5
    assert first.fetch1("KEY") == {"subject_id": "m1", "session_id": 1}
    assert first.fetch1("KEY", "weight_g") == ({"subject_id": "m1", "session_id": 1}, 20.5)
    assert first.fetch1()["session_date"] == dt.date(2026, 1, 1)
    with pytest.raises(fc.errors.FetchError, match="no row"):
        (lab.Session & "session_id = 77").fetch1()
    with pytest.raises(fc.errors.FetchError, match="5 rows"):
        lab.Session.fetch1()
    with pytest.raises(fc.UnknownAttributeError, match="weight_g"):
        first.fetch1("weigth_g")


def test_arrays(lab: Any) -> None:
    ids, weights = lab.Session.to_arrays("session_id", "weight_g", order_by="KEY")
    assert ids.dtype == np.int32
    assert weights.dtype == np.float64
    assert np.isnan(weights[1])
    table = lab.Session.to_arrays(order_by="KEY")
    assert table.dtype.names == ("subject_id", "session_id", "session_date", "weight_g", "notes")
    assert table["session_id"].tolist() == [1, 2, 3, 1, 2]
    keys, only = lab.Session.to_arrays("session_id", include_key=True, order_by="KEY")
    assert keys[0] == {"subject_id": "m1", "session_id": 1}
    assert only.tolist() == [1, 2, 3, 1, 2]


def test_frames(lab: Any) -> None:
    frame = lab.Session.to_pandas()
    assert list(frame.index.names) == ["subject_id", "session_id"]
    assert frame.loc[("m1", 1), "weight_g"] == 20.5
    assert lab.Session.to_polars(order_by="KEY")["session_id"].to_list() == [1, 2, 3, 1, 2]
    table = lab.Session.to_arrow(order_by="KEY")
    assert table.column("session_date").to_pylist()[0] == dt.date(2026, 1, 1)
    assert table.column("weight_g").null_count == 1


def test_the_older_fetch(lab: Any) -> None:
    query = lab.Session & "subject_id = 'm1'"
    assert query.fetch("KEY", order_by="KEY")[0] == {"subject_id": "m1", "session_id": 1}
    assert query.fetch("session_id", order_by="session_id desc").tolist() == [3, 2, 1]
    ids, keys = query.fetch("session_id", "KEY", order_by="KEY")
    assert ids.tolist() == [1, 2, 3]
    assert keys[2]["session_id"] == 3
    assert query.fetch(as_dict=True, limit=1)[0]["session_id"] == 1
    assert list(query.fetch(format="frame").index.names) == ["subject_id", "session_id"]
    assert query.fetch(order_by="KEY")["session_id"].tolist() == [1, 2, 3]


def test_streams_nest_and_stay_small(schema: fc.Schema) -> None:
    @schema
    class Number(fc.Manual):
        definition = """
        n : int32
        ---
        text : varchar(100)
        """

    Number.insert((n, "x" * 100) for n in range(10_000))
    seen = 0
    for row in Number:
        if seen < 3:
            assert (Number & {"n": row["n"]}).fetch1("text") == "x" * 100
        seen += 1
    assert seen == 10_000
    with schema.connection.transaction:
        Number.insert1((10_000, "y"))
        assert sum(1 for _ in Number) == 10_001
    cursor = Number.cursor("n", order_by="n DESC")
    assert next(cursor) == (10_000,)
    cursor.close()


def test_len_bool_contains(lab: Any) -> None:
    assert len(lab.Session) == 5
    assert bool(lab.Session & "session_id = 1")
    assert not bool(lab.Session & "session_id = 100")
    assert {"subject_id": "m1"} in lab.Session
    assert {"subject_id": "m3"} not in lab.Session
    assert len(lab.Session & fc.Top(2)) == 2
    assert not bool(lab.Session & fc.Top(0))


def test_singleton(schema: fc.Schema) -> None:
    @schema
    class Settings(fc.Manual):
        definition = """
        ---
        rate_hz : float64
        """

    assert len(Settings) == 0
    Settings.insert1({"rate_hz": 30.0})
    assert Settings.fetch1() == {"rate_hz": 30.0}
    assert Settings.keys() == [{}]
    with pytest.raises(fc.DuplicateError):
        Settings.insert1({"rate_hz": 31.0})


def test_preview(lab: Any) -> None:
    text = repr(lab.Session & "subject_id = 'm1'")
    assert text.splitlines()[0].split() == ["*subject_id", "*session_id", "session_date", "weight_g", "notes"]
    assert "NULL" in text
    assert "3 rows" in text
    lab.Subject.insert1({"subject_id": "<script>"})
    html = (lab.Subject & {"subject_id": "<script>"})._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
