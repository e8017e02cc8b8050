"""Object stores: codecs that keep values in files, references to them, staged inserts, garbage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fascicle as dj
from fascicle.table.storage import stores_of


@pytest.fixture
def place(settings: dj.Config, tmp_path: Path) -> Path:
    """A folder as the default store."""
    place = tmp_path / "store"
    place.mkdir()
    dj.config["stores"] = {"default": "main", "main": {"protocol": "file", "location": str(place)}}
    return place


@pytest.fixture
def Scan(place: Path, schema: dj.Schema) -> Any:
    @schema
    class Scan(dj.Manual):
        definition = """
        scan : int32
        ---
        frames = null : <npy@>
        raw = null : <object@>
        same = null : <hash@main>
        notes = null : <attach@main>
        inline = null : <attach>
        packed = null : <blob@main>
        """

    return Scan


@pytest.mark.parity(
    "type <npy@>",
    "type <object@>",
    "type <hash@>",
    "type <attach>, <attach@>",
    "type <blob@>",
)
def test_values_in_stores(Scan: Any, place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"abc")
    note = tmp_path / "note.txt"
    note.write_text("a note")
    Scan.insert1(
        {
            "scan": 1,
            "frames": np.arange(12.0).reshape(3, 4),
            "raw": folder,
            "same": b"bytes",
            "notes": note,
            "inline": note,
            "packed": {"list": [1, 2, 3]},
        }
    )
    with dj.config.override(download_path=str(tmp_path / "downloads")):
        row = Scan.fetch1()
    assert np.asarray(row["frames"]).tolist() == np.arange(12.0).reshape(3, 4).tolist()
    assert row["packed"] == {"list": [1, 2, 3]}
    assert row["same"] == b"bytes"
    assert Path(row["notes"]).read_text() == Path(row["inline"]).read_text() == "a note"
    assert row["raw"].is_dir
    assert {path.suffix for path in place.rglob("*") if path.is_file()} >= {".npy", ".bin"}


OBJECT = (
    "path", "size", "store", "mime_type", "item_count", "url", "full_path", "is_dir", "ext", "timestamp", "to_json",
    "from_json", "fsmap", "read", "open", "open(subpath=)", "open(mode=)", "listdir", "listdir(subpath=)", "walk",
    "download", "download(subpath=)", "exists", "exists(subpath=)", "verify",
)  # fmt: skip


@pytest.mark.parity("dj.ObjectRef", *(f"ObjectRef.{name}" for name in OBJECT))
def test_object_references(Scan: Any, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"abc")
    (folder / "deep" / "b.txt").write_text("text")
    plain = tmp_path / "file.txt"
    plain.write_text("hello")
    Scan.insert([{"scan": 1, "raw": folder}, {"scan": 2, "raw": plain}])
    whole = (Scan & "scan = 1").fetch1("raw")
    single = (Scan & "scan = 2").fetch1("raw")
    assert isinstance(whole, dj.ObjectRef)
    assert (whole.is_dir, whole.item_count, whole.store) == (True, 2, "main")
    assert sorted(whole.listdir()) == ["a.bin", "deep"]
    assert list(whole.listdir("deep")) == ["b.txt"]
    assert [sorted(files) for _, _, files in whole.walk()] == [["a.bin"], ["b.txt"]]
    with whole.open("a.bin", mode="rb") as file, whole.open(subpath="deep/b.txt") as other:
        assert (file.read(), other.read()) == (b"abc", b"text")
    assert whole.fsmap["a.bin"] == b"abc"
    assert whole.exists()
    assert whole.exists(subpath="a.bin")
    assert not whole.exists("c.bin")
    assert whole.verify()
    copy = whole.download(tmp_path / "copy")
    assert (Path(copy) / "deep" / "b.txt").read_text() == "text"
    assert Path(whole.download(tmp_path / "one", subpath="a.bin")).read_bytes() == b"abc"
    assert (single.is_dir, single.ext, single.size) == (False, ".txt", 5)
    assert single.read() == b"hello"
    assert single.full_path.endswith(single.path)
    assert single.url is None or "://" in single.url
    assert single.mime_type in (None, "text/plain")
    assert single.timestamp.year >= 2026
    assert dj.ObjectRef.from_json(single.to_json(), stores_of(dj.conn())).read() == b"hello"


ARRAY = (
    "shape", "dtype", "ndim", "size", "nbytes", "path", "store", "is_loaded", "load", "load(mmap_mode=)", "[...]"
)  # fmt: skip


@pytest.mark.parity("dj.NpyRef", *(f"NpyRef.{name}" for name in ARRAY))
def test_array_references(Scan: Any) -> None:
    frames = np.arange(24, dtype="int16").reshape(4, 6)
    Scan.insert1({"scan": 1, "frames": frames})
    found = Scan.fetch1("frames")
    assert isinstance(found, dj.NpyRef)
    assert (found.shape, found.dtype, found.ndim, found.size, found.nbytes) == (
        (4, 6),
        frames.dtype,
        2,
        24,
        48,
    )
    assert found.path.endswith(".npy")
    assert found.store == "main"
    assert len(found) == 4
    assert not found.is_loaded
    assert found[1:3, 2].tolist() == frames[1:3, 2].tolist()
    assert found.load().tolist() == frames.tolist()
    assert found.is_loaded
    assert Scan.fetch1("frames").load(mmap_mode="r")[3, 5] == 23
    assert (np.asarray(found) + 1).sum() == (frames + 1).sum()


@pytest.mark.parity("type <filepath@>")
def test_files_where_they_are(schema: dj.Schema, place: Path) -> None:
    @schema
    class Raw(dj.Manual):
        definition = """
        raw : int32
        ---
        file : <filepath@main>
        """

    (place / "rig1").mkdir()
    (place / "rig1" / "day.dat").write_bytes(b"data")
    Raw.insert1((1, "rig1/day.dat"))
    assert Raw.fetch1("file").read() == b"data"
    with pytest.raises(dj.errors.DataJointError):
        Raw.insert1((2, "rig1/other.dat"))


def stage_in_vain(table: Any) -> None:
    """Begin a row and fail."""
    with table.staged_insert1 as staged:
        staged.rec["scan"] = 3
        with staged.open("raw", ".txt") as file:
            file.write(b"in vain")
        raise ValueError("stop")


@pytest.mark.parity(
    "Table.staged_insert1",
    "StagedInsert.rec",
    "StagedInsert.store",
    "StagedInsert.store(ext=)",
    "StagedInsert.open",
    "StagedInsert.open(ext=)",
    "StagedInsert.open(mode=)",
)
def test_staged_inserts(Scan: Any, place: Path) -> None:
    with Scan.staged_insert1 as staged:
        staged.rec["scan"] = 1
        with staged.open("raw", ".txt", mode="wb") as file:
            file.write(b"written in place")
    assert Scan.fetch1("raw").read() == b"written in place"
    with Scan.staged_insert1 as staged:
        staged.rec["scan"] = 2
        staged.store("raw", ext=".zarr")["0.0"] = b"chunk"
    assert (Scan & "scan = 2").fetch1("raw").fsmap["0.0"] == b"chunk"
    with pytest.raises(ValueError, match="stop"):
        stage_in_vain(Scan)
    assert len(Scan) == 2
    assert sum(path.suffix == ".txt" for path in place.rglob("*")) == 1


@pytest.mark.parity(
    "dj.gc",
    "GarbageCollector(store=)",
    "GarbageCollector.collect",
    "GarbageCollector.collect(dry_run=)",
    "GarbageCollector: an age before removal",
)
def test_garbage(Scan: Any, place: Path) -> None:
    Scan.insert([{"scan": n, "frames": np.full(4, n), "same": b"%d" % n} for n in range(4)])
    (Scan & "scan < 2").delete()
    files = sum(path.is_file() for path in place.rglob("*"))
    collector = dj.gc.GarbageCollector(dj.Schema(Scan.database), store="main")
    collector.collect(dry_run=True)
    assert sum(path.is_file() for path in place.rglob("*")) == files
    collector.collect(dry_run=False)
    assert sum(path.is_file() for path in place.rglob("*")) == files  # younger than a day
    report = collector.collect(dry_run=False, grace_s=0)
    assert report["deleted"] == 4
    assert [np.asarray(row["frames"]).tolist() for row in Scan.to_dicts(order_by="KEY")] == [[2] * 4, [3] * 4]
