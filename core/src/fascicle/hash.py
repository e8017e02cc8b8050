"""Hashes under the names by which older pipelines call them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from os import PathLike
from pathlib import Path
from typing import Any
from uuid import UUID


def key_hash(mapping: Mapping[str, Any]) -> str:
    """Return the hash by which job tables of DataJoint 0.14 know a key: 32 hexadecimal digits.

    It depends on the values alone, taken in the order of their names.
    """
    digest = md5(usedforsecurity=False)
    for _, value in sorted(mapping.items()):
        digest.update(str(value).encode())
    return digest.hexdigest()


def uuid_from_buffer(buffer: bytes = b"", init_string: str = "") -> UUID:
    """Return the UUID by which DataJoint 0.14 knows the content of an external object."""
    return UUID(bytes=md5(init_string.encode() + buffer, usedforsecurity=False).digest())


def uuid_from_file(filepath: str | PathLike[str], init_string: str = "") -> UUID:
    """Return the UUID of a file's content; see `uuid_from_buffer`."""
    digest = md5(init_string.encode(), usedforsecurity=False)
    with Path(filepath).open("rb") as stream:
        while part := stream.read(1 << 20):
            digest.update(part)
    return UUID(bytes=digest.digest())
