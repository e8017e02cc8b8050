"""The default connection, settings and person: a convenience at the edge, kept in one context variable.

Everything below works with explicit objects.  Only the public names of `fascicle` look here.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from threading import RLock
from typing import TYPE_CHECKING, Any

from fascicle.backend import connection as backend_connection
from fascicle.backend.url import DatabaseUrl
from fascicle.config import Config
from fascicle.errors import ThreadSafetyError
from fascicle.model import Tier
from fascicle.table import Runtime

if TYPE_CHECKING:
    from os import PathLike

EMBEDDED = "sqlite:///fascicle.db"


class Person:
    """Whoever sits at the terminal or notebook; nobody, where there is neither."""

    def is_present(self) -> bool:
        """Tell whether someone can answer."""
        stdin = sys.stdin
        return _in_notebook() or (stdin is not None and not stdin.closed and stdin.isatty())

    def confirm(self, plan: str) -> bool:
        """Show a plan and ask for a yes; ``False`` where nobody can answer."""
        if not self.is_present():
            return False
        self.echo(plan)
        return input("Proceed? [yes, No]: ").strip().lower() in ("y", "yes")

    def echo(self, text: str) -> None:
        """Say something."""
        print(text, file=sys.stdout, flush=True)  # noqa: T201  (the edge is where printing belongs)

    def progress(self, *args: Any, **options: Any) -> Any:
        """Return a progress display; see `fascicle.ports.Interaction`."""
        from fascicle.ports import NonInteractive

        return NonInteractive().progress(*args, **options)


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    active = shell.get_ipython() if shell is not None else None
    return active is not None and hasattr(active, "kernel")


class Default:
    """One set of defaults: settings read, and a connection opened, at first need.

    Parameters
    ----------
    config : Config, optional
    connection : Connection, optional
    """

    def __init__(self, config: Config | None = None, connection: Connection | None = None) -> None:
        self.lock = RLock()
        self.connection = connection
        self._config = config

    @property
    def config(self) -> Config:
        """Settings of this context."""
        with self.lock:
            if self._config is None:
                self._config = Config()
            return self._config


# One object serves every thread (a new thread starts with an empty context); a context may replace it.
_CURRENT: ContextVar[Default] = ContextVar("fascicle_default", default=Default())  # noqa: B039


def current() -> Default:
    """Return the defaults of this context."""
    return _CURRENT.get()


def use(default: Default) -> Any:
    """Replace the defaults of this context; returns the token that undoes it."""
    return _CURRENT.set(default)


def restore(token: Any) -> None:
    """Undo `use`."""
    _CURRENT.reset(token)


def runtime(config: Config | None = None) -> Runtime:
    """Make the runtime of a connection opened through the public names."""
    from fascicle.hooks import relay
    from fascicle.populate import Computed, Imported

    tiers = {Tier.IMPORTED: Imported, Tier.COMPUTED: Computed}
    return Runtime(config=config or current().config, interaction=Person(), hooks=relay(), tiers=tiers)


class Connection(backend_connection.Connection):
    """A database, reached by a pool of sessions.  `fascicle.connect` makes one from a URL.

    Parameters
    ----------
    host : str
        Name of a server, with or without ``:port``, or the URL of a database.
    user, password : str, optional
    port : int, optional
    use_tls : bool or dict, optional
        ``True`` demands TLS, ``False`` refuses it, ``None`` tries; a dict names files: ``{"ssl": {"ca": path}}``.
    database_name : str, optional
        Database on a PostgreSQL server.
    backend : str, optional
        ``"mysql"`` (default), ``"postgresql"`` or ``"sqlite"``, where `host` is no URL.
    config : Config, optional
        Settings that travel with the connection.
    **options
        Options of `fascicle.connect`.
    """

    def __init__(
        self,
        host: str | DatabaseUrl | PathLike[str],
        user: str | None = None,
        password: str | None = None,
        port: int | None = None,
        use_tls: bool | dict[str, Any] | None = None,
        *,
        database_name: str | None = None,
        backend: str | None = None,
        config: Config | None = None,
        **options: Any,
    ) -> None:
        from fascicle.backend.connect import find_backend, greet, locate  # the registry of plugins with it

        if isinstance(host, str) and "://" not in host:
            name, _, number = host.partition(":")
            host = DatabaseUrl(backend or "mysql", host=name, port=int(number) if number else None)
        given = {"user": user, "password": password, "port": port, "database": database_name, **_tls(use_tls)}
        options = {**{name: value for name, value in given.items() if value is not None}, **options}
        place, pool = locate(host, options)
        super().__init__(place, find_backend(place.scheme), **pool)
        self.runtime = runtime(config or current().config)
        greet(self)


def _tls(use_tls: bool | dict[str, Any] | None) -> dict[str, Any]:
    """Turn the published forms of the option into options of a URL."""
    if isinstance(use_tls, dict):
        files = use_tls.get("ssl", use_tls)
        return {
            "use_tls": "true",
            **{f"ssl_{name}": files[name] for name in ("ca", "cert", "key") if name in files},
        }
    return {} if use_tls is None else {"use_tls": str(use_tls).lower()}


def connect(url: Any = None, *, config: Config | None = None, **options: Any) -> Connection:
    """Open a connection to a database.

    Parameters
    ----------
    url : str or DatabaseUrl or path, optional
        E.g. ``"sqlite:///lab.db"``, ``"mysql://user@host:3306"``, ``"postgresql://user@host/database"``; a path
        object means an SQLite file.  By default what the settings name.
    config : Config, optional
        Settings; by default those of the program.
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
    from fascicle.backend.connect import locate

    settings = config or current().config
    place, pool = locate(configured_url(settings) if url is None else url, options)
    return Connection(place, config=settings, **pool)


def settings_for_all() -> Config:
    """Return the settings that all threads share.

    Raises
    ------
    ThreadSafetyError
        If the setting ``thread_safe`` forbids to share anything.
    """
    settings = current().config
    _refuse_sharing(settings, "settings")
    return settings


def _refuse_sharing(config: Config, what: str) -> None:
    if config["thread_safe"]:
        raise ThreadSafetyError(
            f"the default {what} cannot be used: threads share nothing here",
            why="the setting thread_safe (environment: FASCICLE_THREAD_SAFE or DJ_THREAD_SAFE) is on",
            try_="make an fc.Instance(url) for each thread, and its tables with instance.Schema(name)",
        )


def configured_url(config: Config) -> DatabaseUrl:
    """Return the database that the settings name: its URL, else host, user and password, else an embedded file."""
    if config["database.url"]:
        return DatabaseUrl.parse(config["database.url"])
    host = config["database.host"]
    if not host:
        return DatabaseUrl.parse(EMBEDDED)
    backend = config["database.backend"] or "mysql"
    options = _tls(config["database.use_tls"])
    return DatabaseUrl(
        backend,
        host=host,
        port=config["database.port"],
        user=config["database.user"],
        password=config["database.password"],
        database=config["database.name"] or "",
        options=tuple(options.items()),
    )


def connection(reset: bool = False) -> Connection:
    """Return the default connection, opening it at first need."""
    default = current()
    _refuse_sharing(default.config, "connection")
    with default.lock:
        if reset and default.connection is not None:
            default.connection.close()
            default.connection = None
        if default.connection is None:
            default.connection = connect(config=default.config)
        return default.connection
