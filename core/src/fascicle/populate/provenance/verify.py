"""Reading the inputs of computed rows again, to see also what no log of changes saw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fascicle.populate.forms import call_make, form_of
from fascicle.populate.making import Making
from fascicle.populate.provenance.record import combine

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.model import TableName
    from fascicle.populate.provenance.stale import Made, Staleness
    from fascicle.populate.tiers import AutoPopulated


class _EndOfReading(BaseException):
    """Make has come to its first write: what it reads is known."""


class Reading(Making):
    """A make that only reads: it ends where it would write."""

    def enter(self, phase: str) -> None:
        """End a make in phases after its first one."""
        if phase in ("compute", "insert"):
            raise _EndOfReading
        super().enter(phase)

    def writing(self, connection: Connection, name: TableName, verb: str) -> None:
        """End here."""
        raise _EndOfReading


def read_again(table: AutoPopulated, key: dict[str, Any], kwargs: dict[str, Any]) -> str:
    """Digest what make reads for a key now.

    A make in three methods, or a generator, only fetches; a plain ``make`` runs up to its first insert.
    """
    reading = Reading(table.connection, table.table_id, key)
    fresh = type(table)()
    try:
        with reading:
            if form_of(type(table)) == "phases":
                fresh.make_fetch(dict(key), **kwargs)  # type: ignore[attr-defined]
            else:
                call_make(reading, fresh, kwargs)
    except _EndOfReading:
        pass
    return combine(reading.inputs)


def verify_inputs(
    table: AutoPopulated, made: Iterable[Made], found: Staleness, kwargs: dict[str, Any]
) -> None:
    """Add the rows whose inputs are not what they were."""
    for row in made:
        key = dict(zip(found.names, row.key, strict=True))
        try:
            now = read_again(table, key, kwargs)
        except Exception as error:  # noqa: BLE001  (what cannot be read any more has changed)
            found.add(row.key, f"input: it cannot be read again ({type(error).__name__}: {error})")
            continue
        if now != row.inputs:
            found.add(row.key, "input: reading it again gives other rows")
