"""Diagrams that know rows: downstream of some, upstream of some, restricted, counted, pruned."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as fc


def by_class(diagram: fc.Diagram) -> dict[str, int]:
    counts = diagram.counts()
    return {table.class_name: counts[table.full_table_name] for table in diagram}


def test_cascade(lab: Any) -> None:
    diagram = fc.Diagram.cascade(lab.Subject & "subject_id = 'm3'")
    assert by_class(diagram) == {"Subject": 1, "Session": 0, "Scan": 0, "Scan.Field": 0, "Note": 0}
    assert [name.class_name for name in diagram.prune()] == ["Subject"]
    assert "1 rows" in str(diagram.counted().make_svg())


def test_trace(lab: Any) -> None:
    traced = fc.Diagram.trace(lab.Note & "note_id = 2")
    assert traced[lab.Session].keys() == [{"subject_id": "m2", "session_id": 1}]
    assert traced["Subject"].fetch1("species") == "Rattus norvegicus"
    assert by_class(traced) == {"Note": 1, "Scan.Field": 1, "Scan": 1, "Session": 1, "Subject": 1}
    with pytest.raises(fc.errors.DependencyError, match="Method"):
        traced[lab.Method]


def test_restrictions_hold_together(lab: Any) -> None:
    diagram = fc.Diagram(lab.schema).restrict(lab.Subject & "subject_id = 'm1'")
    diagram = diagram.restrict(lab.Session & "session_id = 2")
    counts = by_class(diagram)
    assert counts == {"Subject": 1, "Session": 1, "Method": 2, "Scan": 1, "Scan.Field": 2, "Note": 0}


def test_a_plain_diagram_has_no_rows(lab: Any) -> None:
    with pytest.raises(fc.QueryError, match="knows no rows"):
        fc.Diagram(lab.schema).counts()
