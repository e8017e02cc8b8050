"""Streams: bounded memory, own sessions, snapshots, early and abandoned ends."""

# ruff: noqa: D102, PT012, S101 - these are tests, and their names say what they hold
from __future__ import annotations

import gc
import tracemalloc

import pytest

from fascicle.errors import MissingTableError, TransactionError
from fascicle.model import TableSpec
from fascicle.sql.statement import Sql
from fascicle.testing.backend.base import BackendFixtures
from fascicle.testing.backend.bench import Bench, attribute, select, single

ROWS = 4000
WIDTH = 2000


class StreamTests(BackendFixtures):
    """Rows in batches, on a table of `ROWS` rows of `WIDTH` characters."""

    @pytest.fixture
    def wide(self, bench: Bench) -> TableSpec:
        """The table."""
        spec = single(bench.schema, "wide", attribute("text", "varchar", WIDTH))
        bench.declare(spec)
        bench.insert(spec, *({"id": i, "text": f"{i:0{WIDTH}}"} for i in range(ROWS)))
        return spec

    @pytest.mark.parametrize("inside", [False, True])
    def test_memory_is_bounded(self, bench: Bench, wide: TableSpec, inside: bool) -> None:
        query = select(bench.connection, wide)
        if inside:
            bench.connection.start_transaction()
        tracemalloc.start()
        try:
            seen = 0
            for rows in bench.connection.stream(query, batch=100):
                assert 0 < len(rows) <= 100
                seen += len(rows)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert seen == ROWS
        assert peak < ROWS * WIDTH / 4

    @pytest.mark.parametrize("inside", [False, True])
    def test_queries_nest(self, bench: Bench, wide: TableSpec, inside: bool) -> None:
        connection = bench.connection
        mark, table = connection.dialect.placeholder, connection.dialect.table(wide.name)
        if inside:
            connection.start_transaction()
        found = []
        for rows in connection.stream(select(connection, wide, "WHERE id < 40"), batch=10):
            inner = connection.stream(Sql(f"SELECT id FROM {table} WHERE id < 5"), batch=2)
            assert sum(len(batch) for batch in inner) == 5
            sql = Sql(f"SELECT id FROM {table} WHERE id = {mark}", (rows[0][0],))
            found += connection.execute(sql).rows
        assert found == [(0,), (10,), (20,), (30,)]

    @pytest.mark.parametrize("inside", [False, True])
    def test_writes_do_not_change_a_stream(self, bench: Bench, wide: TableSpec, inside: bool) -> None:
        connection = bench.connection
        if inside:
            connection.start_transaction()
        seen = []
        for rows in connection.stream(select(connection, wide), batch=1000):
            seen += [row[0] for row in rows]
            bench.insert(wide, {"id": ROWS + len(seen), "text": "new"}, {"id": -len(seen), "text": "new"})
        assert seen == list(range(ROWS))
        if inside:
            connection.commit_transaction()
        table = connection.dialect.table(wide.name)
        assert connection.execute(Sql(f"SELECT COUNT(*) FROM {table}")).rows[0][0] == ROWS + 8

    def test_a_stream_has_its_own_session(self, bench: Bench, wide: TableSpec) -> None:
        stream = bench.connection.stream(select(bench.connection, wide), batch=10)
        next(stream)
        assert bench.connection.pool.busy_sessions == 1
        stream.close()  # type: ignore[attr-defined]
        assert bench.connection.pool.busy_sessions == 0
        assert bench.connection.execute(Sql("SELECT 1")).rows == [(1,)]

    def test_abandoned_streams_are_collected(self, bench: Bench, wide: TableSpec) -> None:
        for _ in range(3):
            stream = bench.connection.stream(select(bench.connection, wide), batch=10)
            next(stream)
            del stream
            gc.collect()
        assert bench.connection.pool.busy_sessions == 0
        assert bench.connection.pool.open_sessions <= 2
        with bench.connection.transaction:
            stream = bench.connection.stream(select(bench.connection, wide), batch=10)
            next(stream)
            del stream
            gc.collect()
            assert len(bench.connection.transactions.required().streams) == 0

    def test_a_stream_ends_with_its_block(self, bench: Bench, wide: TableSpec) -> None:
        connection = bench.connection
        with connection.transaction:
            outer = connection.stream(select(connection, wide), batch=10)
            next(outer)
            with connection.transaction:
                inner = connection.stream(select(connection, wide), batch=10)
                next(inner)
            with pytest.raises(TransactionError):
                next(inner)
            assert next(outer)[0][0] == 10
        with pytest.raises(TransactionError):
            next(outer)

    def test_a_stream_outlives_a_rolled_back_block(self, bench: Bench, wide: TableSpec) -> None:
        connection = bench.connection
        with connection.transaction:
            stream = connection.stream(select(connection, wide), batch=10)
            next(stream)
            with pytest.raises(KeyError), connection.transaction:
                bench.insert(wide, {"id": -1, "text": "gone"})
                raise KeyError("on purpose")
            assert sum(len(rows) for rows in stream) == ROWS - 10

    def test_errors_come_at_the_first_row(self, bench: Bench) -> None:
        stream = bench.connection.stream(Sql("SELECT * FROM no_such_table"))
        with pytest.raises(MissingTableError):
            next(stream)
        assert bench.connection.pool.busy_sessions == 0

    def test_an_empty_stream(self, bench: Bench, wide: TableSpec) -> None:
        assert list(bench.connection.stream(select(bench.connection, wide, "WHERE id < 0"))) == []
        with bench.connection.transaction:
            assert list(bench.connection.stream(select(bench.connection, wide, "WHERE id < 0"))) == []
