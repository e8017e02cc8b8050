"""Compression is chosen by what a sample shows, never to the disadvantage of size."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fascicle.codecs.mym import pack, unpack
from fascicle.codecs.mym._compress import choose_strategy, compress, decompress

RNG = np.random.default_rng(0)
MILLION = 100_000
SHRINKING = {
    "zeros": (np.zeros(MILLION), 0.02),
    "ramp": (np.arange(MILLION, dtype=float), 0.25),
    "counts": (RNG.poisson(5, MILLION).astype("u2"), 0.5),
    "mask": (RNG.random(MILLION) < 0.02, 0.1),
    "whole numbers": (RNG.normal(0, 30, MILLION).round(), 0.35),
    "rounded": (RNG.random(MILLION).round(3), 0.45),
    "samples of 16 bits": (RNG.normal(0, 30, MILLION).astype("i2"), 0.7),
}
STAYING = {
    "noise": RNG.standard_normal(MILLION),
    "noise of 32 bits": RNG.standard_normal(MILLION).astype("f4"),
    "random bytes": RNG.integers(0, 256, MILLION).astype("u1"),
    "seven bits": RNG.integers(0, 128, MILLION).astype("u1"),
    "a sine": np.sin(np.arange(MILLION) / 1000),
    "little": np.zeros(100),
}


@pytest.mark.parametrize(("array", "share"), SHRINKING.values(), ids=SHRINKING)
def test_what_shrinks_is_deflated(array: np.ndarray, share: float) -> None:
    blob = pack(array)
    assert blob.startswith(b"ZL123\0")
    assert len(blob) < share * array.nbytes
    assert np.array_equal(unpack(blob), array)


@pytest.mark.parametrize("array", STAYING.values(), ids=STAYING)
def test_what_hardly_shrinks_is_stored_as_it_is(array: np.ndarray) -> None:
    assert pack(array) == pack(array, compress=False)


def test_run_lengths_are_chosen_where_they_are_as_small() -> None:
    assert choose_strategy(SHRINKING["mask"][0].tobytes()) == zlib.Z_RLE
    assert choose_strategy(SHRINKING["ramp"][0].tobytes()) == zlib.Z_DEFAULT_STRATEGY


@given(
    hnp.arrays(np.uint8, st.integers(0, 40_000), elements=st.integers(0, 3), fill=st.just(0))
    | st.binary(max_size=5000).map(lambda b: np.frombuffer(b, np.uint8))
)
def test_never_larger_and_always_reversible(array: np.ndarray) -> None:
    raw = array.tobytes()
    packed = compress(raw)
    assert len(packed) <= len(raw)
    assert packed == compress(raw)
    if packed != raw:
        assert decompress(packed, len(raw)) == raw


def test_a_misleading_sample_does_not_make_a_blob_larger() -> None:
    """Noise everywhere but where the sample looks."""
    raw = bytearray(RNG.bytes(1 << 20))
    step = (len(raw) - 256) // 15
    for k in range(16):
        raw[k * step : k * step + 256] = bytes(256)
    for start in (0, len(raw) - 8192):
        raw[start : start + 8192] = bytes(8192)
    assert choose_strategy(bytes(raw)) is not None
    assert compress(bytes(raw)) == raw
