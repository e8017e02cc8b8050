"""The databases of the workloads: a file, and two servers whose commits reach the disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import fascicle as fc
from benchmarks.by_hand.common import ByHand
from benchmarks.relay import Relay

NAMES = ("sqlite", "mariadb", "postgres")


@dataclass
class Place:
    """A database, reached directly for timing or through relays that count round trips.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    url : str
        Where it is.
    counted : bool
        Whether trips are counted, which costs time.
    """

    name: str
    url: str
    counted: bool = False

    def __post_init__(self) -> None:
        self._relays = [self._relay(), self._relay()] if self.counted and self.name != "sqlite" else []

    def _relay(self) -> Relay:
        parts = urlsplit(self.url)
        return Relay(parts.hostname or "127.0.0.1", parts.port or 0)

    def _port(self, number: int) -> int:
        return self._relays[number].port if self._relays else urlsplit(self.url).port or 0

    def connect(self) -> fc.Connection:
        """A connection of ours, without TLS as the hand-written one."""
        if self.name == "sqlite":
            return fc.connect(self.url)
        parts = urlsplit(self.url)
        netloc = f"{parts.username}:{parts.password}@{parts.hostname}:{self._port(0)}"
        connection = fc.connect(f"{parts.scheme}://{netloc}{parts.path}?sslmode=disable")
        connection.ping()
        return connection

    def our_trips(self, connection: fc.Connection) -> int:
        """Trips so far: on the wire, and on SQLite by calls into the library."""
        return self._relays[0].trips if self._relays else connection.round_trips

    def _hand_trips(self) -> int:
        return self._relays[1].trips if self._relays else 0

    def by_hand(self, names: dict[str, str]) -> ByHand:
        """The hand-written side."""
        parts = urlsplit(self.url)
        if self.name == "sqlite":
            from benchmarks.by_hand.with_sqlite import SqliteByHand

            return SqliteByHand(names, self.url.removeprefix("sqlite:///"))
        if self.name == "mariadb":
            from benchmarks.by_hand.with_pymysql import MariadbByHand

            return MariadbByHand(
                names,
                self._hand_trips,
                host=parts.hostname,
                port=self._port(1),
                user=parts.username,
                password=parts.password,
            )
        from benchmarks.by_hand.with_psycopg import PostgresByHand

        netloc = f"{parts.username}:{parts.password}@{parts.hostname}:{self._port(1)}"
        return PostgresByHand(names, self._hand_trips, f"postgresql://{netloc}{parts.path}?sslmode=disable")

    def version(self) -> str:
        """The database and its driver, with versions."""
        if self.name == "sqlite":
            return f"SQLite {sqlite3.sqlite_version} (sqlite3)"
        hand = self.by_hand({})
        if self.name == "mariadb":
            server = hand.rows("SELECT version()")[0][0].split("-")[0]
            return f"MariaDB {server} (PyMySQL {metadata.version('pymysql')})"
        import psycopg

        server = hand.rows("SHOW server_version")[0][0].split()[0]
        return f"PostgreSQL {server} (psycopg {psycopg.__version__}, {psycopg.pq.__impl__})"


class SqliteFolder:
    """A folder for database files, removed at the end of the block."""

    def __enter__(self) -> str:
        self._path = tempfile.mkdtemp(prefix="fascicle-bench-", dir=os.environ.get("FASCICLE_BENCH_DIR"))
        return f"sqlite:///{Path(self._path) / 'lab.db'}"

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)
