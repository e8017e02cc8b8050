"""``<zarr@store>``: chunks in the published format, read in part, by us and by the zarr package."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import fascicle as fc
from fascicle.errors import (
    ChecksumError,
    CodecError,
    DefinitionError,
    MissingExternalFile,
    StoreError,
    ValidationError,
)
from fascicle.table.storage import stores_of

zarr = pytest.importorskip("zarr")
MODERN = int(zarr.__version__.partition(".")[0]) >= 3
NOISE = np.random.default_rng(0).standard_normal((1000, 333))


@pytest.fixture
def lab(schema: fc.Schema) -> SimpleNamespace:
    @schema
    class Scan(fc.Manual):
        definition = """
        scan : int32
        ---
        data = null : <zarr@>
        """

    store = stores_of(schema.connection)["main"]
    return SimpleNamespace(schema=schema, Scan=Scan, store=store, connection=schema.connection)


def new_array(where: Any, array: np.ndarray[Any, Any], chunks: tuple[int, ...]) -> Any:
    """Make an array of format 2 with whichever zarr there is."""
    if MODERN:
        made = zarr.create_array(where, shape=array.shape, chunks=chunks, dtype=array.dtype, zarr_format=2)
    else:
        made = zarr.open(where, mode="w", shape=array.shape, chunks=chunks, dtype=array.dtype)
    made[...] = array
    return made


def new_group(where: Any) -> Any:
    return zarr.open_group(where, mode="w", **({"zarr_format": 2} if MODERN else {}))


@pytest.mark.parametrize(
    "array",
    [
        NOISE,
        np.arange(200_000).reshape(1000, 200),
        np.asfortranarray(np.arange(20_000.0).reshape(100, 200)),
        np.array(3.5),
        np.zeros((0, 4), "f4"),
        np.array(["2026-01-01", "NaT"], "M8[s]"),
        np.array(["ab", "c"]),
        np.array([True, False] * 100),
        np.arange(6, dtype=">u2").reshape(1, 2, 3),
        np.array([1 + 2j], "c8"),
    ],
    ids=lambda a: f"{a.dtype.str}-{a.shape}",
)
def test_arrays(lab: SimpleNamespace, array: np.ndarray[Any, Any]) -> None:
    lab.Scan.insert1({"scan": 1, "data": array})
    ref = lab.Scan.fetch1("data")
    assert (ref.shape, ref.dtype, ref.size, ref.nbytes) == (
        array.shape,
        array.dtype,
        array.size,
        array.nbytes,
    )
    assert ref.is_array
    assert ref.verify()
    assert ref.exists()
    assert np.array_equal(np.asarray(ref), array, equal_nan=False) or array.dtype.kind == "M"
    assert np.asarray(ref).tobytes() == np.ascontiguousarray(array).tobytes()
    opened = ref.open()
    assert np.asarray(opened[...]).tobytes() == np.ascontiguousarray(array).tobytes()


def test_slices_read_the_chunks_that_they_touch(lab: SimpleNamespace) -> None:
    lab.Scan.insert1({"scan": 1, "data": NOISE})
    ref = lab.Scan.fetch1("data")
    assert ref.chunks == (153, 333)
    read, seen = lab.store.read, []
    lab.store.read = lambda path, *rest: seen.append(path) or read(path, *rest)
    for index in (
        np.s_[10:20],
        np.s_[-5:, 7],
        np.s_[[3, 999, 4]],
        np.s_[::-100],
        np.s_[150:156, [1, 300]],
        np.s_[5, 5],
    ):
        seen.clear()
        assert np.array_equal(ref[index], NOISE[index])
        rows = np.unique(np.arange(1000)[index[0] if isinstance(index, tuple) else index] // 153)
        assert len(seen) == len(np.atleast_1d(rows))
    with pytest.raises(IndexError):
        ref[1000]


def test_folders_groups_and_arrays_of_zarr(lab: SimpleNamespace, tmp_path: Path) -> None:
    group = new_group(str(tmp_path / "g.zarr"))
    inner = group.create_group("sub")
    new_array(str(tmp_path / "g.zarr" / "x"), NOISE, (100, 100))
    new_array(str(tmp_path / "g.zarr" / "sub" / "y"), np.arange(5), (2,))
    group.attrs["rate_hz"] = 30
    assert inner is not None
    lab.Scan.insert(
        [
            {"scan": 1, "data": tmp_path / "g.zarr"},
            {"scan": 2, "data": group},
            {"scan": 3, "data": zarr.open(str(tmp_path / "g.zarr" / "x"), mode="r")},
        ]
    )
    for number in (1, 2):
        ref = (lab.Scan & {"scan": number}).fetch1("data")
        assert not ref.is_array
        assert (ref.keys(), ref.attrs) == (["sub", "x"], {"rate_hz": 30})
        assert np.array_equal(ref["x"][500:510, 90:110], NOISE[500:510, 90:110])
        assert np.array_equal(ref["sub"]["y"], np.arange(5))
        assert ref["sub/y"][2] == 2
        assert [name for name, _ in ref.arrays()] == ["x"]
        assert [name for name, _ in ref.groups()] == ["sub"]
        assert ref.verify()
        assert ref["x"].verify()
        assert np.array_equal(ref.open()["x"][...], NOISE)
        with pytest.raises(KeyError):
            ref["none"]
        with pytest.raises(CodecError, match="names of its members"):
            ref[0]
        with pytest.raises(CodecError, match="group is no array"):
            np.asarray(ref)
        assert "group" in repr(ref)
        again = zarr.open(str(ref.download(tmp_path / f"copy{number}")), mode="r")
        assert np.array_equal(again["sub/y"][...], np.arange(5))
    assert np.array_equal((lab.Scan & {"scan": 3}).fetch1("data"), NOISE)


def test_staged_arrays_are_written_straight_to_the_store(lab: SimpleNamespace) -> None:
    with lab.Scan.staged_insert1 as staged:
        staged.rec["scan"] = 1
        made = new_array(staged.zarr("data"), np.zeros((100, 10), "f4"), (10, 10))
        made[:50] = 1
    ref = lab.Scan.fetch1("data")
    assert ref[48:52, 0].tolist() == [1, 1, 0, 0]
    assert ref.verify()
    assert ref.path.endswith(".zarr")
    assert np.asarray(ref.open()[48:52, 0]).tolist() == [1, 1, 0, 0]


@pytest.mark.skipif(not MODERN, reason="zarr 2 writes no other format")
def test_another_format_is_refused(lab: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(CodecError, match="zarr_format=2"), lab.Scan.staged_insert1 as staged:  # noqa: PT012
        staged.rec["scan"] = 1
        zarr.create_array(staged.zarr("data"), shape=(3,), dtype="f4", zarr_format=3)
    zarr.create_array(str(tmp_path / "three.zarr"), shape=(3,), dtype="f4", zarr_format=3)
    with pytest.raises(ValidationError, match="Zarr format 2"):
        lab.Scan.insert1({"scan": 1, "data": tmp_path / "three.zarr"})
    assert not list(lab.store.entries())


def test_damage_is_found(lab: SimpleNamespace) -> None:
    lab.Scan.insert1({"scan": 1, "data": NOISE})
    chunk = f"{lab.Scan.fetch1('data').path}/2.0"
    data = bytearray(lab.store.read(chunk))
    data[100] ^= 1
    lab.store.put(chunk, bytes(data))
    for action in (lambda ref: ref.load(), lambda ref: ref.verify()):
        with pytest.raises(ChecksumError):
            action(lab.Scan.fetch1("data"))
    lab.store.put(chunk, bytes(data)[:-8])
    with pytest.raises(ChecksumError):
        lab.Scan.fetch1("data")[400]
    lab.store.remove([chunk])
    for action in (lambda ref: ref.load(), lambda ref: ref.verify(), lambda ref: ref[400]):
        with pytest.raises(MissingExternalFile):
            action(lab.Scan.fetch1("data"))


@pytest.mark.parametrize("value", [3, [1, 2], "none.zarr", np.array([None]), b"x"])
def test_values_of_the_wrong_kind(lab: SimpleNamespace, value: Any) -> None:
    with pytest.raises(ValidationError):
        lab.Scan.insert1({"scan": 1, "data": value})
    assert not list(lab.store.entries())


def test_misuse(lab: SimpleNamespace) -> None:
    with pytest.raises(DefinitionError, match="names no store"):

        @lab.schema
        class Nowhere(fc.Manual):
            definition = """
            id : int32
            ---
            data : <zarr>
            """

    lab.Scan.insert1({"scan": 1, "data": NOISE})
    with pytest.raises(StoreError, match="mode 'w'"):
        lab.Scan.fetch1("data").open("w")


def test_copies_share_within_a_schema(lab: SimpleNamespace) -> None:
    @lab.schema
    class Copy(fc.Manual):
        definition = lab.Scan.definition

    lab.Scan.insert1({"scan": 1, "data": NOISE})
    Copy.insert(lab.Scan)
    assert Copy.fetch1("data") == lab.Scan.fetch1("data")
    other = fc.Schema(f"{lab.schema.database}2", connection=lab.connection)

    @other
    class Far(fc.Manual):
        definition = lab.Scan.definition

    Far.insert(lab.Scan)
    assert Far.fetch1("data").path != lab.Scan.fetch1("data").path
    assert np.array_equal(Far.fetch1("data"), NOISE)
