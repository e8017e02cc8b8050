"""What SQLite understands: text and types."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from fascicle.backend.sqlite import types
from fascicle.backend.sqlite.ddl import SqliteStatements
from fascicle.backend.sqlite.scalars import ScalarDialect
from fascicle.model import Attribute
from fascicle.sql.dialect import Capability

STRICT_SINCE = (3, 37, 0)


class SqliteDialect(ScalarDialect, SqliteStatements):
    """The dialect; stateless."""

    name = "sqlite"
    capabilities = Capability.TRANSACTIONAL_DDL | Capability.RETURNING | Capability.NULLS_FIRST_CLAUSE
    max_identifier = 64
    max_parameters = 32_766

    def __init__(self, strict: bool = sqlite3.sqlite_version_info >= STRICT_SINCE) -> None:
        super().__init__(strict)

    def clock(self) -> str:
        """Text of the present moment."""
        return "strftime('%Y-%m-%d %H:%M:%f', 'now')"

    def clock_after(self) -> str:
        """Text of the moment so many seconds from now."""
        return "strftime('%Y-%m-%d %H:%M:%f', 'now', ? || ' seconds')"

    def encoder(self, attribute: Attribute) -> Callable[[Any], Any] | None:
        """Return the function that turns a checked Python value into what is bound (``None``: as it is)."""
        return types.encoder(attribute)

    def decoder(self, attribute: Attribute) -> Callable[[Any], Any] | None:
        """Return the function that turns a stored value into the Python value (``None``: as it is)."""
        return types.decoder(attribute)
