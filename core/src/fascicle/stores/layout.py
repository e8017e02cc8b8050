"""Where objects lie inside a store: the published layout of DataJoint 2."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from fascicle.errors import ConfigError
from fascicle.stores.paths import joined, value_segment

_NAMES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Layout:
    """Sections of a store and how paths in them are made.

    Parameters
    ----------
    hash_prefix : str
        Section of objects that are named by their content.
    schema_prefix : str
        Section of objects that are named by their row.
    filepath_prefix : str
        Where files of the user's own lie; anywhere outside of the other sections if empty.
    subfolding : tuple of int
        Lengths of the folders that names of content-addressed objects are spread over.
    partition : tuple of str
        Key attributes that come first in paths made of keys.
    token_length : int
        Characters of the random token that keeps paths apart.
    """

    hash_prefix: str = "_hash"
    schema_prefix: str = "_schema"
    filepath_prefix: str = ""
    subfolding: tuple[int, ...] = ()
    partition: tuple[str, ...] = ()
    token_length: int = 8

    @classmethod
    def from_settings(cls, store: str, settings: Mapping[str, Any]) -> Layout:
        """Read the layout out of a store's settings.

        Raises
        ------
        ConfigError
            If a value is out of bounds, or two sections lie in one another.
        """
        layout = cls(
            hash_prefix=str(settings.get("hash_prefix") or "_hash").strip("/"),
            schema_prefix=str(settings.get("schema_prefix") or "_schema").strip("/"),
            filepath_prefix=str(settings.get("filepath_prefix") or "").strip("/"),
            subfolding=tuple(int(n) for n in settings.get("subfolding") or ()),
            partition=tuple(_NAMES.findall(settings.get("partition_pattern") or "")),
            token_length=int(settings.get("token_length", 8)),
        )
        fault = layout._fault()
        if fault is not None:
            raise ConfigError(
                f"the settings of the store {store!r} do not go together", where=f"stores.{store}", why=fault
            )
        return layout

    def _fault(self) -> str | None:
        if not 4 <= self.token_length <= 16:
            return f"token_length is {self.token_length} and lies between 4 and 16"
        if any(n < 1 for n in self.subfolding) or sum(self.subfolding) > 20:
            return f"subfolding {self.subfolding} is more than a name of 26 characters gives"
        sections = [p for p in (self.hash_prefix, self.schema_prefix, self.filepath_prefix) if p]
        for one, other in permutations(sections, 2):
            if (one + "/").startswith(other + "/"):
                return f"the section {one!r} lies inside the section {other!r}"
        return None

    def hashed(self, schema: str, digest: str, suffix: str = "") -> str:
        """Return the path of an object named by its content."""
        folders = []
        position = 0
        for length in self.subfolding:
            folders.append(digest[position : position + length])
            position += length
        return joined(self.hash_prefix, schema, *folders, digest + suffix)

    def keyed(
        self, schema: str, table: str, key: Mapping[str, Any], attribute: str, extension: str = ""
    ) -> str:
        """Return a new path for an object of a row; two calls never give the same one."""
        first = [value_segment(name, key[name]) for name in self.partition if name in key]
        rest = [value_segment(name, value) for name, value in key.items() if name not in self.partition]
        dot = "." if extension and not extension.startswith(".") else ""
        name = f"{attribute}_{token(self.token_length)}{dot}{extension}"
        return joined(self.schema_prefix, *first, schema, table, *rest, name)

    def is_managed(self, path: str) -> bool:
        """Whether a path lies in a section whose objects are ours to write and remove."""
        return any(
            (path + "/").startswith(f"{section}/") for section in (self.hash_prefix, self.schema_prefix)
        )

    def sections(self, schema: str) -> tuple[str, str]:
        """Return the folders to list for a schema's objects, by content and by row."""
        keyed = self.schema_prefix if self.partition else joined(self.schema_prefix, schema)
        return joined(self.hash_prefix, schema), keyed

    def unit_of(self, path: str, schema: str) -> str | None:
        """Return the object that a path below the section of rows belongs to.

        A folder's files belong to the folder; ``None`` if the path is of another schema, or not of this layout.
        """
        inner = path[len(self.schema_prefix) + 1 :].split("/")
        position = 0
        while position < len(inner) and "=" in inner[position]:
            position += 1
        if inner[position : position + 1] != [schema]:
            return None
        position += 2
        while position < len(inner) and "=" in inner[position]:
            position += 1
        if position >= len(inner):
            return None
        return joined(self.schema_prefix, *inner[: position + 1])


def token(length: int) -> str:
    """Return a random token of letters, digits, ``-`` and ``_``."""
    return secrets.token_urlsafe(length)[:length]


def content_name(digest: bytes) -> str:
    """Return the name of an object whose content has an MD5 digest: 26 lower-case letters and digits."""
    return base64.b32encode(digest).decode().rstrip("=").lower()


def content_hash(data: Any) -> str:
    """Return the name of an object with this content."""
    return content_name(hashlib.md5(data, usedforsecurity=False).digest())
