"""``<filepath@store>``: a file or folder of the user's own that lies in a store already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fascicle.codecs.context import CodecContext, required
from fascicle.codecs.folders import now
from fascicle.codecs.hash import store_only
from fascicle.codecs.protocol import Codec
from fascicle.codecs.refs.objects import ObjectRef
from fascicle.errors import MissingExternalFile, UnsafePathError
from fascicle.stores import Layout, Store
from fascicle.stores.checksums import digest_of_object
from fascicle.stores.paths import checked_path


class FilepathCodec(Codec):
    """A path inside a store, to data that are neither copied nor ever removed.

    Given is the path relative to the store, or, for a local one, the file's full path.  Fetched is an `ObjectRef`.
    Files up to the size of the setting ``filepath_checksum_size_limit`` are hashed when they are inserted (all files
    of local stores if the setting is empty, none of others), so that `ObjectRef.verify` tells whether they changed.
    """

    name = "filepath"

    def get_dtype(self, is_store: bool) -> str:
        """``"json"``; only in a store.

        Raises
        ------
        CodecError
            If no store is named.
        """
        if not is_store:
            raise store_only(self.name, "<varchar(255)> keeps a path as text")
        return "json"

    def validate(self, value: Any) -> None:
        """Refuse what is no path."""
        if not isinstance(value, str | os.PathLike):
            raise TypeError(f"a path inside the store is given here, not a {type(value).__name__}")

    def encode(
        self,
        value: Any,
        *,
        key: Mapping[str, Any] | None = None,
        store_name: str | None = None,
        context: Any = None,
    ) -> dict[str, Any]:
        """Look at the file and return the row's metadata.

        Raises
        ------
        UnsafePathError
            If the path leads out of the store, or into sections that are not the user's.
        MissingExternalFile
            If there is nothing.
        """
        here = required(context, self.name)
        name = here.stores.resolve(store_name, "filepath_default")
        store, layout = here.stores[name], here.stores.layout(name)
        path = value.path if isinstance(value, ObjectRef) else _inside(os.fspath(value), store)
        _check_section(path, layout)
        base = {"path": path, "store": store.name}
        try:
            entry = store.stat(path)
        except MissingExternalFile:
            sizes = [entry.size for entry in store.entries(path)]
            if not sizes:
                raise
            return {**base, "size": sum(sizes), "is_dir": True, "item_count": len(sizes), "timestamp": now()}
        facts = _facts(store, path, entry.size, here)
        return {**base, "size": entry.size, "is_dir": False, "timestamp": now(), **facts}

    def decode(self, stored: Any, *, key: Mapping[str, Any] | None = None, context: Any = None) -> ObjectRef:
        """Return a reference; nothing is read."""
        return ObjectRef(stored, required(context, self.name).stores)

    def referenced_paths(self, stored: Any) -> list[tuple[str, str | None]]:
        """Path and store of the file."""
        return [(stored["path"], stored.get("store"))]


def _inside(path: str, store: Store) -> str:
    if store.is_local and Path(path).is_absolute():
        root = Path(store.location)
        full = Path(os.path.normpath(path))
        if not full.is_relative_to(root):
            raise UnsafePathError(
                "the file lies outside of the store",
                where=path,
                why=f"the store {store.name!r} is {root}",
                try_="move the file there, or use <object@...>, which copies it",
            )
        path = full.relative_to(root).as_posix()
    return checked_path(path.rstrip("/"))


def _check_section(path: str, layout: Layout) -> None:
    if layout.is_managed(path):
        raise UnsafePathError(
            "the path lies in a section of the store that is not for files of your own",
            where=path,
            why=f"objects in {layout.hash_prefix!r} and {layout.schema_prefix!r} are written and removed with rows",
        )
    if layout.filepath_prefix and not path.startswith(layout.filepath_prefix + "/"):
        raise UnsafePathError(
            f"the path lies outside of {layout.filepath_prefix!r}, where this store has files",
            where=path,
            try_="put the file there, or change filepath_prefix of the store",
        )


def _facts(store: Store, path: str, size: int, here: CodecContext) -> dict[str, Any]:
    limit = here.hash_limit
    if size > limit if limit is not None else not store.is_local:
        return {}
    return digest_of_object(store, path, size).facts
