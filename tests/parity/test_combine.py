"""Joins, unions, projections, aggregations, the universal set."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as dj


@pytest.mark.parity("a * b", "Query.join", "Query.join(semantic_check=)", "primary key of a join")
def test_join(lab: Any) -> None:
    joined = lab.Session * lab.Subject
    assert joined.primary_key == ["subject_id", "session_id"]
    assert len(joined) == 4
    assert (joined & {"subject_id": 2}).fetch1("sex", "species") == ("M", "mouse")
    assert (lab.Subject * lab.Session).primary_key == ["subject_id", "session_id"]
    product = lab.Subject * lab.Threshold
    assert product.primary_key == ["subject_id", "threshold_id"]
    assert len(product) == 6
    assert lab.Subject.join(lab.Session).to_dicts(order_by="KEY") == (lab.Subject * lab.Session).to_dicts(
        order_by="KEY"
    )
    species = lab.Subject * lab.Species
    assert species.primary_key == ["subject_id"]
    natural = lab.Session.join(lab.Subject.proj(session_id="subject_id"), semantic_check=False)
    assert len(natural) == 4


@pytest.mark.parity("differing lineage", "a @ b, a ^ b")
def test_differing_lineage(lab: Any) -> None:
    renamed = lab.Subject.proj(session_id="subject_id")
    with pytest.raises(dj.errors.DataJointError, match="session_id"):
        lab.Session * renamed
    assert len(lab.Session @ renamed) == 4
    assert len(lab.Session ^ renamed) == 4


@pytest.mark.parity(
    "Query.join(left=)", "Query.join(allow_nullable_pk=)", "Query.extend", "Query.extend(semantic_check=)"
)
def test_left_join(lab: Any) -> None:
    lab.Recording.insert1({"subject_id": 1, "session_id": 1, "rate": 5.0}, allow_direct_insert=True)
    rates = lab.Session.join(lab.Recording, left=True).to_arrays("rate", order_by="KEY")
    assert rates[0] == 5.0
    assert (rates != rates).sum() == 3
    assert lab.Session.extend(lab.Recording).to_dicts(order_by="KEY")[1]["rate"] is None
    assert len(lab.Session.extend(lab.Recording, semantic_check=False)) == 4
    assert lab.Session.extend(lab.Subject).primary_key == ["subject_id", "session_id"]
    with pytest.raises(dj.errors.DataJointError, match="allow_nullable_pk"):
        lab.Subject.join(lab.Session, left=True)
    wide = lab.Subject.join(lab.Session, left=True, allow_nullable_pk=True)
    assert len(wide.to_dicts()) == 5


@pytest.mark.parity("a + b")
def test_union(lab: Any) -> None:
    first = lab.Session.proj("weight") & "subject_id = 1"
    second = lab.Session.proj("session_date") & "session_id = 1"
    union = first + second
    assert union.primary_key == ["subject_id", "session_id"]
    rows = union.to_dicts(order_by="KEY")
    assert len(rows) == 4
    assert rows[1]["session_date"] is None
    assert str(rows[3]["session_date"]) == "2026-02-01"
    assert len(lab.Session.proj() + lab.Session.proj()) == 4
    with pytest.raises(dj.errors.DataJointError):
        lab.Session + lab.Subject


@pytest.mark.parity(
    "Query.proj",
    "proj('a')",
    "proj(...)",
    "proj('-a')",
    "proj(new='old')",
    "proj(new='(old)')",
    "proj(new='expression')",
)
def test_projection(lab: Any) -> None:
    assert lab.Session.proj().heading.names == ["subject_id", "session_id"]
    assert lab.Session.proj("weight").heading.names == ["subject_id", "session_id", "weight"]
    assert set(lab.Session.proj(...).heading.names) == set(lab.Session.heading.names)
    assert "notes" not in lab.Session.proj(..., "-notes").heading.names
    renamed = lab.Session.proj(animal="subject_id", grams="weight")
    assert renamed.primary_key == ["animal", "session_id"]
    assert (renamed & {"animal": 2}).fetch1("grams") == 24.0
    doubled = lab.Session.proj(..., number="(session_id)")
    assert {"session_id", "number"} <= set(doubled.heading.names)
    assert doubled.primary_key == ["subject_id", "session_id"]
    computed = lab.Session.proj(kilograms="weight / 1000", label="concat(notes, '!')")
    assert (computed & "kilograms > 0.0235").fetch1("label") == "!"
    with pytest.raises(dj.errors.UnknownAttributeError):
        lab.Session.proj("wieght")


@pytest.mark.parity(
    "Query.aggr",
    "Query.aggr(exclude_nonmatching=)",
    "Query.aggregate",
    "Query.aggregate(exclude_nonmatching=)",
    "aggr: restriction afterwards",
    "aggr(keep_all_rows=)",
    "GROUP_CONCAT",
)
def test_aggregation(lab: Any) -> None:
    counts = lab.Subject.aggr(lab.Session, n="count(session_id)", heaviest="max(weight)")
    assert counts.to_arrays("n", order_by="KEY").tolist() == [3, 1, 0]
    assert counts.primary_key == ["subject_id"]
    assert (counts & "n > 2").fetch1("subject_id", "heaviest") == (1, 21.0)
    matching = lab.Subject.aggr(lab.Session, "sex", n="count(*)", exclude_nonmatching=True)
    assert matching.to_dicts(order_by="KEY") == [
        {"subject_id": 1, "sex": "F", "n": 3},
        {"subject_id": 2, "sex": "M", "n": 1},
    ]
    assert len(lab.Subject.aggr(lab.Session, n="count(*)", keep_all_rows=True)) == 3
    assert len(lab.Subject.aggregate(lab.Session, n="count(*)", exclude_nonmatching=True)) == 2
    listed = lab.Subject.aggr(lab.Session, ids="GROUP_CONCAT(session_id ORDER BY session_id SEPARATOR '-')")
    assert listed.to_arrays("ids", order_by="KEY").tolist() == ["1-2-3", "1", None]


@pytest.mark.parity(
    "U('a') & query",
    "U('a').aggr(query)",
    "U().aggr(query)",
    "U.primary_key",
    "U.aggr",
    "U.aggregate",
    "U * query, U - query",
    "dj.U",
)
def test_universal_set(lab: Any) -> None:
    ids = dj.U("session_id") & lab.Session
    assert ids.primary_key == ["session_id"]
    assert ids.to_arrays("session_id", order_by="KEY").tolist() == [1, 2, 3]
    assert dj.U("session_id", "notes").primary_key == ["session_id", "notes"]
    by_day = dj.U("session_id").aggr(lab.Session, n="count(*)", w="avg(weight)")
    assert by_day.to_dicts(order_by="KEY")[0] == {"session_id": 1, "n": 2, "w": 22.25}
    assert dj.U().aggr(lab.Session, n="count(*)").fetch1("n") == 4
    assert dj.U().aggregate(lab.Session & "subject_id = 9", n="count(*)").fetch1("n") == 0
    for refused in (lambda: dj.U("session_id") * lab.Session, lambda: dj.U("session_id") - lab.Session):
        with pytest.raises(dj.errors.DataJointError, match="not defined"):
            refused()
