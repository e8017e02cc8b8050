"""Queries as people write them, with names shared by chance and at sizes that strain parsers."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytest

import fascicle as fc


def test_aggregates_are_of_the_rows_gathered(lab: Any) -> None:
    """Subjects and sessions both have notes; those of the sessions are counted."""
    for key in (lab.Session & "session_id = 1").keys():
        lab.Session.update1({**key, "notes": "seen"})
    counted = lab.Subject.aggr(lab.Session, n="count(notes)", last="max(notes)")
    assert counted.to_dicts(order_by="KEY") == [
        {"subject_id": "m1", "n": 3, "last": "seen"},
        {"subject_id": "m2", "n": 2, "last": "seen"},
        {"subject_id": "m3", "n": 0, "last": None},
    ]
    kept = lab.Subject.aggr(lab.Session, "notes", last="max(notes)") & "notes = 'escaped'"
    assert kept.fetch1() == {"subject_id": "m3", "notes": "escaped", "last": None}


@pytest.mark.parametrize(
    "text",
    [" and ".join(f"session_id <> {i + 9}" for i in range(3000)), " or ".join(["session_id > 0"] * 3000)],
)
def test_a_condition_of_thousands_of_terms(lab: Any, text: str) -> None:
    assert len(lab.Session & text) == 5


def test_thousands_of_restrictions_one_by_one(lab: Any) -> None:
    query = lab.Session()
    for number in range(2000):
        query = query - {"session_id": number + 9}
    assert len(query) == 5


def test_expressions_over_expressions(lab: Any) -> None:
    query = lab.Session.proj(x="session_id + 0")
    for _ in range(60):
        query = query.proj(x="x + 1")
    assert sorted(query.to_arrays("x")) == [61, 61, 62, 62, 63]


def test_a_union_of_many(lab: Any) -> None:
    parts = [lab.Session.proj() & {"session_id": 1 + number % 3} for number in range(40)]
    assert len(reduce(add, parts)) == 5


def test_limits_are_counts(lab: Any) -> None:
    assert len(lab.Session.to_dicts(limit=np.int64(2))) == 2
    assert len(lab.Session & fc.Top(np.int32(2), offset=np.int8(4))) == 1
    for bad in (-1, "2", 2.0, True):
        with pytest.raises(fc.QueryError, match="limit is"):
            lab.Session.to_dicts(limit=bad)
        with pytest.raises(fc.QueryError, match="offset is"):
            lab.Session.to_dicts(offset=bad)
