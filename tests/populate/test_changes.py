"""The log of changes: every insert, update and delete of ours, in its transaction, once the schema has a log."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as fc
from fascicle.table.changes import require_log


@pytest.fixture
def log(schema: fc.Schema, subject: Any, connection: Any) -> Any:
    require_log(connection, schema.name)
    return lambda: [
        (row["table_name"], row["operation"], row["attributes"], row["row_keys"])
        for row in fc.FreeTable(connection, f"{schema.name}.~changes").to_dicts(order_by="seq")
    ]


KEY = ["subject_id"]


def test_inserts_of_every_kind(log: Any, subject: Any, schema: fc.Schema) -> None:
    @schema
    class Copy(fc.Manual):
        definition = """
        -> Subject
        ---
        weight : float64
        """

    subject.insert([(7, 1.0), (8, 1.0)])
    subject.insert((i, 0.0) for i in range(100, 2600))
    subject.insert([(7, 1.0)], skip_duplicates=True)
    subject.insert([(7, 1.0), (9, 2.0)], skip_duplicates=True)
    subject.insert1((7, 3.0), replace=True)
    Copy.insert(subject & "subject_id in (8, 9)")
    found = log()
    assert found[0] == ("subject", "insert", KEY, [[7], [8]])
    assert [len(keys) for _, _, _, keys in found[1:4]] == [1000, 1000, 500]
    found[-1][3].sort()
    assert found[4:] == [
        ("subject", "insert", KEY, [[7], [9]]),
        ("subject", "update", KEY, [[7]]),
        ("copy", "insert", KEY, [[8], [9]]),
    ]


def test_update_and_delete(log: Any, subject: Any, schema: fc.Schema) -> None:
    @schema
    class Session(fc.Manual):
        definition = """
        -> Subject
        session : int32
        """

    Session.insert([(1, 1), (1, 2), (2, 1)])
    subject.update1({"subject_id": 1, "weight": 3.0})
    (subject & "subject_id = 1").delete(prompt=False)
    (Session & {"subject_id": 2}).delete_quick()
    assert log()[1:] == [
        ("subject", "update", KEY, [[1]]),
        ("session", "delete", KEY, [[1]]),
        ("subject", "delete", KEY, [[1]]),
        ("session", "delete", None, None),
    ]


def test_what_is_rolled_back_leaves_no_entry(log: Any, subject: Any, connection: Any) -> None:
    with pytest.raises(fc.DuplicateError):
        subject.insert([(7, 1.0), (1, 1.0)])
    connection.start_transaction()
    subject.insert1((7, 1.0))
    connection.cancel_transaction()
    assert log() == []


def test_small_inserts_still_take_one_trip(log: Any, subject: Any, connection: Any) -> None:
    before = connection.round_trips
    subject.insert([(7, 1.0), (8, 1.0)])
    assert connection.round_trips == before + 1


def test_make_logs_what_it_inserts(log: Any, subject: Any, schema: fc.Schema, connection: Any) -> None:
    @schema
    class Made(fc.Computed):
        definition = """
        -> Subject
        """

        class Item(fc.Part):
            definition = """
            -> master
            item : int32
            """

        def make(self, key: dict[str, Any]) -> None:
            self.insert1(key)
            self.Item.insert([dict(key, item=i) for i in (1, 2)])

    Made.populate("subject_id = 3")
    assert log() == [
        ("__made", "insert", KEY, [[3]]),
        ("__made__item", "insert", ["subject_id", "item"], [[3, 1], [3, 2]]),
    ]
