"""The settings object: layers by precedence, read once, overridden in a context."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fascicle.config.layers import (
    FILES,
    SECRETS,
    SYSTEM_SECRETS,
    Layer,
    find_upwards,
    get_inside,
    put_inside,
    read_environment,
    read_file,
    read_secrets,
    split_secrets,
    unknown,
    user_files,
    write_secrets,
)
from fascicle.config.settings import GROUPS, SETTINGS, TABLES, table_of
from fascicle.config.text import to_json, to_toml
from fascicle.config.values import FreeTable, check, redact
from fascicle.errors import ConfigError

_PLACE: Final = "set in the program"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a setting's value comes from.

    Parameters
    ----------
    name : str
        Dotted name.
    value : Any
        The value, secrets hidden.
    kind : str
        ``override``, ``runtime``, ``environment``, ``file``, ``secret`` or ``default``.
    place : str
        The variable or file, empty for defaults.
    """

    name: str
    value: Any
    kind: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.name} = {self.value!r} ({self.place or self.kind})"


class Config(MutableMapping[str, Any]):
    """Settings of one program or test: nothing in it is global.

    Highest first: `override`, values set in the program, environment variables (``FASCICLE_*``, and the
    ``DJ_*`` names of DataJoint), files (``fascicle.toml``, ``datajoint.json`` or ``dj_local_conf.json``
    searched upward to the root of the repository, then the user's own), secrets folders (``.secrets`` beside
    the file, ``/run/secrets/fascicle``, ``/run/secrets/datajoint``), defaults.

    ``config["database.host"]`` and ``config.database.host`` are the same.  Unknown names are errors that name
    the nearest setting; ``custom`` and ``stores`` are free-form tables.

    Parameters
    ----------
    directory : path, optional
        Where the search for files begins; by default the working directory.
    environ : mapping, optional
        Environment variables; by default those of the process.
    read_files : bool
        Whether to read files and secrets folders.
    **values
        Settings, dots written as two underscores: ``database__host="db"``.

    Raises
    ------
    ConfigError
        If a file, variable or value is malformed.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        read_files: bool = True,
        **values: Any,
    ) -> None:
        environ = os.environ if environ is None else environ
        self._runtime = Layer("runtime")
        self._environment = read_environment(environ)
        self._files: list[Layer] = []
        self._secrets = Layer("secret")
        self._tables: dict[str, FreeTable] = {}
        self._overrides: ContextVar[Mapping[str, Any] | None] = ContextVar("overrides", default=None)
        self.path: Path | None = None
        if read_files and not self._environment.values.get("ignore_config_file", False):
            self._read(Path(directory or Path.cwd()).resolve(), environ)
        for name, value in values.items():
            self[name.replace("__", ".")] = value

    def _read(self, directory: Path, environ: Mapping[str, str]) -> None:
        self.path = find_upwards(directory, FILES)
        home = Path(environ["HOME"]) if environ.get("HOME") else None
        own = [path for path in user_files(home, environ) if path.is_file()] if home else []
        paths = [path for path in (self.path, *own[:1]) if path is not None]
        self._files = [read_file(path) for path in paths]
        beside = find_upwards(directory, [SECRETS], folder=True)
        folders = [beside, *(path.parent / SECRETS for path in paths), *SYSTEM_SECRETS]
        self._secrets = read_secrets(dict.fromkeys(folder for folder in folders if folder is not None))

    # reading -----------------------------------------------------------------------------------------------
    def _layers(self) -> Iterator[Layer]:
        yield from (self._runtime, self._environment, *self._files, self._secrets)

    def _find(self, name: str) -> tuple[Any, str, str]:
        """Value, kind of layer and place of a setting; KeyError if no layer has the name."""
        overrides = self._overrides.get()
        if overrides and name in overrides:
            return overrides[name], "override", "override(...)"
        for layer in self._layers():
            if name in layer.values:
                return layer.values[name], layer.kind, layer.places[name]
        return SETTINGS[name].default, "default", ""

    def __getitem__(self, name: str) -> Any:
        if name in TABLES:
            return self._table(name)
        try:
            if split := table_of(name):
                return get_inside(self._table(split[0]), split[1])
            return self._find(name)[0]
        except KeyError:
            pass
        if name in GROUPS:
            return Group(self, name)
        raise unknown(name, extra=self._free_names())

    def _table(self, name: str) -> FreeTable:
        """A free-form table; what is written into it stays, as programs expect of ``config["custom"]``."""
        overrides = self._overrides.get()
        if overrides and name in overrides:
            overridden: FreeTable = overrides[name]
            return overridden
        if name not in self._tables:
            table = FreeTable(copy.deepcopy(self._find(name)[0]))
            for inner, value in self._secrets.values.items():
                split = table_of(inner)
                if split is not None and split[0] == name:
                    _fill(table, split[1], value)
            self._tables[name] = table
        return self._tables[name]

    def _free_names(self) -> list[str]:
        return [name for layer in self._files for name in layer.values if name not in SETTINGS]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name, unknown) is not unknown

    def __iter__(self) -> Iterator[str]:
        yield from SETTINGS
        yield from dict.fromkeys(self._free_names())

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *GROUPS, *(name for name in SETTINGS if "." not in name)]

    # writing -----------------------------------------------------------------------------------------------
    def __setitem__(self, name: str, value: Any) -> None:
        if split := table_of(name):
            put_inside(self._table(split[0]), split[1], value)
            return
        if name not in SETTINGS:
            raise unknown(name, extra=self._free_names())
        value = check(SETTINGS[name], value, name)
        self._runtime.put(name, value, _PLACE)
        if name in TABLES:
            self._tables[name] = value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name == "path":
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __delitem__(self, name: str) -> None:
        """Take back what the program set; the value of the next layer holds again."""
        if name not in SETTINGS:
            raise unknown(name)
        self._runtime.values.pop(name, None)
        self._runtime.places.pop(name, None)
        self._tables.pop(name, None)

    def clear(self) -> None:
        """Take back everything that the program set."""
        for name in [*self._runtime.values, *self._tables]:
            del self[name]

    def popitem(self) -> tuple[str, Any]:
        """Settings are never used up."""
        raise ConfigError("a setting cannot be taken out", try_="del config[name] brings back its default")

    @contextmanager
    def override(self, **values: Any) -> Iterator[Config]:
        """Change settings within a ``with`` block, for this thread or task alone.

        Parameters
        ----------
        **values
            Settings, dots written as two underscores: ``override(display__limit=5)``.

        Yields
        ------
        Config
            These settings.
        """
        overlay = dict(self._overrides.get() or {})
        for key, value in values.items():
            name = key.replace("__", ".")
            if split := table_of(name):
                overlay.setdefault(split[0], copy.deepcopy(self._table(split[0])))
                put_inside(overlay[split[0]], split[1], value)
            elif name in SETTINGS:
                overlay[name] = check(SETTINGS[name], value, f"override({key}=...)")
            else:
                raise unknown(name)
        token = self._overrides.set(overlay)
        try:
            yield self
        finally:
            self._overrides.reset(token)

    __call__ = override

    # files -------------------------------------------------------------------------------------------------
    def load(self, path: str | os.PathLike[str] | None = None) -> None:
        """Read a file, before those that are read already; environment and program still come first.

        Parameters
        ----------
        path : path, optional
            A TOML or JSON file; by default the nearest of ``fascicle.toml``, ``datajoint.json`` and
            ``dj_local_conf.json``.

        Raises
        ------
        ConfigError
            If there is no such file, or it is malformed.
        """
        found = Path(path) if path is not None else find_upwards(Path.cwd(), FILES)
        if found is None:
            raise ConfigError("there is no settings file", try_="config.save_template() makes one")
        self._files.insert(0, read_file(found))
        self.path = found
        for name in [name for name in self._tables if name not in self._runtime.values]:
            del self._tables[name]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write what files and program set (not environment, not defaults); secrets go to ``.secrets`` beside it.

        Parameters
        ----------
        path : path
            Ending ``.json`` or ``.toml``.

        Returns
        -------
        Path
            The file.
        """
        path = Path(path)
        values: dict[str, Any] = {}
        for layer in (*reversed(self._files), self._runtime):
            values.update(layer.values)
        values.update({name: table for name, table in self._tables.items() if table})
        public, secrets = split_secrets({name: value for name, value in values.items() if value is not None})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_json(public) if path.suffix == ".json" else to_toml(public), encoding="utf-8")
        if secrets:
            write_secrets(path.parent / SECRETS, secrets)
        return path

    def save_local(self, verbose: bool = False) -> Path:
        """Save to ``fascicle.toml`` in the working directory; see `save`."""
        return self.save(FILES[0])

    def save_global(self, verbose: bool = False) -> Path:
        """Save to the user's own file, read by every project; see `save`."""
        return self.save(user_files(Path.home(), os.environ)[0])

    def save_template(
        self, path: str | os.PathLike[str] = FILES[0], *, create_secrets_dir: bool = True
    ) -> Path:
        """Write a file that names every setting with its default, commented out.

        Parameters
        ----------
        path : path
            Where to write; an existing file is never replaced.
        create_secrets_dir : bool
            Whether to make a ``.secrets`` folder beside it, which version control ignores.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ConfigError
            If the file exists.
        """
        from fascicle.config.text import template  # needed once in a project's life

        path = Path(path).absolute()
        if path.exists():
            raise ConfigError("the settings file exists already", where=str(path), try_="give another path")
        path.write_text(template(json_format=path.suffix == ".json"), encoding="utf-8")
        if create_secrets_dir:
            write_secrets(path.parent / SECRETS, {})
        return path

    # reports -----------------------------------------------------------------------------------------------
    def source_of(self, name: str) -> Origin:
        """Where the value of a setting comes from, secrets hidden."""
        try:
            value, kind, place = self._find(name)
        except KeyError:
            raise unknown(name, extra=self._free_names()) from None
        if name in TABLES:
            value = self._table(name)
            kind, place = ("runtime", _PLACE) if kind == "default" and value else (kind, place)
        return Origin(name, redact(value, name), kind, place)

    def sources(self) -> list[Origin]:
        """Where the value of every setting comes from, secrets hidden."""
        return [self.source_of(name) for name in self]

    def __repr__(self) -> str:
        lines = [f"  {origin}" for origin in self.sources() if origin.kind != "default"]
        return "\n".join([f"Config({self.path or 'no file'})", *lines])

    def __getstate__(self) -> dict[str, Any]:
        # A context variable stays in its process; what it overrides there ends with its block.
        return {name: value for name, value in self.__dict__.items() if name != "_overrides"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__["_overrides"] = ContextVar("overrides", default=None)


class Group:
    """The settings whose names begin with one word, as attributes: ``config.database.host``."""

    __slots__ = ("_config", "_name")

    def __init__(self, config: Config, name: str) -> None:
        object.__setattr__(self, "_config", config)
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._config[f"{self._name}.{name}"]

    def __setattr__(self, name: str, value: Any) -> None:
        self._config[f"{self._name}.{name}"] = value

    def __getitem__(self, name: str) -> Any:
        return self._config[f"{self._name}.{name}"]

    def __setitem__(self, name: str, value: Any) -> None:
        self._config[f"{self._name}.{name}"] = value

    def __dir__(self) -> list[str]:
        start = f"{self._name}."
        return [name.removeprefix(start) for name in SETTINGS if name.startswith(start)]

    def __repr__(self) -> str:
        values = (f"{name}={redact(self[name], f'{self._name}.{name}')!r}" for name in dir(self))
        return f"{self._name}({', '.join(values)})"


def _fill(table: FreeTable, name: str, value: Any) -> None:
    """Set an entry unless a higher layer has it."""
    try:
        get_inside(table, name)
    except KeyError:
        put_inside(table, name, value)
