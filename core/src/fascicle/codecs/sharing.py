"""Rows that refer to an object which is there already."""

from __future__ import annotations

from typing import Any

from fascicle.codecs.context import CodecContext
from fascicle.codecs.refs.base import StoredRef
from fascicle.stores import Store
from fascicle.stores.claims import is_claimed


def reused(ref: StoredRef, here: CodecContext, store: Store) -> dict[str, Any] | None:
    """Return a reference's metadata, if its object can be referred to by a row of this table as well.

    That is so within one schema and store, where garbage collection sees both rows.  The object is made new first,
    like one that is just written, so that it is not collected before the row is committed.

    Returns
    -------
    dict or None
        ``None`` if the object must be copied.
    """
    if ref.store != store.name:
        return None
    section = here.layout(store.name).schema_prefix
    if here.layout(store.name).unit_of(ref.path, here.schema) != ref.path or not ref.path.startswith(section):
        return None
    metadata = ref.to_json()
    marker, size = ref.marker
    if size is None or not store.touch(marker, size) or is_claimed(store, here.schema, ref.path):
        return None
    return metadata
