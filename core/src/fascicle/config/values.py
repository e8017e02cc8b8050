"""Values of settings: checked, and read from text."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fascicle.config.settings import Setting, is_secret
from fascicle.errors import ConfigError

HIDDEN = "***"
_URL_PASSWORD = re.compile(r"(://[^/?#:@]*:).*@", re.DOTALL)
_URL_SECRET = re.compile(r"([?&][^=&]*(?:passw|pwd|secret|token)[^=&]*=)[^&#]*", re.IGNORECASE)
_FLAGS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


class FreeTable(dict[str, Any]):
    """A free-form table of settings; its printed form hides secrets."""

    def __repr__(self) -> str:
        return repr(redact(self))


def redact(value: Any, name: str = "") -> Any:
    """Copy a value with secrets hidden, those inside of a URL too."""
    if isinstance(value, Mapping):
        return {key: redact(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, str) and "://" in value:
        value = _URL_SECRET.sub(rf"\1{HIDDEN}", _URL_PASSWORD.sub(rf"\1{HIDDEN}@", value))
    return HIDDEN if value is not None and name and is_secret(name) else value


def check(setting: Setting, value: Any, where: str) -> Any:
    """Return a value in the setting's kind; text is read, other values are checked.

    Parameters
    ----------
    setting : Setting
    value : Any
        What was given: text from an environment variable or a secrets folder, else a Python value.
    where : str
        Who gave it, for messages.

    Raises
    ------
    ConfigError
        If the value is not of the kind, not among the choices or out of bounds.  Secrets are not repeated.
    """
    if value is None or (value == "" and setting.default is None):
        return _absent(setting, where)
    try:
        checked = _READERS[setting.kind](value)
    except (TypeError, ValueError) as error:
        raise _fault(setting, value, where, str(error)) from None
    if setting.choices:
        return _choice(setting, checked, where)
    low, high = setting.low, setting.high
    if (low is not None and checked < low) or (high is not None and checked > high):
        bounds = " and ".join(
            text for text, bound in ((f"at least {low}", low), (f"at most {high}", high)) if bound is not None
        )
        raise _fault(setting, value, where, f"it is {bounds}")
    return checked


def _absent(setting: Setting, where: str) -> Any:
    if setting.kind == "table":
        return FreeTable()
    if setting.default is not None:
        raise _fault(setting, None, where, "it has no empty value")
    return None


def _choice(setting: Setting, value: str, where: str) -> str:
    for choice in setting.choices:
        if choice.lower() == value.lower():
            return choice
    raise _fault(setting, value, where, f"it is one of {', '.join(setting.choices)}")


def _fault(setting: Setting, value: Any, where: str, why: str) -> ConfigError:
    shown = repr(redact(value, setting.name))
    return ConfigError(f"{shown} is no value of the setting {setting.name}", where=where, why=why)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is expected, not {type(value).__name__}")
    return value


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError(f"a whole number is expected, not {type(value).__name__}")
    try:
        return int(value)
    except ValueError:
        raise ValueError("a whole number is expected") from None


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(f"a number is expected, not {type(value).__name__}")
    try:
        return float(value)
    except ValueError:
        raise ValueError("a number is expected") from None


def _bool(value: Any) -> bool:
    flag = _FLAGS.get(str(value).strip().lower()) if isinstance(value, (bool, int, str)) else None
    if flag is None:
        raise ValueError("true or false is expected")
    return flag


def _path(value: Any) -> str:
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"a path is expected, not {type(value).__name__}")
    return str(Path(os.fspath(value)).expanduser())


def _table(value: Any) -> FreeTable:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError(
                f"a JSON object is expected ({error.msg} at character {error.pos + 1})"
            ) from None
    if not isinstance(value, Mapping):
        raise TypeError(f"a table is expected, not {type(value).__name__}")
    return FreeTable(value)


def _tls(value: Any) -> bool | FreeTable:
    if isinstance(value, Mapping) or (isinstance(value, str) and value.lstrip().startswith("{")):
        return _table(value)
    return _bool(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "url": _text,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "path": _path,
    "table": _table,
    "tls": _tls,
}
