"""Both sides of an operator brought together: literals take the type of what they stand beside."""

from __future__ import annotations

from decimal import Decimal

from fascicle.errors import QueryError
from fascicle.model import CoreType, Heading
from fascicle.query.families import BOOL, FLOAT64, JSON, common_type, family, natural_type
from fascicle.query.inference import infer, path_type
from fascicle.query.literals import coerce
from fascicle.query.scalar import Column, JsonPath, Literal, Scalar


def harmonise(left: Scalar, right: Scalar, heading: Heading) -> tuple[Scalar, Scalar]:
    """Return both sides of a comparison, literals and JSON paths typed by the other side.

    Raises
    ------
    QueryError
        If a literal can never be of the other side's type, or the sides do not compare.
    """
    free_left, free_right = type(left) is Literal, type(right) is Literal
    if free_right and not free_left:
        left = _typed_path(left, _type(right, heading))
        return left, _literal(right, _comparable(left, heading))  # type: ignore[arg-type]
    if free_left and not free_right:
        right = _typed_path(right, _type(left, heading))
        return _literal(left, _comparable(right, heading)), right  # type: ignore[arg-type]
    left = _typed_path(left, _type(right, heading))
    right = _typed_path(right, _type(left, heading))
    if free_left:  # two literals, e.g. 1 = 1: each keeps its own type
        left, right = _two_literals(left, right)  # type: ignore[arg-type]
    else:
        common_type(_comparable(left, heading), _comparable(right, heading))
    return left, right


def _two_literals(left: Literal, right: Literal) -> tuple[Scalar, Scalar]:
    mine = left.type or natural_type(left.value)
    other = right.type or natural_type(right.value)
    if family(mine) == "text" and family(other) != "text":
        return coerce(left.value, other), right
    if family(other) == "text" and family(mine) != "text":
        return left, coerce(right.value, mine)
    common_type(mine, other)
    return left, right


def _literal(node: Literal, type_: CoreType | None) -> Literal:
    # A literal of a type that text cannot say otherwise (DATE '...', X'...') keeps it.
    if node.type is not None and family(node.type) != family(type_):
        common_type(node.type, type_)
        return node
    return coerce(node.value, type_)


def _typed_path(node: Scalar, other: CoreType | None) -> Scalar:
    if type(node) is JsonPath and node.type is None:
        return JsonPath(node.operand, node.steps, path_type(other))
    return node


def _type(node: Scalar, heading: Heading) -> CoreType | None:
    if type(node) is Column:
        return heading[node.name].type
    return infer(node, heading).type


def _comparable(node: Scalar, heading: Heading) -> CoreType | None:
    type_ = _type(node, heading)
    if type_ is not None and type_.name == "json":
        raise QueryError(
            "a JSON value as a whole has no portable comparison",
            try_="compare a value inside it: attribute.key:type, or test IS NULL",
        )
    return type_


def harmonise_arithmetic(op: str, left: Scalar, right: Scalar, heading: Heading) -> tuple[Scalar, Scalar]:
    """Return both operands; a written fraction beside a decimal is a decimal, a JSON path a number."""
    if op == "||":
        return left, right
    left, right = _number_path(left), _number_path(right)
    if type(right) is Literal and type(right.value) is float and _is_decimal(left, heading):
        right = Literal(Decimal(repr(right.value)))
    elif type(left) is Literal and type(left.value) is float and _is_decimal(right, heading):
        left = Literal(Decimal(repr(left.value)))
    return left, right


def _number_path(node: Scalar) -> Scalar:
    if type(node) is JsonPath and node.type in (None, JSON):
        return JsonPath(node.operand, node.steps, FLOAT64)
    return node


def _is_decimal(node: Scalar, heading: Heading) -> bool:
    if type(node) is Literal:
        return False
    type_ = _type(node, heading)
    return type_ is not None and type_.name == "decimal"


def as_condition(node: Scalar) -> Scalar:
    """Return a node that stands as a condition; a JSON path without a type is read as a truth value."""
    if type(node) is JsonPath and node.type is None:
        return JsonPath(node.operand, node.steps, BOOL)
    return node
