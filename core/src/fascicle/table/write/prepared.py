"""Texts of INSERTs and encoders of their values, made once for each table and choice of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fascicle.backend.protocol import Mode
from fascicle.model import TableName, TableSpec
from fascicle.sql import Sql
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

MOST_TEXTS = 1000

Encoder = Callable[[Any], Any] | None


class PreparedInserts:
    """Remembers the texts of one connection.

    Parameters
    ----------
    connection : Connection
    """

    def __init__(self, connection: Connection) -> None:
        self._dialect = connection.dialect
        self._texts: dict[tuple[TableName, tuple[str, ...], str, int], tuple[TableSpec, str]] = {}
        self._encoders: dict[tuple[TableName, tuple[str, ...]], tuple[TableSpec, list[Encoder]]] = {}

    def text(self, spec: TableSpec, names: Sequence[str], mode: Mode, count: int) -> str:
        """Return the text of an INSERT of so many rows."""
        key = (spec.name, tuple(names), mode, count)
        found = self._texts.get(key)
        # A table that was altered has another specification.
        if found is not None and found[0] is spec:
            return found[1]
        text = self._dialect.insert(spec, names, mode, count)
        if len(self._texts) >= MOST_TEXTS:
            self._texts.clear()
        self._texts[key] = (spec, text)
        return text

    def rows(self, spec: TableSpec, names: Sequence[str], mode: Mode, rows: Sequence[Sequence[Any]]) -> Sql:
        """Return the INSERT of encoded rows."""
        return Sql(self.text(spec, names, mode, len(rows)), tuple([value for row in rows for value in row]))

    def row(self, spec: TableSpec, row: Mapping[str, Any], mode: Mode = "error") -> Sql:
        """Return the INSERT of one row of canonical values, hidden attributes among them."""
        names = tuple(row)
        values = [
            value if value is None or encode is None else encode(value)
            for value, encode in zip(row.values(), self._encoders_of(spec, names), strict=True)
        ]
        return Sql(self.text(spec, names, mode, 1), tuple(values))

    def _encoders_of(self, spec: TableSpec, names: tuple[str, ...]) -> list[Encoder]:
        found = self._encoders.get((spec.name, names))
        if found is not None and found[0] is spec:
            return found[1]
        heading = spec.full_heading
        encoders = [self._dialect.encoder(heading[name]) for name in names]
        self._encoders[spec.name, names] = (spec, encoders)
        return encoders


def prepared_inserts(connection: Connection) -> PreparedInserts:
    """Return what the connection remembers."""
    runtime = runtime_of(connection)
    if runtime.prepared is None:
        runtime.prepared = PreparedInserts(connection)
    found: PreparedInserts = runtime.prepared
    return found
