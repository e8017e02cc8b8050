"""Diagrams."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest

import fascicle as dj


def shown(diagram: Any) -> set[str]:
    return {name.class_name for name in diagram}


@pytest.mark.parity(
    "dj.Diagram",
    "Diagram(table)",
    "Diagram(schema)",
    "Diagram(module)",
    "Diagram(context=)",
    "diagram + n",
    "diagram - n",
    "diagram + diagram",
    "diagram - diagram",
    "diagram * diagram",
    "Diagram.from_sequence",
    "Diagram.add_parts",
    "Diagram.collapse",
    "for table in diagram",
    "dj.Di, dj.ERD",
)
def test_algebra(lab: Any) -> None:
    everything = dj.Diagram(lab.schema)
    assert shown(everything) == {
        "Species",
        "Subject",
        "Session",
        "Recording",
        "Recording.Channel",
        "Threshold",
        "Detection",
    }
    assert shown(dj.Diagram(lab.Session)) == {"Session"}
    assert shown(dj.Diagram(lab.Session, context={}) + 1) == {"Session", "Recording"}
    assert shown(dj.Diagram(lab.Session) - 2) == {"Session", "Subject", "Species"}
    assert shown(dj.Diagram(lab.Session) + dj.Diagram(lab.Threshold)) == {"Session", "Threshold"}
    assert shown(everything - dj.Diagram(lab.Session)) == shown(everything) - {"Session"}
    assert shown(everything * (dj.Diagram(lab.Subject) + 1)) == {"Subject", "Session"}
    assert shown(dj.Diagram.from_sequence([lab.Session, lab.Threshold])) == {"Session", "Threshold"}
    assert shown(dj.Diagram(lab.Recording).add_parts()) == {"Recording", "Recording.Channel"}
    assert len(everything.collapse().drawing.nodes) == 1
    assert {table.full_table_name: len(table) for table in everything}[lab.Session.full_table_name] == 4
    order = [name.class_name for name in everything]
    assert order.index("Subject") < order.index("Session") < order.index("Detection")
    assert [name.class_name for name in reversed(everything)] == order[::-1]
    module = types.ModuleType("lab")
    module.schema = lab.schema
    assert shown(dj.Diagram(module)) == shown(everything)
    assert dj.Di is dj.ERD is dj.Diagram


@pytest.mark.parity(
    "Diagram.make_dot",
    "Diagram.make_dot(theme=)",
    "Diagram.make_svg",
    "Diagram.make_mermaid",
    "Diagram.save",
    "Diagram.save(format=)",
    "Diagram._repr_svg_",
)
def test_pictures(lab: Any, tmp_path: Path) -> None:
    diagram = dj.Diagram(lab.schema)
    assert str(diagram.make_svg()).lstrip().startswith("<svg")
    assert "Session" in diagram._repr_svg_()
    assert "digraph" in str(diagram.make_dot())
    assert str(diagram.make_dot(theme="dark")) != str(diagram.make_dot(theme="light"))
    assert "Session" in diagram.make_mermaid()
    diagram.save(str(tmp_path / "lab.svg"))
    diagram.save(str(tmp_path / "lab.txt"), format="mermaid")
    assert "<svg" in (tmp_path / "lab.svg").read_text()
    assert "Session" in (tmp_path / "lab.txt").read_text()


@pytest.mark.parity(
    "Diagram.cascade",
    "Diagram.cascade(part_integrity=)",
    "Diagram.trace",
    "Diagram.restrict",
    "Diagram.counts",
    "Diagram.prune",
    "diagram[Table]",
    "reversed(diagram)",
)
def test_diagrams_of_rows(recorded: Any) -> None:
    recorded.Detection.populate("subject_id = 2")
    gone = dj.Diagram.cascade(recorded.Subject & {"subject_id": 2}, part_integrity="enforce")
    assert gone.counts() == {
        recorded.Subject.full_table_name: 1,
        recorded.Session.full_table_name: 1,
        recorded.Recording.full_table_name: 1,
        recorded.Channel.full_table_name: 3,
        recorded.Detection.full_table_name: 2,
    }
    assert [len(table) for table in reversed(gone)] == list(gone.counts().values())[::-1]
    assert len(gone[recorded.Channel]) == 3
    basis = dj.Diagram.trace(recorded.Detection & {"threshold_id": 1})
    assert basis[recorded.Subject].keys() == [{"subject_id": 2}]
    assert basis["Threshold"].fetch1("level") == 0.1
    some = dj.Diagram(recorded.schema).restrict(recorded.Session & "session_id = 1")
    assert len(some[recorded.Recording]) == 2
    assert len(some.restrict(recorded.Subject & "subject_id = 1")[recorded.Recording]) == 1
    few = dj.Diagram.cascade(recorded.Subject & {"subject_id": 3})
    assert shown(few.prune()) == {"Subject"}
