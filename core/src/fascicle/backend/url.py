"""Database URLs: one line that says where a database is and how to reach it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from fascicle.errors import ConfigError
from fascicle.model import nearest

ALIASES = {"mariadb": "mysql", "postgres": "postgresql", "sqlite3": "sqlite"}
EXAMPLES = "sqlite:///lab.db, mysql://user@host:3306 or postgresql://user@host/database"
HIDDEN = "***"
_SECRET_WORDS = ("password", "passwd", "pwd", "secret", "token")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def is_secret(option: str) -> bool:
    """Whether an option's value must never be shown."""
    return any(word in option.lower() for word in _SECRET_WORDS)


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where a database is; ``str`` and ``repr`` never show its password.

    Parameters
    ----------
    scheme : str
        ``"sqlite"``, ``"mysql"``, ``"postgresql"`` or the scheme of a further backend.
    host, user, password : str or None
        Percent escapes already decoded.
    port : int or None
    database : str
        For SQLite the path of the file (``":memory:"`` for a private one that is removed at the end), else the
        database's name, empty if the URL names none.
    options : tuple of (str, str)
        Options after the question mark, sorted by name.
    """

    scheme: str
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str | DatabaseUrl) -> DatabaseUrl:
        """Read a URL.

        Parameters
        ----------
        text : str or DatabaseUrl
            E.g. ``"sqlite:///lab.db"`` (relative path), ``"sqlite:////data/lab.db"`` (absolute path),
            ``"sqlite:///:memory:"``, ``"mysql://ana:pw@db.lab.org:3306/?ssl_ca=ca.pem"``.

        Returns
        -------
        DatabaseUrl

        Raises
        ------
        ConfigError
            If the text is no such URL; the message never repeats a password.
        """
        if isinstance(text, DatabaseUrl):
            return text
        scheme, separator, _ = text.partition("://")
        if not separator or not scheme:
            raise ConfigError("this is not a database URL", why="it has no scheme", try_=f"write {EXAMPLES}")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            # Its text may hold a piece of the password, so it is not even named as the cause.
            raise ConfigError(
                "the database URL cannot be read",
                why="its host or port is malformed",
                try_="percent-encode @ : / ? # and % inside user name and password, e.g. p%40ss for p@ss",
            ) from None
        name = ALIASES.get(parts.scheme.lower(), parts.scheme.lower())
        _refuse_driver_and_fragment(name, parts.fragment)
        return cls(
            scheme=name,
            host=_decoded(parts.hostname),
            port=port,
            user=_decoded(parts.username),
            password=_decoded(parts.password),
            database=_path(name, parts.path, parts.hostname),
            options=_options(parts.query),
        )

    def evolve(
        self,
        *,
        host: str | None = None,
        port: int | None = None,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        options: Mapping[str, object] | None = None,
    ) -> DatabaseUrl:
        """Copy with the given parts replaced, and options added or replaced."""
        merged = dict(self.options)
        merged.update({name: str(value) for name, value in (options or {}).items()})
        return replace(
            self,
            host=self.host if host is None else host,
            port=self.port if port is None else port,
            user=self.user if user is None else user,
            password=self.password if password is None else password,
            database=self.database if database is None else database,
            options=tuple(sorted(merged.items())),
        )

    def option(self, *names: str) -> str | None:
        """Value of the first of `names` that is given, else ``None``."""
        given = dict(self.options)
        return next((given[name] for name in names if name in given), None)

    def flag(self, name: str, default: bool) -> bool:
        """Value of a yes-or-no option.

        Raises
        ------
        ConfigError
            If the value is neither a yes nor a no.
        """
        value = self.option(name)
        if value is None:
            return default
        if value.lower() not in _TRUE | _FALSE:
            raise ConfigError(f"the option {name}={value!r} is neither true nor false", where=str(self))
        return value.lower() in _TRUE

    def number(self, name: str, default: float) -> float:
        """Value of an option that is a number of seconds or a count, zero or more.

        Raises
        ------
        ConfigError
            If the value is no such number.
        """
        value = self.option(name)
        if value is None:
            return default
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number < float("inf"):
            raise ConfigError(f"the option {name}={value!r} is not a number, zero or more", where=str(self))
        return number

    def check_options(self, known: Collection[str]) -> None:
        """Refuse options that the backend does not know.

        Raises
        ------
        ConfigError
            Naming the unknown option and the nearest known ones.
        """
        for name, _ in self.options:
            if name not in known:
                close = nearest(name, known)
                raise ConfigError(
                    f"the database URL has an unknown option {name!r}",
                    where=str(self),
                    why=f"the options of {self.scheme} are {', '.join(sorted(known))}",
                    try_=f"did you mean {' or '.join(close)}?" if close else None,
                )

    def __str__(self) -> str:
        netloc = quote(self.host or "", safe="[]:.-_")
        if self.host and ":" in self.host:
            netloc = f"[{self.host}]"
        if self.port is not None:
            netloc += f":{self.port}"
        if self.user is not None:
            hidden = f":{HIDDEN}" if self.password is not None else ""
            netloc = f"{quote(self.user, safe='')}{hidden}@{netloc}"
        path = quote(self.database, safe="/:.-_~")
        shown = "&".join(
            f"{n}={HIDDEN if is_secret(n) else quote(v, safe='/:.,-_')}" for n, v in self.options
        )
        slash = "/" if self.database or self.scheme == "sqlite" else ""
        return f"{self.scheme}://{netloc}{slash}{path}{'?' + shown if shown else ''}"

    def __repr__(self) -> str:
        return f"DatabaseUrl({str(self)!r})"


def _refuse_driver_and_fragment(scheme: str, fragment: str) -> None:
    if "+" in scheme:
        base = scheme.partition("+")[0]
        raise ConfigError(
            f"the scheme {scheme!r} names a driver",
            why="each backend brings its own driver",
            try_=f"write {ALIASES.get(base, base)}://...",
        )
    if fragment:
        raise ConfigError(
            "the database URL has a '#'",
            why="it would cut the URL short",
            try_="write %23 for a '#' inside a name or password",
        )


def _decoded(text: str | None) -> str | None:
    return None if text is None or text == "" else unquote(text)


def _path(scheme: str, path: str, host: str | None) -> str:
    if scheme != "sqlite":
        return unquote(path.removeprefix("/")).removesuffix("/")
    if host:
        raise ConfigError(
            f"the SQLite URL names a host, {host!r}",
            why="a path begins after the third slash",
            try_="write sqlite:///relative/file.db or sqlite:////absolute/file.db",
        )
    return unquote(path.removeprefix("/")) or ":memory:"


def _options(query: str) -> tuple[tuple[str, str], ...]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ConfigError(
            "the options of the database URL cannot be read",
            try_="write ?name=value&name=value",
        ) from None
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise ConfigError(f"the database URL gives {', '.join(repeated)} more than once")
    return tuple(sorted(pairs))
