"""Fetching: every shape and option."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fascicle as dj

SHAPES = ("to_dicts", "to_pandas", "to_polars", "to_arrow", "to_arrays")


def numbers(shape: str, result: Any) -> list[int]:
    """Session numbers in the order fetched."""
    if shape == "to_dicts":
        return [row["session_id"] for row in result]
    if shape == "to_pandas":
        return [int(value) for value in result.reset_index()["session_id"]]
    if shape == "to_arrow":
        return result.column("session_id").to_pylist()
    return [int(value) for value in result["session_id"]]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parity(
    *(f"Query.{shape}" for shape in SHAPES),
    *(f"Query.{shape}({option}=)" for shape in SHAPES for option in ("order_by", "limit", "offset")),
    "order_by='KEY'",
    "order_by='a DESC'",
)
def test_shapes(lab: Any, shape: str) -> None:
    if shape in ("to_pandas", "to_polars", "to_arrow"):
        pytest.importorskip({"to_arrow": "pyarrow"}.get(shape, shape.removeprefix("to_")))
    fetch = getattr(lab.Session & "subject_id = 1", shape)
    assert sorted(numbers(shape, fetch())) == [1, 2, 3]
    assert numbers(shape, fetch(order_by="KEY")) == [1, 2, 3]
    assert numbers(shape, fetch(order_by="session_date DESC")) == [3, 2, 1]
    assert numbers(shape, fetch(order_by=["weight DESC", "KEY"])) == [3, 1, 2]
    assert numbers(shape, fetch(limit=2)) == [1, 2]
    assert numbers(shape, fetch(limit=1, offset=1)) == [2]
    assert numbers(shape, fetch(offset=2)) == [3]


def test_pandas_index_is_the_key(lab: Any) -> None:
    pytest.importorskip("pandas")
    assert list(lab.Session.to_pandas().index.names) == ["subject_id", "session_id"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parity(
    *(f"Query.{shape}(squeeze=)" for shape in SHAPES), "Query.fetch(squeeze=)", "Query.fetch1(squeeze=)"
)
def test_squeeze(schema: dj.Schema, shape: str) -> None:
    if shape in ("to_pandas", "to_polars", "to_arrow"):
        pytest.importorskip({"to_arrow": "pyarrow"}.get(shape, shape.removeprefix("to_")))

    @schema
    class Trace(dj.Manual):
        definition = """
        trace_id : int32
        ---
        samples : <blob>
        """

    Trace.insert1((1, np.arange(3.0).reshape(1, 3)))
    squeezed = getattr(Trace, shape)(squeeze=True)
    value = squeezed[0]["samples"] if shape == "to_dicts" else None
    if shape == "to_pandas":
        value = squeezed["samples"].iloc[0]
    elif shape in ("to_polars", "to_arrays"):
        value = squeezed["samples"][0]
    elif shape == "to_arrow":
        value = squeezed.column("samples").to_pylist()[0]
    assert np.shape(value) == (3,)
    assert Trace.fetch1("samples").shape == (1, 3)
    assert Trace.fetch1("samples", squeeze=True).shape == (3,)
    assert Trace.fetch("samples", squeeze=True)[0].shape == (3,)


@pytest.mark.parity("Query.to_arrays(include_key=)")
def test_arrays(lab: Any) -> None:
    whole = lab.Session.to_arrays(order_by="KEY")
    assert whole.dtype.names == tuple(lab.Session.heading.names)
    weights, notes = lab.Session.to_arrays("weight", "notes", order_by="KEY")
    assert np.isnan(weights[1])
    assert notes[0] == "good"
    keys, weights = lab.Session.to_arrays("weight", include_key=True, order_by="KEY")
    assert keys[3] == {"subject_id": 2, "session_id": 1}
    assert weights[3] == 24.0


@pytest.mark.parity(
    "Query.keys",
    "Query.keys(order_by=)",
    "Query.keys(limit=)",
    "Query.keys(offset=)",
    "Query.head",
    "Query.head(limit=)",
    "Query.tail",
    "Query.tail(limit=)",
)
def test_keys_head_tail(lab: Any) -> None:
    assert lab.Session.keys(order_by="KEY")[0] == {"subject_id": 1, "session_id": 1}
    assert lab.Session.keys(order_by="weight DESC", limit=1) == [{"subject_id": 2, "session_id": 1}]
    assert lab.Session.keys(offset=3) == [{"subject_id": 2, "session_id": 1}]
    assert len(lab.Session.head()) == 4
    assert [row["session_id"] for row in lab.Session.head(limit=2)] == [1, 2]
    assert [row["session_id"] for row in lab.Session.tail(2)] == [3, 1]
    assert lab.Session.tail(limit=1)[0]["subject_id"] == 2


@pytest.mark.parity("Query.fetch1", "fetch1('KEY')")
def test_fetch1(lab: Any) -> None:
    one = lab.Session & {"subject_id": 2}
    assert one.fetch1()["weight"] == 24.0
    assert one.fetch1("weight") == 24.0
    assert one.fetch1("session_id", "weight") == (1, 24.0)
    assert one.fetch1("KEY") == {"subject_id": 2, "session_id": 1}
    for query in (lab.Session, lab.Session & "subject_id = 9"):
        with pytest.raises(dj.DataJointError):
            query.fetch1()


@pytest.mark.parity(
    "Query.fetch",
    "Query.fetch(offset=)",
    "Query.fetch(limit=)",
    "Query.fetch(order_by=)",
    "Query.fetch(format=)",
    "Query.fetch(as_dict=)",
    "fetch('KEY')",
    "dj.key",
)
def test_fetch_of_older_programs(lab: Any) -> None:
    pd = pytest.importorskip("pandas")
    assert lab.Session.fetch().dtype.names == tuple(lab.Session.heading.names)
    assert lab.Session.fetch(as_dict=True, order_by="KEY", limit=1, offset=1)[0]["session_id"] == 2
    assert lab.Session.fetch("weight", order_by="session_date desc", limit=1).tolist() == [24.0]
    weights, keys = lab.Session.fetch("weight", "KEY", order_by="KEY")
    assert (weights[0], keys[0]) == (20.5, {"subject_id": 1, "session_id": 1})
    assert lab.Session.fetch("KEY", limit=1) == [{"subject_id": 1, "session_id": 1}]
    assert lab.Session.fetch(dj.key, limit=1) == [{"subject_id": 1, "session_id": 1}]
    assert lab.Session.fetch("weight", as_dict=True, limit=1) == [{"weight": 20.5}]
    frame = lab.Session.fetch(format="frame", order_by="KEY")
    assert isinstance(frame, pd.DataFrame)
    assert frame.index.names == ["subject_id", "session_id"]
    assert isinstance(lab.Session.fetch(format="array"), np.ndarray)


@pytest.mark.parity("len(query)", "bool(query)", "for row in query", "Query.cursor", "Query.cursor(as_dict=)")
def test_counting_and_iterating(lab: Any) -> None:
    assert len(lab.Session) == 4
    assert len(lab.Session & "subject_id = 1") == 3
    assert bool(lab.Session()) is True
    assert bool(lab.Session & "subject_id = 9") is False
    if lab.Session & {"subject_id": 2}:
        rows = list(lab.Session)
    assert {(row["subject_id"], row["session_id"]) for row in rows} == {(1, 1), (1, 2), (1, 3), (2, 1)}
    assert [len(lab.Session & row) for row in lab.Subject] == [3, 1, 0]
    assert len(list(lab.Session.cursor())) == 4
    assert next(iter(lab.Session.cursor(as_dict=True)))["subject_id"] in (1, 2)


@pytest.mark.parity(
    "Query.preview", "Query.preview(limit=)", "Query.preview(width=)", "repr(query)", "query._repr_html_"
)
def test_previews(lab: Any) -> None:
    text = repr(lab.Session())
    assert "*subject_id" in text
    assert "4 rows" in text
    assert "2026-02-01" not in lab.Session.preview(limit=2)
    assert "Rattus norvegicus" in lab.Species.preview(width=40)
    assert "Rattus norvegicus" not in lab.Species.preview(width=8)
    html = lab.Session()._repr_html_()
    assert "<table" in html
    assert "2026-02-01" in html
    with dj.config.override(display__limit=1, display__show_tuple_count=False):
        assert "rows" not in repr(lab.Session())


@pytest.mark.parity(
    "Query.heading", "Query.primary_key", "Query.connection", "Query.make_sql", "Query.make_sql(fields=)"
)
def test_what_a_query_is(lab: Any) -> None:
    query = (lab.Session & "weight > 1") * lab.Subject
    assert query.heading.names[:2] == query.primary_key == ["subject_id", "session_id"]
    assert query.connection is dj.conn()
    assert query.make_sql().startswith("SELECT")
    assert "weight" in query.make_sql(fields=["weight"])
    assert "sex" not in query.make_sql(fields=["weight"])
