"""Rows as multi-row INSERT statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fascicle.backend.protocol import Mode, Row
from fascicle.model import TableSpec
from fascicle_mysql.dialect import DIALECT
from fascicle_mysql.literals import row_literals

ROWS_AT_ONCE = 20_000
STATEMENT_BYTES = 8 << 20
MARGIN = 1024


def inserts(
    spec: TableSpec, columns: Sequence[str], rows: Sequence[Row], mode: Mode, max_packet: int
) -> Iterator[bytes]:
    """Yield the statements that insert `rows`, each fitting into a packet if a single row does."""
    head = _unescaped(DIALECT.insert_into(spec, columns)) + (b"" if columns else b" ()")
    tail = _unescaped(DIALECT.conflict_clause(spec, columns, mode))
    if mode == "skip" and len(rows) == 1 and _has_fixed_key(spec, columns):
        # Only of several rows does the server say how many were there already; the repeated one counts as one.
        rows = [*rows, *rows]
    limit = min(max_packet - MARGIN, STATEMENT_BYTES) - len(head) - len(tail)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        literals = row_literals(rows[start : start + ROWS_AT_ONCE])
        while literals:
            count = _fitting(literals, limit)
            yield head + b" VALUES " + b",".join(literals[:count]) + tail
            literals = literals[count:]


def _has_fixed_key(spec: TableSpec, columns: Sequence[str]) -> bool:
    """Whether a row given twice has the same key twice: all of it is given, or has a constant default."""
    given = frozenset(columns)
    fixed = (bool, int, float, str)
    return all(a.name in given or isinstance(a.default, fixed) for a in spec.attributes if a.in_key)


def _fitting(literals: Sequence[bytes], limit: int) -> int:
    size = 0
    for count, text in enumerate(literals):
        size += len(text) + 1
        if size > limit and count:
            return count
    return len(literals)


def _unescaped(text: str) -> bytes:
    return text.replace("%%", "%").encode()
