"""Garbage collection: what no row refers to goes, everything else stays, whatever happens meanwhile."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import fascicle as fc
from fascicle.codecs import CodecRegistry
from fascicle.errors import GarbageError, TransactionError
from fascicle.stores import Stores
from fascicle.table.garbage import GarbageCollector
from fascicle.table.garbage import references as references_module
from fascicle.table.storage import stores_of

NOW = -5.0  # clocks of servers tell whole seconds


@pytest.fixture
def lab(schema: fc.Schema) -> SimpleNamespace:
    @schema
    class Scan(fc.Manual):
        definition = """
        scan : int32
        ---
        hash = null : <hash@>
        blob = null : <blob@main>
        npy = null : <npy@>
        object = null : <object@>
        file = null : <filepath@>
        """

    store = stores_of(schema.connection)["main"]
    return SimpleNamespace(schema=schema, Scan=Scan, store=store, connection=schema.connection)


def paths(lab: SimpleNamespace) -> set[str]:
    return {entry.path for entry in lab.store.entries()}


def fill(lab: SimpleNamespace, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "x").write_text("x" * 10)
    lab.store.put("raw/mine.bin", b"mine")
    lab.Scan.insert(
        {
            "scan": n,
            "hash": b"%d" % (n // 2),
            "blob": n,
            "npy": np.arange(n),
            "object": folder,
            "file": "raw/mine.bin",
        }
        for n in range(6)
    )


def test_a_dry_run_reports_bytes_and_removes_nothing(lab: SimpleNamespace, tmp_path: Path) -> None:
    fill(lab, tmp_path)
    (lab.Scan & "scan >= 3").delete()
    before = paths(lab)
    report = GarbageCollector(lab.schema).collect(grace_s=NOW)
    assert report.dry_run
    assert paths(lab) == before
    assert (report.hash_paths_stored, report.hash_paths_referenced, report.hash_paths_orphaned) == (9, 5, 4)
    assert (report.schema_paths_stored, report.schema_paths_referenced, report.schema_paths_orphaned) == (
        12,
        6,
        6,
    )
    sizes = {entry.path: entry.size for entry in lab.store.entries()}
    orphans = [*report.orphaned_hash_paths, *report.orphaned_schema_paths]
    expected = sum(size for path, size in sizes.items() if any(path.startswith(orphan) for orphan in orphans))
    assert report["orphaned_bytes"] == expected > 0
    assert report["deleted"] == report["bytes_freed"] == 0
    assert "dry run" in str(report)
    assert dict(report)["errors"] == 0
    with pytest.raises(KeyError):
        report["nonsense"]


def test_what_no_row_refers_to_goes_and_the_rest_stays(lab: SimpleNamespace, tmp_path: Path) -> None:
    fill(lab, tmp_path)
    (lab.Scan & "scan >= 3").delete()
    report = GarbageCollector(lab.schema).collect(dry_run=False, grace_s=NOW)
    assert (report.hash_paths_deleted, report.schema_paths_deleted) == (4, 6)
    assert report.bytes_freed == report.orphaned_bytes
    for row in lab.Scan:
        assert row["hash"] == b"%d" % (row["scan"] // 2)
        assert row["blob"] == row["scan"]
        assert row["npy"].verify()
        assert row["object"].verify()
    assert lab.store.read("raw/mine.bin") == b"mine"
    assert len(paths(lab)) == 2 + 3 + 3 + 3 * 2 + 1
    again = GarbageCollector(lab.schema).collect(dry_run=False, grace_s=NOW)
    assert again.deleted == 0
    assert not [path for path in paths(lab) if path.startswith("_claims")]
    lab.Scan.delete()
    GarbageCollector(lab.schema, store="main").collect(dry_run=False, grace_s=NOW)
    assert paths(lab) == {"raw/mine.bin"}


def test_young_objects_are_left_alone(lab: SimpleNamespace) -> None:
    lab.Scan.insert1({"scan": 1, "hash": b"x", "npy": np.zeros(3)})
    lab.Scan.delete()
    report = GarbageCollector(lab.schema).collect(dry_run=False)
    assert (report.deleted, report.young) == (0, 2)
    assert len(paths(lab)) == 2


def test_references_of_other_schemas_and_stores_count(lab: SimpleNamespace, tmp_path: Path) -> None:
    # The same place under a second name, referred to from a second schema by rows that another program made.
    config = lab.connection.runtime.config
    config["stores"]["alias"] = dict(config["stores"]["main"])
    lab.Scan.insert1({"scan": 1, "hash": b"shared", "npy": np.zeros(3)})
    other = fc.Schema(f"{lab.schema.database}2", connection=lab.connection)

    @other
    class Reference(fc.Manual):
        definition = """
        id : int32
        ---
        npy : <npy@alias>
        """

    from fascicle.codecs.staging import Staged

    metadata = lab.Scan.fetch1("npy").to_json()
    Reference.insert1({"id": 1, "npy": Staged({**metadata, "store": "alias"})})
    lab.Scan.delete()
    report = GarbageCollector(lab.schema).collect(dry_run=False, grace_s=NOW)
    assert (report.hash_paths_deleted, report.schema_paths_deleted) == (1, 0)
    assert Reference.fetch1("npy").verify()


def test_objects_of_other_schemas_are_not_looked_at(lab: SimpleNamespace) -> None:
    lab.store.put("_hash/other/abc", b"1")
    lab.store.put("_schema/other/t/k=1/a_xxxx", b"1")
    lab.store.put(f"_schema/{lab.schema.database}x/t/k=1/a_xxxx", b"1")
    report = GarbageCollector(lab.schema).collect(dry_run=False, grace_s=NOW)
    assert report.deleted == 0
    assert len(paths(lab)) == 3


def test_remains_of_interrupted_work(lab: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = lab.schema.database
    lab.store.put(f"_claims/{schema}/stale.json", b'{"paths": []}')
    if lab.store.is_local:
        from fascicle.stores.local import PART

        lab.store.put(f"_schema/{schema}/t/k=1/x", b"")
        left = Path(lab.store.location) / "_schema" / schema / "t" / "k=1" / f"{PART}abc"
        left.write_bytes(b"123")
    else:
        lab.store.client.create_multipart_upload(
            Bucket=lab.store.settings.bucket, Key=f"some/where/_schema/{schema}/t/k=1/x"
        )
    lab.Scan.insert1({"scan": 1, "hash": b"x"})
    if lab.store.is_local:  # the S3 server dates every upload to the same day of 2010
        assert GarbageCollector(lab.schema).collect(dry_run=False).debris == 0
    assert GarbageCollector(lab.schema).collect(grace_s=NOW).debris == 2
    assert GarbageCollector(lab.schema).collect(dry_run=False, grace_s=NOW).debris == 2
    assert GarbageCollector(lab.schema).collect(grace_s=NOW).debris == 0


# --- refusals --------------------------------------------------------------------------------------------------
def test_an_unknown_codec_stops_it(lab: SimpleNamespace) -> None:
    class Owner(fc.Codec, register=False):
        name = "owner"

        def get_dtype(self, is_store: bool) -> str:
            return "<object>"

        def encode(self, value: Any, *, key: Any = None, store_name: Any = None) -> Any:
            return value

        def decode(self, stored: Any, *, key: Any = None) -> Any:
            return stored

    runtime = lab.connection.runtime
    runtime.codecs = CodecRegistry()
    runtime.codecs.register(Owner)

    @lab.schema
    class Owned(fc.Manual):
        definition = """
        id : int32
        ---
        data : <owner@>
        """

    Owned.insert1({"id": 1, "data": b"x"})
    report = GarbageCollector(lab.schema).collect(dry_run=False, grace_s=NOW)
    assert report.deleted == 0
    lab.connection.runtime.codecs = CodecRegistry()
    for dry_run in (True, False):
        with pytest.raises(GarbageError, match="<owner@>"):
            GarbageCollector(lab.schema).collect(dry_run=dry_run, grace_s=NOW)
    assert len(paths(lab)) == 1


def test_a_codec_that_does_not_tell_stops_it(lab: SimpleNamespace) -> None:
    class Silent(fc.Codec, register=False):
        name = "silent"

        def get_dtype(self, is_store: bool) -> str:
            return "json"

        def encode(self, value: Any, *, key: Any = None, store_name: Any = None) -> Any:
            return value

        def decode(self, stored: Any, *, key: Any = None) -> Any:
            return stored

    lab.connection.runtime.codecs = CodecRegistry()
    lab.connection.runtime.codecs.register(Silent)

    @lab.schema
    class Quiet(fc.Manual):
        definition = """
        id : int32
        ---
        data : <silent@>
        """

    with pytest.raises(GarbageError, match="does not tell"):
        GarbageCollector(lab.schema).collect()


def test_a_store_that_is_gone_stops_it(lab: SimpleNamespace) -> None:
    config = lab.connection.runtime.config
    config["stores"]["second"] = dict(config["stores"]["main"])

    @lab.schema
    class Far(fc.Manual):
        definition = """
        id : int32
        ---
        data : <hash@second>
        """

    Far.insert1({"id": 1, "data": b"x"})
    del config["stores"]["second"]
    with pytest.raises(GarbageError, match="second"):
        GarbageCollector(lab.schema, store="main").collect(dry_run=False, grace_s=NOW)
    assert paths(lab)


def test_it_needs_a_connection_without_a_transaction(lab: SimpleNamespace) -> None:
    with pytest.raises(GarbageError, match="one connection"):
        GarbageCollector()
    with pytest.raises(TransactionError), lab.connection.transaction:
        GarbageCollector(lab.schema).collect()


# --- inserts meanwhile -----------------------------------------------------------------------------------------
@pytest.fixture
def reuse(lab: SimpleNamespace) -> Any:
    """An old object without a row, and a second connection that is about to insert the same bytes again."""
    lab.Scan.insert1({"scan": 1, "hash": b"wanted again"})
    lab.Scan.delete()
    time.sleep(3.2)

    def insert() -> None:
        lab.Scan.insert1({"scan": 2, "hash": b"wanted again"})

    return insert


def collect(lab: SimpleNamespace) -> Any:
    return GarbageCollector(lab.schema).collect(dry_run=False, grace_s=2.0)


def test_an_object_wanted_again_before_it_is_claimed_stays(
    lab: SimpleNamespace, reuse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, calls = references_module.referenced, []

    def insert_after_the_first_look(*arguments: Any) -> set[str]:
        found = find(*arguments)
        calls.append(len(found))
        if len(calls) == 1:
            reuse()
        return found

    monkeypatch.setattr("fascicle.table.garbage.collector.referenced", insert_after_the_first_look)
    assert collect(lab).deleted == 0
    assert calls == [0, 1]
    assert lab.Scan.fetch1("hash") == b"wanted again"


@pytest.mark.parametrize("moment", ["before the last look at its time", "before it is removed"])
def test_an_object_wanted_again_after_it_is_claimed(
    lab: SimpleNamespace, reuse: Any, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    method = {"before the last look at its time": "stat", "before it is removed": "remove"}[moment]
    original, calls = getattr(lab.store, method), []

    def insert_first(argument: Any) -> Any:
        wanted = argument if isinstance(argument, str) else list(argument)
        if not calls and "_hash" in str(wanted):
            calls.append(wanted)
            reuse()
        return original(wanted)

    monkeypatch.setattr(lab.store, method, insert_first)
    collect(lab)
    assert calls
    assert lab.Scan.fetch1("hash") == b"wanted again"
    # Seen while it was claimed, the bytes went to a path of their own.
    (path,) = (p for p in paths(lab) if p.startswith("_hash") and "-" in p)
    assert path.startswith(f"_hash/{lab.schema.database}/")
    monkeypatch.undo()
    collect(lab)
    assert lab.Scan.fetch1("hash") == b"wanted again"


def test_a_shared_array_is_renewed(lab: SimpleNamespace) -> None:
    @lab.schema
    class Copy(fc.Manual):
        definition = lab.Scan.definition

    lab.Scan.insert1({"scan": 1, "npy": np.arange(3)})
    time.sleep(3.2)
    with lab.connection.transaction:
        Copy.insert(lab.Scan)
        lab.Scan.delete()
    assert collect(lab).deleted == 0
    assert np.array_equal(Copy.fetch1("npy"), [0, 1, 2])
    assert isinstance(lab.connection.runtime.stores, Stores)
