"""The .npy format: what numpy reads, what numpy writes, and what is neither."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fascicle.codecs import npyformat
from fascicle.errors import CodecError

DTYPES = [
    "?", "i1", "u2", ">i4", "<i8", "f2", "f4", ">f8", "c16", "S3", "U5", ">U2", "M8[ns]", "m8[s]", "M8[D]",
    [("a", "<i4"), ("b", "<f8", (2,))], [("x y", "U3")], "V7",
]  # fmt: skip


def whole(array: np.ndarray[Any, Any]) -> bytes:
    return b"".join(bytes(piece) for piece in npyformat.pieces_of(array))


@settings(max_examples=300)
@given(st.data(), st.sampled_from(DTYPES))
def test_numpy_reads_what_is_written(data: st.DataObject, dtype: Any) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6))
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    array = np.frombuffer(data.draw(st.binary(min_size=count, max_size=count)), dtype).reshape(shape)
    order = data.draw(st.sampled_from(["C", "F", "T", "step"]))
    if order == "F":
        array = np.asfortranarray(array)
    elif order == "T":
        array = array.T
    elif order == "step" and array.ndim:
        array = array[::2]
    blob = whole(array)
    back = np.load(io.BytesIO(blob), allow_pickle=False)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    header = npyformat.read_header(lambda start, stop: blob[start:stop])
    assert (header.dtype, header.shape, header.offset) == (array.dtype, array.shape, len(blob) - array.nbytes)
    assert npyformat.dtype_from_text(str(array.dtype)) == array.dtype or "x y" in str(array.dtype)


@pytest.mark.parametrize("name", ["a" * 70_000, "日本"])
@pytest.mark.filterwarnings("ignore:Stored array in format")
def test_headers_of_the_later_versions(name: str) -> None:
    array = np.zeros((3, 2), [(name, "<f8")])
    blob = whole(array)
    back = np.lib.format.read_array(io.BytesIO(blob), max_header_size=1 << 20)
    assert back.dtype == array.dtype
    assert back.shape == (3, 2)
    header = npyformat.read_header(lambda start, stop: blob[start:stop])
    assert header.dtype == array.dtype
    assert header.shape == (3, 2)


def test_arrays_beyond_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npyformat, "PIECE_BYTES", 1000)
    for array in (
        np.arange(5000.0),
        np.arange(6000.0).reshape(60, 100).T,
        np.arange(8000.0).reshape(80, 100)[:, ::2],
    ):
        pieces = list(npyformat.pieces_of(array))
        assert max(len(piece) for piece in pieces) <= 1000
        assert np.array_equal(np.load(io.BytesIO(b"".join(map(bytes, pieces)))), array)


def test_mapped_files_give_their_memory_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "x.npy", np.arange(3_000_000.0))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert whole(mapped) == (tmp_path / "x.npy").read_bytes()
    changed = np.load(tmp_path / "x.npy", mmap_mode="c")
    changed[:] = 7  # a private map: its pages are all there is of it
    whole(changed)
    assert (changed == 7).all()


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPX\x01\x00\x10\x00" + b" " * 16,
        b"\x93NUMPY\x09\x00\x10\x00" + b" " * 16,
        b"\x93NUMPY\x01\x00\xff\xff" + b" " * 16,
        b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + b" " * 16,
        b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').getcwd()       ",
        b"\x93NUMPY\x01\x00\x40\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}".ljust(64),
        b"\x93NUMPY\x01\x00\x40\x00" + b"{'descr': '<f8', 'fortran_order': 1, 'shape': (1,)}".ljust(64),
        b"\x93NUMPY\x01\x00\x40\x00" + b"{'descr': 'xyz', 'fortran_order': False, 'shape': (1,)}".ljust(64),
        b"\x93NUMPY\x01\x00\x40\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}".ljust(64),
    ],
)
def test_what_is_no_file_of_the_format(blob: bytes) -> None:
    with pytest.raises(CodecError):
        npyformat.read_header(lambda start, stop: blob[start:stop])


@settings(max_examples=500)
@given(st.binary(max_size=200))
def test_hostile_headers_are_errors_of_ours(tail: bytes) -> None:
    blob = b"\x93NUMPY\x01\x00\x80\x00" + tail
    try:
        npyformat.read_header(lambda start, stop: blob[start:stop])
    except CodecError:
        return


@pytest.mark.parametrize("text", ["|O", "nonsense", "[('a', 'O')]", "[('a'", "__import__('os')"])
def test_types_that_are_none(text: str) -> None:
    with pytest.raises(CodecError):
        npyformat.dtype_from_text(text)
