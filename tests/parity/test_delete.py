"""Deleting and dropping."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as dj


@pytest.mark.parity(
    "Table.delete", "Table.delete(prompt=)", "delete returns the root count", "safemode", "delete(safemode=)"
)
def test_delete(recorded: Any) -> None:
    dj.config["safemode"] = False
    assert (recorded.Subject & {"subject_id": 2}).delete() == 1
    assert len(recorded.Session) == 3
    assert len(recorded.Channel) == 9
    dj.config["safemode"] = True
    assert (recorded.Session & "session_id = 3").delete(prompt=False) == 1
    assert (recorded.Session & "session_id = 2").delete(safemode=False) == 1
    assert len(recorded.Channel) == 3
    assert (recorded.Session & "session_id = 99").delete(prompt=False) == 0


@pytest.mark.parity("delete: nobody to ask")
def test_nobody_to_ask(recorded: Any) -> None:
    dj.config["safemode"] = True
    with pytest.raises(dj.ConfirmationRequired) as caught:
        (recorded.Subject & {"subject_id": 1}).delete()
    assert caught.value.plan.root_count == 1
    assert caught.value.plan.total == 1 + 3 + 3 + 9
    with pytest.raises(dj.ConfirmationRequired):
        recorded.Recording.drop()
    assert len(recorded.Channel) == 12


@pytest.mark.parity("delete: a restriction that constrains nothing")
def test_vacuous_restrictions(lab: Any) -> None:
    with pytest.raises(dj.DataJointError, match="constrains nothing"):
        (lab.Session & {}).delete()
    with pytest.raises(dj.DataJointError, match="rig"):
        (lab.Session & {"rig": "A"}).delete()
    assert len(lab.Session) == 4
    assert (lab.Session & dj.ALL).delete() == 4
    assert lab.Subject.delete() == 3


@pytest.mark.parity("Table.delete(transaction=)")
def test_transaction_of_the_caller(lab: Any) -> None:
    with pytest.raises(dj.DataJointError, match="transaction"):
        (lab.Subject & "subject_id = 3").delete(transaction=False)
    dj.conn().start_transaction()
    assert (lab.Subject & "subject_id = 3").delete(transaction=False) == 1
    assert len(lab.Subject) == 2
    dj.conn().cancel_transaction()
    assert len(lab.Subject) == 3


@pytest.mark.parity(
    "Table.delete(part_integrity=)",
    "Part.delete",
    "Part.delete(part_integrity=)",
    "delete: part integrity",
    "delete(force_parts=, force_masters=)",
)
def test_part_integrity(recorded: Any) -> None:
    channels = recorded.Channel & {"subject_id": 1, "session_id": 1}
    with pytest.raises(dj.DataJointError, match="part"):
        channels.delete()
    assert (channels & "channel = 0").delete(part_integrity="ignore") == 1
    assert len(recorded.Recording) == 4
    assert (channels & "channel = 1").delete(part_integrity="cascade") == 2
    assert len(recorded.Recording) == 3
    assert (recorded.Channel & {"subject_id": 2, "channel": 0}).delete(force_parts=True) == 1
    assert (recorded.Channel & {"subject_id": 2, "channel": 1}).delete(force_masters=True) == 2
    assert len(recorded.Recording) == 2
    assert recorded.Recording.delete(part_integrity="enforce") == 2

    @recorded.schema
    class Site(dj.Manual):
        definition = """
        site : int32
        """

    @recorded.schema
    class Probe(dj.Manual):
        definition = """
        probe : int32
        """

        class Shank(dj.Part):
            definition = """
            -> master
            shank : int32
            ---
            -> Site
            """

    Site.insert([(1,), (2,)])
    Probe.insert1((1,))
    Probe.Shank.insert([(1, 1, 1), (1, 2, 2)])
    with pytest.raises(dj.errors.IntegrityError, match="master"):
        (Site & "site = 1").delete()
    assert (Site & "site = 1").delete(part_integrity="cascade") == 1
    assert (len(Probe), len(Probe.Shank), len(Site)) == (0, 0, 1)


@pytest.mark.parity("Table.delete_quick", "Table.delete_quick(get_count=)")
def test_delete_quick(lab: Any) -> None:
    assert (lab.Session & "subject_id = 1").delete_quick(get_count=True) == 3
    assert (lab.Session & "subject_id = 2").delete_quick() is None
    assert len(lab.Session) == 0
    lab.Session.insert1((1, 1, "2026-01-01", None, ""))
    with pytest.raises(dj.errors.IntegrityError):
        (lab.Subject & "subject_id = 1").delete_quick()


@pytest.mark.parity("Table.drop", "Table.drop(prompt=)", "Table.drop_quick", "Table.drop(part_integrity=)")
def test_drop(recorded: Any) -> None:
    with pytest.raises(dj.DataJointError):
        recorded.Recording.drop_quick()
    with pytest.raises(dj.DataJointError):
        (recorded.Detection & "threshold_id = 1").drop()
    recorded.Detection.drop_quick()
    assert "Detection" not in recorded.schema
    recorded.Session.drop(prompt=False, part_integrity="enforce")
    assert set(recorded.schema.list_tables()) == {"#species", "subject", "#threshold"}


@pytest.mark.parity("Part.drop", "Part.drop(part_integrity=)")
def test_drop_part(recorded: Any) -> None:
    with pytest.raises(dj.DataJointError, match="part"):
        recorded.Channel.drop()
    recorded.Channel.drop(part_integrity="ignore")
    assert "Recording.Channel" not in recorded.schema
    assert "Recording" in recorded.schema


@pytest.mark.parity("delete across schemas")
def test_across_schemas(lab: Any, backend: Any) -> None:
    other = dj.Schema(backend.schema_name("other"))

    @other
    class Surgery(dj.Manual):
        definition = """
        -> lab.Subject
        day : date
        """

    Surgery.insert1((1, "2026-01-01"))
    with pytest.raises(dj.DataJointError, match="other"):
        lab.schema.drop(prompt=False)
    assert (lab.Subject & "subject_id = 1").delete() == 1
    assert len(Surgery) == 0
