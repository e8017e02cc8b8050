"""Deleting and dropping: plans, part integrity by row, confirmation, nothing by mistake."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as fc


def test_cascade_counts_and_order(lab: Any) -> None:
    plan = (lab.Subject & {"subject_id": "m1"}).delete_plan()
    by_class = {name.class_name: count for name, count in plan.counts.items()}
    assert by_class == {"Note": 1, "Scan.Field": 4, "Scan": 2, "Session": 3, "Subject": 1}
    assert list(by_class)[-1] == "Subject"
    assert plan.total == 11
    assert (lab.Subject & {"subject_id": "m1"}).delete() == 1
    assert len(lab.Session) == 2
    assert len(lab.Field) == 4
    assert sorted(lab.Note.to_arrays("note_id").tolist()) == [2, 3]


def test_dry_run_changes_nothing(lab: Any) -> None:
    assert lab.Subject.delete(dry_run=True) == 3
    assert len(lab.Subject) == 3


def test_restriction_by_what_is_deleted(lab: Any) -> None:
    """The choice of roots rests on rows that go first."""
    assert (lab.Session & (lab.Field & "label = 'left'")).delete() == 4
    assert len(lab.Session) == 1
    assert len(lab.Scan) == 0


def test_a_restriction_of_nothing_deletes_nothing(lab: Any) -> None:
    with pytest.raises(fc.QueryError, match="constrains nothing"):
        (lab.Subject & {}).delete()
    with pytest.raises(fc.UnknownAttributeError):
        (lab.Subject & {"subject_di": "m1"}).delete()
    with pytest.raises(fc.QueryError, match="constrains nothing"):
        (lab.Subject & {}).delete_quick()
    assert len(lab.Subject) == 3
    assert (lab.Note & fc.ALL).delete() == 3


def test_confirmation(lab: Any, db: fc.Connection) -> None:
    class Asked:
        def __init__(self, answer: bool) -> None:
            self.answer, self.seen = answer, ""

        def confirm(self, text: str) -> bool:
            self.seen = text
            return self.answer

        def echo(self, text: str) -> None:
            self.seen = text

    db.runtime.config["safemode"] = True
    db.runtime.interaction = Asked(False)
    with pytest.raises(fc.ConfirmationRequired) as caught:
        lab.Subject.delete()
    assert caught.value.plan.root_count == 3
    assert "13 " in db.runtime.interaction.seen or "rows would be deleted" in db.runtime.interaction.seen
    assert len(lab.Subject) == 3
    db.runtime.interaction = Asked(True)
    assert (lab.Subject & "subject_id = 'm3'").delete() == 1
    assert lab.Subject.delete(prompt=False) == 2


def test_part_integrity_is_checked_by_row(schema: fc.Schema) -> None:
    @schema
    class Label(fc.Manual):
        definition = """
        label : varchar(8)
        """

    @schema
    class Group(fc.Manual):
        definition = """
        group_id : int32
        """

        class Member(fc.Part):
            definition = """
            -> master
            member : int32
            ---
            -> Label
            """

    Label.insert([("a",), ("b",)])
    Group.insert([(1,), (2,)])
    Group.Member.insert([(1, 1, "a"), (1, 2, "b"), (2, 1, "b")])
    with pytest.raises(fc.PartIntegrityError, match="1 row"):
        (Label & "label = 'a'").delete()
    assert len(Group.Member) == 3
    assert (Label & "label = 'a'").delete(part_integrity="cascade") == 1
    assert Group.keys() == [{"group_id": 2}]
    assert len(Group.Member) == 1
    assert (Label & "label = 'b'").delete(part_integrity="ignore") == 1
    assert len(Group) == 1
    assert len(Group.Member) == 0


def test_a_part_is_not_deleted_alone(lab: Any) -> None:
    with pytest.raises(fc.PartIntegrityError):
        lab.Field.delete()
    assert (lab.Field & "subject_id = 'm1'").delete(part_integrity="ignore") == 4
    assert len(lab.Scan) == 4
    assert (lab.Field & "subject_id = 'm2'").delete(part_integrity="cascade") == 4
    assert len(lab.Scan) == 2


def test_renamed_keys_and_diamonds(schema: fc.Schema) -> None:
    @schema
    class Mouse(fc.Manual):
        definition = """
        mouse : int32
        """

    @schema
    class Pair(fc.Manual):
        definition = """
        -> Mouse.proj(dam='mouse')
        -> Mouse.proj(sire='mouse')
        """

    @schema
    class Litter(fc.Manual):
        definition = """
        -> Pair
        litter : int32
        ---
        -> [nullable] Mouse
        """

    Mouse.insert([(n,) for n in range(6)])
    Pair.insert([(0, 1), (2, 3), (4, 1)])
    Litter.insert([(0, 1, 1, None), (2, 3, 1, 5), (4, 1, 1, None)])
    plan = (Mouse & "mouse = 1").delete_plan()
    assert list(plan.counts.values()) == [2, 2, 1]
    assert (Mouse & "mouse = 5").delete() == 1
    assert len(Litter) == 2
    assert (Mouse & "mouse in (0, 1)").delete() == 2
    assert Pair.to_dicts() == [{"dam": 2, "sire": 3}]


def test_cascade_across_schemas(backend: Any, db: fc.Connection, lab: Any) -> None:
    other = fc.Schema(backend.schema_name("other"), connection=db)
    Subject = lab.Subject  # noqa: F841  (named by the definition below)

    @other
    class Surgery(fc.Manual):
        definition = """
        -> Subject
        surgery : int16
        """

    Surgery.insert1(("m3", 1))
    with pytest.raises(fc.errors.DependencyError, match="surgery"):
        lab.schema.drop(prompt=False)
    again = backend.connect()
    again.runtime.config["safemode"] = False
    elsewhere = fc.VirtualModule("lab", lab.schema.name, connection=again)
    assert (elsewhere.Subject & "subject_id = 'm3'").delete() == 1
    assert len(Surgery) == 0
    again.close()


def test_round_trips_of_a_cascade(lab: Any, db: fc.Connection) -> None:
    before = db.round_trips
    (lab.Subject & "subject_id = 'm1'").delete(prompt=False)
    assert db.round_trips - before <= 12


def test_delete_within_a_transaction(lab: Any, db: fc.Connection) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction:  # noqa: PT012
        (lab.Subject & "subject_id = 'm1'").delete()
        assert len(lab.Subject) == 2
        raise ZeroDivisionError
    assert len(lab.Subject) == 3
    assert len(lab.Session) == 5
    with pytest.raises(fc.errors.TransactionError):
        lab.Subject.delete(transaction=False)


def test_drop(lab: Any, db: fc.Connection) -> None:
    assert len(lab.Session.drop(dry_run=True)) == 4
    with pytest.raises(fc.PartIntegrityError):
        lab.Field.drop()
    with pytest.raises(fc.QueryError, match="restricted"):
        (lab.Session & "session_id = 1").drop()
    dropped = lab.Session.drop()
    assert len(dropped) == 4
    assert sorted(lab.schema.list_tables()) == ["#method", "subject"]
    lab.schema.drop()
    assert lab.schema.name not in db.schemas


def test_very_many_roots_are_not_moved(schema: fc.Schema, db: fc.Connection) -> None:
    @schema
    class Number(fc.Manual):
        definition = """
        n : int32
        """

    @schema
    class Double(fc.Manual):
        definition = """
        -> Number
        ---
        twice : int32
        """

    Number.insert((n,) for n in range(25_000))
    Double.insert((n, 2 * n) for n in range(0, 25_000, 5))
    sent: list[int] = []
    with db.trace(lambda sql: sent.append(len(sql.params))):
        assert (Number & "n >= 5000").delete() == 20_000
    assert max(sent) < 100
    assert len(Double) == 1000
    assert len(Number) == 5000
    # This choice rests on rows that go first, so its keys are read.
    Number.insert((n,) for n in range(5000, 20_000))
    Double.insert((n, 2 * n) for n in range(5000, 20_000))
    assert (Number & (Double & "n >= 5000")).delete() == 15_000
    assert len(Number) == 5000


def test_an_order_alone_constrains_nothing(lab: Any) -> None:
    with pytest.raises(fc.QueryError, match="constrains nothing"):
        (lab.Note & fc.Top(None, "text")).delete()
    assert (lab.Note & fc.Top(2, "text")).delete() == 2
