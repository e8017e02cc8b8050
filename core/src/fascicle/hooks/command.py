"""Commands that plugins add to the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Command:
    """A command of the command line.

    Parameters
    ----------
    name : str
        What people type behind ``fascicle``; with a blank inside, a group and its command: ``"lab templates"``.
    function : callable
        Its typed arguments are the command's arguments and options, its docstring the help.  It returns what is to be
        printed: text, or a list of dicts; it prints nothing itself.
    """

    name: str
    function: Callable[..., Any]

    @property
    def help(self) -> str:
        """First line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]
