"""SQLite: a database in one file, without a server."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from fascicle.backend.protocol import Session
from fascicle.backend.sqlite import catalog, errors, functions
from fascicle.backend.sqlite.dialect import SqliteDialect
from fascicle.backend.sqlite.opening import open_database
from fascicle.backend.sqlite.session import SqliteSession
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import FascicleError
from fascicle.model import Catalog, TableName
from fascicle.sql.statement import Sql

MEMORY = ":memory:"


class SqliteBackend:
    """The backend of ``sqlite://`` URLs."""

    name = "SQLite"
    schemes = ("sqlite",)

    def __init__(self) -> None:
        self.dialect = SqliteDialect()

    def provision(self, url: DatabaseUrl) -> tuple[DatabaseUrl, Callable[[], None]]:
        """Give ``sqlite:///:memory:`` a private file of its own, removed when the connection closes.

        A file, because SQLite's own in-memory databases have no write-ahead log: a reader would block writers,
        and a stream its own thread's inserts.  It is never synchronised to the disk.
        """
        if url.database != MEMORY:
            return url, lambda: None
        folder = tempfile.mkdtemp(prefix="fascicle-memory-")
        options = {"synchronous": "off", "allow_network": "true", **dict(url.options)}
        private = url.evolve(database=f"{folder}/memory.db", options=options)
        owner = os.getpid()

        def remove() -> None:
            # A forked child inherits the connection, but the file stays its parent's.
            if os.getpid() == owner:
                shutil.rmtree(folder, ignore_errors=True)

        return private, remove

    def object_folder(self, url: DatabaseUrl) -> Path:
        """Name the folder beside the file: ``lab.db.objects`` for ``lab.db``."""
        place = Path(url.database).expanduser()
        return Path(os.path.abspath(place.with_name(place.name + ".objects")))  # noqa: PTH100 - links are kept

    def open(self, url: DatabaseUrl) -> SqliteSession:
        """Open one session."""
        connection = open_database(url)
        functions.register(connection)
        return SqliteSession(connection, self.dialect)

    def translate(self, error: Exception, sql: Sql | None) -> FascicleError:
        """Turn a driver's error into one of ours."""
        return errors.translate(error, sql)

    def is_retryable(self, error: BaseException) -> bool:
        """Whether the transaction lost against another one; SQLite's writers wait for one another instead."""
        code = getattr(error, "sqlite_errorcode", None)
        return code in (sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_ABORT_ROLLBACK)

    def read_catalog(self, session: Session, schemas: Sequence[str]) -> Catalog:
        """Read every table of the schemas and those that they refer to, in one trip."""
        return catalog.read_catalog(session, schemas)

    def list_schemas(self, session: Session) -> list[str]:
        """Names of the schemas in the file."""
        return catalog.list_schemas(session)

    def size_of(self, session: Session, name: TableName) -> int:
        """Bytes that a table takes up, its indexes included (without SQLite's dbstat: bytes of its values)."""
        return catalog.size_of(session, name)

    def user(self, session: Session) -> str:
        """Who runs this process: a file knows no users."""
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = str(os.getuid())
        return f"{name}@{socket.gethostname()}"
