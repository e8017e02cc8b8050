"""Object stores: where large values lie beside the database."""

from __future__ import annotations

from fascicle.stores.configured import EMBEDDED, Stores, store_registry
from fascicle.stores.layout import Layout
from fascicle.stores.local import LocalStore
from fascicle.stores.paths import checked_path
from fascicle.stores.protocol import Entry, Store

__all__ = ["EMBEDDED", "Entry", "Layout", "LocalStore", "Store", "Stores", "checked_path", "store_registry"]
