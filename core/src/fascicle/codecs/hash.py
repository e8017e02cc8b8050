"""``<hash@store>``: bytes that are kept once, named by their content."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

from fascicle.codecs.context import CodecContext, required
from fascicle.codecs.protocol import Codec
from fascicle.errors import CodecError
from fascicle.stores.checksums import check_quickly, mismatch
from fascicle.stores.claims import is_claimed
from fascicle.stores.layout import content_name, token


class HashCodec(Codec):
    """Bytes in a store, equal ones of a schema kept once.

    The row has the content's MD5 (the published name of the object), its size and a CRC-32, by which every read is
    checked.  ``<blob@store>`` and ``<attach@store>`` end here.
    """

    name = "hash"
    reads_objects = True

    def get_dtype(self, is_store: bool) -> str:
        """``"json"``; only in a store.

        Raises
        ------
        CodecError
            If no store is named.
        """
        if not is_store:
            raise store_only(self.name, "<bytes> or <blob> keep them in the table")
        return "json"

    def validate(self, value: Any) -> None:
        """Refuse what is no bytes."""
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"bytes are stored here, not a {type(value).__name__}")

    def encode(
        self,
        value: Any,
        *,
        key: Mapping[str, Any] | None = None,
        store_name: str | None = None,
        context: Any = None,
    ) -> dict[str, Any]:
        """Store the bytes unless equal ones are there, and return the row's metadata."""
        here = required(context, self.name)
        data = memoryview(value).cast("B")
        store = here.store(store_name)
        name = content_name(hashlib.md5(data, usedforsecurity=False).digest())
        path = here.layout(store.name).hashed(here.schema, name)
        if not store.touch(path, len(data)):
            store.put(path, data)
        elif is_claimed(store, here.schema, path):
            path = here.layout(store.name).hashed(here.schema, name, f"-{token(8)}")
            store.put(path, data)
        return {
            "hash": name,
            "path": path,
            "schema": here.schema,
            "store": store.name,
            "size": len(data),
            "crc32": crc32_of(data),
        }

    def decode(self, stored: Any, *, key: Mapping[str, Any] | None = None, context: Any = None) -> bytes:
        """Return the bytes, checked.

        Raises
        ------
        MissingExternalFile, ChecksumError
            If the object is not there, or is not what was stored.
        """
        here = required(context, self.name)
        return read_hashed(stored, here)

    def referenced_paths(self, stored: Any) -> list[tuple[str, str | None]]:
        """The object's path and store."""
        return [(stored["path"], stored.get("store"))]


def read_hashed(stored: Mapping[str, Any], here: CodecContext) -> bytes:
    """Read an object that is named by its content, and check it."""
    store = here.store(stored.get("store"))
    path = stored["path"]
    data = store.read(path)
    if stored.get("crc32") is not None:
        check_quickly(stored, data, path, store)
        return data
    # Rows of other clients have no CRC-32: the name itself is the checksum.
    if content_name(hashlib.md5(data, usedforsecurity=False).digest()) != stored["hash"]:
        raise mismatch(path, store, "its MD5 is not the one that names it")
    return data


def crc32_of(data: Any) -> str:
    """Return the CRC-32 of bytes in hexadecimal digits."""
    return f"{zlib.crc32(data):08x}"


def store_only(codec: str, instead: str) -> CodecError:
    """Make the error for a codec that keeps nothing in the table."""
    return CodecError(
        f"<{codec}> names no store",
        why=f"<{codec}> keeps values in an object store",
        try_=f"write <{codec}@> for the default store or <{codec}@store>; {instead}.",
    )
