"""The zlib wrapper: decide by measurement whether it pays, and undo it within bounds.

The choice depends on the bytes alone, never on the clock, so that equal values give equal blobs.
"""

from __future__ import annotations

import math
import zlib
from typing import Final

import numpy as np

from fascicle.codecs.mym._format import MAGIC_ZLIB, U32, U64
from fascicle.errors import BlobError

#: Published writers leave anything up to this size as it is.
SMALLEST: Final = 1000
#: Bytes looked at to estimate the entropy (of little and of much), and to try deflate on.
FEW: Final = 1024
MANY: Final = 4096
MUCH: Final = 1 << 18
DEFLATE_SAMPLE: Final = 16384
#: Bits in a byte above which deflate takes long to gain next to nothing.
NOISE_BITS: Final = 7.2
#: A sample must shrink to this share, and the whole to the next, for reading to be worth inflating.
SAMPLE_SHARE: Final = 0.8
WHOLE_SHARE: Final = 0.9
#: Run-length matching is up to twice as fast as searching for matches; it is taken when about as small.
RUNS_TOLERANCE: Final = 1.06
#: c log2(c) of every count of a byte in a sample.
_WEIGHTS: Final = np.arange(MANY + 1) * np.log2(np.maximum(np.arange(MANY + 1), 1))
#: Deflate cannot expand further than this, whatever a header claims.
LARGEST_RATIO: Final = 1032


def compress(raw: bytes) -> bytes:
    """``raw`` in the zlib wrapper where that saves a tenth or more, else ``raw`` itself."""
    strategy = choose_strategy(raw)
    if strategy is None:
        return raw
    packed = _deflate(raw, strategy)
    if len(packed) > WHOLE_SHARE * len(raw):
        return raw
    return b"".join((MAGIC_ZLIB, U64.pack(len(raw)), packed))


def choose_strategy(raw: bytes) -> int | None:
    """The zlib strategy that suits ``raw``, measured on samples; None if it is to be stored as it is."""
    if len(raw) <= SMALLEST:
        return None
    glimpse = _windows(raw, FEW, 4) if len(raw) < MUCH else _windows(raw, MANY, 16)
    if _entropy(glimpse) > NOISE_BITS:
        return None
    sample = _windows(raw, DEFLATE_SAMPLE, 2)
    searched = len(_deflate(sample, zlib.Z_DEFAULT_STRATEGY))
    runs = len(_deflate(sample, zlib.Z_RLE))
    if min(searched, runs) > SAMPLE_SHARE * len(sample):
        return None
    return zlib.Z_RLE if runs <= RUNS_TOLERANCE * searched else zlib.Z_DEFAULT_STRATEGY


def _deflate(data: bytes, strategy: int) -> bytes:
    worker = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, strategy)
    return worker.compress(data) + worker.flush()


def _windows(raw: bytes, size: int, pieces: int) -> bytes:
    """``size`` bytes of ``raw`` in evenly spread windows; all of it when there is no more."""
    if len(raw) <= size:
        return raw
    width = size // pieces
    step = (len(raw) - width) // (pieces - 1)
    return b"".join([raw[k * step : k * step + width] for k in range(pieces)])


def _entropy(sample: bytes) -> float:
    """Bits in a byte of ``sample``, from the frequencies of its bytes."""
    counts = np.bincount(np.frombuffer(sample, np.uint8))
    return math.log2(len(sample)) - float(_WEIGHTS[counts].sum()) / len(sample)


def is_compressed(data: bytes | memoryview) -> bool:
    """Whether ``data`` begins with the magic word of the zlib wrapper."""
    return bytes(data[: len(MAGIC_ZLIB)]) == MAGIC_ZLIB


def decompress(data: bytes | memoryview, limit: int) -> bytes:
    """The bytes inside the zlib wrapper.

    Parameters
    ----------
    data
        The whole blob, beginning with the magic word.
    limit
        Most bytes that the content may have.

    Raises
    ------
    BlobError
        If the declared length is impossible or above ``limit``, or does not match the content.
    """
    start, declared = _declared_length(data)
    packed = len(data) - start
    if declared > packed * LARGEST_RATIO:
        raise _damaged(f"it declares {declared} bytes, more than {packed} compressed ones can hold")
    if declared > limit:
        raise BlobError(
            "The blob is larger than may be unpacked.",
            why=f"it declares {declared} bytes; the limit is {limit}",
            try_="unpack(data, max_bytes=...) with a higher limit, if you trust where the blob comes from.",
        )
    worker = zlib.decompressobj()
    try:
        # One byte more than declared: a stream that goes on is caught without inflating its rest.
        raw = worker.decompress(data[start:], declared + 1)
    except (zlib.error, MemoryError, OverflowError) as err:
        raise _damaged(str(err) or "not enough memory") from err
    if len(raw) != declared or not worker.eof or worker.unused_data:
        raise _damaged(f"the zlib stream does not hold exactly the {declared} bytes that the blob declares")
    return raw


def _declared_length(data: bytes | memoryview) -> tuple[int, int]:
    """Where the zlib stream starts and the length declared for its content.

    Files of 32-bit mYm declare it in four bytes. The first two bytes of a zlib stream tell it from the
    upper half of a length, which would have to be beyond 480 GiB.
    """
    at = len(MAGIC_ZLIB)
    for number, start in ((U32, at + 4), (U64, at + 8)):
        first = bytes(data[start : start + 2])
        if len(first) == 2 and first[0] & 0x0F == 8 and int.from_bytes(first, "big") % 31 == 0:
            return start, number.unpack_from(data, at)[0]
    raise _damaged("no zlib stream follows the declared length")


def _damaged(why: str) -> BlobError:
    return BlobError(
        "The compressed blob is damaged.",
        why=why,
        try_="Restore the row from a backup or compute it again.",
    )
