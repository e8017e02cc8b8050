"""One database for one test: how to reach it, a name of its own, and what to drop afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

_PATIENCE_S = 10


@dataclass
class Backend:
    """What the `backend` fixture gives a test.

    Attributes
    ----------
    name : str
        ``"sqlite"``, ``"mariadb"``, ``"mysql"`` or ``"postgres"``.
    url : str
        What `fascicle.connect` takes; for SQLite a fresh file.
    prefix : str
        Starts the names of this test's schemas, and of nobody else's.
    """

    name: str
    url: str = field(repr=False)
    prefix: str
    _closers: list[Callable[[], object]] = field(default_factory=list, repr=False)

    def connect(self, **options: Any) -> Any:
        """Return a new connection to this database, closed after the test."""
        import fascicle

        connection = fascicle.connect(self.url, **options)
        self._closers.append(connection.close)
        return connection

    def schema_name(self, name: str = "s") -> str:
        """Return a schema name that only this test uses."""
        return f"{self.prefix}_{name}"

    @contextlib.contextmanager
    def raw(self) -> Iterator[Any]:
        """Yield a plain driver connection in autocommit, for tests that look at the tables themselves."""
        connection = raw_connection(self.url)
        try:
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        """Close what `connect` gave out."""
        while self._closers:
            self._closers.pop()()


def raw_connection(url: str) -> Any:
    """Return a plain driver connection in autocommit that does not wait long for locks."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        import sqlite3

        return sqlite3.connect(
            unquote(parts.path)[1:] or ":memory:", isolation_level=None, timeout=_PATIENCE_S
        )
    if parts.scheme.startswith("postgres"):
        import psycopg

        return psycopg.connect(url, autocommit=True, options=f"-c lock_timeout={_PATIENCE_S}s")
    import pymysql

    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        autocommit=True,
        init_command=f"SET SESSION lock_wait_timeout = {_PATIENCE_S}",
    )


def drop_schemas(connection: Any, url: str, prefix: str) -> None:
    """Drop every schema whose name starts with `prefix` and an underscore."""
    postgres = url.startswith("postgres")
    query = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE %s"
    pattern = prefix.replace("_", r"\_") + r"\_%"
    cursor = connection.cursor()
    if not postgres:
        cursor.execute("SET SESSION foreign_key_checks = 0")
    cursor.execute(query, (pattern,))
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP SCHEMA "{name}" CASCADE' if postgres else f"DROP DATABASE `{name}`")
    cursor.close()
