"""Folders in stores: files side by side, and a manifest that is written last."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fascicle.codecs.context import CodecContext
from fascicle.codecs.refs.objects import MANIFEST
from fascicle.errors import UnsafePathError
from fascicle.stores import Store
from fascicle.stores.checksums import digest_of_file
from fascicle.stores.paths import checked_path, joined


def now() -> str:
    """Return the time as metadata write it: UTC, ISO 8601."""
    return dt.datetime.now(dt.UTC).isoformat()


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Go through the files below a local folder: path relative to it, and file.

    Raises
    ------
    UnsafePathError
        If a link leads out of the folder: what lies there is not part of it.
    """
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            continue
        if not path.resolve().is_relative_to(root):
            raise UnsafePathError(
                "a link in the folder leads out of it",
                where=str(path),
                why="what it points to is not part of the folder",
                try_="copy the file into the folder, or remove the link",
            )
        yield checked_path(path.relative_to(folder).as_posix()), path


def store_folder(folder: Path, path: str, store: Store, here: CodecContext) -> dict[str, Any]:
    """Copy a local folder into a store.

    Returns
    -------
    dict
        Metadata of the row.
    """
    found = list(files_below(folder))
    for name, _ in found:
        here.journal.note(store, joined(path, name))

    def copy(pair: tuple[str, Path]) -> dict[str, Any]:
        name, source = pair
        facts = digest_of_file(source).facts
        store.upload(joined(path, name), source)
        return {"path": name, **facts}

    return write_manifest(list(here.in_parallel(copy, found)), path, store, here)


def write_manifest(
    files: list[dict[str, Any]], path: str, store: Store, here: CodecContext
) -> dict[str, Any]:
    """Write the manifest of a folder whose files are in place.

    Parameters
    ----------
    files : list of dict
        ``path`` relative to the folder, ``size``, and checksums.

    Returns
    -------
    dict
        Metadata of the row.
    """
    total = sum(file["size"] for file in files)
    manifest = {"files": files, "total_size": total, "item_count": len(files), "created": now()}
    data = json.dumps(manifest, indent=1).encode()
    here.journal.note(store, path + MANIFEST)
    store.put(path + MANIFEST, data)
    return {
        "path": path,
        "store": store.name,
        "size": total,
        "ext": None,
        "is_dir": True,
        "item_count": len(files),
        "timestamp": manifest["created"],
        "manifest_size": len(data),
        "manifest_crc32": f"{zlib.crc32(data):08x}",
    }


def file_metadata(path: str, store: Store, extension: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of the row for one file."""
    return {
        "path": path,
        "store": store.name,
        "ext": extension or None,
        "is_dir": False,
        "item_count": None,
        "timestamp": now(),
        **facts,
    }
