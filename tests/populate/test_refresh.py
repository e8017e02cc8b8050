"""Finding new keys by the log of changes, and by comparing everything where the log cannot tell."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import fascicle as fc
from fascicle.populate.jobs import consumer as consumer_module
from fascicle.populate.jobs.consumer import Consumer


@pytest.fixture
def table(schema: fc.Schema, subject: Any) -> Any:
    @schema
    class Session(fc.Manual):
        definition = """
        -> Subject
        session : int32
        """

    @schema
    class Made(fc.Computed):
        definition = """
        -> Session
        """

        def make(self, key: dict[str, Any]) -> None:
            self.insert1(key)

    Session.insert([(i, 1) for i in range(5)])
    Made.parent = Session
    return Made


def populate(table: Any, **options: Any) -> int:
    return int(table.populate(reserve_jobs=True, **options)["success_count"])


def full_count(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    original = Consumer.full

    def counted(self: Consumer, **options: Any) -> Any:
        calls.append(1)
        return original(self, **options)

    monkeypatch.setattr(Consumer, "full", counted)
    return calls


def test_only_the_first_look_compares_everything(
    table: Any, subject: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = full_count(monkeypatch)
    assert populate(table) == 5
    assert calls == [1]
    table.parent.insert([(1, 2), (2, 2)])
    assert populate(table) == 2
    subject.insert([(10, 0.0)])
    table.parent.insert1((10, 1))
    assert populate(table) == 1
    assert populate(table) == 0
    assert calls == [1]
    assert len(table) == 8


def test_rows_that_were_deleted_are_made_again(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    populate(table)
    calls = full_count(monkeypatch)
    (table & "subject_id = 3").delete(prompt=False)
    assert populate(table) == 1
    assert calls == []


def test_jobs_of_vanished_keys_go(table: Any, subject: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    populate(table)
    calls = full_count(monkeypatch)
    table.parent.insert([(1, 7), (2, 7)])
    assert Consumer(table.jobs).advance()["added"] == 2
    (table.parent & "subject_id = 1").delete(prompt=False)
    assert Consumer(table.jobs).advance()["removed"] == 1
    assert table.jobs.keys() == [{"subject_id": 2, "session": 7}]
    assert calls == []


def test_what_the_log_did_not_see(table: Any, connection: Any) -> None:
    populate(table)
    name = connection.dialect.table(table.parent.table_id)
    connection.query(f"INSERT INTO {name} VALUES (1, 9)")
    assert populate(table) == 0
    assert populate(table, refresh="full") == 1
    connection.query(f"INSERT INTO {name} VALUES (1, 10)")
    connection.runtime.config["jobs.full_refresh"] = 0.0
    assert populate(table) == 1


def test_a_transaction_still_open_is_not_passed(table: Any, backend: Any, connection: Any) -> None:
    if backend.name == "sqlite":
        pytest.skip("one transaction writes at a time")
    populate(table)
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with connection.transaction:
            table.parent.insert1((0, 50))
            begun.set()
            go_on.wait(20)

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(20)
    table.parent.insert1((1, 51))
    assert populate(table) == 1
    table.parent.insert1((2, 52))
    assert populate(table) == 1
    go_on.set()
    thread.join()
    assert populate(table) == 1
    assert populate(table) == 0
    assert len(table & {"subject_id": 0, "session": 50}) == 1


def test_numbers_rolled_back_are_passed_in_time(
    table: Any, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(table)
    connection.start_transaction()
    table.parent.insert1((0, 60))
    connection.cancel_transaction()
    table.parent.insert1((1, 61))
    assert populate(table) == 1
    table.parent.insert1((1, 62))
    monkeypatch.setattr(consumer_module, "SETTLE_S", -3600.0)
    assert populate(table) == 1
    consumer = Consumer(table.jobs)
    populate(table)
    places = consumer._places()
    assert places is not None
    assert all(place.position == place.end for place in places.values())


def test_looking_costs_as_much_whatever_is_done(table: Any, connection: Any) -> None:
    populate(table)
    table.parent.insert([(i, j) for i in range(5) for j in range(100, 300)])
    populate(table)
    table.parent.insert1((1, 5000))
    before = connection.round_trips
    assert Consumer(table.jobs).advance()["added"] == 1
    assert connection.round_trips - before <= 8
    before = connection.round_trips
    assert Consumer(table.jobs).advance()["added"] == 0
    assert connection.round_trips - before <= 2


def test_renamed_and_repeated_parents_compare_everything(schema: fc.Schema, subject: Any) -> None:
    @schema
    class Pair(fc.Computed):
        definition = """
        -> Subject.proj(one='subject_id')
        -> Subject.proj(other='subject_id')
        """

        def make(self, key: dict[str, Any]) -> None:
            self.insert1(key)

    assert populate(Pair) == 25
    subject.insert1((9, 1.0))
    assert populate(Pair) == 11
