"""How garbage collection and inserts keep out of each other's way without a lock.

An object that is named by its content may be wanted again at the moment when it is collected.  The collector
first writes a claim that lists what it is about to remove, and then looks at each object's time; whoever wants
to use an object again first makes it new (`Store.touch`), and then looks for claims.  Whichever comes first, at
least one of the two sees the other: the collector leaves a renewed object alone, and the insert stores its bytes
under another path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from fascicle.errors import MissingExternalFile
from fascicle.stores.layout import token
from fascicle.stores.paths import joined
from fascicle.stores.protocol import Entry, Store

SECTION: Final = "_claims"


@contextmanager
def claim(store: Store, schema: str, paths: Sequence[str]) -> Iterator[Entry]:
    """Claim objects for removal inside the block.

    Yields
    ------
    Entry
        The claim's own object; its time is the store's idea of now.
    """
    path = joined(SECTION, schema, f"{token(12)}.json")
    store.put(path, json.dumps({"paths": list(paths)}).encode())
    try:
        yield store.stat(path)
    finally:
        store.remove([path])


def is_claimed(store: Store, schema: str, path: str) -> bool:
    """Whether a collector is about to remove an object, or broke off while it was."""
    for entry in store.entries(joined(SECTION, schema)):
        try:
            claimed = json.loads(store.read(entry.path)).get("paths", ())
        except MissingExternalFile:
            continue  # its collector has just finished
        except ValueError:
            return True
        if path in claimed:
            return True
    return False


def stale_claims(store: Store, schema: str) -> list[Entry]:
    """Return claims that collectors left behind."""
    return list(store.entries(joined(SECTION, schema)))
