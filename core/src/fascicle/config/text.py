"""Settings as text: TOML, JSON, and a template that explains itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fascicle.config.settings import SETTINGS, TABLES, Setting
from fascicle.errors import ConfigError

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_json(values: Mapping[str, Any]) -> str:
    """Write settings as JSON with dotted names."""
    try:
        return json.dumps(dict(values), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    except TypeError as error:
        raise ConfigError("the settings cannot be written as JSON", why=str(error)) from None


def to_toml(values: Mapping[str, Any]) -> str:
    """Write settings as TOML, one table for each group; entries that are None are left out."""
    tree: dict[str, Any] = {}
    for name, value in values.items():
        group, _, last = name.rpartition(".")
        (tree.setdefault(group, {}) if group else tree)[last] = value
    return "\n".join(_table(tree, [])).strip() + "\n"


def _table(table: Mapping[str, Any], path: list[str]) -> Iterator[str]:
    for key, value in table.items():
        if value is not None and not isinstance(value, Mapping):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield ""
            yield f"[{'.'.join(_key(k) for k in [*path, key])}]"
            yield from _table(value, [*path, key])


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    # TOML's basic strings are JSON's, but for the delete character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    raise ConfigError(f"a {type(value).__name__} cannot be written into a settings file")


def template(*, json_format: bool = False) -> str:
    """Return a settings file that names every setting; in TOML, commented out, with its meaning."""
    public = [setting for setting in SETTINGS.values() if not setting.secret]
    if json_format:
        return to_json({s.name: s.default for s in public if s.default not in (None, {})})
    lines = [
        "# Settings of Fascicle. A line that begins with '#' shows the default; remove the '#' to change it.",
        "# Passwords do not belong here: put each into a file of the folder .secrets, e.g. .secrets/database.password.",
    ]
    lines += [
        line
        for setting in public
        if "." not in setting.name and not _is_table(setting)
        for line in _entry(setting)
    ]
    for group in dict.fromkeys(s.name.rpartition(".")[0] for s in public if "." in s.name):
        lines += ["", f"[{group}]"]
        lines += [
            line for s in public if s.name.startswith(f"{group}.") and not _is_table(s) for line in _entry(s)
        ]
    lines += [line for name in TABLES for line in ("", f"# {SETTINGS[name].help}", f"[{name}]")]
    return "\n".join(lines) + "\n"


def _is_table(setting: Setting) -> bool:
    return setting.name in TABLES


def _entry(setting: Setting) -> Iterator[str]:
    about = f" ({', '.join(setting.choices)})" if setting.choices else ""
    default = '""' if setting.default is None else _value(setting.default)
    yield f"# {setting.help}{about}"
    yield f"# {setting.name.rpartition('.')[2]} = {default}"
