"""Lists of many numbers of one kind, packed and read in a few array operations instead of item by item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from fascicle.codecs.mym._format import TAG_FLOAT, TAG_INT

#: Below this many items the loop is as fast.
SHORTEST: Final = 24

_FLOATS: Final = np.dtype([("size", "<u8"), ("tag", "u1"), ("value", "<f8")])
#: An int64 and the ninth byte that its sign may need.
_INTS: Final = np.dtype([("size", "<u8"), ("tag", "u1"), ("bytes", "<u2"), ("value", "<i8"), ("sign", "i1")])
_INT_HEAD: Final = 11  # bytes before an integer's own


def pack_floats(items: Sequence[float]) -> bytes:
    """Floats, each with its length."""
    table = np.empty(len(items), _FLOATS)
    table["size"], table["tag"], table["value"] = 9, TAG_FLOAT, items
    return table.tobytes()


def pack_ints(items: Sequence[int]) -> bytes | None:
    """Integers, each with its length; None if one exceeds 64 bits."""
    try:
        values = np.array(items, np.int64)
    except OverflowError:
        return None
    size = _int_bytes(values)
    table = np.empty(len(items), _INTS)
    table["size"], table["tag"], table["bytes"] = size + 3, TAG_INT, size
    table["value"], table["sign"] = values, values >> 63
    grid = table.view(np.uint8).reshape(len(items), _INTS.itemsize)
    shortest, longest = int(size.min()), int(size.max())
    if shortest == longest:
        return grid[:, : _INT_HEAD + longest].tobytes()
    used = np.arange(_INTS.itemsize) < (_INT_HEAD + size)[:, None]
    return grid[used].tobytes()


def _int_bytes(values: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Bytes that the format gives each integer: ``bit_length // 8 + 1``."""
    # The magnitude of the lowest int64 exists only unsigned; negation wraps to just that.
    magnitude = np.where(values < 0, -values, values).view(np.uint64)
    size = np.ones(len(values), np.int64)
    for k in range(1, 9):
        size += magnitude >= np.uint64(1 << (8 * k - 1))
    return size


def read_floats(data: bytes | memoryview, at: int, count: int) -> list[float] | None:
    """``count`` sized values from ``at`` if all are floats, else None. The bytes must be there."""
    table = np.frombuffer(data, _FLOATS, count, at)
    if (table["size"] == 9).all() and (table["tag"] == TAG_FLOAT).all():
        values: list[float] = table["value"].tolist()
        return values
    return None
