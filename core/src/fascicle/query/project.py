"""Projection: attributes chosen, renamed, copied and computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from fascicle.errors import HeadingError, QueryError
from fascicle.model import Attribute, CoreType, Heading, unknown_attribute
from fascicle.query.conditions import check_codecs
from fascicle.query.headings import computed, duplicate, variant
from fascicle.query.nodes import Node, Project, title
from fascicle.query.scalar import Column, Literal, Raw, Scalar
from fascicle.query.values import SQL
from fascicle.query.walk import columns_of

if TYPE_CHECKING:
    from fascicle.query.inference import TypeInfo

_COPY = re.compile(r"\(\s*([A-Za-z_][A-Za-z0-9_]*)\s*\)")

Named = Mapping[str, Any]
Columns = tuple[tuple[str, Scalar], ...]


@dataclass(slots=True)
class Choice:
    """What a projection asks for, read but not yet checked against each other.

    Parameters
    ----------
    kept : set of str
        Attributes kept under their names.
    renamed : dict
        Old name to new name.
    made : dict
        New name to attribute and scalar, of copies and expressions.
    """

    kept: set[str]
    renamed: dict[str, str] = field(default_factory=dict)
    made: dict[str, tuple[Attribute, Scalar]] = field(default_factory=dict)


def project(node: Node, *attributes: str | EllipsisType, **named: Any) -> Node:
    """Choose, rename and compute attributes; the primary key is always kept.

    Parameters
    ----------
    node : Node
        What to project.
    *attributes
        Names to keep; ``...`` for all; ``"-name"`` for all but that one, beside ``...``.
    **named
        ``new="old"`` renames, ``new="(old)"`` copies, anything else is an expression over the old names.

    Raises
    ------
    UnknownAttributeError
        If a name is no attribute.
    HeadingError
        If two attributes would have one name.
    QueryError
        If an expression aggregates or uses an attribute that it cannot use.
    """
    if not named and attributes == (...,):
        return node
    columns, heading = _remembered(node, attributes, named)
    return node if heading is node.heading else Project(node, columns, heading)


def _remembered(
    node: Node, attributes: tuple[str | EllipsisType, ...], named: Named
) -> tuple[Columns, Heading]:
    """Project a heading; once for each of its projections that are written as text."""
    if not all(type(text) is str or text is ... for text in (*attributes, *named.values())):
        return _projected(node, attributes, named)
    asked = ("proj", attributes, tuple(named.items()))
    known: tuple[Columns, Heading] | None = node.heading.understood.get(asked)
    if known is None:
        known = _projected(node, attributes, named)
        node.heading.understand(asked, known)
    return known


def _projected(
    node: Node, attributes: tuple[str | EllipsisType, ...], named: Named
) -> tuple[Columns, Heading]:
    choice = choose(node, node.heading, attributes, named, lambda name, text: _compute(node, name, text))
    columns = arrange(node.heading, choice)
    if len(columns) == len(node.heading) and all(
        isinstance(scalar, Column) and scalar.name == attribute.name for attribute, scalar in columns
    ):
        return (), node.heading
    chosen = tuple([(attribute.name, scalar) for attribute, scalar in columns])
    return chosen, Heading([attribute for attribute, _ in columns])


def choose(
    node: Node,
    heading: Heading,
    attributes: Iterable[str | EllipsisType],
    named: Named,
    compute: Callable[[str, Any], tuple[Attribute, Scalar]],
) -> Choice:
    """Read the arguments of a projection of `heading`; `compute` makes the attributes of expressions."""
    choice = Choice(_kept(node, heading, attributes))
    for name, value in named.items():
        _check_name(name)
        if value == name:
            _require(node, heading, name)
            choice.kept.add(name)
            continue
        text = value.strip() if isinstance(value, str) else ""
        copied = _COPY.fullmatch(text) if text.startswith("(") else None
        if text in heading.attributes:
            _rename(choice, text, name, attributes)
        elif copied is not None and copied[1] in heading.attributes:
            choice.made[name] = (duplicate(heading[copied[1]], name), Column(copied[1]))
        else:
            choice.made[name] = compute(name, value)
    choice.kept -= choice.renamed.keys()
    return choice


def _kept(node: Node, heading: Heading, attributes: Iterable[str | EllipsisType]) -> set[str]:
    kept = set(heading.primary_key)
    dropped: set[str] = set()
    everything = False
    for item in attributes:
        if item is ... or item == "...":
            everything = True
        elif not isinstance(item, str):
            raise QueryError(
                f"{item!r} names no attribute", where=f"proj of {title(node)}", try_="give names as text"
            )
        elif item.startswith("-"):
            _require(node, heading, item[1:])
            dropped.add(item[1:])
        else:
            _require(node, heading, item)
            kept.add(item)
    if dropped & set(heading.primary_key):
        raise QueryError(
            f"{', '.join(repr(name) for name in sorted(dropped & set(heading.primary_key)))} cannot be left out",
            where=f"proj of {title(node)}",
            why="the primary key tells the rows apart",
            try_="to list the distinct values of other attributes, use U('attribute', ...) & query",
        )
    if dropped and not everything:
        raise QueryError(
            f"'-{min(dropped)}' leaves out what was not there",
            where=f"proj of {title(node)}",
            why="only the primary key and the attributes named are kept",
            try_=f"write .proj(..., '-{min(dropped)}')",
        )
    return kept | (set(heading) - dropped) if everything else kept


def _require(node: Node, heading: Heading, name: str) -> None:
    if name not in heading:
        raise unknown_attribute(name, heading, where=f"proj of {title(node)}")


def _check_name(name: str) -> None:
    if not (name.isidentifier() and name.isascii()):
        raise QueryError(f"{name!r} cannot name an attribute", try_="use letters, digits and underscores")


def _rename(choice: Choice, old: str, new: str, attributes: Iterable[str | EllipsisType]) -> None:
    if old in choice.renamed or old in attributes:
        raise HeadingError(
            f"the attribute {old!r} is asked for twice",
            why=f"{new}={old!r} renames it, so that its old name is gone",
            try_=f"copy it: {new}='({old})'",
        )
    choice.renamed[old] = new


def arrange(heading: Heading, choice: Choice) -> list[tuple[Attribute, Scalar]]:
    """Return the attributes of a projection in order: those of `heading` in theirs, then those made.

    Raises
    ------
    HeadingError
        If two attributes would have one name (or differ by case alone, which databases do not see).
    """
    columns: list[tuple[Attribute, Scalar]] = []
    for name, attribute in heading.attributes.items():
        new = choice.renamed.get(name)
        if new is not None:
            columns.append((variant(attribute, name=new), Column(name)))
        elif name in choice.kept:
            columns.append((attribute, Column(name)))
    columns += choice.made.values()
    if len({attribute.name.lower() for attribute, _ in columns}) != len(columns):
        raise _clash([attribute.name for attribute, _ in columns])
    return columns


def _clash(names: list[str]) -> HeadingError:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(name.lower())
        if other is not None:
            break
        seen[name.lower()] = name
    return HeadingError(
        f"two attributes would be named {name!r}" + ("" if name == other else f" (the other is {other!r})"),
        why="the projection makes one beside one that it keeps",
        try_=f"choose another name, or leave the old one out: .proj(..., '-{other}', ...)",
    )


def _compute(node: Node, name: str, value: Any) -> tuple[Attribute, Scalar]:
    scalar, type_, nullable, aggregate = expression(node, value, name)
    if aggregate:
        raise QueryError(
            f"{name}={value!r} aggregates rows",
            where=f"proj of {title(node)}",
            why="a projection computes within each row",
            try_=f"write A.aggr(B, {name}={value!r}) for one value per row of A, or U().aggr(B, ...) for one in all",
        )
    return computed(name, type_, nullable), scalar


def expression(node: Node, value: Any, name: str) -> tuple[Scalar, CoreType, bool, bool]:
    """Read an expression over the attributes of `node`: scalar, type, whether it may be NULL, whether it aggregates.

    Raises
    ------
    UnknownAttributeError
        If it names what is no attribute.
    QueryError
        If it cannot be parsed, has no type, or uses the value of an attribute that a codec stores.
    """
    if isinstance(value, SQL):
        return _raw(value, name)
    parse_expression, infer = _readers()
    if isinstance(value, Scalar):
        scalar: Scalar = value
        for column in columns_of(scalar):
            _require(node, node.heading, column)
    elif isinstance(value, str):
        scalar = parse_expression(value, node.heading)
    elif isinstance(value, (int, float)):
        scalar = Literal(value)
    else:
        raise QueryError(f"{name}={value!r} is no expression", try_="write it as text, e.g. total='a + b'")
    check_codecs(scalar, columns_of(scalar), node)
    info = infer(scalar, node.heading)
    return scalar, info.type or CoreType("native", ("unknown",)), info.nullable, info.aggregate


@cache
def _readers() -> tuple[Callable[[str, Heading], Scalar], Callable[[Scalar, Heading], TypeInfo]]:
    from fascicle.query.inference import infer  # here, for the price of importing core
    from fascicle.query.parser import parse_expression

    return parse_expression, infer


def _raw(value: SQL, name: str) -> tuple[Scalar, CoreType, bool, bool]:
    if value.type is None:
        raise QueryError(
            f"the type of {name}={value!r} is not known",
            why="SQL text is not read by us",
            try_="give it: SQL('...', type=parse_type('float64'))",
        )
    return Raw(value.text, value.params, value.type), value.type, True, False
