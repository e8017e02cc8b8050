"""The ``.npy`` file format: header and data in pieces, so that memory is bounded on both ways."""

from __future__ import annotations

import ast
import io
import mmap
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fascicle.errors import CodecError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE_BYTES: Final = 4 << 20
#: Enough for nearly every header in one read.
FIRST_READ: Final = 4096
_MAGIC: Final = b"\x93NUMPY"
_LONGEST_HEADER: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the data.

    Parameters
    ----------
    dtype : numpy.dtype
    shape : tuple of int
    fortran : bool
        Whether the first axis varies fastest.
    offset : int
        Bytes before the data.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    offset: int


def check_dtype(dtype: np.dtype[Any]) -> None:
    """Refuse what the format could keep only by pickling.

    Raises
    ------
    CodecError
    """
    if dtype.hasobject:
        raise CodecError(
            f"an array of {dtype} cannot be stored as .npy",
            why="it holds Python objects, which would have to be pickled, and nothing is ever unpickled",
            try_="give it a plain type, or use <blob@store> for values of mixed kinds",
        )


def pieces_of(array: NDArray[Any]) -> Iterator[Any]:
    """Yield the bytes of a ``.npy`` file of an array: its header, then the data in pieces."""
    import numpy as np

    yield header_of(array)
    if not array.size:
        return
    flat = array.T if array.flags.f_contiguous and not array.flags.c_contiguous else array
    release = release_of(array)
    if flat.flags.c_contiguous:
        view = bytes_of(flat)
        for start in range(0, len(view), PIECE_BYTES):
            yield view[start : start + PIECE_BYTES]
            release()
        return
    rows = max(1, PIECE_BYTES // max(1, flat.nbytes // len(flat)))
    for start in range(0, len(flat), rows):
        yield bytes_of(np.ascontiguousarray(flat[start : start + rows]))
        release()


def bytes_of(array: NDArray[Any]) -> memoryview:
    """Return the memory of a C-ordered array, byte by byte."""
    import numpy as np

    if not array.nbytes:
        return memoryview(b"")
    # Through uint8: some types (times, for one) have no buffer of their own.
    flat: Any = array.reshape(-1).view(np.uint8)
    return memoryview(flat)


def header_of(array: NDArray[Any]) -> bytes:
    """Return the header of an array's file."""
    import numpy as np

    facts = np.lib.format.header_data_from_array_1_0(array)
    stream = io.BytesIO()
    try:
        np.lib.format.write_array_header_1_0(stream, facts)
    except (ValueError, UnicodeError):
        # Long headers and names beyond Latin-1 need the later versions, which numpy writes with an empty array.
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array[(slice(0, 0),) * array.ndim], allow_pickle=False)
        length = struct.unpack("<I", stream.getvalue()[8:12])[0]
        return _with_shape(stream.getvalue()[: 12 + length], facts)
    return stream.getvalue()


def _with_shape(header: bytes, facts: dict[str, Any]) -> bytes:
    text = repr({**facts, "shape": tuple(facts["shape"])}).encode("utf-8")
    length = -(-(len(text) + 1 + 12) // 64) * 64 - 12
    return header[:8] + struct.pack("<I", length) + text.ljust(length - 1) + b"\n"


def release_of(array: NDArray[Any]) -> Callable[[], None]:
    """Return what gives back the memory of a mapped file behind an array, which would count as ours."""
    import numpy as np

    base: Any = array
    mode = None
    while base is not None and not isinstance(base, mmap.mmap):
        if isinstance(base, np.memmap):
            mode = base.mode
        base = getattr(base, "base", None)
    if base is None or mode not in ("r", "r+") or not hasattr(mmap, "MADV_DONTNEED"):
        return lambda: None
    return lambda: base.madvise(mmap.MADV_DONTNEED)


def read_header(read: Callable[[int, int], bytes]) -> Header:
    """Read the header of a file.

    Parameters
    ----------
    read : callable
        Takes the first byte and the one after the last; may return fewer at the end.

    Raises
    ------
    CodecError
        If the bytes are no ``.npy`` file, or need pickle.
    """
    data = read(0, FIRST_READ)
    if data[:6] != _MAGIC or len(data) < 10 or data[6] not in (1, 2, 3):
        raise _damaged("it does not begin as one")
    start, form = (10, "<H") if data[6] == 1 else (12, "<I")
    length = struct.unpack(form, data[8:start])[0]
    if length > _LONGEST_HEADER:
        raise _damaged(f"its header would be {length} bytes long")
    if start + length > len(data):
        data = read(0, start + length)
    if start + length > len(data):
        raise _damaged("it ends within its header")
    return _parsed(
        data[start : start + length].decode("utf-8" if data[6] == 3 else "latin-1"), start + length
    )


def _parsed(text: str, offset: int) -> Header:
    import numpy as np

    try:
        facts = ast.literal_eval(text.strip())
        dtype = np.lib.format.descr_to_dtype(facts["descr"])
        shape = tuple(facts["shape"])
        fortran = facts["fortran_order"]
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        raise _damaged("its header cannot be read") from None
    if not isinstance(fortran, bool) or not all(type(n) is int and n >= 0 for n in shape):
        raise _damaged("its header cannot be read")
    check_dtype(dtype)
    return Header(dtype, shape, fortran, offset)


def _damaged(why: str) -> CodecError:
    return CodecError("this is no .npy file", why=why, try_="restore the file, or insert the array again")


def dtype_from_text(text: str) -> np.dtype[Any]:
    """Return the type that metadata name.

    Raises
    ------
    CodecError
        If they name none, or one that needs pickle.
    """
    import numpy as np

    try:
        dtype = np.dtype(ast.literal_eval(text) if text.startswith(("[", "{")) else text)
    except (TypeError, ValueError, SyntaxError):
        raise CodecError(f"{text[:80]!r} names no type of array") from None
    check_dtype(dtype)
    return dtype
