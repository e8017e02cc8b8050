"""Blobs to values, within bounds that the blob's own size sets.

Whatever the bytes are, reading takes time and memory in proportion to their (inflated) length, and ends in a
value or in a :class:`~fascicle.errors.BlobError`. Nothing in a blob can name code or classes.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any, Final

from fascicle.codecs.mym._compress import decompress, is_compressed
from fascicle.codecs.mym._format import (
    MAGIC_DJ0,
    MAGIC_MYM,
    MAGIC_ZLIB,
    MAX_DEPTH,
    NARROW,
    TAG_ARRAY,
    TAG_CELL,
    TAG_DICT,
    TAG_FLOAT,
    TAG_LIST,
    TAG_RECORDS,
    TAG_SET,
    TAG_SPARSE,
    TAG_STRUCT,
    TAG_TUPLE,
    U32,
    U64,
    WIDE,
)
from fascicle.codecs.mym._read_arrays import read_array, read_cell, read_records, read_sparse, read_struct
from fascicle.codecs.mym._read_scalars import READERS, Buffer, damaged
from fascicle.codecs.mym._uniform import SHORTEST, read_floats
from fascicle.errors import BlobError

#: The largest content of any blob column; what an inflated blob may take unless the caller says otherwise.
MAX_BYTES: Final = 1 << 32

_SIZED: Final = {WIDE: struct.Struct("<QB"), NARROW: struct.Struct("<IB")}  # length of a value, and its tag
_NUMBER: Final = {WIDE: U64, NARROW: U32}
_FLOAT_BYTES: Final = 17  # a float with its length
_CONTAINERS: Final = frozenset((TAG_TUPLE, TAG_LIST, TAG_SET, TAG_DICT))
_ARRAYS: Final = {
    TAG_ARRAY: read_array,
    TAG_CELL: read_cell,
    TAG_STRUCT: read_struct,
    TAG_RECORDS: read_records,
    TAG_SPARSE: read_sparse,
}
#: Looking up keys made to collide takes time in their square; of honest ones hardly two share a hash.
_SAME_HASH: Final = 64
#: Up to this size a view is copied first.
_SMALL: Final = 1 << 16
#: What Python and numpy raise where bytes ask for the impossible: no such error leaves this module.
_FOREIGN: Final = (ValueError, TypeError, ArithmeticError, MemoryError, RecursionError, struct.error)


def looks_packed(data: Buffer) -> bool:
    """Whether bytes begin like a blob of the published format."""
    head = bytes(data[: len(MAGIC_ZLIB)])
    return head == MAGIC_ZLIB or head[: len(MAGIC_MYM)] in (MAGIC_MYM, MAGIC_DJ0)


def unpack(
    data: bytes | bytearray | memoryview,
    squeeze: bool = False,
    *,
    copy: bool = True,
    max_bytes: int = MAX_BYTES,
) -> Any:
    """Decode a blob of the published format (mYm of 64 or 32 bits, dj0; zlib-wrapped or not).

    Parameters
    ----------
    data
        The blob.
    squeeze : bool
        Drop dimensions of extent one from arrays, as suits values written by MATLAB, where every scalar is a
        1 x 1 array.
    copy : bool
        Give each array memory of its own, writable and aligned. If false, numeric arrays are read-only views
        of ``data`` (or of its inflated copy), which saves the time and memory of a copy.
    max_bytes : int
        Most bytes that a compressed blob may inflate to.

    Returns
    -------
    object
        The value. Arrays are in column-major order. MATLAB's cells come as :class:`MatCell`, structs and
        struct arrays as :class:`MatStruct`, text in one row as ``str``, sparse matrices as
        ``scipy.sparse.csc_matrix``. Structured arrays come as ``numpy.recarray``.

    Raises
    ------
    BlobError
        If the bytes are not a blob, are damaged or cut off, or exceed a limit.
    """
    content: Buffer = data if isinstance(data, bytes) else _flat(data)
    try:
        if is_compressed(content):
            content = decompress(content, max_bytes)
        return _read(content, squeeze, copy)
    except _FOREIGN as err:
        raise damaged(f"{type(err).__name__}: {err}") from err


def _flat(data: bytearray | memoryview) -> Buffer:
    view = memoryview(data)
    if not view.c_contiguous or view.nbytes <= _SMALL:
        return view.tobytes()  # slicing bytes is faster than slicing views
    return view.cast("B").toreadonly()


def _read(content: Buffer, squeeze: bool, copy: bool) -> Any:
    magic = bytes(content[: len(MAGIC_MYM)])
    if magic not in (MAGIC_MYM, MAGIC_DJ0):
        raise damaged("they begin with none of mYm, dj0 and ZL123")
    wide = Reader(content, WIDE, squeeze, copy)
    try:
        return wide.value(len(magic), len(content))
    except BlobError as err:
        if magic == MAGIC_DJ0:
            raise
        failure = err
    # mYm of 32 bits has the same magic word; what one width makes of the other's lengths never fits.
    try:
        return Reader(content, NARROW, squeeze, copy).value(len(magic), len(content))
    except BlobError:
        raise failure from None


class Reader:
    """One pass over the bytes of an uncompressed blob, with lengths of ``word`` bytes."""

    __slots__ = ("copy", "data", "depth", "squeeze", "word")

    def __init__(self, data: Buffer, word: int, squeeze: bool, copy: bool) -> None:
        self.data = data
        self.word = word
        self.squeeze = squeeze
        self.copy = copy
        self.depth = 0

    def value(self, at: int, stop: int) -> Any:
        """The value that takes exactly the bytes from ``at`` to ``stop``."""
        if at >= stop:
            raise damaged("a value has no bytes", at)
        tag = self.data[at]
        reader = READERS.get(tag)
        if reader is not None:
            return reader(self.data, at + 1, stop)
        self.deeper()
        if tag in _CONTAINERS:
            result, end = self._container(tag, at + 1, stop)
        elif tag in _ARRAYS:
            result, end = _ARRAYS[tag](self, at + 1, stop)
        else:
            raise damaged(f"no value begins with 0x{tag:02x}", at)
        self.shallower()
        if end != stop:
            raise damaged("a value ends before its extent", end)
        return result

    def deeper(self) -> None:
        """Count one level of nesting.

        Raises
        ------
        BlobError
            At more levels than any writer makes.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise damaged(f"values are nested more than {MAX_DEPTH} levels deep")

    def shallower(self) -> None:
        """Leave a level of nesting."""
        self.depth -= 1

    def number(self, at: int, stop: int) -> tuple[int, int]:
        """A length or dimension, and where the next thing begins."""
        end = at + self.word
        if end > stop:
            raise damaged("a length is cut off", at)
        number: int = _NUMBER[self.word].unpack_from(self.data, at)[0]
        return number, end

    def _container(self, tag: int, at: int, stop: int) -> tuple[Any, int]:
        count, at = self.number(at, stop)
        if tag == TAG_LIST:
            return self.items(at, stop, count)
        if tag == TAG_DICT:
            items, at = self.items(at, stop, 2 * count)
            keys = _keys(items[::2])
            return dict(zip(keys, items[1::2], strict=True)), at
        items, at = self.items(at, stop, count)
        if tag == TAG_TUPLE:
            return tuple(items), at
        return set(_keys(items)), at

    def items(self, at: int, stop: int, count: int) -> tuple[list[Any], int]:
        """``count`` values with their lengths, and where the next thing begins."""
        data, word = self.data, self.word
        head = word + 1
        if count * head > stop - at:
            raise damaged(f"{count} items are cut off", at)
        if SHORTEST <= count <= (stop - at) // _FLOAT_BYTES and word == WIDE and data[at + 8] == TAG_FLOAT:
            floats = read_floats(data, at, count)
            if floats is not None:
                return floats, at + count * _FLOAT_BYTES
        found: list[Any] = []
        sized, known = _SIZED[word].unpack_from, READERS.get
        for _ in range(count):
            if at + head > stop:
                raise damaged("an item is cut off", at)
            size, tag = sized(data, at)
            at += word
            end = at + size
            if end > stop or not size:
                raise damaged("an item's length is impossible", at)
            reader = known(tag)
            found.append(self.value(at, end) if reader is None else reader(data, at + 1, end))
            at = end
        return found, at


def _keys(found: list[Any]) -> list[Any]:
    """Keys of a dict or elements of a set, made hashable, once it is clear that looking them up is fast."""
    try:
        hashes = list(map(hash, found))
    except TypeError:
        found = list(map(_frozen, found))
        hashes = list(map(hash, found))
    if len(hashes) - len(set(hashes)) >= _SAME_HASH and max(Counter(hashes).values()) >= _SAME_HASH:
        raise damaged(f"many of {len(hashes)} keys share their hash")
    return found


def _frozen(value: Any) -> Any:
    # The format has one kind of set; as a key it can only have been a frozen one.
    if isinstance(value, tuple):
        return tuple(map(_frozen, value))
    return frozenset(value) if isinstance(value, set) else value
