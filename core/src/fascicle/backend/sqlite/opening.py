"""Opening an SQLite file: what it must be, where it must lie, how it is set up."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from fascicle.backend.sqlite.filesystem import refuse_network_file_system
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import AccessError, BackendError, ConfigError

OPTIONS = frozenset({"allow_network", "lock_timeout", "mode", "synchronous", "cache_mib"})
OLDEST = (3, 34, 0)
_MAGIC = b"SQLite format 3\0"
_SYNCHRONOUS = ("off", "normal", "full", "extra")
T = TypeVar("T")


def open_database(url: DatabaseUrl) -> sqlite3.Connection:
    """Open the file of a URL in autocommit mode, foreign keys enforced, write-ahead log on.

    Raises
    ------
    ConfigError
        If the file lies on a network file system, or an option makes no sense.
    BackendError
        If the file is no SQLite database, or SQLite is too old.
    AccessError
        If the file or its folder cannot be read or written.
    """
    url.check_options(OPTIONS)
    if sqlite3.sqlite_version_info < OLDEST:
        raise BackendError(
            f"SQLite {sqlite3.sqlite_version} is too old",
            try_=f"use a Python whose sqlite3 has {'.'.join(map(str, OLDEST))} or later",
        )
    path = os.path.abspath(Path(url.database).expanduser())  # noqa: PTH100 - links are kept
    if not url.flag("allow_network", False):
        refuse_network_file_system(path)
    mode = _mode(url, path)
    _check_file(path, mode)
    patience = url.number("lock_timeout", 60.0)
    connection = _connect(path, mode, patience)
    try:
        _set_up(connection, url, mode, patience)
    except BaseException:
        connection.close()
        raise
    return connection


def patiently(action: Callable[[], T], patience: float) -> T:
    """Try again while another process holds a lock for which SQLite itself does not wait."""
    deadline = time.monotonic() + patience
    pause = 0.001
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() >= deadline:
                raise
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter needs no secrecy
        pause = min(0.1, pause * 2)


def _mode(url: DatabaseUrl, path: str) -> str:
    """Return ``rw``, ``rwc`` (make the file if it is missing) or ``ro``."""
    wanted = url.option("mode")
    if wanted not in (None, "ro", "rw", "rwc"):
        raise ConfigError(f"the option mode={wanted!r} is none of ro, rw, rwc", where=str(url))
    if wanted is not None:
        return wanted
    return "ro" if Path(path).is_file() and not os.access(path, os.W_OK) else "rwc"


def _check_file(path: str, mode: str) -> None:
    file, folder = Path(path), Path(path).parent
    if file.is_dir():
        raise ConfigError("this is a folder, not a database file", where=path, try_="name a file inside it")
    if not file.exists():
        if not folder.is_dir():
            raise ConfigError(
                "the folder of the database file does not exist", where=str(folder), try_="create it"
            )
        if mode != "rwc":
            raise ConfigError("the database file does not exist", where=path)
        if not os.access(folder, os.W_OK):
            raise AccessError("the folder of the database file cannot be written", where=str(folder))
        return
    try:
        with file.open("rb") as handle:
            head = handle.read(len(_MAGIC))
    except PermissionError as error:
        raise AccessError("the database file cannot be read", where=path, why=str(error)) from error
    if head and head != _MAGIC:
        raise BackendError(
            "the file is not an SQLite database",
            where=path,
            why="it begins with other bytes than every SQLite file",
            try_="check the path; nothing was changed",
        )


def _connect(path: str, mode: str, patience: float) -> sqlite3.Connection:
    target = f"file:{quote(path)}?mode={mode}"
    if mode == "ro" and _must_be_immutable(path):
        target += "&immutable=1"
    return sqlite3.connect(
        target,
        uri=True,
        timeout=patience,
        isolation_level=None,
        # The pool gives a session to one thread at a time.
        check_same_thread=False,
        cached_statements=512,
    )


def _must_be_immutable(path: str) -> bool:
    """Whether a file in a folder that cannot be written lacks the shared memory that its log would need."""
    logged = any(Path(path + suffix).exists() for suffix in ("-wal", "-shm"))
    return not logged and not os.access(Path(path).parent, os.W_OK)


def _set_up(connection: sqlite3.Connection, url: DatabaseUrl, mode: str, patience: float) -> None:
    synchronous = (url.option("synchronous") or "normal").lower()
    if synchronous not in _SYNCHRONOUS:
        raise ConfigError(f"the option synchronous={synchronous!r} is none of {', '.join(_SYNCHRONOUS)}")
    if mode != "ro":
        # Turning the log on needs the file for itself for a moment; SQLite does not wait for that by itself.
        (journal,) = patiently(lambda: connection.execute("PRAGMA journal_mode = WAL").fetchone(), patience)
        if journal != "wal":
            raise BackendError(
                "the file system cannot hold SQLite's write-ahead log",
                where=url.database,
                why=f"the journal stays in mode {journal!r}",
                try_="keep the file on a local disk",
            )
    cache = int(url.number("cache_mib", 64))
    for pragma in (
        f"synchronous = {synchronous}",
        "foreign_keys = ON",
        "recursive_triggers = OFF",
        "temp_store = FILE",
        f"cache_size = {-1024 * cache}",
    ):
        patiently(lambda text=pragma: connection.execute(f"PRAGMA {text}").close(), patience)  # type: ignore[misc]
