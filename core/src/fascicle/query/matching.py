"""Which namesakes of two headings mean the same: those of the same origin."""

from __future__ import annotations

import warnings
from typing import NamedTuple

from fascicle.errors import LineageError, QueryError
from fascicle.model import Attribute
from fascicle.query.headings import comparable
from fascicle.query.nodes import Node, origin, title


class NamesakeWarning(UserWarning):
    """Two attributes share a name but not an origin, and were kept apart."""


class Matching(NamedTuple):
    """Names that match, and names that two operands share without matching."""

    on: tuple[str, ...]
    apart: tuple[str, ...]


def match(left: Node, right: Node, semantic_check: bool = True) -> Matching:
    """Find the attributes that link two operands.

    Raises
    ------
    LineageError
        If namesakes have different origins.
    QueryError
        If attributes that match cannot be compared.
    """
    ours, theirs = left.heading.attributes, right.heading.attributes
    on: list[str] = []
    apart: list[str] = []
    for name, attribute in ours.items():
        other = theirs.get(name)
        if other is None:
            continue
        if not semantic_check:
            _check_comparable(left, right, attribute, other)
        elif attribute.lineage is None or other.lineage is None:
            apart.append(name)
            continue
        elif attribute.lineage != other.lineage:
            raise _different_origins(left, right, attribute, other)
        on.append(name)
    return Matching(tuple(on), tuple(apart))


def _check_comparable(left: Node, right: Node, a: Attribute, b: Attribute) -> None:
    if a.codec is not None or b.codec is not None:
        raise QueryError(
            f"the attribute {a.name!r} cannot link {title(left)} and {title(right)}",
            why="a codec turns it into a value, and stored forms of equal values may differ",
            try_=f"leave it out or rename it: .proj('...', other_{a.name}={a.name!r})",
        )
    if not comparable(a.type, b.type):
        raise QueryError(
            f"the attribute {a.name!r} cannot link {title(left)} and {title(right)}",
            why=f"it is {a.type} on the left and {b.type} on the right",
            try_=f"rename one of them: .proj('...', other_{a.name}={a.name!r})",
        )


def _different_origins(left: Node, right: Node, a: Attribute, b: Attribute) -> LineageError:
    new = f"{origin(right, a.name)}_{a.name}"
    return LineageError(
        f"the attribute {a.name!r} of {title(left)} and that of {title(right)} have different origins",
        why=f"the one comes from {a.lineage}, the other from {b.lineage}",
        try_=f"rename one of them, e.g. {title(right)}.proj('...', {new}={a.name!r}), "
        "or match by name alone with semantic_check=False",
        attribute=a.name,
    )


def hint_ignored(left: Node, right: Node, apart: tuple[str, ...]) -> None:
    """Warn that a restriction by a query took no notice of some shared names."""
    names = ", ".join(repr(name) for name in apart)
    renames = ", ".join(f"{origin(right, name)}_{name}={name!r}" for name in apart)
    _warn(
        f"{title(left)} is restricted by {title(right)} without comparing {names}: the attributes share "
        f"a name but not an origin. To say so, write {title(right)}.proj('...', {renames}); "
        "to compare them, restrict with semantic_check=False"
    )


def hint_renamed(left: Node, right: Node, renamed: dict[str, str]) -> None:
    """Warn that a join gave new names to attributes of its right operand."""
    renames = ", ".join(f"{new}={old!r}" for new, old in renamed.items())
    _warn(
        f"{title(left)} and {title(right)} share names but not their origin; the join names the right ones "
        f"anew. To choose the names, write {title(right)}.proj('...', {renames})"
    )


def _warn(message: str) -> None:
    # One place in our code for all of them: Python then shows each distinct message once, wherever it arose.
    warnings.warn(message, NamesakeWarning, stacklevel=1)
