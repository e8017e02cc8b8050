"""Zarr format 2, written and read without the zarr package, and held to it."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fascicle.codecs import zarrformat as fmt
from fascicle.codecs.zarrformat import Grid, chunks_for, grid_for, sample_of
from fascicle.errors import CodecError

DTYPES = ["?", "i1", "u2", ">i4", "<i8", "f4", ">f8", "c16", "S3", "U5", "M8[ns]", "m8[s]"]


@settings(max_examples=200)
@given(st.data(), st.sampled_from(DTYPES))
def test_blocks_come_back(data: st.DataObject, dtype: str) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=7))
    array = np.zeros(shape, dtype)
    if array.size:
        count = array.size * array.itemsize
        raw = data.draw(st.binary(min_size=count, max_size=count))
        array = np.frombuffer(bytes(b & 1 for b in raw) if dtype == "?" else raw, dtype).reshape(shape)
    chunks = tuple(data.draw(st.integers(1, max(1, n))) for n in shape)
    compressor = data.draw(st.sampled_from([None, {"id": "zlib", "level": 1}]))
    grid = Grid(shape, chunks, np.dtype(dtype), compressor)
    again = Grid.read(json.dumps(grid.metadata()))
    assert again == grid
    out = np.zeros(shape, dtype)
    for position in grid.positions():
        extent = tuple(
            slice(p * c, min((p + 1) * c, n)) for p, c, n in zip(position, chunks, shape, strict=True)
        )
        block = again.decode(grid.encode(array[extent]))
        assert block.shape == chunks
        out[extent] = block[tuple(slice(0, s.stop - s.start) for s in extent)]
    assert out.tobytes() == array.tobytes()


@pytest.mark.parametrize("compressor", ["default", None, "gzip", "blosc", "zstd", "lz4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_zarr_writes_is_read(tmp_path: Path, compressor: str | None, order: Any) -> None:
    zarr, numcodecs = pytest.importorskip("zarr"), pytest.importorskip("numcodecs")
    codecs = {
        "gzip": numcodecs.GZip(),
        "blosc": numcodecs.Blosc(),
        "zstd": numcodecs.Zstd(),
        "lz4": numcodecs.LZ4(),
    }
    modern = int(zarr.__version__.partition(".")[0]) >= 3
    name = "compressors" if modern else "compressor"
    chosen = {} if compressor == "default" else {name: codecs.get(compressor or "")}
    array = np.random.default_rng(0).integers(0, 50, (30, 20))
    facts = {"shape": array.shape, "chunks": (7, 6), "dtype": array.dtype, "order": order, **chosen}
    if modern:
        stored = zarr.create_array(str(tmp_path), zarr_format=2, **facts)
    else:
        stored = zarr.open(str(tmp_path), mode="w", **facts)
    stored[:] = array
    grid = Grid.read((tmp_path / ".zarray").read_bytes())
    assert grid.order == order
    block = grid.decode((tmp_path / grid.name((1, 2))).read_bytes())
    assert np.array_equal(block, array[7:14, 12:18])


def test_filters_are_undone() -> None:
    numcodecs = pytest.importorskip("numcodecs")
    delta = numcodecs.Delta("<i4")
    block = np.arange(12, dtype="<i4").reshape(3, 4)
    grid = Grid((3, 4), (3, 4), block.dtype, {"id": "zlib", "level": 1}, filters=(delta.get_config(),))
    data = zlib.compress(np.ascontiguousarray(delta.encode(block)).tobytes())
    assert np.array_equal(grid.decode(data), block)


@pytest.mark.parametrize("fill", [0, 7, None, "NaN", "-Infinity"])
def test_chunks_that_are_not_there(fill: Any) -> None:
    block = Grid((5,), (5,), np.dtype("f8"), fill=fill).filled()
    expected = {"NaN": np.nan, "-Infinity": -np.inf, None: 0.0}.get(fill, fill)
    assert np.array_equal(block, np.full(5, expected), equal_nan=True)
    assert Grid((5,), (5,), np.dtype("U3"), fill="x").filled().tolist() == [""] * 5


@pytest.mark.parametrize(
    ("shape", "itemsize", "chunks"),
    [
        ((), 8, ()),
        ((10,), 8, (10,)),
        ((10**9,), 8, (51_200,)),
        ((10**6, 512), 8, (100, 512)),
        ((10, 10**7), 8, (1, 51_200)),
        ((0, 4), 8, (1, 4)),
        ((5, 512, 512), 2, (1, 400, 512)),
    ],
)
def test_chunks_are_small(shape: tuple[int, ...], itemsize: int, chunks: tuple[int, ...]) -> None:
    assert chunks_for(shape, itemsize) == chunks


def test_compression_is_chosen_by_trying() -> None:
    noise = np.random.default_rng(0).standard_normal((1000, 100))
    ramp = np.arange(100_000.0).reshape(1000, 100)
    assert grid_for(noise.shape, noise.dtype, sample_of(noise)).compressor is None
    assert grid_for(ramp.shape, ramp.dtype, sample_of(ramp)).compressor == {"id": "zlib", "level": 1}
    wide = np.zeros((3, 2, 1_000_000))
    assert 0 < len(sample_of(wide)) < 1 << 20
    assert sample_of(np.array(3.0)) == b""


@pytest.mark.parametrize(
    "change",
    [
        {"zarr_format": 3},
        {"chunks": [0]},
        {"chunks": [1, 2]},
        {"shape": [-1]},
        {"shape": "x"},
        {"dtype": "|O"},
        {"dtype": "nonsense"},
        {"order": "Z"},
        {"dimension_separator": "../"},
    ],
)
def test_metadata_that_are_none(change: dict[str, Any]) -> None:
    facts = {**Grid((5,), (2,), np.dtype("f8")).metadata(), **change}
    with pytest.raises(CodecError):
        Grid.read(json.dumps(facts))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b"null"])
def test_text_that_is_no_metadata(text: bytes) -> None:
    with pytest.raises(CodecError):
        Grid.read(text)


def test_damaged_chunks_are_errors_of_ours() -> None:
    grid = Grid((4,), (4,), np.dtype("f8"), {"id": "zlib", "level": 1})
    bomb = zlib.compress(bytes(50 << 20))
    for data in (b"", b"nonsense", zlib.compress(bytes(31)), bomb, grid.encode(np.zeros(4))[:-3]):
        with pytest.raises(CodecError):
            grid.decode(data)
    zipped = Grid((4,), (4,), np.dtype("f8"), {"id": "gzip"})
    assert zipped.decode(gzip.compress(bytes(32))).tolist() == [0.0] * 4
    with pytest.raises(CodecError):
        zipped.decode(b"\x1f\x8bxx")
    with pytest.raises(CodecError):
        Grid((4,), (4,), np.dtype("f8"), {"id": "nonsense"}).decode(bytes(32))


def test_decoding_without_numcodecs(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "numcodecs", None)
    with pytest.raises(CodecError, match="pip install numcodecs"):
        Grid((4,), (4,), np.dtype("f8"), {"id": "blosc"}).decode(bytes(32))
    assert fmt.ARRAY == ".zarray"
