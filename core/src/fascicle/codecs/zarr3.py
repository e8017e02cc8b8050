"""A store for version 3 of the zarr package; imported only where that is installed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, MutableMapping
from typing import TYPE_CHECKING

from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest

from fascicle.codecs.refs.mapping import StoreMap

if TYPE_CHECKING:
    from zarr.core.buffer import Buffer, BufferPrototype

    from fascicle.codecs.staging import StagedMap


class FolderStore(Store):
    """A folder of one of our stores.

    Parameters
    ----------
    folder : StoreMap or StagedMap
        The former is only read.
    """

    def __init__(self, folder: StoreMap | StagedMap) -> None:
        super().__init__(read_only=not isinstance(folder, MutableMapping))
        self._folder = folder

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FolderStore) and other._folder is self._folder

    def __hash__(self) -> int:
        return id(self._folder)

    def __repr__(self) -> str:
        return f"<FolderStore {self._folder.folder}>"

    @property
    def supports_writes(self) -> bool:
        """Whether it can be written to."""
        return not self.read_only

    @property
    def supports_deletes(self) -> bool:
        """Whether files can be removed."""
        return not self.read_only

    @property
    def supports_listing(self) -> bool:
        """It does."""
        return True

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a file, or part of it; None if it is not there."""
        try:
            data = await asyncio.to_thread(self._read, key, byte_range)
        except KeyError:
            return None
        return prototype.buffer.from_bytes(data)

    def _read(self, key: str, wanted: ByteRequest | None) -> bytes:
        if isinstance(wanted, RangeByteRequest):
            return self._folder.part(key, wanted.start, wanted.end)
        if isinstance(wanted, OffsetByteRequest):
            return self._folder.part(key, wanted.offset)
        if isinstance(wanted, SuffixByteRequest):
            return self._folder.part(key, max(0, self._folder.size_of(key) - wanted.suffix))
        return self._folder[key]

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Read several files or parts at once."""
        return list(await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges)))

    async def exists(self, key: str) -> bool:
        """Whether a file is there."""
        return await asyncio.to_thread(self._folder.__contains__, key)

    async def set(self, key: str, value: Buffer) -> None:
        """Write a file."""
        folder = self._written()
        await asyncio.to_thread(folder.__setitem__, key, value.to_bytes())

    async def delete(self, key: str) -> None:
        """Remove a file; nothing happens if it is not there."""
        folder = self._written()
        await asyncio.to_thread(folder.pop, key, None)

    def _written(self) -> MutableMapping[str, bytes]:
        self._check_writable()
        assert isinstance(self._folder, MutableMapping)  # noqa: S101  (so says `read_only`)
        return self._folder

    async def list(self) -> AsyncIterator[str]:
        """Go through all files."""
        for key in await asyncio.to_thread(list, self._folder):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Go through the files whose names begin so."""
        async for key in self.list():
            if key.startswith(prefix):
                yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Go through the names directly in a folder."""
        start = f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""
        seen: set[str] = set()
        async for key in self.list_prefix(start):
            name = key[len(start) :].partition("/")[0]
            if name not in seen:
                seen.add(name)
                yield name
