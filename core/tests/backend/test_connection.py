# ruff: noqa: PT012 - what fails here are blocks
"""Callbacks, retries, interruptions and the like, on a private SQLite database."""

import os
import sqlite3
import threading
import time

import pytest

from fascicle.backend.connect import connect
from fascicle.backend.retry import Backoff, attempt_repeatedly
from fascicle.errors import BackendError, FascicleError, RetryError, TransactionError
from fascicle.sql.statement import Sql


@pytest.fixture
def connection():
    with connect("sqlite:///:memory:") as connection:
        connection.execute(Sql("CREATE TABLE t (a INT PRIMARY KEY)"))
        yield connection


def count(connection):
    return connection.execute(Sql("SELECT COUNT(*) FROM t")).rows[0][0]


def add(connection, value):
    connection.execute(Sql("INSERT INTO t VALUES (?)", (value,)))


class TestCallbacks:
    def test_outside_a_transaction_at_once(self, connection):
        calls = []
        connection.on_commit(lambda: calls.append("done"))
        assert calls == ["done"]
        with pytest.raises(TransactionError):
            connection.on_rollback(lambda: None)

    def test_after_the_outermost_commit(self, connection):
        calls = []
        with connection.transaction:
            with connection.transaction:
                connection.on_commit(lambda: calls.append(connection.in_transaction))
                connection.on_rollback(lambda: calls.append("undone"))
            assert calls == []
        assert calls == [False]

    def test_a_rolled_back_block_forgets_its_own(self, connection):
        calls = []
        with connection.transaction:
            connection.on_commit(lambda: calls.append("outer"))
            with pytest.raises(KeyError), connection.transaction:
                connection.on_commit(lambda: calls.append("inner"))
                connection.on_rollback(lambda: calls.append("undo 1"))
                connection.on_rollback(lambda: calls.append("undo 2"))
                raise KeyError
            assert calls == ["undo 2", "undo 1"]
        assert calls == ["undo 2", "undo 1", "outer"]

    def test_a_released_block_is_undone_with_the_outer_one(self, connection):
        calls = []
        with pytest.raises(KeyError), connection.transaction:
            with connection.transaction:
                connection.on_rollback(lambda: calls.append("undo"))
                connection.on_commit(lambda: calls.append("never"))
            raise KeyError
        assert calls == ["undo"]


class TestRetries:
    def test_retried_until_it_works(self, connection):
        tries = []

        def work():
            tries.append(1)
            add(connection, 1)
            if len(tries) < 3:
                raise _conflict()
            return "done"

        assert connection.retrying(work) == "done"
        assert len(tries) == 3
        assert count(connection) == 1

    def test_a_conflict_named_as_cause_counts(self, connection):
        tries = []

        def work():
            tries.append(1)
            if len(tries) < 2:
                raise ValueError("wrapped") from _conflict()

        connection.retrying(work)
        assert len(tries) == 2

    def test_other_errors_are_not_retried(self, connection):
        tries = []

        def work():
            tries.append(1)
            raise KeyError("no")

        with pytest.raises(KeyError):
            connection.retrying(work)
        assert len(tries) == 1

    def test_spent_retries_say_so(self, connection):
        def work():
            raise _conflict()

        with pytest.raises(RetryError, match="3 times") as caught:
            connection.retrying(work, attempts=3)
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
        assert not connection.in_transaction

    def test_inside_a_transaction_the_outer_one_retries(self, connection):
        tries = []

        def inner():
            tries.append("inner")
            if len(tries) < 4:
                raise _conflict()

        def outer():
            tries.append("outer")
            connection.retrying(inner, isolation="snapshot")

        connection.retrying(outer, isolation="snapshot")
        assert tries == ["outer", "inner", "outer", "inner"]

    def test_pauses_grow_and_vary(self):
        backoff = Backoff(first=0.01, longest=0.5)
        for attempt in range(1, 60):
            longest = min(0.5, 0.01 * 2.0 ** (attempt - 1))
            assert longest / 2 <= backoff.pause(attempt) <= longest

    def test_at_least_one_try(self):
        assert attempt_repeatedly(lambda: 5, lambda _: True, Backoff(attempts=0)) == 5


def _conflict():
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    return error


class TestInterruptions:
    def test_an_interrupted_statement_costs_the_session(self, connection):
        with pytest.raises(KeyboardInterrupt), connection.trace(_interrupt_second()):
            connection.execute(Sql("SELECT 1"))
            connection.execute(Sql("SELECT 2"))
        assert connection.execute(Sql("SELECT 3")).rows == [(3,)]

    def test_an_interrupted_transaction_cannot_go_on(self, connection):
        class Broken:
            """Interrupts whatever statement it is in."""

            def __init__(self, session):
                self._session = session

            def __getattr__(self, name):
                return getattr(self._session, name)

            def execute(self, sql):
                raise KeyboardInterrupt

        with pytest.raises(TransactionError), connection.transaction:
            add(connection, 1)
            transaction = connection.transactions.required()
            real = transaction.session
            transaction.session = Broken(real)
            with pytest.raises(KeyboardInterrupt):
                add(connection, 2)
            transaction.session = real
        assert count(connection) == 0
        assert not connection.in_transaction

    def test_a_block_ended_within_is_reported(self, connection):
        with pytest.raises(TransactionError, match="out of turn"), connection.transaction:
            connection.cancel_transaction()
        with pytest.raises(TransactionError, match="out of turn"), connection.transaction:
            add(connection, 1)
            connection.commit_transaction()
        assert count(connection) == 1

    def test_closing_rolls_back(self, connection):
        connection.start_transaction()
        add(connection, 1)
        connection.close()
        assert not connection.in_transaction

    def test_a_stream_of_another_threads_transaction(self, connection):
        add(connection, 1)
        errors = []

        def read(stream):
            try:
                next(stream)
            except FascicleError as error:
                errors.append(error)

        with connection.transaction:
            stream = connection.stream(Sql("SELECT * FROM t"))
            thread = threading.Thread(target=read, args=(stream,))
            thread.start()
            thread.join(5)
        assert "another thread" in str(errors[0])

    def test_unknown_isolation(self, connection):
        with pytest.raises(TransactionError, match="'chaos'"):
            connection.start_transaction(isolation="chaos")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_is_not_in_its_parents_transaction(tmp_path):
    with connect(tmp_path / "lab.db") as connection:
        connection.execute(Sql("CREATE TABLE t (a INT PRIMARY KEY)"))
        with connection.transaction:
            add(connection, 1)
            child = os.fork()
            if child == 0:
                alone = not connection.in_transaction and count(connection) == 0
                with connection.transaction(read_only=True):
                    alone = alone and count(connection) == 0
                os._exit(0 if alone else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            add(connection, 2)
        assert count(connection) == 2


def _interrupt_second():
    seen = []

    def hook(sql):
        seen.append(sql)
        if len(seen) == 2:
            raise KeyboardInterrupt

    return hook


def test_threads_wait_for_a_session_then_give_up():
    with connect("sqlite:///:memory:", pool_size=1, pool_wait=0.05) as connection:
        stream = connection.stream(Sql("SELECT 1 UNION SELECT 2"), batch=1)
        next(stream)
        started = time.monotonic()
        with pytest.raises(BackendError, match="pool_size"):
            connection.execute(Sql("SELECT 1"))
        assert time.monotonic() - started < 5
        stream.close()
        connection.execute(Sql("SELECT 1"))


def test_a_generator_of_rows_is_one_insert(connection):
    from fascicle.testing.backend.bench import Bench, single

    connection.execute_script(connection.dialect.create_schema("s"))
    bench, spec = Bench(connection, "s"), single("s", "rows")
    bench.declare(spec)

    def rows():
        for i in range(20_000):
            if i == 15_000:
                raise ValueError("the source failed")
            yield (i,)

    with pytest.raises(ValueError, match="the source failed"):
        connection.bulk_insert(spec, ("id",), rows())
    assert bench.fetch(spec) == []
    assert connection.bulk_insert(spec, ("id",), iter([])) == 0
    assert connection.bulk_insert(spec, ("id",), []) == 0


def test_the_catalogue_is_kept_and_renewed(connection):
    from fascicle.testing.backend.bench import Bench, single

    for schema in ("a", "b"):
        connection.execute_script(connection.dialect.create_schema(schema))
    first, second = single("a", "first"), single("b", "second")
    Bench(connection, "a").declare(first)
    Bench(connection, "b").declare(second)
    assert list(connection.catalog.known) == []
    assert set(connection.catalog.load_all()) == {first.name, second.name}
    trips = connection.round_trips
    assert set(connection.catalog.load("a", "b")) == {first.name, second.name}
    assert connection.round_trips == trips
    connection.catalog.discard(first.name)
    assert set(connection.catalog.known) == {second.name}
    connection.catalog.put(first)
    assert connection.catalog.known[first.name] == first
    connection.execute_script(connection.dialect.drop_table(first))
    connection.execute_script(connection.dialect.drop_schema("a"))
    assert set(connection.catalog.refresh_all()) == {second.name}
    assert connection.catalog.schemas == {"b"}
