"""Each codec with a store, on every database and both kinds of store: what goes in comes out, lazily."""

from __future__ import annotations

import json
import pickle
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import fascicle as fc
from fascicle.codecs.refs import NpyRef, ObjectRef
from fascicle.errors import (
    ChecksumError,
    CodecError,
    DefinitionError,
    MissingExternalFile,
    StoreError,
    UnknownStoreError,
    UnsafePathError,
    ValidationError,
)
from fascicle.table.storage import stores_of


@pytest.fixture
def lab(schema: fc.Schema) -> SimpleNamespace:
    @schema
    class Scan(fc.Manual):
        definition = """
        subject : varchar(32)
        scan : int32
        ---
        blob = null : <blob@main>
        hash = null : <hash@main>
        attach = null : <attach@>
        inline = null : <attach>
        npy = null : <npy@main>
        object = null : <object@main>
        file = null : <filepath@main>
        """

    store = stores_of(schema.connection)["main"]
    return SimpleNamespace(schema=schema, Scan=Scan, store=store, connection=schema.connection)


def row(number: int = 1, **values: Any) -> dict[str, Any]:
    return {"subject": "m 1/a", "scan": number, **values}


def metadata(lab: SimpleNamespace, attribute: str, number: int = 1) -> dict[str, Any]:
    """What the column holds."""
    text = f"SELECT {attribute} FROM {lab.Scan.full_table_name} WHERE scan = {number}"
    value = lab.connection.query(text).fetchall()[0][0]
    return dict(json.loads(value) if isinstance(value, str | bytes) else value)


# --- values kept by content ------------------------------------------------------------------------------------
def test_blobs_and_bytes(lab: SimpleNamespace) -> None:
    value = {"trace": np.arange(1000.0), "note": "x"}
    lab.Scan.insert1(row(blob=value, hash=b"some bytes"))
    got = lab.Scan.fetch1()
    assert got["hash"] == b"some bytes"
    assert np.array_equal(got["blob"]["trace"], value["trace"])
    facts = metadata(lab, "hash")
    schema = lab.schema.database
    assert facts["path"] == f"_hash/{schema}/tucwqru5ebwbv3prw4prf5duxq"
    assert {k: facts[k] for k in ("hash", "schema", "store", "size")} == {
        "hash": "tucwqru5ebwbv3prw4prf5duxq",
        "schema": schema,
        "store": "main",
        "size": 10,
    }


def test_equal_contents_are_kept_once(lab: SimpleNamespace) -> None:
    lab.Scan.insert([row(n, hash=b"%d" % (n % 3)) for n in range(30)])
    assert len(list(lab.store.entries(f"_hash/{lab.schema.database}"))) == 3
    assert [r["hash"] for r in lab.Scan.to_dicts(order_by="scan")] == [b"%d" % (n % 3) for n in range(30)]


def test_many_rows_come_in_order(lab: SimpleNamespace) -> None:
    values = [random.Random(n).randbytes(2000) for n in range(100)]
    lab.Scan.insert([row(n, hash=value, blob={"n": n}) for n, value in enumerate(values)])
    assert list(lab.Scan.to_arrays("hash", order_by="scan")) == values
    assert [r["blob"]["n"] for r in lab.Scan.to_dicts(order_by="scan")] == list(range(100))
    assert [r["blob"]["n"] for r in lab.Scan & "scan < 40"] == list(range(40))
    assert (lab.Scan & "scan = 7").fetch1("hash") == values[7]


def test_null_stays_null(lab: SimpleNamespace) -> None:
    lab.Scan.insert([row(1), row(2, hash=b"x"), row(3, npy=None)])
    assert [r["hash"] for r in lab.Scan.to_dicts(order_by="scan")] == [None, b"x", None]
    assert (lab.Scan & "scan = 1").fetch1("npy") is None


# --- attachments -----------------------------------------------------------------------------------------------
def test_attachments_come_back_as_files(lab: SimpleNamespace, tmp_path: Path) -> None:
    note = tmp_path / "nöte.txt"
    note.write_text("hello")
    lab.Scan.insert1(row(attach=note, inline=str(note)))
    got = lab.Scan.fetch1()
    assert got["attach"] == got["inline"] == str(tmp_path / "downloads" / "nöte.txt")
    assert Path(got["attach"]).read_text() == "hello"
    note.write_text("other")
    lab.Scan.insert1(row(2, attach=note))
    other = (lab.Scan & "scan = 2").fetch1("attach")
    assert other == str(tmp_path / "downloads" / "nöte_0001.txt")
    assert Path(other).read_text() == "other"
    assert (lab.Scan & "scan = 1").fetch1("attach") == got["attach"]


def test_an_attachment_with_a_wicked_name_writes_nothing(lab: SimpleNamespace, tmp_path: Path) -> None:
    codec = lab.connection.runtime.codecs.get("attach")
    for name in (b"../x", b"/etc/x", b"a/b", b"..", b"", b"\xff\xfe"):
        with pytest.raises((UnsafePathError, CodecError)):
            codec.decode(name + b"\0contents")
    with pytest.raises(CodecError, match="no name"):
        codec.decode(b"contents")


# --- arrays ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(12).reshape(3, 4)),
        np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
        np.zeros((0, 5), "f4"),
        np.array(3.5),
        np.array(["a", "bcd"]),
        np.array(["2026-01-01"], "M8[ms]"),
        np.array([1 + 2j], "c8"),
        np.array([(1, 2.0)], [("a", ">i4"), ("b", "f8")]),
        np.arange(5, dtype=">i2"),
    ],
    ids=lambda a: f"{a.dtype.str}-{a.shape}",
)
def test_arrays(lab: SimpleNamespace, array: np.ndarray[Any, Any]) -> None:
    lab.Scan.insert1(row(npy=array))
    ref = lab.Scan.fetch1("npy")
    assert isinstance(ref, NpyRef)
    assert (ref.shape, ref.dtype, ref.ndim, ref.size, ref.nbytes) == (
        array.shape,
        array.dtype,
        array.ndim,
        array.size,
        array.nbytes,
    )
    assert not ref.is_loaded
    if array.ndim:
        assert len(ref) == len(array)
        assert np.array_equal(ref[-1:], array[-1:])
    assert np.array_equal(ref[...], array)
    assert not ref.is_loaded
    assert np.array_equal(np.asarray(ref), array)
    assert ref.is_loaded
    assert np.array_equal(ref[...], array)
    assert ref.verify()
    facts = metadata(lab, "npy")
    assert facts["dtype"] == str(array.dtype)
    assert facts["shape"] == list(array.shape)
    assert facts["path"].startswith(f"_schema/{lab.schema.database}/scan/subject=m 1%2Fa/scan=1/npy_")
    assert facts["path"].endswith(".npy")


def test_a_file_and_a_mapped_file_are_arrays_too(lab: SimpleNamespace, tmp_path: Path) -> None:
    array = np.random.default_rng(0).standard_normal((100, 7))
    np.save(tmp_path / "x.npy", array)
    lab.Scan.insert([row(1, npy=tmp_path / "x.npy"), row(2, npy=np.load(tmp_path / "x.npy", mmap_mode="r"))])
    for n in (1, 2):
        ref = (lab.Scan & {"scan": n}).fetch1("npy")
        assert np.array_equal(ref, array)
        assert ref.download(tmp_path / "copy.npy").read_bytes() == (tmp_path / "x.npy").read_bytes()
        with ref.open() as stream:
            assert np.array_equal(np.load(stream), array)


def test_references_of_rows_made_by_others_read_the_header(lab: SimpleNamespace) -> None:
    array = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    lab.Scan.insert1(row(npy=array))
    ref = lab.Scan.fetch1("npy")
    plain = {k: ref.to_json()[k] for k in ("path", "store", "dtype", "shape")}
    bare = NpyRef.from_json(plain, stores_of(lab.connection))
    assert np.array_equal(bare[1], array[1])
    assert np.array_equal(bare, array)
    wrong = NpyRef.from_json({**plain, "shape": [4, 4]}, stores_of(lab.connection))
    with pytest.raises(ChecksumError, match="the row says"):
        wrong[0]


def test_references_go_to_other_processes(lab: SimpleNamespace) -> None:
    lab.Scan.insert1(row(npy=np.arange(5)))
    ref = lab.Scan.fetch1("npy")
    copy = pickle.loads(pickle.dumps(ref))
    assert copy == ref
    assert np.array_equal(copy, [0, 1, 2, 3, 4])
    assert {ref: 1}[copy] == 1


# --- files and folders -----------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path) -> Path:
    top = tmp_path / "session"
    (top / "sub").mkdir(parents=True)
    (top / "a.txt").write_text("aa")
    (top / "sub" / "b.bin").write_bytes(bytes(range(256)) * 1000)
    return top


def test_folders(lab: SimpleNamespace, folder: Path, tmp_path: Path) -> None:
    lab.Scan.insert1(row(object=folder))
    ref = lab.Scan.fetch1("object")
    assert isinstance(ref, ObjectRef)
    assert (ref.is_dir, ref.item_count, ref.size, ref.ext) == (True, 2, 256_002, None)
    assert ref.listdir() == ["a.txt", "sub"]
    assert ref.listdir("sub") == ["b.bin"]
    assert list(ref.walk()) == [("", ["sub"], ["a.txt"]), ("sub", [], ["b.bin"])]
    with ref.open("sub/b.bin") as stream:
        stream.seek(100_000)
        assert stream.read(3) == bytes([160, 161, 162])
    with ref.open("a.txt", "r") as stream:
        assert stream.read() == "aa"
    assert ref.verify()
    assert ref.exists()
    assert ref.exists("a.txt")
    assert not ref.exists("none")
    assert dict(ref.fsmap)["a.txt"] == b"aa"
    copy = ref.download(tmp_path / "copy")
    assert (copy / "sub" / "b.bin").read_bytes() == (folder / "sub" / "b.bin").read_bytes()
    assert ref.download(tmp_path / "one.txt", "a.txt").read_text() == "aa"
    with pytest.raises(StoreError, match="folder cannot be read"):
        ref.read()
    with pytest.raises(UnsafePathError):
        ref.open("../../x")
    manifest = json.loads(lab.store.read(ref.path + ".manifest.json"))
    assert {f["path"]: f["size"] for f in manifest["files"]} == {"a.txt": 2, "sub/b.bin": 256_000}
    assert (manifest["total_size"], manifest["item_count"]) == (256_002, 2)


def test_files_bytes_and_streams(lab: SimpleNamespace, folder: Path) -> None:
    data = (folder / "sub" / "b.bin").read_bytes()
    with (folder / "sub" / "b.bin").open("rb") as stream:
        values = (str(folder / "sub" / "b.bin"), data, (".csv", data), stream)
        lab.Scan.insert([row(n, object=value) for n, value in enumerate(values, 1)])
    for number, extension in enumerate((".bin", None, ".csv", ".bin"), 1):
        ref = (lab.Scan & {"scan": number}).fetch1("object")
        assert (ref.is_dir, ref.size, ref.ext) == (False, len(data), extension)
        assert ref.read() == data
        with ref.open() as opened:
            opened.seek(-3, 2)
            assert opened.read() == data[-3:]
        assert ref.path.endswith(extension or "")
    with pytest.raises(StoreError, match="mode 'wb'"):
        ref.open(mode="wb")


def test_an_empty_folder_and_links(lab: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    lab.Scan.insert1(row(object=tmp_path / "empty"))
    ref = lab.Scan.fetch1("object")
    assert (ref.listdir(), ref.item_count, ref.size) == ([], 0, 0)
    assert ref.verify()
    (tmp_path / "empty" / "link").symlink_to("/etc/hostname")
    with pytest.raises(UnsafePathError, match="leads out"):
        lab.Scan.insert1(row(2, object=tmp_path / "empty"))


# --- files of the user's own -----------------------------------------------------------------------------------
def test_filepaths(lab: SimpleNamespace) -> None:
    lab.store.put("raw/day1/x.bin", b"hello")
    lab.store.put("raw/day1/y.bin", b"world!")
    lab.Scan.insert([row(1, file="raw/day1/x.bin"), row(2, file="raw/day1")])
    one, two = lab.Scan.to_arrays("file", order_by="scan")
    assert one.read() == b"hello"
    assert one.verify()
    assert (two.is_dir, two.item_count, two.size) == (True, 2, 11)
    assert two.listdir() == ["x.bin", "y.bin"]
    assert two.verify()
    lab.Scan.delete()
    assert lab.store.exists("raw/day1/x.bin")


def test_a_full_path_into_a_local_store(lab: SimpleNamespace) -> None:
    if not lab.store.is_local:
        with pytest.raises(UnsafePathError, match="absolute"):
            lab.Scan.insert1(row(file="/raw/x.bin"))
        return
    lab.store.put("raw/x.bin", b"hello")
    full = Path(lab.store.location) / "raw" / "x.bin"
    lab.Scan.insert1(row(file=full))
    assert lab.Scan.fetch1("file").path == "raw/x.bin"
    assert Path(lab.Scan.fetch1("file")) == full
    with pytest.raises(UnsafePathError, match="outside"):
        lab.Scan.insert1(row(2, file="/etc/hostname"))


# --- bad input, each with its own error ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("npy", [1, 2, 3]),
        ("npy", np.array([None])),
        ("npy", "x.npy"),
        ("npy", Path("none.npy")),
        ("hash", "text"),
        ("attach", "no such file"),
        ("attach", 3),
        ("object", "no such file"),
        ("object", 3),
        ("object", ("a/../b", b"")),
        ("object", ("a", "b")),
        ("file", 3),
        ("blob", object()),
    ],
)
def test_values_of_the_wrong_kind(lab: SimpleNamespace, attribute: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=attribute) as caught:
        lab.Scan.insert([row(1, **{attribute: None}), row(2, **{attribute: value})])
    assert [fault.row for fault in caught.value.details["faults"]] == [1]
    assert len(lab.Scan) == 0
    assert not list(lab.store.entries())


def test_nothing_is_stored_when_any_row_is_bad(lab: SimpleNamespace) -> None:
    rows = [row(n, hash=b"%d" % n, npy=np.zeros(3)) for n in range(20)]
    with pytest.raises(ValidationError):
        lab.Scan.insert([*rows, row("x", hash=b"y")])
    assert not lab.Scan.validate([*rows, row("x", hash=b"y")]).is_valid
    assert lab.Scan.validate(rows).is_valid
    assert not list(lab.store.entries())


@pytest.mark.parametrize(
    "path", ["../x", "/etc/../etc/passwd/../../x", "a/../../x", "raw//x", "_hash/x", "_schema/x"]
)
def test_filepaths_that_lead_astray(lab: SimpleNamespace, path: str) -> None:
    with pytest.raises(UnsafePathError):
        lab.Scan.insert1(row(file=path))


def test_missing_files(lab: SimpleNamespace) -> None:
    with pytest.raises(MissingExternalFile, match="raw/none"):
        lab.Scan.insert1(row(file="raw/none"))
    lab.Scan.insert1(row(hash=b"abc", npy=np.zeros(3), object=b"x"))
    lab.store.remove([entry.path for entry in lab.store.entries()])
    ref = lab.Scan.proj("npy", "object").fetch1()
    for action in (lambda: lab.Scan.fetch1("hash"), ref["npy"].load, ref["npy"].verify, ref["object"].read,
                   lambda: ref["npy"][0]):  # fmt: skip
        with pytest.raises(MissingExternalFile):
            action()
    assert not ref["npy"].exists()


def test_damaged_objects(lab: SimpleNamespace, folder: Path, tmp_path: Path) -> None:
    lab.Scan.insert1(row(hash=b"abc" * 10, blob=np.zeros(3), npy=np.zeros(3), object=folder))
    refs = lab.Scan.proj("npy", "object").fetch1()
    for entry in list(lab.store.entries()):
        data = bytearray(lab.store.read(entry.path))
        data[-1] ^= 1
        lab.store.put(entry.path, bytes(data))
    for action in (
        lambda: lab.Scan.fetch1("hash"),
        lambda: lab.Scan.fetch1("blob"),
        refs["npy"].load,
        refs["npy"].verify,
        lambda: refs["npy"].download(tmp_path / "never.npy"),
        refs["object"].verify,
        lambda: refs["object"].download(tmp_path / "never"),
    ):
        with pytest.raises(ChecksumError):
            action()
    assert not (tmp_path / "never.npy").exists()


def test_objects_cut_short(lab: SimpleNamespace) -> None:
    lab.Scan.insert1(row(hash=b"abc" * 10, npy=np.arange(100.0), object=b"12345"))
    refs = lab.Scan.proj("npy", "object").fetch1()
    for entry in list(lab.store.entries()):
        lab.store.put(entry.path, lab.store.read(entry.path)[:-4])
    for action in (
        lambda: lab.Scan.fetch1("hash"),
        refs["npy"].load,
        lambda: refs["npy"][-1:],
        refs["object"].read,
    ):
        with pytest.raises(ChecksumError):
            action()


def test_an_unknown_store(lab: SimpleNamespace) -> None:
    @lab.schema
    class Lost(fc.Manual):
        definition = """
        id : int32
        ---
        data : <blob@mian>
        """

    with pytest.raises(UnknownStoreError, match="did you mean 'main'"):
        Lost.insert1({"id": 1, "data": 1})
    assert len(Lost) == 0


@pytest.mark.parametrize("codec", ["npy", "object", "hash", "filepath"])
def test_codecs_that_need_a_store(lab: SimpleNamespace, codec: str) -> None:
    with pytest.raises(DefinitionError, match="names no store"):

        @lab.schema
        class Nowhere(fc.Manual):
            definition = f"""
            id : int32
            ---
            data : <{codec}>
            """


# --- changes and copies ----------------------------------------------------------------------------------------
def test_update(lab: SimpleNamespace) -> None:
    lab.Scan.insert1(row(npy=np.zeros(3), hash=b"a"))
    lab.Scan.update1(row(npy=np.ones(4)))
    assert np.array_equal(lab.Scan.fetch1("npy"), np.ones(4))
    assert lab.Scan.fetch1("hash") == b"a"
    lab.Scan.update1(row(hash=None))
    assert lab.Scan.fetch1("hash") is None


def test_rows_of_a_query_share_or_copy_their_objects(lab: SimpleNamespace, folder: Path) -> None:
    lab.Scan.insert1(row(npy=np.arange(3), object=folder, hash=b"x", blob={"a": 1}))

    @lab.schema
    class Copy(fc.Manual):
        definition = lab.Scan.definition

    before = len(list(lab.store.entries()))
    Copy.insert(lab.Scan)
    assert len(list(lab.store.entries())) == before
    assert Copy.fetch1("npy") == lab.Scan.fetch1("npy")
    assert Copy.fetch1("blob") == {"a": 1}
    other = fc.Schema(f"{lab.schema.database}2", connection=lab.connection)

    @other
    class Far(fc.Manual):
        definition = lab.Scan.definition

    Far.insert(lab.Scan)
    ours, theirs = lab.Scan.fetch1(), Far.fetch1()
    assert ours["npy"].path != theirs["npy"].path
    assert np.array_equal(ours["npy"], theirs["npy"])
    assert theirs["object"].listdir() == ["a.txt", "sub"]
    assert theirs["object"].verify()
    assert theirs["hash"] == b"x"


def test_codecs_get_the_key_and_their_place(lab: SimpleNamespace) -> None:
    seen = []

    class Spy(fc.Codec, register=False):
        name = "spy"

        def get_dtype(self, is_store: bool) -> str:
            return "json"

        def encode(self, value: Any, *, key: Any = None, store_name: Any = None, context: Any = None) -> Any:
            seen.append((key, store_name, context["schema"], context["table"], context["attribute"]))
            return value

        def decode(self, stored: Any, *, key: Any = None) -> Any:
            return stored

    from fascicle.codecs import CodecRegistry

    registry = CodecRegistry()
    registry.register(Spy)
    lab.connection.runtime.codecs = registry

    @lab.schema
    class Watched(fc.Manual):
        definition = """
        id : int32
        ---
        data : <spy>
        """

    Watched.insert([{"data": {"x": 1}, "id": 1}, {"data": {"x": 2}, "id": 2}])
    place = (None, lab.schema.database, "watched", "data")
    assert seen == [({"id": 1}, *place), ({"id": 2}, *place)]
    assert Watched.to_dicts(order_by="id") == [{"id": 1, "data": {"x": 1}}, {"id": 2, "data": {"x": 2}}]
