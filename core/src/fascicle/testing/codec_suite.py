"""What every codec must do, as tests that a codec's author subclasses.

Examples
--------
::

    class TestGraphCodec(CodecSuite):
        codec = GraphCodec
        values = (nx.path_graph(3), nx.Graph())
        bad_values = (3, "text")

        def equal(self, got, value):
            return nx.utils.graphs_equal(got, value)
"""

# ruff: noqa: D102, PT012, S101 - these are tests, and their names say what they hold
from __future__ import annotations

import json
import operator
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import pytest

import fascicle as fc
from fascicle.codecs import Codec, CodecChain, CodecRegistry
from fascicle.errors import FascicleError
from fascicle.model import CodecRef
from fascicle.stores import Store
from fascicle.table.garbage import GarbageCollector
from fascicle.table.storage import context_of, stores_of

DEFINITION = """
id : int32
---
data = null : {codec}
"""


class CodecSuite:
    """Conformance tests of a codec, run in an embedded database of their own.

    A subclass gives ``codec`` and ``values``, and where need be ``bad_values``, `equal` and ``places``.
    """

    #: The codec's class.
    codec: ClassVar[type[Codec]]
    #: Values that it stores, of every kind that it is for.
    values: ClassVar[tuple[Any, ...]] = ()
    #: Values that it refuses.
    bad_values: ClassVar[tuple[Any, ...]] = ()
    #: Where values may be kept: ``""`` for the table, ``"@"`` for the default store.
    places: ClassVar[tuple[str, ...]] = ("", "@")

    def equal(self, got: Any, value: Any) -> bool:
        """Whether what was fetched is what was inserted."""
        return bool(operator.eq(got, value))

    # --- fixtures ------------------------------------------------------------------------------------------
    @pytest.fixture
    def connection(self, tmp_path: Path) -> Iterator[fc.Connection]:
        """An embedded database in which the codec is registered."""
        connection = fc.connect(f"sqlite:///{tmp_path}/codec.db")
        connection.runtime.codecs = CodecRegistry()
        connection.runtime.codecs.register(self.codec)
        connection.runtime.config["safemode"] = False
        connection.runtime.config["download_path"] = str(tmp_path / "downloads")
        yield connection
        if connection.runtime.stores is not None:
            connection.runtime.stores.close()
        connection.close()

    @pytest.fixture
    def schema(self, connection: fc.Connection) -> fc.Schema:
        """An empty schema."""
        return fc.Schema("suite", connection=connection)

    @pytest.fixture
    def store(self, connection: fc.Connection) -> Store:
        """The default store."""
        return stores_of(connection)[""]

    @pytest.fixture
    def table(self, schema: fc.Schema, place: str) -> Any:
        """A table with an attribute of the codec."""
        text = DEFINITION.format(codec=f"<{self.codec.name}{place}>")

        class Value(fc.Manual):
            definition = text

        return schema(Value)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "place" in metafunc.fixturenames:
            metafunc.parametrize("place", self.places, ids=lambda p: "store" if p else "table")

    def chain(self, connection: fc.Connection, place: str) -> CodecChain:
        """Return the codecs that a definition with this one stands for."""
        ref = CodecRef(self.codec.name, "" if place else None)
        return connection.runtime.codecs.chain(ref)  # type: ignore[no-any-return]

    # --- tests ---------------------------------------------------------------------------------------------
    def test_there_are_values(self) -> None:
        assert self.values, "give the suite values to store"

    def test_it_ends_in_a_column(self, connection: fc.Connection, place: str) -> None:
        chain = self.chain(connection, place)
        assert chain.type.name in ("json", "bytes", "varchar", "native", "uuid", "int64", "float64")

    def test_values_come_back(self, table: Any) -> None:
        table.insert({"id": n, "data": value} for n, value in enumerate(self.values))
        for row in table.to_dicts(order_by="id"):
            assert self.equal(row["data"], self.values[row["id"]]), self.values[row["id"]]
        for n, value in enumerate(self.values):
            assert self.equal((table & {"id": n}).fetch1("data"), value)

    def test_values_are_replaced(self, table: Any) -> None:
        for value in self.values:
            table.insert1({"id": 1, "data": value}, replace=True)
            table.update1({"id": 1, "data": value})
        assert self.equal(table.fetch1("data"), self.values[-1])

    def test_a_missing_value_stays_missing(self, table: Any) -> None:
        table.insert([{"id": 1}, {"id": 2, "data": None}])
        assert table.to_dicts(order_by="id") == [{"id": 1, "data": None}, {"id": 2, "data": None}]

    def test_the_column_stores_what_is_encoded(
        self, connection: fc.Connection, table: Any, place: str
    ) -> None:
        chain = self.chain(connection, place)
        context = context_of(connection, table.table_spec, "data")
        for value in self.values:
            stored = chain.encode(value, key={"id": 1}, context=context)
            if chain.type.name == "json":
                assert json.loads(json.dumps(stored, allow_nan=False)) == stored
            elif chain.type.name == "bytes":
                assert isinstance(stored, bytes)

    def test_bad_values_are_refused_and_nothing_is_stored(self, table: Any, store: Store) -> None:
        for value in self.bad_values:
            with pytest.raises(FascicleError):
                table.insert([{"id": 1, "data": self.values[0]}, {"id": 2, "data": value}])
        assert len(table) == 0

    def test_it_tells_every_object_that_it_writes(self, table: Any, store: Store, schema: fc.Schema) -> None:
        table.insert({"id": n, "data": value} for n, value in enumerate(self.values))
        report = GarbageCollector(schema).collect(dry_run=False, grace_s=0)
        assert report.deleted == 0
        for n, value in enumerate(self.values):
            assert self.equal((table & {"id": n}).fetch1("data"), value)
        table.delete()
        GarbageCollector(schema, store=store.name).collect(dry_run=False, grace_s=0)
        assert [entry.path for entry in store.entries()] == []

    def test_an_insert_that_rolls_back_leaves_nothing_reachable(self, table: Any, store: Store) -> None:
        with pytest.raises(KeyError), table.connection.transaction:
            table.insert({"id": n, "data": value} for n, value in enumerate(self.values))
            raise KeyError
        assert len(table) == 0
        GarbageCollector(fc.Schema("suite", connection=table.connection), store=store.name).collect(
            dry_run=False, grace_s=0
        )
        assert [entry.path for entry in store.entries()] == []

    def test_it_serves_several_threads(self, table: Any) -> None:
        rows = [{"id": n, "data": self.values[n % len(self.values)]} for n in range(20)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(table.insert1, rows))
            got = list(pool.map(lambda n: (table & {"id": n}).fetch1("data"), range(20)))
        assert all(self.equal(value, rows[n]["data"]) for n, value in enumerate(got))


__all__ = ["CodecSuite"]
