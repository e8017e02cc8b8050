"""Finding and removing objects that no row refers to, while others insert."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fascicle.codecs.refs.objects import MANIFEST
from fascicle.errors import GarbageError, MissingExternalFile
from fascicle.stores import Entry, Layout, Store
from fascicle.stores.claims import SECTION, claim, stale_claims
from fascicle.stores.paths import joined
from fascicle.table.garbage.references import Owner, owners, place_of, referenced
from fascicle.table.garbage.report import GarbageReport
from fascicle.table.relatives import user_tables
from fascicle.table.storage import stores_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.schema import Schema

DAY_S = 86_400.0
#: Objects claimed and removed at a time, so that a claim stays short and is soon over.
BATCH = 1000


@dataclass
class Unit:
    """One object: a file, or a folder with its manifest."""

    path: str
    is_hash: bool
    entries: list[Entry] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(entry.size for entry in self.entries)

    @property
    def modified(self) -> float:
        """When its newest file was written."""
        return max(entry.modified for entry in self.entries)


class GarbageCollector:
    """Finds, and removes on request, objects of some schemas that no row refers to.

    References are looked for in every schema of the connection; objects are removed in the sections of the
    schemas that are named.  Objects younger than the grace period are left alone: they may belong to a row that
    is about to be committed.  Choose it longer than the longest transaction that inserts objects.

    Parameters
    ----------
    *schemas : Schema
        Whose objects to look at.
    store : str, optional
        Which store; by default every store that attributes of these schemas name.

    Raises
    ------
    GarbageError
        If no schema is named, or they are on different connections.
    """

    def __init__(self, *schemas: Schema, store: str | None = None, config: Any = None) -> None:
        connections = {id(schema.connection): schema.connection for schema in schemas}
        if len(connections) != 1:
            raise GarbageError(
                "a collection needs the schemas of one connection",
                why=f"the schemas given are on {len(connections)}",
                try_="GarbageCollector(schema).collect()",
            )
        self.connection: Connection = schemas[0].connection
        self.schemas = [schema.name for schema in schemas]
        self.store = store

    def collect(
        self, dry_run: bool = True, verbose: bool = False, *, grace_s: float = DAY_S
    ) -> GarbageReport:
        """Look for objects without a row, and remove them unless this is a dry run.

        Parameters
        ----------
        dry_run : bool
            Remove nothing, only report.
        verbose : bool
            Tell the report to the person as well.
        grace_s : float
            Seconds for which an object is left alone after it was written.  0 is safe only while nobody inserts.

        Returns
        -------
        GarbageReport

        Raises
        ------
        GarbageError
            If it cannot be told for certain what is referred to: a codec is not installed, a store not configured.
        StoreError
            If the store fails; what was removed until then was garbage.
        """
        self.connection.refuse_in_transaction("collect garbage")
        self.connection.catalog.refresh_all()
        found = owners(self.connection, user_tables(self.connection))
        report = GarbageReport(dry_run)
        stores = stores_of(self.connection)
        for name in self._stores(found):
            for schema in self.schemas:
                _Collection(self.connection, found, stores[name], stores.layout(name), schema, grace_s).run(
                    report
                )
        if verbose:
            from fascicle.table.runtime import runtime_of

            runtime_of(self.connection).interaction.echo(str(report))
        return report

    def _stores(self, found: list[Owner]) -> list[str]:
        stores = stores_of(self.connection)
        if self.store is not None:
            return [stores.resolve(self.store)]
        named = {
            stores.resolve(store)
            for owner in found
            if owner.spec.name.schema in self.schemas
            for store in owner.chain.stores
            if store is not None
        }
        return sorted(named)


class _Collection:
    """One section of one store."""

    def __init__(
        self,
        connection: Connection,
        found: list[Owner],
        store: Store,
        layout: Layout,
        schema: str,
        grace_s: float,
    ) -> None:
        self.connection = connection
        self.found = found
        self.store = store
        self.layout = layout
        self.schema = schema
        self.grace_s = grace_s

    def run(self, report: GarbageReport) -> None:
        units = {unit.path: unit for unit in self._units()}
        places = referenced(self.connection, self.found)
        orphans = []
        for unit in units.values():
            is_referenced = place_of(self.store, unit.path) in places
            if not is_referenced:
                orphans.append(unit)
            _count(report, unit, is_referenced)
        # By our own clock, which is good enough to report; the store's decides what is removed.
        old = [unit for unit in orphans if self._is_old(unit.modified, time.time())]
        report.young += len(orphans) - len(old)
        for unit in old:
            _note(report, unit)
        if not report.dry_run:
            for start in range(0, len(old), BATCH):
                self._remove(old[start : start + BATCH], report)
        self._sweep(report)

    def _is_old(self, modified: float, now: float) -> bool:
        return modified <= now - self.grace_s

    def _units(self) -> Iterator[Unit]:
        by_content, by_row = self.layout.sections(self.schema)
        for entry in self.store.entries(by_content):
            yield Unit(entry.path, True, [entry])
        units: dict[str, Unit] = {}
        for entry in self.store.entries(by_row):
            path = self.layout.unit_of(entry.path, self.schema)
            if path is not None:
                path = path.removesuffix(MANIFEST)
                units.setdefault(path, Unit(path, False)).entries.append(entry)
        yield from units.values()

    def _remove(self, units: Sequence[Unit], report: GarbageReport) -> None:
        """Remove what is still old and without a row once everybody can see that it is claimed."""
        with claim(self.store, self.schema, [unit.path for unit in units]) as claimed:
            places = referenced(self.connection, self.found)
            for unit in units:
                if place_of(self.store, unit.path) in places or not self._is_still_old(
                    unit, claimed.modified
                ):
                    continue
                self.store.remove([entry.path for entry in unit.entries])
                report.bytes_freed += unit.size
                if unit.is_hash:
                    report.hash_paths_deleted += 1
                else:
                    report.schema_paths_deleted += 1

    def _is_still_old(self, unit: Unit, now: float) -> bool:
        """Look again at the object whose time a new use renews."""
        try:
            marker = max(unit.entries, key=lambda entry: (entry.path.endswith(MANIFEST), entry.modified))
            return self._is_old(self.store.stat(marker.path).modified, now)
        except MissingExternalFile:
            return False

    def _sweep(self, report: GarbageReport) -> None:
        before = time.time() - self.grace_s
        stale = [entry for entry in stale_claims(self.store, self.schema) if entry.modified <= before]
        sections = (*self.layout.sections(self.schema), joined(SECTION, self.schema))
        left = [entry for section in sections for entry in self.store.debris(section)]
        old = [entry for entry in left if entry.modified <= before]
        report.debris += len(old) + len(stale)
        report.debris_bytes += sum(entry.size for entry in (*old, *stale))
        if not report.dry_run:
            self.store.remove(entry.path for entry in stale)
            self.store.discard(old)
            report.bytes_freed += sum(entry.size for entry in (*old, *stale))


def _count(report: GarbageReport, unit: Unit, is_referenced: bool) -> None:
    if unit.is_hash:
        report.hash_paths_stored += 1
        report.hash_paths_referenced += is_referenced
    else:
        report.schema_paths_stored += 1
        report.schema_paths_referenced += is_referenced


def _note(report: GarbageReport, unit: Unit) -> None:
    if unit.is_hash:
        report.orphaned_hash_paths.append(unit.path)
        report.hash_paths_orphaned_bytes += unit.size
    else:
        report.orphaned_schema_paths.append(unit.path)
        report.schema_paths_orphaned_bytes += unit.size
