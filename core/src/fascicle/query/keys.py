"""Restrictions by values: dicts and tables of rows, strict about names that cannot be meant."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from fascicle.errors import QueryError, UnknownAttributeError
from fascicle.model import CoreType, nearest, unknown_attribute
from fascicle.query.literals import coerce
from fascicle.query.nodes import Node, title
from fascicle.query.pairing import harmonise
from fascicle.query.scalar import (
    FALSE,
    TRUE,
    AnyOf,
    Binary,
    Column,
    Every,
    IsNull,
    JsonPath,
    KeySet,
    Literal,
    Scalar,
    Unary,
)
from fascicle.query.tabular import plain

_UNMATCHED = object()
_PLAIN = (
    str,
    int,
    float,
    bool,
    bytes,
    bytearray,
    Decimal,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    UUID,
)

KnownNames = Callable[[], Collection[str]]


def mapping_condition(
    row: Mapping[str, Any], node: Node, known_names: KnownNames | None, negated: bool = False
) -> tuple[Scalar, bool]:
    """Return the condition that every value of `row` is met (or not every one), and whether it says anything.

    Raises
    ------
    UnknownAttributeError
        If no name is an attribute, or one is likely a misspelling.
    QueryError
        If a value cannot be compared.
    """
    if not row:
        return (FALSE, True) if negated else (TRUE, False)
    terms = tuple([_equals(name, row[name], node, negated) for name in usable_names(row, node, known_names)])
    if len(terms) == 1:
        return terms[0], True
    return (AnyOf(terms) if negated else Every(terms)), True


def table_condition(
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    node: Node,
    known_names: KnownNames | None,
    negated: bool = False,
) -> tuple[Scalar, bool]:
    """Return the condition that a row agrees with one of `rows` (or none) in the attributes that both have.

    Raises
    ------
    UnknownAttributeError, QueryError
        As for a single row.
    """
    rows = list(rows)
    if not rows:
        return (TRUE, False) if negated else (FALSE, True)
    if not names:
        return (FALSE, True) if negated else (TRUE, False)
    usable = usable_names(names, node, known_names)
    for name in usable:
        _check_storable(name, node)
    columns = list(zip(*rows, strict=True))
    cells = [_column(columns[names.index(name)], name, node) for name in usable]
    values = [row for row in dict.fromkeys(zip(*cells, strict=True)) if _UNMATCHED not in row]
    keys = KeySet(tuple(usable), tuple(values)) if values else FALSE
    return (Unary("NOT", keys) if negated else keys), True


def _column(values: tuple[Any, ...], name: str, node: Node) -> list[Any]:
    """Return the values of one column as the attribute's type has them, `_UNMATCHED` where it has none such."""
    type_ = node.heading[name].type
    kinds = set(map(type, values))
    # Thousands of keys are as a rule of one kind, which needs no look at each.
    if (kinds == {int} and type_.is_integer) or (kinds == {str} and type_.name in ("varchar", "char")):
        return list(values)
    return [_fitting(_checked(value, name, node), type_) for value in values]


def _fitting(value: Any, type_: CoreType) -> Any:
    if value is None:
        return None
    if isinstance(value, (float, Decimal)) and type_.is_integer and value == int(value):
        value = int(value)
    literal = coerce(value, type_)
    # A literal of a wider family or scale holds what no value of the attribute equals: 2.5 among whole numbers.
    return literal.value if literal.type is None or _same_kind(literal.type, type_) else _UNMATCHED


def _same_kind(a: CoreType, b: CoreType) -> bool:
    return a == b or (a.is_integer and b.is_integer) or (a.is_text and b.is_text)


def is_foreign(name: str, node: Node) -> bool:
    """Whether a name has nothing to do with the attributes of `node`: neither one nor a path into one."""
    return name not in node.heading and _json_attribute(name) not in node.heading


def usable_names(names: Iterable[str], node: Node, known_names: KnownNames | None) -> list[str]:
    """Return those of `names` that are attributes; the others must be names of something else.

    Raises
    ------
    UnknownAttributeError
        If none is an attribute, or one is close to an attribute and nothing in the pipeline is called so.
    """
    heading = node.heading
    usable: list[str] = []
    strange: list[str] = []
    for name in names:
        if not isinstance(name, str):
            raise QueryError(
                f"{name!r} names no attribute", where=title(node), try_="use the attribute's name"
            )
        (strange if is_foreign(name, node) else usable).append(name)
    if not usable:
        raise UnknownAttributeError(
            f"none of {', '.join(repr(name) for name in strange)} is an attribute",
            where=title(node),
            why=f"the restriction would leave every row; the attributes are {', '.join(heading)}",
            try_=_advice(strange[0], list(heading)) + "; to mean every row, leave the restriction out",
            names=strange,
        )
    if strange:
        _check_misspellings(strange, node, known_names)
    return usable


def _check_misspellings(strange: list[str], node: Node, known_names: KnownNames | None) -> None:
    close = [name for name in strange if nearest(name.partition(".")[0], node.heading, count=1)]
    if close:
        elsewhere = set(known_names()) if known_names is not None else set()
        for name in close:
            if name.partition(".")[0] not in elsewhere:
                raise unknown_attribute(name, node.heading, where=title(node))


def _advice(name: str, known: list[str]) -> str:
    close = nearest(name, known)
    return f"did you mean {' or '.join(repr(c) for c in close)}?" if close else "compare the names"


def _json_attribute(name: str) -> str:
    """Return the attribute of ``attribute.path[0]:type``; the whole name if there is no path."""
    return name.partition(":")[0].partition(".")[0].partition("[")[0]


def _equals(name: str, value: Any, node: Node, negated: bool) -> Scalar:
    value = _checked(value, name, node)
    attribute = node.heading.attributes.get(name)
    operand: Scalar = Column(name) if attribute is not None else _path(name, node)
    if value is None:
        return IsNull(operand, negated)
    if attribute is not None:
        _check_storable(name, node)
    literal: Scalar = Literal(value)
    if attribute is not None:
        literal = coerce(value, attribute.type)
    else:
        operand, literal = harmonise(operand, literal, node.heading)
    if not negated:
        return Binary("=", operand, literal)
    # A row whose value is NULL does not have this value, so it belongs to the contrary.
    if attribute is not None and not attribute.nullable:
        return Binary("!=", operand, literal)
    return Unary("NOT", Binary("<=>", operand, literal))


def _path(name: str, node: Node) -> JsonPath:
    from fascicle.query.parser import parse_expression

    path = parse_expression(name, node.heading)
    if not isinstance(path, JsonPath):
        raise QueryError(
            f"{name!r} is no attribute and no path into one",
            where=title(node),
            try_="write a path as attribute.key[0]:type",
        )
    return path


def _check_storable(name: str, node: Node) -> None:
    attribute = node.heading.attributes.get(name)
    if attribute is None:
        raise QueryError(
            f"a table of rows cannot hold the path {name!r}",
            where=title(node),
            try_="restrict by a list of dicts",
            attribute=name,
        )
    if attribute.codec is not None or attribute.type.name == "json":
        form = f"its codec {attribute.codec} stores another form" if attribute.codec else "it holds JSON"
        raise QueryError(
            f"the attribute {name!r} cannot be compared with a value",
            where=title(node),
            why=form,
            try_="restrict by the other attributes"
            + ("" if attribute.codec else f", or by a path: {{'{name}.key:varchar': value}}"),
            attribute=name,
        )


def _checked(value: Any, name: str, node: Node) -> Any:
    """Return a value that can be bound, refusing those that look like several."""
    if type(value) in (str, int, bool) or value is None:
        return value
    value = plain(value)
    if value is None or isinstance(value, _PLAIN):
        return value
    if isinstance(value, (Mapping, Iterable)):
        attribute = _json_attribute(name)
        raise QueryError(
            f"the restriction gives {name!r} several values",
            where=title(node),
            why="a dict says that each attribute equals one value",
            try_=f"write \"{attribute} IN (...)\" as text, or a list of dicts: [{{'{attribute}': a}}, ...]",
            attribute=name,
        )
    raise QueryError(
        f"the attribute {name!r} cannot be compared with a {type(value).__name__}",
        where=title(node),
        try_="give a number, text, date, time, UUID, bytes or None",
        attribute=name,
    )
