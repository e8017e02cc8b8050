"""Sessions: reuse, threads, lost connections, counting and tracing."""

# ruff: noqa: D102, PT012, S101, S301 - these are tests, and their names say what they hold
from __future__ import annotations

import pickle
import threading

import pytest

from fascicle.backend.connect import connect
from fascicle.backend.connection import Connection
from fascicle.errors import FascicleError, LostConnectionError, TransactionError
from fascicle.sql.statement import Sql
from fascicle.testing.backend.base import BackendFixtures
from fascicle.testing.backend.bench import Bench, session, subject


class SessionTests(BackendFixtures):
    """What a connection does outside transactions."""

    def test_answers(self, connection: Connection) -> None:
        connection.ping()
        assert connection.is_connected
        assert connection.execute(Sql("SELECT 1")).rows == [(1,)]
        assert "@" in connection.get_user()

    def test_reuses_one_session(self, connection: Connection) -> None:
        for _ in range(5):
            connection.execute(Sql("SELECT 1"))
        assert connection.pool.open_sessions == 1

    def test_counts_round_trips_and_traces(self, connection: Connection) -> None:
        seen: list[Sql] = []
        before = connection.round_trips
        with connection.trace(seen.append):
            connection.execute(Sql("SELECT 1"))
            connection.execute(Sql("SELECT 2"))
        connection.execute(Sql("SELECT 3"))
        assert connection.round_trips == before + 3
        assert [sql.text for sql in seen] == ["SELECT 1", "SELECT 2"]

    def test_raw_queries(self, bench: Bench) -> None:
        spec = subject(bench.schema)
        bench.declare(spec)
        bench.insert(spec, {"subject_id": "100%", "weight": 1.5})
        table = bench.connection.dialect.table(spec.name)
        query = bench.connection.query
        assert query(f"SELECT subject_id FROM {table} WHERE weight > %s", (1,)).fetchall() == [("100%",)]
        assert query(f"SELECT subject_id FROM {table} WHERE weight > %(w)s", {"w": 2}).fetchone() is None
        assert list(query(f"SELECT subject_id AS a FROM {table}", as_dict=True)) == [{"a": "100%"}]
        # Without arguments a per cent sign is itself.
        assert query(f"SELECT COUNT(*) FROM {table} WHERE subject_id LIKE '%00%'").fetchone() == (1,)

    def test_six_threads_share_a_connection(self, bench: Bench) -> None:
        spec = subject(bench.schema)
        bench.declare(spec)
        mark, table = bench.connection.dialect.placeholder, bench.connection.dialect.table(spec.name)
        errors: list[BaseException] = []

        def work(worker: int) -> None:
            try:
                for i in range(20):
                    name = f"{worker}-{i}"
                    bench.insert(spec, {"subject_id": name})
                    rows = bench.connection.execute(
                        Sql(f"SELECT subject_id FROM {table} WHERE subject_id = {mark}", (name,))
                    ).rows
                    assert rows == [(name,)]
            except BaseException as error:  # noqa: BLE001 - shown by the main thread
                errors.append(error)

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not errors
        assert len(bench.fetch(spec)) == 140
        assert bench.connection.pool.open_sessions <= 7

    def test_a_thread_does_not_see_anothers_transaction(self, bench: Bench) -> None:
        spec = subject(bench.schema)
        bench.declare(spec)
        seen: list[int] = []
        with bench.connection.transaction:
            bench.insert(spec, {"subject_id": "a"})
            thread = threading.Thread(target=lambda: seen.append(len(bench.fetch(spec))))
            thread.start()
            thread.join(30)
        assert seen == [0]
        assert len(bench.fetch(spec)) == 1

    def test_reads_survive_a_lost_session(self, connection: Connection) -> None:
        connection.execute(Sql("SELECT 1"))
        self.cut_off(connection)
        assert connection.execute(Sql("SELECT 1")).rows == [(1,)]
        self.cut_off(connection)
        assert list(connection.stream(Sql("SELECT 1"))) == [[(1,)]]
        self.cut_off(connection)
        connection.ping()

    def test_a_write_is_never_repeated(self, bench: Bench) -> None:
        spec = subject(bench.schema)
        bench.declare(spec)
        self.cut_off(bench.connection)
        with pytest.raises(LostConnectionError):
            bench.insert(spec, {"subject_id": "a"})
        bench.insert(spec, {"subject_id": "b"})
        assert [row["subject_id"] for row in bench.fetch(spec)] == ["b"]

    def test_a_transaction_may_begin_in_a_new_session(self, bench: Bench) -> None:
        spec = subject(bench.schema)
        bench.declare(spec)
        self.cut_off(bench.connection)
        with bench.connection.transaction:
            bench.insert(spec, {"subject_id": "a"})
        assert len(bench.fetch(spec)) == 1

    def test_a_transaction_does_not_survive_its_session(self, bench: Bench) -> None:
        spec = subject(bench.schema)
        bench.declare(spec)
        with pytest.raises(LostConnectionError), bench.connection.transaction:
            bench.insert(spec, {"subject_id": "a"})
            self.cut_off_transaction(bench.connection)
            bench.fetch(spec)
        assert bench.fetch(spec) == []

    def test_a_lost_transaction_cannot_be_committed(self, bench: Bench) -> None:
        spec = subject(bench.schema)
        bench.declare(spec)
        with pytest.raises(TransactionError), bench.connection.transaction:
            bench.insert(spec, {"subject_id": "a"})
            self.cut_off_transaction(bench.connection)
            with pytest.raises(LostConnectionError):
                bench.insert(spec, {"subject_id": "b"})
            with pytest.raises(TransactionError):
                bench.insert(spec, {"subject_id": "c"})
        assert bench.fetch(spec) == []

    def test_a_closed_connection_says_so(self, url: str) -> None:
        connection = connect(url)
        connection.close()
        connection.close()
        assert not connection.is_connected
        with pytest.raises(FascicleError, match="closed"):
            connection.execute(Sql("SELECT 1"))

    def test_sessions_begin_no_transaction_by_hand(self, connection: Connection) -> None:
        with pytest.raises(TransactionError, match="by itself"):
            connection.execute(Sql("BEGIN"))
        assert connection.execute(Sql("SELECT 1")).rows == [(1,)]

    def test_lists_schemas_and_sizes(self, bench: Bench) -> None:
        parent, child = subject(bench.schema), session(bench.schema)
        bench.declare(parent, child)
        assert bench.schema in bench.connection.schemas
        bench.insert(parent, *({"subject_id": f"{i:030}"} for i in range(2000)))
        assert bench.connection.size_of(parent.name) >= 30 * 2000

    def test_errors_survive_pickling(self, connection: Connection) -> None:
        with pytest.raises(FascicleError) as caught:
            connection.execute(Sql("SELECT nothing_of_that_name"))
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is type(caught.value)
        assert str(again) == str(caught.value)
