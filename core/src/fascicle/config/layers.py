"""Where settings come from: environment variables, files, secrets folders; each a layer of plain values."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fascicle.config.settings import GROUPS, SETTINGS, table_of
from fascicle.config.values import check, redact
from fascicle.errors import ConfigError
from fascicle.suggest import nearest

FILES = ("fascicle.toml", "datajoint.json", "dj_local_conf.json")
SECRETS = ".secrets"
SYSTEM_SECRETS = (Path("/run/secrets/fascicle"), Path("/run/secrets/datajoint"))
_FILE_NAME = re.compile(r"\w[\w.-]*")
_ROOTS = (".git", ".hg")
#: Files whose format admitted names of anybody's; those stay readable under the same names.
_FREE_FORM_FILES = ("dj_local_conf.json", ".datajoint_config.json")


@dataclass
class Layer:
    """Values from one place.

    Parameters
    ----------
    kind : str
        ``runtime``, ``environment``, ``file``, ``secret`` or ``default``.
    values : dict
        By dotted name; free-form tables also by dotted names inside of them (secrets).
    places : dict
        Name to the variable or file that gave it.
    """

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: Any, place: str) -> None:
        """Set a value and where it came from."""
        self.values[name] = value
        self.places[name] = place


class SettingsWarning(UserWarning):
    """Something in files or the environment that no setting reads."""


def read_environment(environ: Mapping[str, str]) -> Layer:
    """Read every setting that an environment variable gives; empty variables count as absent."""
    layer = Layer("environment")
    known: set[str] = set()
    for name, setting in SETTINGS.items():
        known.update(setting.variables)
        for variable in setting.variables:
            if environ.get(variable, "") != "" and name not in layer.values:
                layer.put(
                    name, check(setting, environ[variable], f"environment variable {variable}"), variable
                )
    for variable in sorted(environ):
        close = (
            nearest(variable, known, 1) if variable.startswith("FASCICLE_") and variable not in known else []
        )
        if close and not variable.startswith("FASCICLE_TEST_"):
            warnings.warn(
                f"no setting reads the environment variable {variable}; did you mean {close[0]}?",
                SettingsWarning,
                stacklevel=2,
            )
    return layer


def find_upwards(start: Path, names: Iterable[str], *, folder: bool = False) -> Path | None:
    """Search `start` and the folders above, up to the root of the repository, for the first of `names`."""
    wanted = list(names)
    for directory in (start, *start.parents):
        for name in wanted:
            path = directory / name
            if path.is_dir() if folder else path.is_file():
                return path
        if any((directory / root).exists() for root in _ROOTS):
            return None
    return None


def user_files(home: Path, environ: Mapping[str, str]) -> list[Path]:
    """Settings files of the user, for all projects."""
    base = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return [base / "fascicle" / FILES[0], home / ".datajoint_config.json"]


def read_file(path: Path) -> Layer:
    """Read a settings file, TOML or JSON by its ending.

    Raises
    ------
    ConfigError
        If it cannot be read, is malformed, or names unknown settings.
    """
    layer = Layer("file")
    try:
        text = path.read_text(encoding="utf-8")
        data = _toml(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError("the settings file cannot be read", where=str(path), why=str(error)) from None
    if not isinstance(data, dict):
        raise ConfigError("the settings file holds no table of settings", where=str(path))
    _flatten(layer, "", data, path)
    return layer


def _toml(text: str) -> dict[str, Any]:
    import tomllib  # costs milliseconds that programs without such a file need not pay

    return tomllib.loads(text)


def _flatten(layer: Layer, prefix: str, data: Mapping[str, Any], path: Path) -> None:
    for key, value in data.items():
        name = f"{prefix}{key}"
        if name in SETTINGS:
            if value is not None or SETTINGS[name].default is None:
                layer.put(name, check(SETTINGS[name], value, str(path)), str(path))
        elif split := table_of(name):
            table = layer.values.setdefault(split[0], check(SETTINGS[split[0]], {}, str(path)))
            put_inside(table, split[1], value)
            layer.places[split[0]] = str(path)
        elif name in GROUPS and isinstance(value, Mapping):
            _flatten(layer, f"{name}.", value, path)
        elif path.name in _FREE_FORM_FILES:
            layer.put(name, value, str(path))
        elif path.suffix == ".json":
            warnings.warn(f"{path}: no setting is named {name!r}", SettingsWarning, stacklevel=2)
        else:
            raise unknown(name, where=str(path))


def read_secrets(folders: Iterable[Path]) -> Layer:
    """Read the files of secrets folders, each named for its setting; the first folder that has one wins."""
    layer = Layer("secret")
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            name = path.name
            if name.startswith(".") or name in layer.values or not path.is_file():
                continue
            if name not in SETTINGS and table_of(name) is None:
                continue  # a folder of secrets may serve other programs too
            try:
                value: Any = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError("a secret cannot be read", where=str(path), why=str(error)) from None
            layer.put(name, check(SETTINGS[name], value, str(path)) if name in SETTINGS else value, str(path))
    return layer


def put_inside(table: dict[str, Any], name: str, value: Any) -> None:
    """Set ``raw.location`` inside of a free-form table, making the tables between."""
    head, dot, tail = name.partition(".")
    if not dot or (head in table and not isinstance(table[head], dict)):
        table[name] = value
        return
    put_inside(table.setdefault(head, {}), tail, value)


def get_inside(table: Mapping[str, Any], name: str) -> Any:
    """Return ``raw.location`` of a free-form table; a key that holds the dots itself comes first.

    Raises
    ------
    KeyError
        If there is no such entry.
    """
    if name in table:
        return table[name]
    head, dot, tail = name.partition(".")
    if dot and isinstance(table.get(head), Mapping):
        return get_inside(table[head], tail)
    raise KeyError(name)


def unknown(name: str, where: str | None = None, extra: Iterable[str] = ()) -> ConfigError:
    """Build the error for a setting that does not exist, naming the nearest ones."""
    names = [*SETTINGS, *GROUPS, *extra]
    close = nearest(name, names) or [n for n in SETTINGS if n.rpartition(".")[2] == name.rpartition(".")[2]]
    return UnknownSettingError(
        f"there is no setting {name!r}",
        where=where,
        why="settings of your own belong in the table 'custom'",
        try_=f"did you mean {' or '.join(repr(c) for c in close)}?" if close else None,
        setting=name,
    )


class UnknownSettingError(ConfigError, KeyError, AttributeError):
    """A name that no setting has; a `KeyError` and `AttributeError` too, so that `get` and `hasattr` work."""

    __str__ = ConfigError.__str__


def write_secrets(folder: Path, secrets: Mapping[str, str]) -> None:
    """Write secrets, each to a file of its own that others cannot read, out of reach of version control."""
    folder.mkdir(mode=0o700, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("# Secrets are never committed.\n*\n", encoding="utf-8")
    for name, value in secrets.items():
        if not _FILE_NAME.fullmatch(name):
            raise ConfigError(
                f"the secret {name!r} cannot name a file", try_="keep it in an environment variable"
            )
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(value)


def split_secrets(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Part settings into those for a file and those for a secrets folder (free-form tables are looked into)."""
    public: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            inner, hidden = split_secrets({f"{name}.{key}": v for key, v in value.items()})
            public[name] = {key.removeprefix(f"{name}."): v for key, v in inner.items()}
            secrets.update(hidden)
        elif redact(value, name) != value:
            secrets[name] = str(value)
        else:
            public[name] = value
    return public, secrets
