"""Values come back equal from the blob format."""

from __future__ import annotations

import collections
import datetime as dt
import enum
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.codecs.values import arrays, containers, equal, records, scalars
from fascicle.codecs.mym import MatCell, MatStruct, pack, unpack
from fascicle.errors import CodecError


@given(scalars())
def test_scalars(value: Any) -> None:
    back = unpack(pack(value))
    assert equal(back, value)
    assert type(back) is type(value)


@given(arrays(), st.booleans(), st.booleans())
def test_arrays(array: np.ndarray[Any, Any], compress: bool, copy: bool) -> None:
    back = unpack(pack(array, compress), copy=copy)
    assert equal(back, array)


@given(arrays(records()))
def test_records(array: np.ndarray[Any, Any]) -> None:
    back = unpack(pack(array))
    assert equal(back, array)
    assert not array.ndim or isinstance(back, np.recarray)


@given(containers())
def test_containers(value: Any) -> None:
    blob = pack(value)
    assert equal(unpack(blob), value)
    assert pack(value) == blob


@given(st.lists(st.integers(-(2**66), 2**66), min_size=20, max_size=60))
def test_many_integers(value: list[int]) -> None:
    assert unpack(pack(value)) == value


EDGES = [side * 2**power + step for power in range(66) for step in (-1, 0, 1) for side in (-1, 1)]


@pytest.mark.parametrize("bits", [8, 16, 32, 63])
def test_integers_packed_together_have_the_bytes_of_integers_packed_alone(bits: int) -> None:
    value = [k for k in EDGES if -(2**bits) <= k < 2**bits]
    alone = b"".join((len(pack(k)) - 4).to_bytes(8, "little") + pack(k)[4:] for k in value)
    assert pack(value, compress=False)[13:] == alone


@given(st.lists(st.floats(), min_size=20, max_size=60))
def test_many_floats(value: list[float]) -> None:
    blob = pack(value, compress=False)
    assert equal(unpack(blob), value)
    assert len(blob) == 13 + 17 * len(value)


def test_a_list_of_many_floats_and_something_else() -> None:
    value: list[Any] = [*map(float, range(40)), None, "x" * 1000]
    assert equal(unpack(pack(value)), value)


@pytest.mark.parametrize(
    "value",
    [
        *(np.float32(1.5), np.int8(-3), np.uint64(2**64 - 1), np.bool_(True), np.complex64(1j)),
        *(np.datetime64("2020-01-01T00:00:00.123456789"), np.datetime64("NaT", "D"), np.longlong(5)),
    ],
)
def test_numpy_scalars_keep_their_class(value: np.generic) -> None:
    back = unpack(pack(value))
    assert equal(back, value)
    assert back.dtype == value.dtype
    assert isinstance(back, np.generic)


def test_memory_is_column_major_writable_and_aligned() -> None:
    back = unpack(pack(np.arange(24.0).reshape(2, 3, 4)))
    assert back.flags.f_contiguous
    assert back.flags.writeable
    assert back.flags.aligned
    back[0, 0, 0] = 7
    assert back[0, 0, 0] == 7


def test_views_share_the_memory_of_the_blob() -> None:
    blob = pack(np.random.default_rng(0).standard_normal(1000))
    back = unpack(blob, copy=False)
    assert np.shares_memory(back, np.frombuffer(blob, np.uint8))
    assert not back.flags.writeable


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, lambda b: memoryview(bytearray(b + b))[::2]])
def test_any_buffer_is_read(wrap: Any) -> None:
    value = {"a": np.random.default_rng(0).standard_normal(20_000), "b": ["x", 1]}
    doubled = bytes(byte for byte in pack(value, False) for _ in range(2))
    data = memoryview(doubled)[::2] if wrap not in (bytes, bytearray, memoryview) else wrap(pack(value))
    assert equal(unpack(data), value)


def test_many_small_integers() -> None:
    assert unpack(pack(list(range(100)))) == list(range(100))


def test_records_are_squeezed() -> None:
    value = np.array([[(1, 2.5)]], dtype=[("a", "i4"), ("b", "f8")])
    assert unpack(pack(value), squeeze=True).b == 2.5


class Tensor:
    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        return np.zeros(3, dtype)


class Colour(enum.IntEnum):
    RED = 1


class Point(tuple):  # noqa: SLOT001
    pass


@pytest.mark.parametrize(
    ("value", "back"),
    [
        (frozenset({1}), {1}),
        (range(3), (0, 1, 2)),
        (collections.deque([1, 2]), [1, 2]),
        (collections.OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        ({"a": 1}.keys(), {"a"}),
        (bytearray(b"x"), b"x"),
        (memoryview(b"xyz")[::2], b"xz"),
        (Colour.RED, 1),
        (Point((1, 2)), (1, 2)),
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), b"a"),
        (pd.Timestamp("2020-01-01 01:02:03.000004"), dt.datetime(2020, 1, 1, 1, 2, 3, 4)),
        (np.array([1, 2], ">i4"), np.array([1, 2], "<i4")),
        (np.array([3, -4], "M8[10us]"), np.array([30, -40], "M8[us]")),
        (np.array(["NaT"], ">M8[10us]"), np.array(["NaT"], "M8[us]")),
        (np.array([1, 2]).view(np.recarray), np.array([1, 2])),
        (np.array(None, dtype=object), np.array(None, dtype=object)),
        (np.array("abc"), np.array("abc", dtype=object)),
        ([np.float64(1), np.int16(2)], [np.float64(1), np.int16(2)]),
    ],
)
def test_other_classes_come_back_as_the_plain_ones(value: Any, back: Any) -> None:
    assert equal(unpack(pack(value)), back)


def test_one_record() -> None:
    record = np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])[0]
    back = unpack(pack(record))
    assert (back.a, back.b) == (1, 2.5)


def test_equal_sets_give_equal_blobs() -> None:
    one, other = {0, 8}, {8, 0}
    assert list(one) != list(other)
    assert pack(one) == pack(other)
    mixed = {1, "a", (2, "b"), None, 3.5, frozenset({4})}
    assert unpack(pack(mixed)) == mixed
    assert unpack(pack({(frozenset({1}), 2): 3})) == {(frozenset({1}), 2): 3}


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        (np.zeros(3, np.float16), "<npy@>"),
        (np.zeros(3, np.longdouble), "float64"),
        (np.zeros(3, "m8[s]"), "seconds"),
        (np.zeros(3, "M8"), "datetime64[us]"),
        (np.array([2**62], "M8[10s]"), "coarser"),
        (np.zeros(3, "V4"), "tobytes"),
        (np.zeros(3, [("a", "f8", (2,))]), "<npy@>"),
        (np.zeros(3, []), "empty dict"),
        (np.zeros(3, [("a", "f2")]), "<npy@>"),
        (np.ma.array([1, 2], mask=[0, 1]), "filled"),
        (np.zeros(3, [("a\0b", "f8")]), "another name"),
        (Tensor(), "numpy.asarray"),
        (Path("a"), "filepath"),
        (np.timedelta64(1, "s"), "seconds"),
        (dt.timedelta(1), "total_seconds"),
        (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "astimezone"),
        (dt.time(1, tzinfo=dt.UTC), "astimezone"),
        (pd.Timestamp(1), "datetime64"),
        (pd.NaT, "None"),
        (pd.Series([1.0]), "to_numpy"),
        (pd.DataFrame({"a": [1]}), "to_dict"),
        (object(), "codec"),
        (len, "codec"),
        ("\ud800", "replace"),
        ("a" and 1 << (8 * 65535 + 8), "text"),
        ((k for k in range(3)), "lists"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
@pytest.mark.parametrize("nested", [False, True])
def test_what_the_format_lacks_is_refused_with_a_remedy(value: Any, remedy: str, nested: bool) -> None:
    with pytest.raises(CodecError) as caught:
        pack([1, {"a": value}] if nested else value)
    assert remedy in (caught.value.try_ or "")


def test_sparse_matrices_are_refused_with_a_remedy() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(CodecError, match="toarray"):
        pack(sparse.eye(3))


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(CodecError, match="nested too deeply"):
        pack(endless)


@pytest.mark.parametrize(
    "wrap", [lambda v: [v], lambda v: (v,), lambda v: {"a": v}, lambda v: frozenset([v])]
)
def test_nesting_as_deep_as_allowed_comes_back(wrap: Any) -> None:
    deep: Any = 1
    for _ in range(128):
        deep = wrap(deep)
    assert unpack(pack(deep)) == deep
    with pytest.raises(CodecError, match="nested too deeply"):
        pack([deep])


def test_cells_and_structs_are_written_back_as_such() -> None:
    cell = np.empty((2, 2), dtype=object)
    cell[:] = [[np.ones((1, 1)), np.zeros((1, 2))], [np.zeros((0, 0)), np.ones((3, 1), "i4")]]
    blob = pack(cell.view(MatCell))
    assert blob.startswith(b"mYm\0C")
    assert equal(unpack(blob), cell)
    struct = np.empty((1, 2), dtype=[("x", object), ("y", object)]).view(MatStruct)
    struct["x"][0, 0], struct["x"][0, 1], struct["y"][0, 0], struct["y"][0, 1] = map(np.atleast_2d, range(4))
    blob = pack(struct)
    assert blob.startswith(b"mYm\0S")
    back = unpack(blob)
    assert [sorted(element) for element in back.to_dicts()] == [["x", "y"]] * 2
    assert back.y[0, 1] == 3
    assert unpack(pack(back[:, :1])).to_dict() == {"x": np.array([[0]]), "y": np.array([[2]])}
    with pytest.raises(ValueError, match="one element"):
        back.to_dict()


@given(st.decimals())
def test_decimals_of_every_kind(value: Decimal) -> None:
    assert repr(unpack(pack(value))) == repr(value)
