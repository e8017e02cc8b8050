"""Checksums of objects: taken while they are written, compared when they are read."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from fascicle.errors import ChecksumError
from fascicle.stores.protocol import CHUNK_BYTES, Store


class Digest:
    """SHA-256, CRC-32 and size of what goes by.

    The first says what the object is; the second is so quick that every complete read is checked by it.
    """

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._crc32 = 0
        self.size = 0

    def update(self, piece: Any) -> None:
        """Take in bytes."""
        view = memoryview(piece).cast("B")
        self._sha256.update(view)
        self._crc32 = zlib.crc32(view, self._crc32)
        self.size += len(view)

    def through(self, pieces: Iterable[Any]) -> Iterator[Any]:
        """Yield pieces unchanged, taking them in."""
        for piece in pieces:
            self.update(piece)
            yield piece

    @property
    def facts(self) -> dict[str, Any]:
        """What metadata keep: ``size``, ``hash`` (SHA-256) and ``crc32``, both in hexadecimal digits."""
        return {"size": self.size, "hash": self._sha256.hexdigest(), "crc32": f"{self._crc32:08x}"}


class DigestingWriter:
    """A stream that takes in what is written to another one, in order.

    Parameters
    ----------
    stream : BinaryIO
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = Digest()

    def write(self, data: Any) -> int:
        """Write and take in."""
        self.digest.update(data)
        return self._stream.write(data)


def digest_of_file(path: Path) -> Digest:
    """Return the digest of a local file, read in blocks."""
    digest = Digest()
    with path.open("rb") as stream:
        while block := stream.read(CHUNK_BYTES):
            digest.update(block)
    return digest


def digest_of_object(store: Store, path: str, size: int | None = None) -> Digest:
    """Return the digest of an object, read in blocks."""
    digest = Digest()
    for block in store.blocks(path, size):
        digest.update(block)
    return digest


def compare(facts: Mapping[str, Any], found: Digest, path: str, store: Store) -> None:
    """Compare an object that was read completely with what its row says of it; what a row lacks is not compared.

    Raises
    ------
    ChecksumError
        If they differ.
    """
    for name, value in found.facts.items():
        expected = facts.get(name)
        if expected is not None and expected != value:
            raise mismatch(path, store, f"its {name} is {value}, and the row says {expected}")


def check_quickly(facts: Mapping[str, Any], data: Any, path: str, store: Store) -> None:
    """Compare size and CRC-32 of complete bytes with what a row says.

    Raises
    ------
    ChecksumError
        If they differ.
    """
    size, crc32 = facts.get("size"), facts.get("crc32")
    if size is not None and len(data) != size:
        raise mismatch(path, store, f"it has {len(data)} bytes, and the row says {size}")
    if crc32 is not None and f"{zlib.crc32(data):08x}" != crc32:
        raise mismatch(path, store, "its CRC-32 is not that of the row")


def mismatch(path: str, store: Store, why: str) -> ChecksumError:
    """Make the error for an object whose bytes are not those that were stored."""
    return ChecksumError(
        "an object is not what was stored",
        where=f"{path} in store {store.name!r} ({store.location})",
        why=f"{why}: it was changed, cut short or damaged after it was written",
        try_="restore it from a backup, or delete the row and make it again",
        path=path,
        store=store.name,
    )
