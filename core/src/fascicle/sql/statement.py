"""A statement ready for a driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sql:
    """SQL text in one dialect with its bound parameters.

    Parameters
    ----------
    text : str
        Statement with the dialect's placeholder for each parameter.  Where the placeholder is ``%s``, every
        other per cent sign is doubled; drivers always pass `params`, even an empty tuple.
    params : tuple
        Values already in the form that the driver binds.
    """

    text: str
    params: tuple[Any, ...] = ()
