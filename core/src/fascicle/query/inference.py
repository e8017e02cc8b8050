"""What an expression yields: its type, whether it may be NULL, whether it needs a group of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fascicle.errors import QueryError
from fascicle.model import CodecRef, CoreType, Heading
from fascicle.model.types import FLOATS, INTEGER_BITS, TEXTS
from fascicle.query import families as f
from fascicle.query.functions import FUNCTIONS, Function, is_aggregate
from fascicle.query.literals import fits_digits
from fascicle.query.scalar import (
    AnyOf,
    Between,
    Binary,
    Call,
    Case,
    Cast,
    Column,
    Every,
    Exists,
    In,
    IsNull,
    JsonPath,
    KeySet,
    Like,
    Literal,
    Raw,
    Scalar,
    Unary,
)
from fascicle.query.walk import children

COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">=", "<=>"})
LOGIC = frozenset({"AND", "OR", "XOR"})


class TypeInfo(NamedTuple):
    """What an expression yields.

    Parameters
    ----------
    type : CoreType or None
        Portable type; ``None`` for a bare NULL.  Text that is computed is ``varchar`` without a length;
        what only a database can tell is ``native``.
    nullable : bool
        Whether a row may give NULL.
    aggregate : bool
        Whether an aggregate function stands in it.
    codec : CodecRef or None
        Codec of a plain attribute.
    """

    type: CoreType | None
    nullable: bool = False
    aggregate: bool = False
    codec: CodecRef | None = None


def infer(scalar: Scalar, heading: Heading) -> TypeInfo:
    """Return what an expression yields in the scope of a heading.

    Raises
    ------
    QueryError
        If operands do not fit together.
    UnknownAttributeError
        If it names an attribute that the heading lacks.
    """
    rule = _RULES.get(type(scalar))
    if rule is None:
        return TypeInfo(f.UNKNOWN, True)
    return rule(scalar, heading)


def contains_aggregate(scalar: Scalar) -> bool:
    """Whether an aggregate function stands anywhere in the expression."""
    if isinstance(scalar, Call) and is_aggregate(scalar.name):
        return True
    return any(contains_aggregate(child) for child in children(scalar))


def value_type(type_: CoreType | None) -> CoreType | None:
    """Type of a computed value: whole numbers have 64 bits, floats double precision, texts no length."""
    return None if type_ is None else _WIDEST.get(type_.name, type_)


def call_type(function: Function, types: Sequence[CoreType | None], node: Call) -> CoreType | None:
    """Return the type that a function yields for arguments of such types."""
    rule = _RESULTS.get(function.result)
    return _KINDS[function.result] if rule is None else rule(function, types, node)


def _column(node: Column, heading: Heading) -> TypeInfo:
    attribute = heading[node.name]
    return TypeInfo(attribute.type, attribute.nullable, False, attribute.codec)


def _literal(node: Literal, heading: Heading) -> TypeInfo:
    type_ = node.type if node.type is not None else f.natural_type(node.value)
    return TypeInfo(value_type(type_), node.value is None)


def _unary(node: Unary, heading: Heading) -> TypeInfo:
    inner = infer(node.operand, heading)
    if node.op == "NOT":
        return inner._replace(type=f.BOOL, codec=None)
    return inner._replace(type=unary_type(node.op, inner.type), codec=None)


def unary_type(op: str, operand: CoreType | None) -> CoreType | None:
    """Type of ``-x``, ``+x`` and ``~x``."""
    if op == "~":
        return f.INT64
    if operand is None or operand.name == "decimal":
        f.arithmetic_type("-", operand, f.INT64)
        return operand
    return f.arithmetic_type("-", operand, operand)


def _binary(node: Binary, heading: Heading) -> TypeInfo:
    left, right = infer(node.left, heading), infer(node.right, heading)
    nullable = left.nullable or right.nullable
    if node.op in COMPARISONS:
        pair = pair_types(node.left, left.type, node.right, right.type)
        f.common_type(*pair)
        type_: CoreType | None = f.BOOL
        nullable = nullable and node.op != "<=>"
    elif node.op in LOGIC:
        type_ = f.BOOL
    else:
        type_ = f.arithmetic_type(node.op, left.type, right.type)
        nullable = nullable or (node.op in ("/", "//", "%") and not _is_nonzero(node.right))
    return TypeInfo(type_, nullable, left.aggregate or right.aggregate)


def _is_nonzero(node: Scalar) -> bool:
    return isinstance(node, Literal) and bool(node.value)


def pair_types(
    left: Scalar, left_type: CoreType | None, right: Scalar, right_type: CoreType | None
) -> tuple[CoreType | None, CoreType | None]:
    """Types of two sides of a comparison; a JSON path without a type takes that of the other side."""
    if isinstance(left, JsonPath) and left.type is None:
        left_type = path_type(right_type)
    if isinstance(right, JsonPath) and right.type is None:
        right_type = path_type(left_type)
    return left_type, right_type


def path_type(other: CoreType | None) -> CoreType:
    """Type as which a JSON path without a type is read beside a value of type `other`."""
    if other is None or other.is_text or other.name in ("native", "json"):
        return f.TEXT
    return f.FLOAT64 if other.is_integer else other


def _logic(node: Every | AnyOf, heading: Heading) -> TypeInfo:
    parts = [infer(term, heading) for term in node.terms]
    return TypeInfo(f.BOOL, any(p.nullable for p in parts), any(p.aggregate for p in parts))


def _members(node: Scalar, heading: Heading) -> TypeInfo:
    parts = [infer(child, heading) for child in children(node)]
    return TypeInfo(f.BOOL, any(p.nullable for p in parts), any(p.aggregate for p in parts))


def _is_null(node: IsNull, heading: Heading) -> TypeInfo:
    return TypeInfo(f.BOOL, False, infer(node.operand, heading).aggregate)


def _case(node: Case, heading: Heading) -> TypeInfo:
    results = [infer(then, heading) for _, then in node.whens]
    tests = [infer(when, heading) for when, _ in node.whens]
    if node.otherwise is not None:
        results.append(infer(node.otherwise, heading))
    nullable = node.otherwise is None or any(r.nullable for r in results)
    aggregate = any(part.aggregate for part in (*results, *tests))
    return TypeInfo(shared_type([r.type for r in results]), nullable, aggregate)


def shared_type(types: Sequence[CoreType | None]) -> CoreType | None:
    """The one type of values that may stand in for one another."""
    result: CoreType | None = None
    for type_ in types:
        result = f.common_type(result, type_)
    return value_type(result)


def _cast(node: Cast, heading: Heading) -> TypeInfo:
    inner = infer(node.operand, heading)
    fallible = f.family(inner.type) != f.family(node.type) and f.family(inner.type) in (
        "text",
        "json",
        "native",
    )
    return TypeInfo(node.type, inner.nullable or fallible, inner.aggregate)


def _json_path(node: JsonPath, heading: Heading) -> TypeInfo:
    return TypeInfo(node.type or f.TEXT, True, infer(node.operand, heading).aggregate)


def _condition(node: Scalar, heading: Heading) -> TypeInfo:
    return TypeInfo(f.BOOL)


def _raw(node: Raw, heading: Heading) -> TypeInfo:
    return TypeInfo(node.type or f.UNKNOWN, True)


def _call(node: Call, heading: Heading) -> TypeInfo:
    function = FUNCTIONS.get(node.name)
    if function is None:
        raise QueryError(f"there is no function {node.name!r}")
    types, nullable, aggregate = [], [], function.aggregate
    for arg in node.args:
        part = infer(arg, heading)
        types.append(part.type)
        nullable.append(part.nullable)
        aggregate = aggregate or part.aggregate
    type_ = value_type(call_type(function, types, node))
    return TypeInfo(type_, _call_nullable(function, nullable), aggregate)


def _call_nullable(function: Function, nullable: list[bool]) -> bool:
    rule = function.nulls
    if rule == "never":
        return False
    if rule == "always":
        return True
    if rule == "all":
        return all(nullable)
    if rule == "first":
        return nullable[0]
    return any(nullable[1:] if rule == "branches" else nullable)


def _same(function: Function, types: Sequence[CoreType | None], node: Call) -> CoreType | None:
    return shared_type([t for i, t in enumerate(types) if function.kind(i) == "same"])


def _first(function: Function, types: Sequence[CoreType | None], node: Call) -> CoreType | None:
    return types[0] if types else None


def _first_number(function: Function, types: Sequence[CoreType | None], node: Call) -> CoreType | None:
    return unary_type("-", types[0])


def _rounded(function: Function, types: Sequence[CoreType | None], node: Call) -> CoreType | None:
    first = types[0]
    if first is None or first.name != "decimal":
        return value_type(f.FLOAT64 if first is not None and first.is_float else f.INT64)
    digits = digits_argument(node)
    precision, scale = int(first.args[0]), f.scale_of(first)
    return f.decimal_type(precision + 1, min(max(digits, 0), scale))


def digits_argument(node: Call) -> int:
    """The literal number of digits that ``round`` and ``truncate`` take."""
    if len(node.args) < 2:
        return 0
    given = node.args[1]
    sign = 1
    if isinstance(given, Unary) and given.op == "-":
        sign, given = -1, given.operand
    if isinstance(given, Literal) and isinstance(given.value, int):
        return sign * given.value
    raise QueryError(
        f"the digits of {node.name}() must be a whole number written out",
        why="the type of the result depends on it",
    )


def _whole(function: Function, types: Sequence[CoreType | None], node: Call) -> CoreType | None:
    first = types[0]
    if first is not None and first.name == "decimal":
        return f.decimal_type(int(first.args[0]) - f.scale_of(first) + 1, 0)
    return f.FLOAT64 if first is not None and first.is_float else f.INT64


def _modulo(function: Function, types: Sequence[CoreType | None], node: Call) -> CoreType | None:
    return f.arithmetic_type("%", types[0], types[1])


def _total(function: Function, types: Sequence[CoreType | None], node: Call) -> CoreType | None:
    first = types[0]
    if first is not None and first.name == "decimal":
        return f.decimal_type(38, f.scale_of(first))
    return f.FLOAT64 if first is not None and first.is_float else f.INT64


def _shifted(function: Function, types: Sequence[CoreType | None], node: Call) -> CoreType | None:
    unit = unit_argument(node, 2)
    first, amount = types[0], types[1]
    if unit in ("week", "day", "month", "quarter", "year") and (amount is None or amount.is_integer):
        return f.DATETIME6 if first is None or first.is_text else first
    if unit == "microsecond" or not (amount is None or amount.is_integer):
        return f.DATETIME6
    digits = f.digits_of(first)
    return f.datetime_type(6 if first is None or first.is_text else digits)


def unit_argument(node: Call, position: int) -> str:
    """The unit word that a function of moments takes."""
    given = node.args[position]
    return str(given.value) if isinstance(given, Literal) else ""


FORMAT_CODES = "YymdHisfjMbWa%"


def format_argument(node: Call) -> str:
    """The literal format that ``date_format`` takes, of codes that every database has."""
    given = node.args[1]
    if not isinstance(given, Literal) or not isinstance(given.value, str):
        raise QueryError(
            "the format of date_format() must be written out", try_="e.g. date_format(x, '%Y-%m-%d')"
        )
    rest = given.value.split("%")[1:]
    position = 0
    while position < len(rest):
        code = rest[position][:1] or "%"
        if code not in FORMAT_CODES:
            raise QueryError(
                f"date_format() has no code %{code} that all databases share",
                try_=f"use %{', %'.join(FORMAT_CODES)}",
            )
        position += 2 if code == "%" else 1
    return given.value


def literal_digits(value: Any) -> int:
    """Fewest fractional digits that hold a datetime or time."""
    return next(n for n in range(7) if fits_digits(value.microsecond, n))


_WIDEST: dict[str, CoreType] = {
    **dict.fromkeys(INTEGER_BITS, f.INT64),
    **dict.fromkeys(FLOATS, f.FLOAT64),
    **dict.fromkeys(TEXTS, f.TEXT),
}
_Rule = Callable[[Any, Heading], TypeInfo]
_RULES: dict[type, _Rule] = {
    Column: _column,
    Literal: _literal,
    Unary: _unary,
    Binary: _binary,
    Every: _logic,
    AnyOf: _logic,
    In: _members,
    Between: _members,
    Like: _members,
    IsNull: _is_null,
    Case: _case,
    Cast: _cast,
    JsonPath: _json_path,
    Call: _call,
    Raw: _raw,
    KeySet: _condition,
    Exists: _condition,
}
_RESULTS: dict[str, Callable[[Function, Sequence[CoreType | None], Call], CoreType | None]] = {
    "same": _same,
    "first": _first,
    "first_number": _first_number,
    "rounded": _rounded,
    "whole": _whole,
    "modulo": _modulo,
    "total": _total,
    "shifted": _shifted,
}
_KINDS: dict[str, CoreType] = {
    "text": f.TEXT,
    "int": f.INT64,
    "float": f.FLOAT64,
    "bool": f.BOOL,
    "date": f.DATE,
    "time": f.TIME,
    "datetime": f.DATETIME,
    "datetime6": f.DATETIME6,
}
