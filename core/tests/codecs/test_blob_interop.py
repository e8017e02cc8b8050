"""The published Python client reads what we write, and we read what it writes."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.tests.codecs.values import EXAMPLES, arrays, containers, equal, records, scalars
from fascicle.codecs.mym import MatCell, MatStruct, pack, unpack

SLOW = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def client() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for a configuration file
        return pytest.importorskip("datajoint.blob", exc_type=ImportError)


theirs = client()

#: What it cannot write: it knows no byte order, and takes bytes for characters.
PLAIN = [
    np.dtype(code) for code in ("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", "c8", "c16")
]
TIMES = [
    np.dtype(f"M8[{unit}]")
    for unit in ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")
]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("compress", [False, True])
def test_examples_both_ways(name: str, compress: bool) -> None:
    value = EXAMPLES[name]
    assert equal(theirs.unpack(pack(value, compress)), value)
    assert equal(unpack(theirs.pack(value, compress)), value)


@SLOW
@given(scalars())
def test_scalars_both_ways(value: Any) -> None:
    assert pack(value, False) == theirs.pack(value, False)
    assert equal(theirs.unpack(pack(value)), value)


@SLOW
@given(arrays(st.sampled_from([*PLAIN, *TIMES, np.dtype("U3"), np.dtype("O")]), finite=True))
def test_arrays_both_ways(array: np.ndarray[Any, Any]) -> None:
    mine = pack(array, False)
    assert mine == theirs.pack(array, False)
    assert equal(theirs.unpack(mine), array)


@SLOW
@given(arrays(records(), finite=True))
def test_records_are_read_by_it(array: np.ndarray[Any, Any]) -> None:
    assert equal(theirs.unpack(pack(array)), array)


@SLOW
@given(containers(finite=True))
def test_containers_are_read_by_it(value: Any) -> None:
    assert equal(theirs.unpack(pack(value)), value)


@SLOW
@given(containers(finite=True))
def test_containers_of_its_are_read(value: Any) -> None:
    try:
        blob = theirs.pack(value)
    except theirs.DataJointError:
        return  # it lacks byte orders and bytes arrays
    assert equal(unpack(blob), theirs.unpack(blob))


def test_many_numbers_both_ways() -> None:
    values = [
        list(map(float, range(1000))),
        [(-3) ** k for k in range(60)],
        [f"unit {k}" for k in range(500)],
    ]
    assert pack(values, False) == theirs.pack(values, False)
    assert theirs.unpack(pack(values)) == values


def test_cells_and_structs_both_ways() -> None:
    cell = np.empty((1, 2), dtype=object)
    cell[0, 0], cell[0, 1] = np.ones((2, 2)), np.zeros((1, 1))
    struct = np.rec.array([[(1.5, "a"), (2.5, "b")]], dtype=[("x", object), ("y", object)])
    for value, mine, its in ((cell, MatCell, theirs.MatCell), (struct, MatStruct, theirs.MatStruct)):
        blob = pack(value.view(mine))
        assert blob == theirs.pack(value.view(its))
        assert isinstance(theirs.unpack(blob), its)
        assert isinstance(unpack(blob), mine)
        assert equal(theirs.unpack(blob), unpack(blob))


@pytest.mark.xfail(strict=True, reason="it adds the imaginary part times 1j, and infinity times 0 is NaN")
@pytest.mark.filterwarnings("ignore:invalid value")
def test_infinite_imaginary_parts_are_read_by_it() -> None:
    value = np.array([complex(1, np.inf)])
    assert equal(unpack(pack(value)), value)
    assert equal(theirs.unpack(pack(value)), value)


def test_narrow_files_are_read_alike() -> None:
    raw = b"mYm\0A" + np.array([2, 1, 3, 6, 0], "<u4").tobytes() + np.arange(3.0).tobytes()
    previous, theirs.use_32bit_dims = theirs.use_32bit_dims, True
    try:
        expected = theirs.unpack(raw)
    finally:
        theirs.use_32bit_dims = previous
    assert equal(unpack(raw), expected)


def test_noise_is_stored_as_it_is_and_zeros_are_not() -> None:
    noise = np.random.default_rng(0).standard_normal(10_000)
    assert len(pack(noise)) == noise.nbytes + 29
    zeros = pack(np.zeros(10_000))
    assert len(zeros) < 1000
    assert equal(theirs.unpack(zeros), np.zeros(10_000))
