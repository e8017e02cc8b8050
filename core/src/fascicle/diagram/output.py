"""Files and displays: choosing a language by a file's name, and a string that shows itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fascicle.errors import ConfigError, FascicleError

_SUFFIXES = MappingProxyType(
    {
        ".svg": "svg",
        ".png": "png",
        ".dot": "dot",
        ".gv": "dot",
        ".mmd": "mermaid",
        ".mermaid": "mermaid",
    }
)


class Svg(str):
    """SVG text that notebooks show as a picture."""

    __slots__ = ()

    @property
    def data(self) -> str:
        """The text itself, as a plain string."""
        return str(self)

    def _repr_svg_(self) -> str:
        return str(self)


def format_of(path: str | PathLike[str], chosen: str | None) -> str:
    """Tell the format to write from a choice or a file name.

    Raises
    ------
    ConfigError
        If neither says one that we write.
    """
    known = sorted(set(_SUFFIXES.values()))
    if chosen is not None:
        if chosen.lower() not in known:
            raise ConfigError(f"a diagram has no format {chosen!r}", try_=f"use one of {', '.join(known)}")
        return chosen.lower()
    suffix = Path(fspath(path)).suffix.lower()
    if suffix not in _SUFFIXES:
        raise ConfigError(
            f"the name {fspath(path)!r} does not tell a diagram's format",
            try_=f"end it with one of {', '.join(_SUFFIXES)}, or pass format=",
        )
    return _SUFFIXES[suffix]


def write(path: str | PathLike[str], content: str | bytes) -> Path:
    """Write a file as UTF-8 or bytes; returns its path.

    Raises
    ------
    FascicleError
        If it cannot be written.
    """
    target = Path(fspath(path))
    try:
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        raise FascicleError(
            f"the diagram cannot be written to {target}",
            why=str(error),
            try_="check the folder and its rights",
        ) from error
    return target


def show(bundle: Mapping[str, str], image: Callable[[], Any]) -> None:
    """Show a picture in the running notebook, else in a matplotlib window.

    Raises
    ------
    FascicleError
        If there is neither.
    """
    shell = sys.modules.get("IPython")
    if shell is not None and shell.get_ipython() is not None:
        import_module("IPython.display").display(dict(bundle), raw=True)
        return
    try:
        plt: Any = import_module("matplotlib.pyplot")  # optional, and slow to import
    except ImportError:
        raise FascicleError(
            "there is nowhere to show the diagram",
            why="no notebook is running and matplotlib is not installed",
            try_="save it: diagram.save('pipeline.svg')",
        ) from None
    plt.imshow(image())
    plt.axis("off")
    plt.show()
