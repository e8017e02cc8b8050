"""What MATLAB writes: cells, structs, text, scalars as 1 x 1, sparse matrices, files of 32-bit mYm."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest

from core.tests.codecs.values import equal
from fascicle.codecs.mym import MatCell, MatStruct, pack, unpack
from fascicle.errors import BlobError

WIDTHS = pytest.mark.parametrize("width", [8, 4], ids=["64-bit", "32-bit"])


class Mat:
    """Writes the pieces of a blob as mYm of one width does."""

    def __init__(self, width: int) -> None:
        self.code = {8: "Q", 4: "I"}[width]

    def n(self, *numbers: int) -> bytes:
        return struct.pack(f"<{len(numbers)}{self.code}", *numbers)

    def array(self, shape: tuple[int, ...], code: int, data: bytes, is_complex: int = 0) -> bytes:
        return b"A" + self.n(len(shape), *shape) + struct.pack("<II", code, is_complex) + data

    def text(self, text: str) -> bytes:
        units = text.encode("utf-16-le")
        return self.array((1, len(units) // 2), 4, units)

    def number(self, value: float) -> bytes:
        return self.array((1, 1), 6, struct.pack("<d", value))

    def sized(self, *values: bytes) -> bytes:
        return b"".join(self.n(len(value)) + value for value in values)

    def cell(self, shape: tuple[int, ...], *values: bytes) -> bytes:
        return b"C" + self.n(len(shape), *shape) + self.sized(*values)

    def struct(self, shape: tuple[int, ...], names: list[str], *values: bytes) -> bytes:
        fields = struct.pack("<I", len(names)) + b"".join(name.encode() + b"\0" for name in names)
        return b"S" + self.n(len(shape), *shape) + fields + self.sized(*values)


def read(value: bytes, **options: Any) -> Any:
    return unpack(b"mYm\0" + value, **options)


@WIDTHS
def test_text_in_one_row_is_a_string(width: int) -> None:
    mat = Mat(width)
    assert read(mat.text("mouse λ 𝄞")) == "mouse λ 𝄞"
    assert read(mat.array((0, 0), 4, b"")) == ""
    rows = read(mat.array((2, 3), 4, "adbecf".encode("utf-16-le")))
    assert ["".join(row) for row in rows] == ["abc", "def"]


@WIDTHS
def test_numbers_are_1_by_1_unless_squeezed(width: int) -> None:
    mat = Mat(width)
    assert equal(read(mat.number(2.5)), np.array([[2.5]]))
    squeezed = read(mat.number(2.5), squeeze=True)
    assert squeezed == 2.5
    assert type(squeezed) is float
    row = mat.array((1, 2), 12, struct.pack("<2i", 3, 4))
    assert equal(read(row, squeeze=True), np.array([3, 4], "i4"))
    when = pack(np.array([["2020-01-01"]], "M8[ns]"))
    assert unpack(when, squeeze=True) == np.datetime64("2020-01-01", "ns")


@WIDTHS
def test_complex_integers_become_complex_floats(width: int) -> None:
    value = read(Mat(width).array((1, 2), 10, struct.pack("<4h", 1, 2, 3, -4), 1))
    assert equal(value, np.array([[1 + 3j, 2 - 4j]]))


@WIDTHS
def test_cells_nest(width: int) -> None:
    mat = Mat(width)
    value = read(mat.cell((1, 2), mat.text("ab"), mat.cell((2, 1), mat.number(1), mat.number(2))))
    assert isinstance(value, MatCell)
    assert value.shape == (1, 2)
    assert value[0, 0] == "ab"
    assert value[0, 1][1, 0] == 2
    squeezed = read(mat.cell((1, 2), mat.number(1), mat.number(2)), squeeze=True)
    assert squeezed.tolist() == [1.0, 2.0]


@WIDTHS
def test_structs_have_their_fields_as_attributes(width: int) -> None:
    mat = Mat(width)
    value = read(
        mat.struct((1, 2), ["id", "name"], mat.number(1), mat.text("a"), mat.number(2), mat.text("b"))
    )
    assert isinstance(value, MatStruct)
    assert value.shape == (1, 2)
    assert value.name[0, 1] == "b"
    assert [element["name"] for element in value.to_dicts()] == ["a", "b"]
    one = read(mat.struct((1, 1), ["id", "name"], mat.number(1), mat.text("a")), squeeze=True)
    assert one.to_dict() == {"id": 1.0, "name": "a"}


@WIDTHS
def test_structs_without_elements_or_fields(width: int) -> None:
    mat = Mat(width)
    assert read(mat.struct((0, 0), ["a"])).shape == (0, 0)
    assert read(mat.struct((1, 1), [])).to_dict() == {}


def test_narrow_files_may_be_compressed() -> None:
    mat = Mat(4)
    raw = b"mYm\0" + mat.array((1, 500), 6, bytes(4000))
    for length in ("<I", "<Q"):
        blob = b"ZL123\0" + struct.pack(length, len(raw)) + zlib.compress(raw)
        assert equal(unpack(blob), np.zeros((1, 500)))


def test_the_error_is_that_of_the_usual_width() -> None:
    with pytest.raises(BlobError, match="cut off"):
        read(Mat(8).number(1)[:-1])


def sparse(rows: int, starts: list[int], indices: list[int], values: list[float], spare: int = 0) -> bytes:
    stored = len(values) + spare
    head = b"P" + struct.pack("<3Q2I", rows, len(starts) - 1, stored, 6, 0)
    where = struct.pack(f"<{len(starts)}Q", *starts) + struct.pack(f"<{stored}Q", *indices, *[0] * spare)
    return head + where + struct.pack(f"<{stored}d", *values, *[0.0] * spare)


def test_sparse_matrices_are_those_of_scipy() -> None:
    pytest.importorskip("scipy.sparse")
    value = read(sparse(3, [0, 1, 1, 3], [2, 0, 1], [5.0, 6.0, 7.0], spare=2))
    assert value.toarray().tolist() == [[0, 0, 6], [0, 0, 7], [5, 0, 0]]


@pytest.mark.parametrize(
    ("starts", "indices"),
    [
        ([0, 1, 1, 4], [2, 0, 1]),
        ([0, 2, 1, 3], [2, 0, 1]),
        ([1, 1, 1, 3], [2, 0, 1]),
        ([0, 1, 1, 3], [2, 3, 1]),
    ],
)
def test_sparse_matrices_with_elements_out_of_place_are_refused(
    starts: list[int], indices: list[int]
) -> None:
    with pytest.raises(BlobError, match="out of place"):
        read(sparse(3, starts, indices, [5.0, 6.0, 7.0]))


@pytest.mark.parametrize(
    "value",
    [
        np.ones((3, 3)),
        np.ones(3),
        np.ones((3, 3, 3)),
        np.zeros((0, 3, 12, 6)),
        np.empty((3, 1), object).view(MatCell),
    ],
)
def test_no_beginning_of_a_wide_file_passes_for_a_narrow_one(value: np.ndarray[Any, Any]) -> None:
    if value.dtype == object:
        value[:, 0] = [np.ones((1, 1))] * 3
    blob = pack(value)
    assert blob.startswith(b"mYm")
    for length in range(len(blob)):
        with pytest.raises(BlobError):
            unpack(blob[:length])
