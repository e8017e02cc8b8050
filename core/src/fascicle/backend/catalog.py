"""What is known of the tables: read once per schema, kept in memory, renewed on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import RLock

from fascicle.errors import MissingTableError
from fascicle.model import Catalog, TableName, TableSpec

DROPS_IN_A_ROW = 3


class CatalogCache:
    """Tables of a connection's database, read a schema at a time.

    Parameters
    ----------
    read : callable
        Reads the given schemas and the tables that they refer to.
    list_schemas : callable
        Names the schemas of the database.
    """

    def __init__(
        self, read: Callable[[Sequence[str]], Catalog], list_schemas: Callable[[], Sequence[str]]
    ) -> None:
        self._read = read
        self._list_schemas = list_schemas
        self._lock = RLock()
        self._known = Catalog()
        self._schemas: frozenset[str] = frozenset()

    @property
    def known(self) -> Catalog:
        """Tables in memory; never asks the database."""
        return self._known

    @property
    def schemas(self) -> frozenset[str]:
        """Schemas that have been read."""
        return self._schemas

    def load(self, *schemas: str) -> Catalog:
        """Read those of `schemas` that have not been read yet, all at once.

        Returns
        -------
        Catalog
            All tables known then.
        """
        with self._lock:
            wanted = [name for name in dict.fromkeys(schemas) if name not in self._schemas]
            if wanted:
                self._take_in(wanted, self._read(wanted))
            return self._known

    def refresh(self, *schemas: str) -> Catalog:
        """Read `schemas` again (all those read before if none is named)."""
        with self._lock:
            wanted = list(dict.fromkeys(schemas)) or sorted(self._schemas)
            if wanted:
                fresh = self._read(wanted)
                gone = [name for name in self._known if name.schema in wanted]
                self._known = self._known.without(*gone)
                self._take_in(wanted, fresh)
            return self._known

    def load_all(self) -> Catalog:
        """Read every schema of the database that has not been read yet."""
        return self._while_others_drop(lambda: self.load(*self._list_schemas()))

    def refresh_all(self) -> Catalog:
        """Read every schema of the database again, and forget those that are gone."""
        return self._while_others_drop(self._refresh_all)

    def _refresh_all(self) -> Catalog:
        with self._lock:
            schemas = self._list_schemas()
            self.forget(*(name for name in self._schemas if name not in schemas))
            return self.refresh(*schemas) if schemas else self._known

    @staticmethod
    def _while_others_drop(read: Callable[[], Catalog]) -> Catalog:
        """Read again where a schema that was listed is dropped by someone before it is read."""
        for _ in range(DROPS_IN_A_ROW):
            with suppress(MissingTableError):
                return read()
        return read()

    def put(self, *specs: TableSpec) -> None:
        """Note tables just declared or altered."""
        with self._lock:
            self._known = self._known.with_tables(*specs)

    def discard(self, *names: TableName) -> None:
        """Forget tables just dropped."""
        with self._lock:
            self._known = self._known.without(*names)

    def forget(self, *schemas: str) -> None:
        """Forget whole schemas, so that the next `load` reads them."""
        with self._lock:
            gone = [name for name in self._known if name.schema in schemas]
            self._known = self._known.without(*gone)
            self._schemas -= frozenset(schemas)

    def _take_in(self, schemas: Sequence[str], fresh: Catalog) -> None:
        self._known = self._known.with_tables(*fresh.tables.values())
        self._schemas |= frozenset(schemas)
