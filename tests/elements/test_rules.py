"""What table classes ask of values beyond their types: checked in every insert, update and validation."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import pytest

import fascicle as fc


def even(value: int) -> int:
    if value % 2:
        raise ValueError(f"{value} is odd")
    return value


def shouted(value: str) -> str:
    if "?" in value:
        raise ValueError(f"{value!r} is no shout")
    return value.removeprefix("please, ").upper()


def order(start: float, stop: float | None) -> str | None:
    return None if stop is None or stop >= start else f"it stops ({stop}) before it starts ({start})"


@pytest.fixture
def Span(schema: fc.Schema) -> Any:
    @schema
    class Span(fc.Manual):
        definition = """
        span : int32
        ---
        start_s : float64
        stop_s = null : float64
        label = '' : varchar(8)
        uid : uuid
        """
        checks: ClassVar = {"span": even, "label": shouted}
        fills: ClassVar = {"uid": uuid.uuid4}
        agreements: ClassVar = {("start_s", "stop_s"): order}

    return Span


def test_values_are_checked_made_and_normalised(Span: Any) -> None:
    given = uuid.uuid4()
    Span.insert(
        [
            {"span": 2, "start_s": 1.0, "label": "please, ab"},
            {"span": 4, "start_s": 1.0, "stop_s": 2.0, "uid": given},
        ]
    )
    rows = Span.to_dicts(order_by="span")
    assert rows[0]["label"] == "AB"
    assert isinstance(rows[0]["uid"], uuid.UUID)
    assert rows[1]["uid"] == given


def test_all_faults_come_together(Span: Any) -> None:
    bad = [
        {"span": 1, "start_s": 1.0},
        {"span": 2, "start_s": 5.0, "stop_s": 2.0},
        {"span": 4, "start_s": "x"},
    ]
    with pytest.raises(fc.ValidationError) as caught:
        Span.insert(bad)
    text = str(caught.value)
    assert "row 0, span: 1 is odd" in text
    assert "row 1, start_s: it stops (2.0) before it starts (5.0)" in text
    assert "row 2, start_s" in text
    assert len(Span) == 0
    assert not Span.validate(bad)


def test_texts_are_checked_before_their_length_and_only_once(Span: Any) -> None:
    bad = Span.validate(
        [{"span": 2, "start_s": 0.0, "label": "why?"}, {"span": 4, "start_s": 0.0, "label": []}]
    )
    assert [(row, reason) for row, _, reason in bad.errors] == [
        (0, "'why?' is no shout"),
        (1, "expected text, got list"),
    ]
    Span.insert1({"span": 2, "start_s": 0.0, "label": 7})
    assert Span.fetch1("label") == "7"


def test_updates_and_queries_are_checked_too(Span: Any) -> None:
    Span.insert1({"span": 2, "start_s": 1.0})
    uid = Span.fetch1("uid")
    Span.update1({"span": 2, "label": "x"})
    assert Span.fetch1("label", "uid") == ("X", uid)
    with pytest.raises(fc.ValidationError, match="before it starts"):
        Span.update1({"span": 2, "start_s": 3.0, "stop_s": 1.0})
    with pytest.raises(fc.ValidationError, match="3 is odd"):
        Span.insert(fc.U("k").aggr(Span.proj(k="span + 1"), start_s="0.0 * max(k)").proj("start_s", span="k"))
