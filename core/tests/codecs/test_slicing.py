"""Partial reads: any index gives what numpy gives, out of few and small reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fascicle.codecs.refs import slicing


class Reads:
    """Counts what is read of an array's bytes."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.raw = np.ascontiguousarray(array).tobytes()
        self.ranges: list[tuple[int, int]] = []

    def __call__(self, start: int, stop: int) -> bytes:
        assert 0 <= start < stop <= len(self.raw)
        self.ranges.append((start, stop))
        return self.raw[start:stop]

    @property
    def moved(self) -> int:
        return sum(stop - start for start, stop in self.ranges)


def take(array: np.ndarray[Any, Any], index: Any, parallel: bool = False) -> tuple[Any, Reads]:
    reads = Reads(array)
    plan = slicing.axes_of(index, array.shape)
    assert plan is not None
    axes, final = plan
    return slicing.gather(reads, axes, array.dtype, parallel=parallel)[final], reads


@st.composite
def cases(draw: Any) -> tuple[np.ndarray[Any, Any], Any]:
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
    array = np.arange(int(np.prod(shape)), dtype="i4").reshape(shape)
    parts: list[Any] = []
    for length in shape[: draw(st.integers(0, len(shape)))]:
        choices = [st.slices(length)]
        if length:
            choices.append(st.integers(-length, length - 1))
            choices.append(st.lists(st.integers(-length, length - 1), max_size=6))
            choices.append(hnp.arrays(bool, length))
        if draw(st.integers(0, 5)) == 0:
            parts.append(None)
        parts.append(draw(st.one_of(choices)))
    if len(parts) < len(shape) and draw(st.booleans()):
        parts.append(...)
    return array, tuple(parts) if draw(st.booleans()) or len(parts) != 1 else parts[0]


@settings(max_examples=1500)
@given(cases(), st.sampled_from([(16 << 10, 8 << 20), (40, 200), (1, 1)]), st.booleans())
def test_every_index_gives_what_numpy_gives(
    case: tuple[np.ndarray[Any, Any], Any], limits: tuple[int, int], parallel: bool
) -> None:
    array, index = case
    try:
        expected = array[index]
    except IndexError:
        return  # lists of lengths that numpy cannot pair
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slicing, "GAP_BYTES", limits[0])
        patch.setattr(slicing, "RUN_BYTES", limits[1])
        found, _ = take(array, index, parallel)
    assert np.shape(found) == np.shape(expected)
    assert np.array_equal(found, expected)
    assert np.asarray(found).dtype == array.dtype


BIG = np.arange(2_000_000, dtype="f8").reshape(20_000, 100)  # rows of 800 bytes


@pytest.mark.parametrize(
    ("index", "requests", "most"),
    [
        (slice(100, 110), 1, 8000),
        (5, 1, 800),
        ((5, 7), 1, 800),
        ((slice(100, 110), slice(0, 3)), 1, 8000),
        (slice(None, None, 1000), 20, 20 * 800),
        ([3, 4, 19_000], 2, 3 * 800),
        ([19_000, 4, 3], 2, 3 * 800),
        (slice(-3, None), 1, 2400),
        (slice(0, 0), 0, 0),
        ((..., -1), 2, BIG.nbytes),
        (slice(5000, 4000, -1), 1, 800_000),
    ],
)
def test_few_and_small_reads(index: Any, requests: int, most: int) -> None:
    found, reads = take(BIG, index)
    assert np.array_equal(found, BIG[index])
    assert len(reads.ranges) <= requests
    assert reads.moved <= most


def test_columns_of_long_rows_are_read_apart() -> None:
    long = np.arange(400_000, dtype="f8").reshape(4, 100_000)
    found, reads = take(long, (slice(None), slice(10, 20)))
    assert np.array_equal(found, long[:, 10:20])
    assert len(reads.ranges) == 4
    assert reads.moved == 4 * 80


def test_large_reads_are_cut() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slicing, "RUN_BYTES", 80_000)
        found, reads = take(BIG, slice(None), parallel=True)
    assert np.array_equal(found, BIG)
    assert max(stop - start for start, stop in reads.ranges) <= 80_000
    assert reads.moved == BIG.nbytes


@pytest.mark.parametrize("index", [(1, 2, 3), (..., ...), 20_000, -20_001, [20_000], np.zeros(3, bool)])
def test_indices_outside_are_refused(index: Any) -> None:
    with pytest.raises(IndexError):
        slicing.axes_of(index, BIG.shape)


@pytest.mark.parametrize("index", [np.zeros((20_000, 100), bool), np.zeros((2, 2), int), "x", True, 1.5])
def test_other_indices_are_left_to_numpy(index: Any) -> None:
    assert slicing.axes_of(index, BIG.shape) is None
