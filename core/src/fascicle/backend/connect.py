"""Open a connection by URL."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from fascicle.backend.connection import Connection
from fascicle.backend.protocol import Backend
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import ConfigError
from fascicle.registry import Registry

_POOL_OPTIONS = ("pool_size", "pool_idle", "pool_wait")
_PARTS = ("host", "port", "user", "password", "database")

BACKENDS: Registry[Backend] = Registry("fascicle.backends", "backend")


def connect(url: str | DatabaseUrl | os.PathLike[str], **options: Any) -> Connection:
    """Open a connection to a database.

    Parameters
    ----------
    url : str or DatabaseUrl or path
        E.g. ``"sqlite:///lab.db"``, ``"mysql://user@host:3306"``, ``"postgresql://user@host/database"``; a path
        object means an SQLite file.
    **options
        ``host``, ``port``, ``user``, ``password`` or ``database`` replace that part of the URL; ``pool_size``,
        ``pool_idle`` and ``pool_wait`` shape the pool; any other is an option of the URL, e.g. ``ssl_ca``.

    Returns
    -------
    Connection
        Ready to use; a context manager that closes it.

    Raises
    ------
    ConfigError
        If the URL or an option makes no sense.
    PluginError
        If no installed backend serves the URL's scheme.
    LostConnectionError, AccessError
        If the server cannot be reached, or refuses.
    """
    place, pool = locate(url, options)
    connection = Connection(place, find_backend(place.scheme), **pool)
    greet(connection)
    return connection


def locate(
    url: str | DatabaseUrl | os.PathLike[str], options: Mapping[str, Any]
) -> tuple[DatabaseUrl, dict[str, Any]]:
    """Merge a URL and options, as `connect` takes them, into a place and the shape of a pool.

    Raises
    ------
    ConfigError
        If the URL or an option makes no sense.
    """
    options = dict(options)
    if isinstance(url, os.PathLike):
        url = DatabaseUrl("sqlite", database=os.fspath(url))
    place = DatabaseUrl.parse(url)
    pool = {name: options.pop(name) for name in _POOL_OPTIONS if options.get(name) is not None}
    parts = {name: options.pop(name) for name in _PARTS if name in options}
    if "port" in parts and parts["port"] is not None:
        parts["port"] = _port(parts["port"])
    given = {name: value for name, value in options.items() if value is not None}
    return place.evolve(**parts, options=given), pool


def greet(connection: Connection) -> None:
    """Ask a new connection for a sign of life: a wrong password or path is told here, not at some later statement."""
    try:
        connection.ping()
    except BaseException:
        connection.close()
        raise


def _port(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ConfigError(f"the port {value!r} is not a number") from None


def find_backend(scheme: str) -> Backend:
    """Return the backend that serves a URL scheme, from the entry points of ``fascicle.backends``.

    Raises
    ------
    PluginError
        If none is installed, or it cannot be loaded.
    """
    if scheme == "sqlite":
        from fascicle.backend.sqlite import BACKEND  # without a scan of all packages, and only when needed

        return BACKEND
    return BACKENDS[scheme]
