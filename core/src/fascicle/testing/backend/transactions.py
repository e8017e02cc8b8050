"""Transactions: commit, rollback, savepoints, isolation and races."""

# ruff: noqa: D102, PT012, S101 - these are tests, and their names say what they hold
from __future__ import annotations

import pytest

from fascicle.backend.connect import connect
from fascicle.errors import DuplicateError, TransactionError
from fascicle.sql.statement import Sql
from fascicle.testing.backend import races
from fascicle.testing.backend.base import BackendFixtures
from fascicle.testing.backend.bench import Bench, fetch, session, subject


class TransactionTests(BackendFixtures):
    """What a transaction promises on every database."""

    @pytest.fixture
    def arena(self, bench: Bench) -> Bench:
        """Two tables, one subject, sessions 1 and 2 with the amount 1."""
        bench.declare(subject(bench.schema), session(bench.schema))
        bench.insert(subject(bench.schema), {"subject_id": "m1"})
        rows = [{"subject_id": "m1", "number": number, "amount": 1} for number in (1, 2)]
        bench.insert(session(bench.schema), *rows)
        return bench

    def amounts(self, bench: Bench) -> list[int]:
        return [row["amount"] for row in bench.fetch(session(bench.schema))]

    def names(self, bench: Bench) -> list[str]:
        return [row["subject_id"] for row in bench.fetch(subject(bench.schema))]

    def test_commits_and_rolls_back(self, arena: Bench) -> None:
        spec = subject(arena.schema)
        with arena.connection.transaction as same:
            assert same is arena.connection
            assert same.in_transaction
            arena.insert(spec, {"subject_id": "kept"})
        with pytest.raises(KeyError), arena.connection.transaction:
            arena.insert(spec, {"subject_id": "dropped"})
            raise KeyError("on purpose")
        assert not arena.connection.in_transaction
        assert self.names(arena) == ["kept", "m1"]

    def test_nested_blocks_roll_back_alone(self, arena: Bench) -> None:
        spec, connection = subject(arena.schema), arena.connection
        with connection.transaction:
            arena.insert(spec, {"subject_id": "outer"})
            with connection.transaction:
                arena.insert(spec, {"subject_id": "inner"})
            with pytest.raises(KeyError), connection.transaction:
                arena.insert(spec, {"subject_id": "gone"})
                with connection.transaction:
                    arena.insert(spec, {"subject_id": "gone too"})
                raise KeyError("on purpose")
            assert self.names(arena) == ["inner", "m1", "outer"]
        assert self.names(arena) == ["inner", "m1", "outer"]

    def test_a_failed_statement_undoes_itself_only(self, arena: Bench) -> None:
        spec, connection = subject(arena.schema), arena.connection
        with connection.transaction:
            arena.insert(spec, {"subject_id": "a"})
            with pytest.raises(DuplicateError):
                arena.insert(spec, {"subject_id": "b"}, {"subject_id": "m1"})
            arena.insert(spec, {"subject_id": "c"})
        assert self.names(arena) == ["a", "c", "m1"]

    def test_insert_is_atomic_outside_a_transaction(self, arena: Bench) -> None:
        spec = subject(arena.schema)
        rows = [{"subject_id": f"{i:05}"} for i in range(3000)] + [{"subject_id": "m1"}]
        with pytest.raises(DuplicateError):
            arena.insert(spec, *rows)
        assert self.names(arena) == ["m1"]

    def test_by_hand(self, arena: Bench) -> None:
        spec, connection = subject(arena.schema), arena.connection
        connection.start_transaction()
        arena.insert(spec, {"subject_id": "a"})
        connection.cancel_transaction()
        connection.start_transaction()
        arena.insert(spec, {"subject_id": "b"})
        connection.commit_transaction()
        assert self.names(arena) == ["b", "m1"]
        with pytest.raises(TransactionError):
            connection.commit_transaction()

    def test_read_only_refuses_writing(self, arena: Bench) -> None:
        connection = arena.connection
        with connection.transaction(read_only=True):
            assert self.names(arena) == ["m1"]
            with pytest.raises(TransactionError):
                arena.insert(subject(arena.schema), {"subject_id": "a"})
        with connection.transaction(read_only=True), pytest.raises(TransactionError):
            connection.start_transaction(read_only=False)
        arena.insert(subject(arena.schema), {"subject_id": "b"})
        assert self.names(arena) == ["b", "m1"]

    @pytest.mark.parametrize("isolation", ["snapshot", "serializable"])
    def test_reads_see_one_state(self, arena: Bench, url: str, isolation: str) -> None:
        spec = session(arena.schema)
        with connect(url) as other:
            with arena.connection.transaction(isolation=isolation, read_only=True):  # type: ignore[arg-type]
                assert self.amounts(arena) == [1, 1]
                if isolation == "snapshot":
                    table = other.dialect.table(spec.name)
                    other.execute(Sql(f"UPDATE {table} SET amount = 7 WHERE number = 1"))
                assert self.amounts(arena) == [1, 1]
            assert fetch(other, spec) == arena.fetch(spec)

    def test_nothing_uncommitted_is_seen(self, arena: Bench, url: str) -> None:
        spec = subject(arena.schema)
        with connect(url) as other, arena.connection.transaction:
            arena.insert(spec, {"subject_id": "secret"})
            with other.transaction(isolation="read committed", read_only=True):
                assert [row["subject_id"] for row in fetch(other, spec)] == ["m1"]

    def test_stronger_isolation_cannot_begin_inside(self, arena: Bench) -> None:
        connection = arena.connection
        with connection.transaction, pytest.raises(TransactionError, match="serializable"):
            connection.start_transaction(isolation="serializable")
        with connection.transaction(isolation="serializable"), connection.transaction(isolation="snapshot"):
            pass

    def test_declaring_is_refused_inside(self, arena: Bench) -> None:
        arena.connection.refuse_in_transaction("declare a table")
        with arena.connection.transaction, pytest.raises(TransactionError, match="declare a table"):
            arena.connection.refuse_in_transaction("declare a table")

    @pytest.mark.parametrize("where", ["threads", "processes"])
    def test_no_update_is_lost(self, arena: Bench, url: str, where: str) -> None:
        self.race(arena, races.increment, where)
        assert self.amounts(arena) == [1 + 2 * 3, 1]

    @pytest.mark.parametrize("where", ["threads", "processes"])
    def test_no_write_skew(self, arena: Bench, url: str, where: str) -> None:
        self.race(arena, races.leave_duty, where)
        assert sum(self.amounts(arena)) == 1

    @pytest.mark.parametrize("where", ["threads", "processes"])
    def test_no_phantom(self, arena: Bench, url: str, where: str) -> None:
        self.race(arena, races.claim, where)
        assert len(self.amounts(arena)) == 3

    def race(self, bench: Bench, contestant: races.Contestant, where: str) -> None:
        """Run two contestants at once."""
        if where == "threads":
            races.race_threads(bench.connection, bench.schema, contestant, 2)
        else:
            races.race_processes(bench.connection.url, bench.schema, contestant, 2)
