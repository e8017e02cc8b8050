"""What a make read: the statements, and a digest of what they returned."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fascicle.sql import Sql


@dataclass(frozen=True, slots=True)
class Input:
    """One query of a make.

    Parameters
    ----------
    sql : Sql
        The statement.
    digest : bytes or None
        Of the rows it returned, whatever their order; ``None`` where they were streamed.
    """

    sql: Sql
    digest: bytes | None


def digest_rows(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Digest rows as the driver gave them; their order makes no difference."""
    if len(rows) == 1:
        return digest_row(rows[0])
    total = hashlib.blake2b(digest_size=16)
    for part in sorted(map(digest_row, rows)):
        total.update(part)
    return total.digest()


def digest_row(row: Iterable[Any]) -> bytes:
    """Digest one row."""
    total = hashlib.blake2b(digest_size=16)
    for value in row:
        data = value if isinstance(value, bytes) else repr(value).encode()
        total.update(f"{type(value).__name__}{len(data)}:".encode())
        total.update(data)
    return total.digest()
