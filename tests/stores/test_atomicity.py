"""Rows and objects come to be together: nothing reachable is left of what was rolled back."""

# ruff: noqa: PT012 - blocks that end early are what is tested
from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import fascicle as fc
from fascicle.errors import CodecError, DuplicateError, LostConnectionError, MissingAttributeError, StoreError
from fascicle.table.storage import stores_of


@pytest.fixture
def lab(schema: fc.Schema) -> SimpleNamespace:
    @schema
    class Scan(fc.Manual):
        definition = """
        scan : int32
        ---
        npy = null : <npy@>
        object = null : <object@>
        hash = null : <hash@>
        note = '' : varchar(20)
        """

    store = stores_of(schema.connection)["main"]
    return SimpleNamespace(schema=schema, Scan=Scan, store=store, connection=schema.connection)


def paths(lab: SimpleNamespace) -> set[str]:
    return {entry.path for entry in lab.store.entries()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    for n in range(3):
        (tmp_path / "folder" / f"{n}.txt").write_text(str(n))
    return tmp_path / "folder"


def rows(folder: Path, start: int = 0) -> list[dict[str, Any]]:
    return [{"scan": n, "npy": np.arange(n), "object": folder} for n in range(start, start + 3)]


def test_an_error_after_the_insert_takes_its_objects_back(lab: SimpleNamespace, folder: Path) -> None:
    with pytest.raises(KeyError), lab.connection.transaction:
        lab.Scan.insert(rows(folder))
        lab.Scan.update1({"scan": 1, "npy": np.zeros(7)})
        assert len(paths(lab)) == 3 + 3 * 4 + 1
        raise KeyError
    assert len(lab.Scan) == 0
    assert not paths(lab)


def test_nested_blocks_take_back_their_own(lab: SimpleNamespace, folder: Path) -> None:
    with lab.connection.transaction:
        lab.Scan.insert(rows(folder))
        with pytest.raises(KeyError), lab.connection.transaction:
            lab.Scan.insert(rows(folder, 10))
            raise KeyError
        with lab.connection.transaction:
            lab.Scan.insert(rows(folder, 20))
    assert len(lab.Scan) == 6
    assert all(ref.verify() for ref in lab.Scan.to_arrays("npy"))
    assert len(paths(lab)) == 6 * 5
    with pytest.raises(KeyError), lab.connection.transaction:
        with lab.connection.transaction:
            lab.Scan.insert(rows(folder, 30))
        raise KeyError
    assert len(paths(lab)) == 6 * 5


def test_contents_that_are_rolled_back_are_garbage(lab: SimpleNamespace) -> None:
    lab.Scan.insert1({"scan": 1, "hash": b"kept"})
    with pytest.raises(KeyError), lab.connection.transaction:
        lab.Scan.insert([{"scan": 2, "hash": b"kept"}, {"scan": 3, "hash": b"dropped"}])
        raise KeyError
    report = fc.gc.GarbageCollector(lab.schema).collect(dry_run=False, grace_s=-5)
    assert (report.hash_paths_deleted, report.bytes_freed) == (1, 7)
    assert lab.Scan.fetch1("hash") == b"kept"


def test_an_insert_that_the_database_refuses_leaves_nothing(lab: SimpleNamespace, folder: Path) -> None:
    lab.Scan.insert1({"scan": 2})
    for _ in range(2):
        with pytest.raises(DuplicateError):
            lab.Scan.insert(rows(folder))
    with pytest.raises(DuplicateError):
        lab.Scan.insert(iter(rows(folder)), chunk_size=1)
    assert not paths(lab)
    assert len(lab.Scan) == 1


def test_a_store_that_fails_midway_leaves_nothing(
    lab: SimpleNamespace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = type(lab.store).put, []

    def fail_at_times(self: Any, path: str, data: Any) -> None:
        calls.append(path)
        if len(calls) == 5:
            raise StoreError("the disk is full")
        put(self, path, data)

    monkeypatch.setattr(type(lab.store), "put", fail_at_times)
    with pytest.raises(StoreError, match="disk is full"):
        lab.Scan.insert(rows(folder))
    assert len(lab.Scan) == 0
    assert not paths(lab)


def test_a_connection_lost_at_the_commit_leaves_the_objects(
    lab: SimpleNamespace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The commit may have arrived: rows that came to be must find their objects.
    class Lost(Exception):
        pass

    session = type(lab.connection.pool.idle_sessions[0])
    commit = session.commit

    def commit_and_lose(self: Any) -> None:
        commit(self)
        raise Lost

    translate = type(lab.connection.backend).translate
    monkeypatch.setattr(session, "commit", commit_and_lose)
    monkeypatch.setattr(
        type(lab.connection.backend),
        "translate",
        lambda self, error, sql: (
            LostConnectionError("gone") if isinstance(error, Lost) else translate(self, error, sql)
        ),
    )
    with pytest.raises(LostConnectionError), lab.connection.transaction:
        lab.Scan.insert(rows(folder))
    monkeypatch.undo()
    assert len(lab.Scan) == 3
    assert all(ref.verify() for ref in lab.Scan.to_arrays("npy"))


def test_nobody_is_asked_while_objects_are_written(lab: SimpleNamespace, folder: Path) -> None:
    # Objects are written before the row, so no lock of the database is held meanwhile.
    seen = []
    put = lab.store.put

    def watched(path: str, data: Any) -> None:
        seen.append(lab.connection.in_transaction)
        put(path, data)

    lab.store.put = watched
    lab.Scan.insert([*rows(folder), {"scan": 9}])
    assert seen
    assert not any(seen)


# --- staged inserts --------------------------------------------------------------------------------------------
def test_staged_files_and_folders(lab: SimpleNamespace) -> None:
    with lab.Scan.staged_insert1 as staged:
        staged.rec["scan"] = 1
        np.save(staged.path("npy"), np.arange(12).reshape(3, 4))
        files = staged.store("object")
        files["a/b"] = b"123"
        files["c"] = bytearray(b"4")
        files["gone"] = b""
        del files["gone"]
        assert (sorted(files), len(files), files["c"], "a/b" in files) == (["a/b", "c"], 2, b"4", True)
        staged.rec["note"] = "x"
        assert len(lab.Scan) == 0
    row = lab.Scan.fetch1()
    assert np.array_equal(row["npy"][1], [4, 5, 6, 7])
    assert row["npy"].verify()
    assert row["object"].verify()
    assert row["object"].listdir() == ["a", "c"]
    assert row["object"].fsmap["a/b"] == b"123"
    assert row["note"] == "x"


def test_staged_streams_with_seeks(lab: SimpleNamespace) -> None:
    with lab.Scan.staged_insert1 as staged:
        staged.rec["scan"] = 1
        stream = staged.open("object", ".bin")
        stream.write(b"x" * 100)
        stream.seek(50)
        stream.write(b"y")
    ref = lab.Scan.fetch1("object")
    assert ref.read() == b"x" * 50 + b"y" + b"x" * 49
    assert ref.ext == ".bin"


def test_a_staged_folder_of_files(lab: SimpleNamespace) -> None:
    with lab.Scan.staged_insert1 as staged:
        staged.rec["scan"] = 1
        (staged.path("object") / "sub").mkdir(parents=True)
        (staged.path("object") / "sub" / "x").write_text("hello")
    ref = lab.Scan.fetch1("object")
    assert ref.is_dir
    assert ref.fsmap["sub/x"] == b"hello"
    assert ref.verify()


def test_an_error_in_a_staged_insert_leaves_nothing(lab: SimpleNamespace) -> None:
    with pytest.raises(KeyError), lab.Scan.staged_insert1 as staged:
        staged.rec["scan"] = 1
        staged.open("npy").write(b"123")
        staged.store("object")["a"] = b"1"
        raise KeyError
    assert len(lab.Scan) == 0
    assert not paths(lab)


def test_a_staged_row_that_the_database_refuses_leaves_nothing(lab: SimpleNamespace) -> None:
    lab.Scan.insert1({"scan": 1})
    with pytest.raises(DuplicateError), lab.Scan.staged_insert1 as staged:
        staged.rec["scan"] = 1
        staged.store("object")["a"] = b"1"
    assert not paths(lab)


def test_a_staged_insert_inside_a_transaction_that_rolls_back(lab: SimpleNamespace) -> None:
    with pytest.raises(KeyError), lab.connection.transaction:
        with lab.Scan.staged_insert1 as staged:
            staged.rec["scan"] = 1
            staged.store("object")["a"] = b"1"
        raise KeyError
    assert len(lab.Scan) == 0
    assert not paths(lab)


def test_misuse_of_staged_inserts(lab: SimpleNamespace) -> None:
    staged = lab.Scan.staged_insert1
    with pytest.raises(MissingAttributeError, match="scan"):
        staged.path("npy")
    staged.rec["scan"] = 1
    with pytest.raises(CodecError, match="cannot be written in place"):
        staged.path("note")
    with pytest.raises(CodecError, match="cannot be written in place"):
        staged.path("hash")
    with pytest.raises(fc.UnknownAttributeError, match="npy"):
        staged.path("npi")
    staged.store("object")
    with pytest.raises(StoreError, match="by names"):
        staged.open("object")
    with pytest.raises(StoreError, match="nothing was written"), lab.Scan.staged_insert1 as other:
        other.rec["scan"] = 2
        other.path("npy")
    with pytest.raises(CodecError, match=r"no \.npy file"), lab.Scan.staged_insert1 as other:
        other.rec["scan"] = 2
        other.path("npy").write_bytes(b"nonsense")
    assert len(lab.Scan) == 0
    assert not paths(lab)
