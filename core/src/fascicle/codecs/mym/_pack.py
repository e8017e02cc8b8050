"""Values to blobs.

The packer appends pieces to one list and joins them once, so that a large array is copied a single time
however deeply it is nested. The length that precedes a nested value is filled in when it is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Any, Final

import numpy as np

from fascicle.codecs.mym._compress import compress as compress_blob
from fascicle.codecs.mym._format import (
    MAGIC_DJ0,
    MAGIC_MYM,
    MAX_DEPTH,
    TAG_DICT,
    TAG_LIST,
    TAG_SET,
    TAG_TUPLE,
    U64,
)
from fascicle.codecs.mym._pack_arrays import emit_array
from fascicle.codecs.mym._scalars import SCALAR_BASES, SCALARS, pack_str
from fascicle.codecs.mym._uniform import SHORTEST, pack_floats, pack_ints
from fascicle.errors import CodecError

_BARE: Final = 8  # a scalar's own bytes begin after its length


def pack(value: Any, compress: bool = True) -> bytes:
    """Encode a value in the published blob format (mYm, or dj0 where its features are needed).

    Parameters
    ----------
    value
        None, bool, int, float, complex, str, bytes, Decimal, UUID, date, time, datetime; dict, list, tuple
        and set of such values; numpy scalars; numpy arrays of bool, integer, float32/64, complex, datetime64,
        string, bytes, object and structured dtype, of any number of dimensions.
    compress : bool
        Whether to deflate blobs that a sample shows to shrink well (by a fifth or more). Bytes that hardly
        shrink, such as raw recordings, are always stored as they are.

    Returns
    -------
    bytes
        Readable by every client of the format. MATLAB reads blobs made of arrays, cells and structs only.

    Raises
    ------
    CodecError
        If the format has no place for the value; the message names what to use instead.

    Notes
    -----
    Values come back equal. Some come back in a plainer class: string and bytes arrays as object arrays,
    arrays without dimensions as numpy scalars, frozensets as sets, other sequences as tuples, subclasses as
    their base. Equal values give equal blobs: sets are written in the order of their bytes.
    """
    packer = Packer()
    try:
        packer.emit(value, sized=False)
    except RecursionError as err:
        raise _too_deep() from err
    raw = b"".join([MAGIC_DJ0 if packer.dj0 else MAGIC_MYM, *packer.parts])
    return compress_blob(raw) if compress else raw


class Packer:
    """Pieces of one blob in the making."""

    __slots__ = ("depth", "dj0", "keys", "parts")

    def __init__(self) -> None:
        self.parts: list[bytes | memoryview] = []
        self.dj0 = False
        self.depth = 0
        self.keys: dict[str, bytes] = {}

    def emit(self, value: Any, sized: bool = True) -> int:
        """Append a value, with its length before it unless told otherwise; returns the bytes appended."""
        slot = len(self.parts)
        self.parts.append(b"")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _too_deep()
        size = (_EMITTERS.get(type(value)) or _emitter(value))(self, value)
        self.depth -= 1
        if not sized:
            return size
        self.parts[slot] = U64.pack(size)
        return 8 + size

    def emit_array(self, value: Any) -> int:
        return emit_array(self, np.asanyarray(value))

    def emit_list(self, value: Sequence[Any]) -> int:
        self.dj0 = True
        self.parts.append(bytes([TAG_LIST]) + U64.pack(len(value)))
        return 9 + self.emit_items(value)

    def emit_tuple(self, value: Sequence[Any]) -> int:
        self.dj0 = True
        self.parts.append(bytes([TAG_TUPLE]) + U64.pack(len(value)))
        return 9 + self.emit_items(value)

    def emit_mapping(self, value: Mapping[Any, Any]) -> int:
        self.dj0 = True
        self.parts.append(bytes([TAG_DICT]) + U64.pack(len(value)))
        if all(type(key) is str for key in value):
            return 9 + self._emit_named(value)
        return 9 + self.emit_items(list(chain.from_iterable(value.items())))

    def _emit_named(self, value: Mapping[str, Any]) -> int:
        """Items of a mapping with string keys, which tend to repeat from one mapping to the next."""
        parts, keys, total = self.parts, self.keys, 0
        for key, item in value.items():
            name = keys.get(key)
            if name is None:
                name = keys[key] = pack_str(key)
            parts.append(name)
            total += len(name)
            packer = SCALARS.get(type(item))
            if packer is not None:
                piece = packer(item)
                parts.append(piece)
                total += len(piece)
            else:
                total += self.emit(item)
        return total

    def emit_set(self, value: AbstractSet[Any]) -> int:
        """Elements in the order of their bytes: the order of a set of strings differs between processes."""
        self.dj0 = True
        pieces = sorted(self._apart(item) for item in value)
        self.parts.append(bytes([TAG_SET]) + U64.pack(len(pieces)))
        self.parts += pieces
        return 9 + sum(map(len, pieces))

    def _apart(self, item: Any) -> bytes:
        packer = SCALARS.get(type(item))
        if packer is not None:
            return packer(item)
        aside = Packer()
        aside.depth = self.depth
        aside.emit(item)
        return b"".join(aside.parts)

    def emit_items(self, items: Sequence[Any]) -> int:
        """Append values with their lengths; returns the number of bytes appended."""
        self.dj0 = self.dj0 or not all(isinstance(item, np.ndarray) for item in items)
        if len(items) >= SHORTEST and (block := _uniform(items)) is not None:
            self.parts.append(block)
            return len(block)
        parts, total = self.parts, 0
        for item in items:
            packer = SCALARS.get(type(item))
            if packer is not None:
                piece = packer(item)
                parts.append(piece)
                total += len(piece)
            else:
                total += self.emit(item)
        return total

    def emit_scalar(self, value: Any) -> int:
        self.dj0 = True
        piece = _scalar_packer(value)(value)[_BARE:]
        self.parts.append(piece)
        return len(piece)


_EMITTERS: Final[dict[type, Callable[[Packer, Any], int]]] = {
    np.ndarray: Packer.emit_array,
    dict: Packer.emit_mapping,
    list: Packer.emit_list,
    tuple: Packer.emit_tuple,
    set: Packer.emit_set,
    frozenset: Packer.emit_set,
    **dict.fromkeys(SCALARS, Packer.emit_scalar),
}
#: Classes that are none of the above go by the first base that fits. A sequence that can be changed in
#: place is a list, by whatever name; ``numpy.str_`` and ``numpy.bytes_`` are text and bytes.
_BASES: Final[tuple[tuple[Any, Callable[[Packer, Any], int]], ...]] = (
    ((str, bytes), Packer.emit_scalar),
    ((np.ndarray, np.generic), Packer.emit_array),
    (tuple(base for base, _ in SCALAR_BASES), Packer.emit_scalar),
    (Mapping, Packer.emit_mapping),
    (AbstractSet, Packer.emit_set),
    (MutableSequence, Packer.emit_list),
    (deque, Packer.emit_list),
    (Sequence, Packer.emit_tuple),
)


def _emitter(value: Any) -> Callable[[Packer, Any], int]:
    for bases, emitter in _BASES:
        if isinstance(value, bases):
            return emitter
    raise _unsupported(value)


def _scalar_packer(value: Any) -> Callable[[Any], bytes]:
    exact = SCALARS.get(type(value))
    return exact or next(function for base, function in SCALAR_BASES if isinstance(value, base))


def _uniform(items: Sequence[Any]) -> bytes | None:
    """Items that are all floats or all (64-bit) integers, packed at once."""
    kinds = set(map(type, items))
    if kinds == {float}:
        return pack_floats(items)
    if kinds == {int}:
        return pack_ints(items)
    return None


def _too_deep() -> CodecError:
    return CodecError(
        "The value is nested too deeply for a blob.",
        why=f"it has more than {MAX_DEPTH} containers within one another, or contains itself",
        try_="a flatter structure: a list of records that refer to one another by name.",
    )


def _unsupported(value: Any) -> CodecError:
    kind = type(value)
    remedy = "convert it to numbers, strings, dicts, lists or numpy arrays, or write a codec for it."
    if hasattr(value, "tocsc"):
        remedy = "value.toarray(), or a dict of its data, indices, indptr and shape."
    elif hasattr(value, "to_numpy") or hasattr(value, "to_dict"):
        remedy = "value.to_numpy(), or a dict such as value.to_dict('list')."
    elif hasattr(value, "__array__"):
        remedy = "numpy.asarray(value)."
    elif hasattr(value, "total_seconds"):
        remedy = "value.total_seconds()."
    elif hasattr(value, "__fspath__"):
        remedy = "str(value), or the codec <filepath@>."
    return CodecError(
        f"A value of class {kind.__module__}.{kind.__qualname__} cannot be kept in a blob.",
        why="the published format has no place for it, so no reader could read it",
        try_=remedy,
    )
