"""Batches that name the same attributes travel together, whatever their order, and rows may be all defaults."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as fc
from fascicle.table.write import insert as writing


@pytest.fixture
def table(schema: fc.Schema) -> Any:
    @schema
    class Reading(fc.Manual):
        definition = """
        reading_id = 7 : int32
        ---
        note = 'none'  : varchar(16)
        extra = null   : json
        """

    return Reading


def test_a_row_may_be_all_defaults(table: Any) -> None:
    table.insert([{}])
    assert table.fetch1() == {"reading_id": 7, "note": "none", "extra": None}


def test_such_a_row_stands_beside_others(table: Any) -> None:
    table.insert([{"reading_id": 1, "note": "a"}, {}, {"note": "b", "reading_id": 2}])
    assert table.to_arrays("note", order_by="KEY").tolist() == ["a", "b", "none"]


def test_batches_of_the_same_names_are_joined(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CHUNK", 1)  # four rows a batch
    rows = [
        {"reading_id": n, "note": f"n{n}", "extra": {"n": n}}
        if n < 5
        else {"extra": None, "note": f"n{n}", "reading_id": n}
        for n in range(11)
    ]
    before = table.connection.round_trips
    table.insert(rows)
    assert table.connection.round_trips - before == 1
    assert table.to_dicts(order_by="KEY") == [
        {"reading_id": n, "note": f"n{n}", "extra": {"n": n} if n < 5 else None} for n in range(11)
    ]


def test_every_fault_of_every_batch_is_reported(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CHUNK", 1)
    rows = [{"reading_id": n if n % 3 else "x", "note": "a" * (30 if n == 4 else 3)} for n in range(9)]
    with pytest.raises(fc.ValidationError) as caught:
        table.insert(rows)
    assert [(f.row, f.attribute) for f in caught.value.details["faults"]] == [
        (0, "reading_id"),
        (3, "reading_id"),
        (4, "note"),
        (6, "reading_id"),
    ]
    assert len(table()) == 0
