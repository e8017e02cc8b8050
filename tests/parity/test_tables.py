"""Looking at tables: headings, relatives, describe, alter."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import fascicle as dj


@pytest.mark.parity(
    "Table.database",
    "Table.table_name",
    "Table.class_name",
    "Table.full_table_name",
    "Table.heading",
    "Table.is_declared",
)
def test_names(lab: Any) -> None:
    assert lab.Session.database == lab.schema.name
    assert lab.Session.table_name == "session"
    assert lab.Channel.class_name == "Recording.Channel"
    assert lab.Session().full_table_name.strip('`"').startswith(lab.schema.name)
    assert lab.Session.heading.names[0] == "subject_id"
    assert lab.Session.is_declared
    assert lab.Session().is_declared


@pytest.mark.parity(
    "heading.attributes",
    "heading.names",
    "heading.primary_key",
    "heading.secondary_attributes",
    "heading.blobs",
    "heading.non_blobs",
    "heading.has_autoincrement",
    "heading['x'].type",
)
def test_headings(schema: dj.Schema) -> None:
    @schema
    class Trace(dj.Manual):
        definition = """
        trace : int32
        ---
        rate = 30 : float64   # hertz
        samples : <blob>
        """

    heading = Trace.heading
    assert heading.names == list(heading.attributes) == ["trace", "rate", "samples"]
    assert heading.primary_key == ["trace"]
    assert heading.secondary_attributes == ["rate", "samples"]
    assert heading.blobs == ["samples"]
    assert heading.non_blobs == ["trace", "rate"]
    assert not heading.has_autoincrement
    rate = heading["rate"]
    assert (str(rate.type), rate.in_key, rate.nullable, rate.default, rate.comment) == (
        "float64",
        False,
        False,
        30.0,
        "hertz",
    )


@pytest.mark.parity(
    "Table.parents",
    "Table.parents(primary=)",
    "Table.parents(as_objects=)",
    "Table.parents(foreign_key_info=)",
    "Table.children",
    "Table.children(primary=)",
    "Table.children(as_objects=)",
    "Table.children(foreign_key_info=)",
    "Table.descendants",
    "Table.descendants(as_objects=)",
    "Table.ancestors",
    "Table.ancestors(as_objects=)",
    "Table.parts",
    "Table.parts(as_objects=)",
)
def test_relatives(lab: Any) -> None:
    name = {table: table.full_table_name for table in vars(lab).values() if isinstance(table, type)}
    assert lab.Subject.parents() == [name[lab.Species]]
    assert lab.Subject.parents(primary=True) == []
    assert lab.Subject.parents(primary=False) == [name[lab.Species]]
    assert set(lab.Detection.parents(primary=True)) == {name[lab.Recording], name[lab.Threshold]}
    [parent] = lab.Session.parents(as_objects=True)
    assert len(parent) == 3
    [(found, info)] = lab.Session.parents(foreign_key_info=True)
    assert found == name[lab.Subject]
    assert info["attr_map"] == {"subject_id": "subject_id"}
    assert not info["aliased"]
    assert set(lab.Recording.children()) == {name[lab.Channel], name[lab.Detection]}
    assert lab.Species.children(primary=True) == []
    assert lab.Species.children(primary=False) == [name[lab.Subject]]
    assert len(lab.Subject.children(as_objects=True)[0]) == 4
    assert lab.Subject.children(foreign_key_info=True)[0][1]["primary"] is True
    assert lab.Recording.ancestors()[0] == lab.Recording.descendants()[0] == name[lab.Recording]
    assert set(lab.Recording.ancestors()) == {
        name[t] for t in (lab.Species, lab.Subject, lab.Session, lab.Recording)
    }
    assert set(lab.Recording.descendants()) == {name[t] for t in (lab.Recording, lab.Channel, lab.Detection)}
    assert {t.class_name for t in lab.Session.descendants(as_objects=True)} >= {"Session", "Recording"}
    assert [t.class_name for t in lab.Session.ancestors(as_objects=True)] == ["Session", "Subject", "Species"]
    assert lab.Recording.parts() == [name[lab.Channel]]
    assert len(lab.Recording.parts(as_objects=True)[0]) == 0


@pytest.mark.parity("Table.describe", "Table.describe(context=)", "Table.describe(printout=)")
def test_describe(lab: Any, capsys: pytest.CaptureFixture[str]) -> None:
    text = lab.Session.describe()
    assert "-> Subject" in text
    assert "weight" in text
    assert lab.Session().describe(context={}) == text
    lab.Session.describe(printout=True)
    assert "-> Subject" in capsys.readouterr().out
    again = dj.Schema(lab.schema.name.replace("_lab", "_again"))
    Copy = again(type(dj.Manual)("Species", (dj.Lookup,), {"definition": lab.Species.describe()}))
    assert Copy.heading.names == lab.Species.heading.names


@pytest.mark.parity(
    "Table.alter",
    "Table.alter(prompt=)",
    "Table.alter(context=)",
    "Part.alter",
    "Part.alter(prompt=)",
    "Part.alter(context=)",
)
def test_alter(recorded: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dj.DriftWarning)

        @recorded.schema
        class Recording(dj.Imported):
            definition = """
            -> Session
            ---
            rate : float64
            quality = null : varchar(16)    # by eye
            """

            class Channel(dj.Part):
                definition = """
                -> master
                channel : int16
                ---
                gain : float64
                label = null : varchar(8)
                """

    context = {"Session": recorded.Session}
    Recording.alter(prompt=False, context=context)
    Recording.Channel.alter(prompt=False, context=context)
    assert Recording.heading.names[-1] == "quality"
    assert Recording.Channel.heading.names[-1] == "label"
    assert (Recording & {"subject_id": 2}).fetch1("quality") is None
    assert len(Recording.Channel & "label is null") == 12
    with pytest.raises(dj.DataJointError):
        recorded.Session.update1({"subject_id": 1, "session_id": 1, "quality": "good"})
