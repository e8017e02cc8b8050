"""The default connection, settings and person: a convenience at the edge, kept in one context variable.

Everything below works with explicit objects.  Only the public names of `fascicle` look here.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from threading import RLock
from typing import TYPE_CHECKING, Any

from fascicle.backend.url import DatabaseUrl
from fascicle.config import Config
from fascicle.model import Tier
from fascicle.table import Runtime

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

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
    from fascicle.populate import Computed, Imported

    tiers = {Tier.IMPORTED: Imported, Tier.COMPUTED: Computed}
    return Runtime(config=config or current().config, interaction=Person(), tiers=tiers)


def connect(url: Any = None, *, config: Config | None = None, **options: Any) -> Connection:
    """Open a connection; see `fascicle.connect`."""
    from fascicle.backend.connect import connect as open_connection

    settings = config or current().config
    connection = open_connection(configured_url(settings) if url is None else url, **options)
    connection.runtime = runtime(settings)
    return connection


def configured_url(config: Config) -> DatabaseUrl:
    """Return the database that the settings name: its URL, else host, user and password, else an embedded file."""
    if config["database.url"]:
        return DatabaseUrl.parse(config["database.url"])
    host = config["database.host"]
    if not host:
        return DatabaseUrl.parse(EMBEDDED)
    backend = config["database.backend"] or "mysql"
    options = (
        {} if config["database.use_tls"] is None else {"use_tls": str(config["database.use_tls"]).lower()}
    )
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
    with default.lock:
        if reset and default.connection is not None:
            default.connection.close()
            default.connection = None
        if default.connection is None:
            default.connection = connect(config=default.config)
        return default.connection
