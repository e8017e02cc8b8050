"""Faults: what the driver reports, in our terms; inserts that meet existing rows; sizes."""

# ruff: noqa: D102, S101 - these are tests, and their names say what they hold
from __future__ import annotations

from collections.abc import Callable

import pytest

from fascicle.errors import (
    DuplicateError,
    FascicleError,
    IntegrityError,
    MissingAttributeError,
    MissingParentError,
    MissingTableError,
    QueryError,
    QuerySyntaxError,
    UnknownAttributeError,
)
from fascicle.model import Index
from fascicle.sql.statement import Sql
from fascicle.testing.backend.base import BackendFixtures
from fascicle.testing.backend.bench import Bench, attribute, session, single, subject


class FaultTests(BackendFixtures):
    """Errors and conflicts."""

    @pytest.fixture
    def pair(self, bench: Bench) -> Bench:
        """Parent and child with a row each."""
        bench.declare(subject(bench.schema), session(bench.schema))
        bench.insert(subject(bench.schema), {"subject_id": "m1"})
        bench.insert(session(bench.schema), {"subject_id": "m1", "number": 1})
        return bench

    def failing(self, bench: Bench, action: Callable[[], object], kind: type[FascicleError]) -> FascicleError:
        """Run what must fail, outside a transaction and inside one; return the error."""
        with pytest.raises(kind), bench.connection.transaction:
            action()
        with pytest.raises(kind) as caught:
            action()
        assert caught.value.__cause__ is not None
        assert bench.connection.execute(Sql("SELECT 1")).rows == [(1,)]
        return caught.value

    def test_duplicate(self, pair: Bench) -> None:
        spec = subject(pair.schema)
        self.failing(pair, lambda: pair.insert(spec, {"subject_id": "m1"}), DuplicateError)

    def test_missing_parent(self, pair: Bench) -> None:
        spec = session(pair.schema)
        self.failing(
            pair, lambda: pair.insert(spec, {"subject_id": "nobody", "number": 1}), MissingParentError
        )

    def test_parent_in_use(self, pair: Bench) -> None:
        table = pair.connection.dialect.table(subject(pair.schema).name)
        fault = self.failing(
            pair, lambda: pair.connection.execute(Sql(f"DELETE FROM {table}")), IntegrityError
        )
        assert not isinstance(fault, MissingParentError)

    def test_missing_value(self, pair: Bench) -> None:
        spec = subject(pair.schema)
        row = {"subject_id": "m2", "species": None}
        fault = self.failing(pair, lambda: pair.insert(spec, row), MissingAttributeError)
        assert "species" in str(fault)

    def test_missing_key(self, pair: Bench) -> None:
        spec = single(pair.schema, "numbered", attribute("v", "int32"))
        pair.declare(spec)
        self.failing(pair, lambda: pair.insert(spec, {"v": 1}), MissingAttributeError)
        self.failing(pair, lambda: pair.insert(spec, {"id": None, "v": 1}), MissingAttributeError)

    def test_no_such_table(self, pair: Bench) -> None:
        spec = single(pair.schema, "nowhere", attribute("v", "int32"))
        self.failing(pair, lambda: pair.fetch(spec), MissingTableError)
        self.failing(pair, lambda: pair.insert(spec, {"id": 1, "v": 1}), MissingTableError)

    def test_no_such_attribute(self, pair: Bench) -> None:
        table = pair.connection.dialect.table(subject(pair.schema).name)
        sql = Sql(f"SELECT wieght FROM {table}")
        fault = self.failing(pair, lambda: pair.connection.execute(sql), UnknownAttributeError)
        assert "wieght" in str(fault)

    def test_syntax(self, pair: Bench) -> None:
        self.failing(pair, lambda: pair.connection.execute(Sql("SELEC 1")), QuerySyntaxError)

    def test_secrets_stay_out_of_messages(self, pair: Bench) -> None:
        spec = subject(pair.schema)
        with pytest.raises(FascicleError) as caught:
            pair.insert(spec, {"subject_id": "s3cret" * 20, "species": "x"})
        assert "s3cret" not in str(caught.value)

    def test_skip_and_replace_by_primary_key(self, pair: Bench) -> None:
        spec = subject(pair.schema)
        pair.insert(spec, {"subject_id": "m2", "species": "rat", "weight": 1.0})
        pair.insert(
            spec, {"subject_id": "m2", "species": "cat"}, {"subject_id": "m3", "species": "cat"}, mode="skip"
        )
        assert [row["species"] for row in pair.fetch(spec)] == ["mus", "rat", "cat"]
        # Replacing a row to which others refer leaves those alone, and takes defaults for what is not given.
        pair.insert(
            spec,
            {"subject_id": "m1", "species": "owl"},
            {"subject_id": "m2", "species": "owl"},
            mode="replace",
        )
        rows = pair.fetch(spec)
        assert [(row["species"], row["weight"]) for row in rows] == [
            ("owl", None),
            ("owl", None),
            ("cat", None),
        ]
        assert len(pair.fetch(session(pair.schema))) == 1

    @pytest.mark.parametrize("mode", ["skip", "replace"])
    def test_other_unique_conflicts_still_raise(self, bench: Bench, mode: str) -> None:
        spec = single(bench.schema, "t", attribute("code", "int32"), attribute("v", "int32", default=0))
        spec = spec.evolve(indexes=(Index(("code",), unique=True),))
        bench.declare(spec)
        bench.insert(spec, {"id": 1, "code": 10}, {"id": 2, "code": 20})
        with pytest.raises(DuplicateError):
            bench.insert(spec, {"id": 3, "code": 10}, mode=mode)
        assert [(row["id"], row["code"]) for row in bench.fetch(spec)] == [(1, 10), (2, 20)]

    def test_skip_still_wants_parents(self, pair: Bench) -> None:
        with pytest.raises(MissingParentError):
            pair.insert(session(pair.schema), {"subject_id": "nobody", "number": 1}, mode="skip")

    def test_many_rows_at_once(self, bench: Bench) -> None:
        spec = single(bench.schema, "t", attribute("v", "varchar", 20))
        bench.declare(spec)
        rows = [{"id": i, "v": f"value {i}"} for i in range(25_000)]
        assert bench.insert(spec, *rows) == 25_000
        assert bench.fetch(spec) == rows
        assert (
            bench.connection.bulk_insert(spec, ("id", "v"), ((-i, "x") for i in range(1, 12_001))) == 12_000
        )
        assert len(bench.fetch(spec)) == 37_000

    def test_large_values(self, bench: Bench) -> None:
        spec = single(bench.schema, "t", attribute("v", "bytes"))
        bench.declare(spec)
        rows = [{"id": i, "v": bytes([i]) * 3_000_000} for i in range(4)]
        bench.insert(spec, *rows)
        assert bench.fetch(spec) == rows

    def test_many_parameters(self, bench: Bench) -> None:
        spec = single(bench.schema, "t")
        bench.declare(spec)
        bench.insert(spec, {"id": 1})
        dialect = bench.connection.dialect
        count = min(dialect.max_parameters, 32_000)
        marks = ", ".join([dialect.placeholder] * count)
        sql = Sql(f"SELECT id FROM {dialect.table(spec.name)} WHERE id IN ({marks})", tuple(range(count)))
        assert bench.connection.execute(sql).rows == [(1,)]

    def test_updating_a_key_cascades(self, pair: Bench) -> None:
        table = pair.connection.dialect.table(subject(pair.schema).name)
        pair.connection.execute(Sql(f"UPDATE {table} SET subject_id = 'm9'"))
        assert [row["subject_id"] for row in pair.fetch(session(pair.schema))] == ["m9"]

    def test_a_query_error_is_a_query_error(self, pair: Bench) -> None:
        assert issubclass(MissingParentError, QueryError)
        with pytest.raises(QueryError):
            pair.connection.query("SELECT no_such_function(1)")
