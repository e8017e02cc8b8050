"""Pieces of SQL text with their parameters and type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from fascicle.model import CoreType

_PLACE = re.compile(r"\{(\d+)\}")


class Rendered(NamedTuple):
    """A piece of SQL.

    Parameters
    ----------
    text : str
        Text that can stand as an operand (a name, a call, or in brackets).
    params : tuple
        Bound parameters in the order of their placeholders.
    type : CoreType or None
        Type of the value; steers how operators and functions around it are spelt.
    """

    text: str
    params: tuple[Any, ...] = ()
    type: CoreType | None = None

    def typed(self, type_: CoreType | None) -> Rendered:
        """Copy with another type."""
        return Rendered(self.text, self.params, type_)


@lru_cache(maxsize=1024)
def _pieces(template: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    parts = _PLACE.split(template)
    return parts[0], tuple((int(parts[i]), parts[i + 1]) for i in range(1, len(parts), 2))


def fill(template: str, *args: Rendered, type_: CoreType | None = None) -> Rendered:
    """Put pieces where a template says ``{0}``, ``{1}``...; a piece may stand several times."""
    head, places = _pieces(template)
    text = [head]
    params: tuple[Any, ...] = ()
    for index, tail in places:
        piece = args[index]
        text.append(piece.text)
        text.append(tail)
        params += piece.params
    return Rendered("".join(text), params, type_)


def join(separator: str, pieces: Iterable[Rendered], type_: CoreType | None = None) -> Rendered:
    """Join pieces by a separator."""
    gathered = list(pieces)
    params: list[Any] = []
    for piece in gathered:
        params.extend(piece.params)
    return Rendered(separator.join(p.text for p in gathered), tuple(params), type_)


def bracketed(terms: list[Rendered], word: str, size: int = 100) -> list[Rendered]:
    """Gather terms of one long AND or OR in brackets: parsers limit how deep they nest."""
    while len(terms) > size:
        parts = [join(word, terms[start : start + size]) for start in range(0, len(terms), size)]
        terms = [Rendered(f"({part.text})", part.params) for part in parts]
    return terms
