"""The published vectors, read and written."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.tests.codecs.values import EXAMPLES, equal
from fascicle.codecs.mym import MatCell, MatStruct, looks_packed, pack, unpack

VECTORS: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "data" / "blob-vectors.json").read_text()
)


def cell() -> MatCell:
    value = np.empty((1, 2), dtype=object)
    value[0, 0], value[0, 1] = np.arange(2.0), "q"
    return value.view(MatCell)


def struct() -> MatStruct:
    value = np.empty((1, 1), dtype=[("p", object), ("q", object)])
    value["p"][0, 0], value["q"][0, 0] = np.arange(2.0), "z"
    return value.view(MatStruct)


def expected() -> dict[str, Any]:
    # One row of characters reads as text, whatever class its writer had.
    return {**EXAMPLES, "cell": cell(), "struct": struct(), "chars": "ab"}


def test_every_vector_has_its_value() -> None:
    assert len(VECTORS) == 33
    assert set(VECTORS) == set(expected())


@pytest.mark.parametrize("name", VECTORS)
def test_reads(name: str) -> None:
    blob = bytes.fromhex(VECTORS[name]["hex"])
    value, want = unpack(blob), expected()[name]
    assert equal(value, want)
    assert isinstance(value, MatCell) == (name == "cell")
    assert isinstance(value, MatStruct) == (name == "struct")
    assert looks_packed(blob)


@pytest.mark.parametrize("name", sorted(set(VECTORS) - {"chars", "zlib_f8_200"}))
def test_writes_the_same_bytes(name: str) -> None:
    assert pack(expected()[name]).hex() == VECTORS[name]["hex"]


def test_compressed_bytes_inflate_to_the_same() -> None:
    theirs, mine = bytes.fromhex(VECTORS["zlib_f8_200"]["hex"]), pack(np.zeros(200))
    assert mine[:14] == theirs[:14]
    assert zlib.decompress(mine[14:]) == zlib.decompress(theirs[14:])


def test_bytes_arrays_are_not_turned_into_text() -> None:
    value = np.array([b"a", b"b"])
    assert equal(unpack(pack(value)), value.astype(object))
