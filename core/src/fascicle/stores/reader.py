"""A seekable stream over ranged reads."""

from __future__ import annotations

import io
from typing import Any, ClassVar, Protocol


class Ranged(Protocol):
    """What the stream needs of a store."""

    def read(self, path: str, start: int = 0, stop: int | None = None) -> bytes:
        """Return bytes of an object."""


class RangeReader(io.RawIOBase):
    """Reads an object range by range, so that a seek costs nothing.

    Parameters
    ----------
    store : Ranged
    path : str
    size : int
        Bytes of the object.
    """

    #: What a buffered stream over this one fetches at a time: a compromise between requests and bytes.
    BLOCK_BYTES: ClassVar[int] = 128 << 10

    def __init__(self, store: Ranged, path: str, size: int) -> None:
        super().__init__()
        self.store = store
        self.path = path
        self.size = size
        self.name = path
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move without reading."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"a seek to {base + offset} lies before the object")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what follows, as far as the object goes."""
        view = memoryview(buffer).cast("B")
        stop = min(self._position + len(view), self.size)
        if stop <= self._position:
            return 0
        data = self.store.read(self.path, self._position, stop)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)
