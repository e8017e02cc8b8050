"""populate without job reservation: every form of make, atomic, in the fewest trips."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

import fascicle as fc
from fascicle.errors import MakeError, TransactionError
from fascicle.populate.signals import Terminated


def computed(schema: fc.Schema, subject: Any, make: Any = None, **members: Any) -> Any:
    """Declare a table of one number and a part per subject, made by the given functions."""

    class Doubled(fc.Computed):
        definition = """
        -> Subject
        ---
        twice : float64
        """

        class Item(fc.Part):
            definition = """
            -> master
            item : int16
            """

    if make is not None:
        Doubled.make = make
    for name, member in members.items():
        setattr(Doubled, name, member)
    return schema(Doubled, context={"Subject": subject})


def plain(subject: Any) -> Any:
    def make(self: Any, key: dict[str, Any]) -> None:
        weight = (subject & key).fetch1("weight")
        self.insert1(dict(key, twice=2 * weight))
        self.Item.insert([dict(key, item=item) for item in range(3)])

    return make


# Trips of a call apart from its keys: the keys to make, who we are, the code, the ends of the logs.
OPENING = 4

EXPECTED = [{"subject_id": i, "twice": 3.0 * i} for i in range(5)]


def rows(table: Any) -> list[dict[str, Any]]:
    return table.to_dicts(order_by="KEY")


def test_plain_make(schema: fc.Schema, subject: Any) -> None:
    table = computed(schema, subject, plain(subject))
    assert table.progress() == (5, 5)
    summary = table.populate()
    assert dict(summary) == {"success_count": 5, "error_list": []}
    assert rows(table) == EXPECTED
    assert len(table.Item) == 15
    assert table.progress() == (0, 5)


def test_generator_make(schema: fc.Schema, subject: Any) -> None:
    phases: list[str] = []

    def make(self: Any, key: dict[str, Any]) -> Any:
        weight = (subject & key).fetch1("weight")
        computed_already = yield (weight,)
        if computed_already is None:
            phases.append("compute")
            assert not self.connection.in_transaction
            computed_already = (2 * weight,)
            yield computed_already
        self.insert1(dict(key, twice=computed_already[0]))
        yield

    table = computed(schema, subject, make)
    assert table.populate()["success_count"] == 5
    assert phases == ["compute"] * 5
    assert rows(table) == EXPECTED


def test_three_methods(schema: fc.Schema, subject: Any) -> None:
    def make_fetch(self: Any, key: dict[str, Any], factor: int = 2) -> Any:
        return (subject & key).fetch1("weight"), factor

    def make_compute(self: Any, key: dict[str, Any], weight: float, factor: int) -> Any:
        assert not self.connection.in_transaction
        return (factor * weight,)

    def make_insert(self: Any, key: dict[str, Any], twice: float) -> None:
        self.insert1(dict(key, twice=twice))

    table = computed(
        schema, subject, make_fetch=make_fetch, make_compute=make_compute, make_insert=make_insert
    )
    table.populate("subject_id < 3")
    table.populate(make_kwargs={"factor": 4})
    assert [row["twice"] for row in rows(table)] == [0.0, 3.0, 6.0, 18.0, 24.0]


def test_legacy_make_tuples(schema: fc.Schema, subject: Any) -> None:
    table = computed(schema, subject, _make_tuples=plain(subject))
    table.populate()
    assert rows(table) == EXPECTED


def test_no_make_is_explained(schema: fc.Schema, subject: Any) -> None:
    table = computed(schema, subject)
    with pytest.raises(MakeError, match="does not say how its rows are made"):
        table.populate()


def test_direct_insert_is_refused_and_explained(schema: fc.Schema, subject: Any) -> None:
    table = computed(schema, subject, plain(subject))
    with pytest.raises(MakeError, match="populate") as caught:
        table.insert1((1, 2.0))
    assert "allow_direct_insert" in str(caught.value)
    table.insert1((1, 2.0), allow_direct_insert=True)
    assert len(table) == 1


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_an_error_leaves_nothing(schema: fc.Schema, subject: Any, when: str) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        fail = key["subject_id"] == 2
        if fail and when == "before":
            raise ValueError("before")
        self.insert1(dict(key, twice=0.0))
        if fail and when == "between":
            len(self)  # forces the row out into the transaction
            raise ValueError("between")
        self.Item.insert1(dict(key, item=1))
        if fail and when == "after":
            raise ValueError("after")

    table = computed(schema, subject, make)
    with pytest.raises(ValueError, match=when):
        table.populate()
    summary = table.populate(suppress_errors=True)
    assert summary["success_count"] == 2
    assert [key for key, _ in summary["error_list"]] == [{"subject_id": 2}]
    assert summary["error_list"][0][1] == f"ValueError: {when}"
    assert table.keys() == [{"subject_id": i} for i in (0, 1, 3, 4)]
    assert len(table.Item) == 4
    objects = table.populate(suppress_errors=True, return_exception_objects=True)["error_list"]
    assert isinstance(objects[0][1], ValueError)


def test_a_part_that_fails_takes_its_master_along(schema: fc.Schema, subject: Any) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        self.insert1(dict(key, twice=0.0))
        self.Item.insert([dict(key, item=1), dict(key, item=1)])

    table = computed(schema, subject, make)
    with pytest.raises(fc.DuplicateError):
        table.populate()
    assert len(table) == 0


def test_own_rows_are_seen_after_insert(schema: fc.Schema, subject: Any) -> None:
    seen = []

    def make(self: Any, key: dict[str, Any]) -> None:
        self.insert1(dict(key, twice=1.0))
        seen.append(len(self & key))
        self.Item.insert((self & key).proj(item="1"), ignore_extra_fields=True)
        with self.connection.transaction:
            self.Item.insert1(dict(key, item=2))

    table = computed(schema, subject, make)
    table.populate()
    assert seen == [1] * 5
    assert len(table.Item) == 10


def test_a_transaction_of_makes_own_is_not_a_commit(schema: fc.Schema, subject: Any) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        with self.connection.transaction:
            self.insert1(dict(key, twice=1.0))
        raise ValueError("late")

    table = computed(schema, subject, make)
    with pytest.raises(ValueError, match="late"):
        table.populate()
    assert len(table) == 0


def test_rows_of_another_worker_are_skipped(schema: fc.Schema, subject: Any) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        if key["subject_id"] == 3:
            other = self.connection.dialect.table(self.table_id)
            with backend_connection() as rival:
                rival.query(f"INSERT INTO {other} VALUES (3, 7.0)")
        self.insert1(dict(key, twice=0.0))

    def backend_connection() -> Any:
        return fc.connect(schema.connection.url)

    table = computed(schema, subject, make)
    summary = table.populate()
    assert (summary.success_count, summary.skipped) == (4, 1)
    assert (table & "subject_id = 3").fetch1("twice") == 7.0


def test_inputs_that_change_meanwhile_are_read_again(schema: fc.Schema, subject: Any) -> None:
    calls: list[float] = []

    def make(self: Any, key: dict[str, Any]) -> None:
        weight = (subject & key).fetch1("weight")
        calls.append(weight)
        if len(calls) == 1:
            with fc.connect(schema.connection.url) as rival:
                table = rival.dialect.table(subject.table_id)
                rival.query(f"UPDATE {table} SET weight = 100 WHERE subject_id = 0")
        self.insert1(dict(key, twice=2 * weight))

    table = computed(schema, subject, make)
    table.populate("subject_id = 0")
    assert calls == [0.0, 100.0]
    assert table.fetch1("twice") == 200.0


def test_order_limit_max_calls_and_keys(schema: fc.Schema, subject: Any) -> None:
    order: list[int] = []

    def make(self: Any, key: dict[str, Any]) -> None:
        order.append(key["subject_id"])
        self.insert1(dict(key, twice=0.0))

    table = computed(schema, subject, make)
    table.populate(order="reverse", limit=1)
    table.populate(max_calls=1)
    table.populate(keys=[{"subject_id": 2, "ignored": 1}])
    table.populate(order="random")
    assert order[:3] == [4, 0, 2]
    assert sorted(order[3:]) == [1, 3]
    with pytest.raises(MakeError, match="order"):
        table.populate(order="sideways")


def test_restrictions_by_dict_query_and_text(schema: fc.Schema, subject: Any) -> None:
    table = computed(schema, subject, plain(subject))
    assert table.progress("subject_id > 2") == (2, 2)
    table.populate({"subject_id": 1})
    table.populate(subject & "weight > 4", "subject_id < 4")
    assert table.keys() == [{"subject_id": 1}, {"subject_id": 3}]


def test_why_nothing_ran(schema: fc.Schema, subject: Any) -> None:
    table = computed(schema, subject, plain(subject))
    assert "no key of the key source meets" in str(table.populate("subject_id > 10").why_nothing_ran)
    table.populate()
    assert "all 5 keys" in str(table.populate().why_nothing_ran)
    table.delete(prompt=False)
    subject.delete(prompt=False)
    assert "no rows in Subject" in str(table.populate().why_nothing_ran)
    assert "no rows in Subject" in repr(table.populate())


def test_key_source_may_be_given(schema: fc.Schema, subject: Any) -> None:
    class Heavy(fc.Computed):
        definition = """
        -> Subject
        """
        key_source = subject & "weight > 2"

        def make(self, key: dict[str, Any]) -> None:
            self.insert1(key)

    schema(Heavy, context={"Subject": subject})
    assert Heavy.progress() == (3, 3)
    Heavy.populate()
    assert Heavy.keys() == [{"subject_id": i} for i in (2, 3, 4)]


def test_key_source_joins_renamed_parents(schema: fc.Schema, subject: Any) -> None:
    @schema
    class Pair(fc.Computed):
        definition = """
        -> Subject.proj(one='subject_id')
        -> Subject.proj(other='subject_id')
        """

        @property
        def key_source(self) -> Any:
            return super().key_source & "one < other"

        def make(self, key: dict[str, Any]) -> None:
            self.insert1(key)

    Pair.populate()
    assert len(Pair) == 10


def test_populate_is_refused_where_it_cannot_work(schema: fc.Schema, subject: Any, connection: Any) -> None:
    table = computed(schema, subject, plain(subject))
    with pytest.raises(MakeError, match="restricted"):
        (table & "subject_id = 1").populate()
    with connection.transaction, pytest.raises(TransactionError, match="inside a transaction"):
        table.populate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_roll_the_key_in_hand_back(schema: fc.Schema, subject: Any, number: int) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        self.insert1(dict(key, twice=0.0))
        if key["subject_id"] == 2:
            len(self)
            os.kill(os.getpid(), number)
        self.Item.insert1(dict(key, item=0))

    table = computed(schema, subject, make)
    said: list[str] = []
    schema.connection.runtime.interaction.echo = said.append  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else Terminated):
        table.populate()
    assert table.keys() == [{"subject_id": 0}, {"subject_id": 1}]
    assert len(table.Item) == 2
    assert "2 keys are made and committed" in said[0]
    assert not schema.connection.in_transaction


def test_hidden_columns_tell_when_how_long_and_which_version(backend: Any, tmp_path: Any) -> None:
    connection = backend.connect()
    connection.runtime.config = fc.Config()
    connection.runtime.config["jobs.add_job_metadata"] = True
    schema = fc.Schema(backend.schema_name("meta"), connection=connection)

    @schema
    class Subject(fc.Manual):
        definition = "subject_id : int32"

    @schema
    class Made(fc.Computed):
        definition = "-> Subject"

        def make(self, key: dict[str, Any]) -> None:
            self.insert1(key)

    Subject.insert([(1,), (2,), (3,)])
    Made.populate(max_calls=1)
    before = connection.round_trips
    Made.populate()
    assert connection.round_trips - before <= 2 + OPENING
    assert Made.heading.names == ["subject_id"]
    columns = "subject_id, _job_start_time, _job_duration, _job_version"
    found = connection.query(f"SELECT {columns} FROM {Made.full_table_name}").fetchall()
    assert len(found) == 3
    assert all(start is not None and duration >= 0 and version == "" for _, start, duration, version in found)


def test_trips_of_a_trivial_make(schema: fc.Schema, subject: Any, connection: Any) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        self.insert1(dict(key, twice=0.0))

    table = computed(schema, subject, make)
    subject.insert([(i, 0.0) for i in range(5, 205)])
    table.populate(max_calls=1)
    before = connection.round_trips
    assert table.populate()["success_count"] == 204
    assert (connection.round_trips - before) / 204 < 1.1
