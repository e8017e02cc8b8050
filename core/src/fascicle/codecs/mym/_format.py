"""Constants of the published blob format (mYm and its dj0 extension), shared by packer and reader.

Everything is little-endian. A blob is a magic word and one value; ``ZL123`` wraps a compressed one.
A value nested in another is preceded by its length in bytes, except the columns of a record array.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

import numpy as np

MAGIC_MYM: Final = b"mYm\0"
MAGIC_DJ0: Final = b"dj0\0"
MAGIC_ZLIB: Final = b"ZL123\0"

TAG_TUPLE: Final = 0x01
TAG_LIST: Final = 0x02
TAG_SET: Final = 0x03
TAG_DICT: Final = 0x04
TAG_STR: Final = 0x05
TAG_BYTES: Final = 0x06
TAG_INT: Final = 0x0A
TAG_BOOL: Final = 0x0B
TAG_COMPLEX: Final = 0x0C
TAG_FLOAT: Final = 0x0D
TAG_ARRAY: Final = ord("A")
TAG_CELL: Final = ord("C")
TAG_RECORDS: Final = ord("F")
TAG_SPARSE: Final = ord("P")
TAG_STRUCT: Final = ord("S")
TAG_DECIMAL: Final = ord("d")
TAG_TIME: Final = ord("t")
TAG_UUID: Final = ord("u")
TAG_NONE: Final = 0xFF

TYPE_CHAR: Final = 4
TYPE_OBJECT: Final = 5
TYPE_DATETIME: Final = 65536  # plus the index of the unit

#: (kind, bytes per item) of a numpy dtype -> type code.
TYPE_CODES: Final[dict[tuple[str, int], int]] = {
    ("b", 1): 3,
    ("f", 8): 6,
    ("f", 4): 7,
    ("i", 1): 8,
    ("u", 1): 9,
    ("i", 2): 10,
    ("u", 2): 11,
    ("i", 4): 12,
    ("u", 4): 13,
    ("i", 8): 14,
    ("u", 8): 15,
}
DATETIME_UNITS: Final = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")

#: Type code -> dtype of the bytes that follow.
DTYPES: Final[dict[int, np.dtype[Any]]] = {
    **{code: np.dtype(f"<{kind}{size}") for (kind, size), code in TYPE_CODES.items() if kind != "b"},
    3: np.dtype(np.bool_),
    **{TYPE_DATETIME + k: np.dtype(f"<M8[{unit}]") for k, unit in enumerate(DATETIME_UNITS)},
}

#: Bytes of a length or dimension today, and in files of 32-bit mYm.
WIDE: Final = 8
NARROW: Final = 4

U16: Final = Struct("<H")
U32: Final = Struct("<I")
U64: Final = Struct("<Q")
F64: Final = Struct("<d")
COMPLEX: Final = Struct("<dd")
MOMENT: Final = Struct("<iq")
KINDS: Final = Struct("<II")  # type code and complex flag of an array

#: Where numpy stops.
MAX_DIMENSIONS: Final = 64
#: Containers within containers: at three calls a level this leaves most of Python's own limit to the caller.
MAX_DEPTH: Final = 128
#: An integer's length is a u16.
MAX_INT_BYTES: Final = 65535
#: No column or field list of people comes near.
MAX_FIELDS: Final = 65536
