"""Rows that are given twice in one insert."""

from __future__ import annotations

from collections.abc import Sequence

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
