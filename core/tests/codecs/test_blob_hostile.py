"""Whatever the bytes, reading ends soon, in a value or a BlobError."""

from __future__ import annotations

import json
import struct
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.tests.codecs.values import EXAMPLES, containers
from fascicle.codecs.mym import pack, unpack
from fascicle.errors import BlobError

VECTORS = json.loads((Path(__file__).parent / "data" / "blob-vectors.json").read_text())
BLOBS = [bytes.fromhex(vector["hex"]) for vector in VECTORS.values()]
MAGICS = (b"mYm\0", b"dj0\0", b"ZL123\0")


def q(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def i(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def read(data: bytes) -> Any:
    """The value, or None for bytes that are refused; any other error fails the test."""
    try:
        return unpack(data)
    except BlobError:
        return None


@given(st.one_of(st.binary(), st.tuples(st.sampled_from(MAGICS), st.binary()).map(b"".join)))
def test_random_bytes(data: bytes) -> None:
    read(data)


@st.composite
def damaged_blobs(draw: st.DrawFn) -> bytes:
    published = draw(st.booleans())
    data = bytearray(draw(st.sampled_from(BLOBS)) if published else pack(draw(containers()), compress=False))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        piece = draw(
            st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from([q(2**64 - 1), q(2**31), q(0)]))
        )
        if draw(st.booleans()):
            data[place : place + len(piece)] = piece
        else:
            data[place:place] = piece
    return bytes(data)


@settings(max_examples=400)
@given(damaged_blobs())
@example(b"mYm\0" + b"A" + q(2, 2**62, 0) + i(6, 0))
@example(b"dj0\0" + b"\x04" + q(2**63))
def test_damaged_blobs(data: bytes) -> None:
    read(data)


@pytest.mark.parametrize("blob", BLOBS, ids=list(VECTORS))
def test_every_truncation_is_noticed(blob: bytes) -> None:
    for length in range(len(blob)):
        with pytest.raises(BlobError):
            unpack(blob[:length])


@pytest.mark.parametrize("value", [EXAMPLES["rec"], EXAMPLES["dict"], list(map(float, range(50))), {1, "a"}])
def test_every_truncation_of_ours_is_noticed(value: Any) -> None:
    blob = pack(value, compress=False)
    for length in range(len(blob)):
        with pytest.raises(BlobError):
            unpack(blob[:length])


@pytest.mark.parametrize("blob", BLOBS, ids=list(VECTORS))
def test_surplus_bytes_are_noticed(blob: bytes) -> None:
    with pytest.raises(BlobError):
        unpack(blob + b"\0")


HUGE = 2**60
LIES = {
    "array of 2^60 floats": b"mYm\0A" + q(1, HUGE) + i(6, 0),
    "array of 2^60 x 2^60": b"mYm\0A" + q(2, HUGE, HUGE) + i(6, 0),
    "empty array of 2^63": b"mYm\0A" + q(2, 0, 2**63) + i(6, 0),
    "2^60 dimensions": b"mYm\0A" + q(HUGE),
    "65 dimensions": b"mYm\0A" + q(65, *[1] * 65) + i(9, 0) + b"\0",
    "list of 2^60": b"dj0\0\x02" + q(HUGE),
    "dict of 2^63": b"dj0\0\x04" + q(2**63),
    "cell of 2^60": b"mYm\0C" + q(1, HUGE),
    "struct of 2^60": b"mYm\0S" + q(1, HUGE) + i(1) + b"a\0",
    "structs without fields": b"mYm\0S" + q(1, HUGE) + i(0),
    "2^32-1 fields": b"mYm\0S" + q(1, 1) + i(2**32 - 1),
    "2^32-1 columns": b"dj0\0F" + i(2**32 - 1),
    "no columns": b"dj0\0F" + i(0),
    "string of 2^60": b"dj0\0\x05" + q(HUGE),
    "object array of 2^60": b"dj0\0A" + q(1, HUGE) + i(5, 0),
    "sparse without a type": b"mYm\0P" + q(1, 1, 1),
    "sparse of 2^60": b"mYm\0P" + q(HUGE, HUGE, HUGE) + i(6, 0),
    "item longer than the blob": b"dj0\0\x02" + q(1, HUGE) + b"\xff",
    "item without bytes": b"dj0\0\x02" + q(1, 0) + b"\xff",
    "unknown tag": b"dj0\0\x99",
    "unknown type": b"mYm\0A" + q(1, 0) + i(99, 0),
    "function handle": b"mYm\0A" + q(1, 0) + i(16, 0),
    "complex bools": b"mYm\0A" + q(1, 0) + i(3, 1),
    "complex flag of 2": b"mYm\0A" + q(1, 0) + i(6, 2),
    "datetime unit 13": b"dj0\0A" + q(1, 0) + i(65536 + 13, 0),
    "names not UTF-8": b"mYm\0S" + q(1, 0) + i(1) + b"\xff\0",
    "names without an end": b"mYm\0S" + q(1, 0) + i(1) + b"abc",
    "names that repeat": b"mYm\0S" + q(1, 0) + i(2) + b"a\0a\0",
    "an empty name": b"mYm\0S" + q(1, 0) + i(1) + b"\0",
    "columns of two lengths": b"dj0\0F"
    + i(2)
    + b"a\0b\0"
    + b"".join(b"A" + q(1, n) + i(9, 0) + b"x" * n for n in (1, 2)),
    "column that is a list": b"dj0\0F" + i(1) + b"a\0" + b"\x02" + q(0),
    "text not UTF-8": b"dj0\0\x05" + q(1) + b"\xff",
    "integer length": b"dj0\0\x0a\x02\x00\x01",
    "float of 4 bytes": b"dj0\0\x0d\0\0\0\0",
    "month 13": b"dj0\0t" + struct.pack("<iq", 20241301, -1),
    "hour 25": b"dj0\0t" + struct.pack("<iq", -1, 250000 * 10**6),
    "year 200000": b"dj0\0t" + struct.pack("<iq", 2_000_000_101, -1),
    "decimal of no digits": b"dj0\0d" + q(3) + b"abc",
    "UUID of 2 bytes": b"dj0\0uab",
    "list as a key": b"dj0\0\x04" + q(1, 9) + b"\x02" + q(0, 1) + b"\xff",
    "array in a set": b"dj0\0\x03" + q(1, 26) + b"A" + q(1, 1) + i(9, 0) + b"\0",
    "signalling NaN as a key": b"dj0\0\x03" + q(1, 13) + b"d" + q(4) + b"sNaN",
    "nothing": b"",
    "a magic word": b"mYm\0",
    "pickle": b"\x80\x04\x95\x0b\x00\x00\x00",
    "wrapper alone": b"ZL123\0",
    "wrapper without a stream": b"ZL123\0" + q(5) + b"hello",
    "wrapper that lies high": b"ZL123\0" + q(2**40) + zlib.compress(b"mYm\0" + b"\0" * 5000),
    "wrapper that lies low": b"ZL123\0" + q(5000) + zlib.compress(b"mYm\0" + b"\0" * 6000),
    "wrapper with more behind": b"ZL123\0" + q(5) + zlib.compress(b"dj0\0\xff") + b"\0",
    "wrapper with a broken stream": b"ZL123\0" + q(5) + zlib.compress(b"dj0\0\xff")[:-1] + b"\0",
    "wrapper in a wrapper": b"ZL123\0" + q(len(pack([0.0] * 999))) + zlib.compress(pack([0.0] * 999)),
}


@pytest.mark.parametrize("data", LIES.values(), ids=LIES)
def test_lies_are_refused_without_allocating(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BlobError):
            unpack(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200_000


def test_zip_bomb_is_stopped_by_the_limit() -> None:
    raw = b"mYm\0A" + q(1, 50_000_000) + i(9, 0) + bytes(50_000_000)
    bomb = b"ZL123\0" + q(len(raw)) + zlib.compress(raw, 9)
    del raw
    tracemalloc.start()
    try:
        with pytest.raises(BlobError, match="larger than may be unpacked"):
            unpack(bomb, max_bytes=10**6)
        # Declared small, inflating large: no more than the declared length is ever inflated.
        with pytest.raises(BlobError, match="does not hold exactly"):
            unpack(b"ZL123\0" + q(10**6) + bomb[14:])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
    assert unpack(bomb).nbytes == 50_000_000


@pytest.mark.parametrize("depth", [129, 1000, 100_000])
@pytest.mark.parametrize("tag", [b"\x01", b"\x02", b"\x03", b"\x04", b"C", b"F"])
def test_deep_nesting_is_refused(tag: bytes, depth: int) -> None:
    head = {b"C": b"C" + q(1, 1), b"F": b"F" + i(1) + b"a\0", b"\x04": b"\x04" + q(1) + q(1) + b"\xff"}
    opening, gap = head.get(tag, tag + q(1)), 0 if tag == b"F" else 8
    length = (len(opening) + gap) * depth + 1
    pieces = []
    for _ in range(depth):
        length -= len(opening) + gap
        pieces.append(opening + (q(length) if gap else b""))
    with pytest.raises(BlobError, match="nested more than"):
        unpack(b"dj0\0" + b"".join(pieces) + b"\xff")


def colliding(count: int) -> list[int]:
    prime = 2**61 - 1  # hash(k * prime) is 0 for every k
    return [k * prime for k in range(count)]


@pytest.mark.parametrize("kind", ["set", "dict"])
@pytest.mark.parametrize("honest", [0, 30_000])
def test_keys_made_to_collide_are_refused_at_once(kind: str, honest: int) -> None:
    keys = [*colliding(30_000), *range(1, honest)]
    items = b"".join(pack([key], False)[13:] + (q(1) + b"\xff" if kind == "dict" else b"") for key in keys)
    blob = b"dj0\0" + (b"\x03" if kind == "set" else b"\x04") + q(len(keys)) + items
    start = time.perf_counter()
    with pytest.raises(BlobError, match="share their hash"):
        unpack(blob)
    assert time.perf_counter() - start < 5  # looked up one by one they cost half a minute


@pytest.mark.parametrize(
    "value", [[{}] * 20_000, [()] * 20_000, ["x"] * 20_000, [None] * 20_000, [2**70] * 20_000]
)
def test_memory_grows_with_the_blob_alone(value: list[Any]) -> None:
    blob = pack(value, compress=False)
    tracemalloc.start()
    try:
        unpack(blob)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * len(blob) + 100_000


def test_reading_an_array_takes_one_copy() -> None:
    blob = pack(np.random.default_rng(0).standard_normal(1_000_000))
    tracemalloc.start()
    try:
        view = unpack(blob, copy=False)
        assert tracemalloc.get_traced_memory()[1] < 100_000
        value = unpack(blob)
        assert tracemalloc.get_traced_memory()[1] < value.nbytes + 100_000
    finally:
        tracemalloc.stop()
    assert np.array_equal(view, value)


def test_writing_an_array_takes_one_copy() -> None:
    value = {"deep": [{"er": np.random.default_rng(0).standard_normal(1_000_000)}]}
    tracemalloc.start()
    try:
        blob = pack(value)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(blob) + 500_000


def test_bools_of_any_byte_are_true_or_false() -> None:
    value = unpack(b"mYm\0A" + q(1, 3) + i(3, 0) + b"\0\1\7")
    assert value.tolist() == [False, True, True]
    assert value.view(np.uint8).tolist() == [0, 1, 1]


def test_errors_tell_where_why_and_what_to_do() -> None:
    with pytest.raises(BlobError) as caught:
        unpack(b"dj0\0\x02" + q(1, 2) + b"\x05")
    assert caught.value.where == "byte 21"
    assert caught.value.why
    assert caught.value.try_
