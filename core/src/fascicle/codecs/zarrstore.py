"""Folders of stores as the zarr package takes them: a wrapped mapping for version 2, a class for version 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fascicle.errors import PluginError

if TYPE_CHECKING:
    from fascicle.codecs.refs.mapping import StoreMap
    from fascicle.codecs.staging import StagedMap


def as_zarr_store(folder: StoreMap | StagedMap) -> Any:
    """Return what ``zarr.open`` takes for a folder of a store.

    Raises
    ------
    PluginError
        If zarr is not installed.
    """
    if zarr_version() < 3:
        import zarr.storage

        old: Any = zarr.storage  # the names of version 2 are unknown to type checkers that see version 3
        return old.KVStore(folder)
    from fascicle.codecs.zarr3 import FolderStore

    return FolderStore(folder)


def zarr_version() -> int:
    """Return the major version of the zarr that is installed.

    Raises
    ------
    PluginError
        If there is none.
    """
    try:
        import zarr
    except ImportError as error:
        raise PluginError(
            "zarr is not installed",
            why=str(error),
            try_="pip install zarr; references read arrays of Zarr format 2 without it",
        ) from error
    return int(zarr.__version__.partition(".")[0])
