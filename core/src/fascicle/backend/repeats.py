"""Rows that may exist: those given twice in one insert, and the order in which sessions should lock them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from fascicle.backend.protocol import Row
from fascicle.model import TableSpec


def without_repeats(spec: TableSpec, columns: Sequence[str], rows: Sequence[Row]) -> Sequence[Row]:
    """Leave of several rows with one primary key the last, as if they replaced one another."""
    in_key = {a.name for a in spec.attributes if a.in_key}
    if any(a.autoincrement and a.name not in columns for a in spec.attributes):
        return rows
    places = [n for n, name in enumerate(columns) if name in in_key]
    last: dict[Row, Row] = {tuple(row[n] for n in places): row for row in rows}
    return rows if len(last) == len(rows) else list(last.values())


def in_key_order(spec: TableSpec, columns: Sequence[str], rows: Sequence[Row]) -> Sequence[Row]:
    """Sort rows by primary key, so that sessions that insert the same keys wait for one another and do not deadlock.

    Rows whose keys cannot be compared stay as they are.
    """
    in_key = {a.name for a in spec.attributes if a.in_key}
    places = [n for n, name in enumerate(columns) if name in in_key]
    if len(rows) < 2 or not places:
        return rows
    try:
        return sorted(rows, key=itemgetter(*places))
    except TypeError:
        return rows
