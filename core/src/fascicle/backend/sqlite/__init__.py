"""SQLite, the backend that needs no server."""

from fascicle.backend.sqlite.backend import SqliteBackend
from fascicle.backend.sqlite.dialect import SqliteDialect
from fascicle.backend.sqlite.session import SqliteSession

BACKEND = SqliteBackend()

__all__ = ["BACKEND", "SqliteBackend", "SqliteDialect", "SqliteSession"]
