"""Whether a statement only reads, judged by its words: it may then be repeated."""

from __future__ import annotations

import re

_LEADING = re.compile(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*|\(\s*)*([A-Za-z]+)", re.DOTALL)
_READING = frozenset({"SELECT", "VALUES", "SHOW", "DESCRIBE", "EXPLAIN", "TABLE"})
# A common table expression may write (PostgreSQL), and EXPLAIN ANALYZE runs what it explains.
_WRITING = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE|REPLACE|CALL|ANALYZE|INTO)\b", re.IGNORECASE)


def is_read(text: str) -> bool:
    """Return whether a statement surely only reads; in doubt it does not."""
    match = _LEADING.match(text)
    word = match.group(1).upper() if match else ""
    if word in ("SELECT", "WITH", "EXPLAIN"):
        return not _WRITING.search(text)
    return word in _READING
