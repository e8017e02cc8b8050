"""Calls that more than one dialect builds the same way, from what it spells otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fascicle.model import CoreType
from fascicle.query import families as f
from fascicle.query.functions import FUNCTIONS
from fascicle.query.inference import call_type, digits_argument
from fascicle.query.scalar import Call
from fascicle.sql.fragments import Rendered, fill, join

Handler = Callable[[Any, Call, Sequence[Rendered]], Rendered]

# Bounds are written {4,4}: {4} would be a place of a template.
NUMBER = "^[[:space:]]*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[[:space:]]*$"
DAY = "(?!0000)[0-9]{4,4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?"
MOMENT = f"^[[:space:]]*{DAY}([ T]{CLOCK})?[[:space:]]*$"
TIME = f"^[[:space:]]*{CLOCK}[[:space:]]*$"
HEX_UUID = "^[0-9a-fA-F]{8,8}(-?[0-9a-fA-F]{4,4}){3,3}-?[0-9a-fA-F]{12,12}$"
UNIT_SECONDS = {"microsecond": 1e-6, "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
UNIT_MONTHS = {"month": 1, "quarter": 3, "year": 12}
TRUE_WORDS = (
    "(CASE LOWER(TRIM({0})) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE "
    "WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END)"
)


def listed(template: str) -> Handler:
    """Return a handler that puts all arguments, between commas, into a template."""

    def handle(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
        return fill(template, join(", ", args))

    return handle


def concatenated(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    """Join texts, NULL if one is."""
    return dialect.concatenate(args)  # type: ignore[no-any-return]


def modulo(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    """``mod(a, b)`` is ``a % b``."""
    return dialect.binary("%", args[0], args[1])  # type: ignore[no-any-return]


def rounded(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    """Round or cut: exact numbers by the server, floating point by one formula everywhere."""
    digits = digits_argument(node)
    cut = node.name == "truncate"
    if f.family(args[0].type) == "float":
        return round_float(args[0], digits, cut=cut)
    return dialect.round_exact(args[0], digits, cut=cut)  # type: ignore[no-any-return]


def round_float(operand: Rendered, digits: int, *, cut: bool = False) -> Rendered:
    """Round a float64, halves away from zero; the same bits on every database."""
    unit = f"{10 ** abs(digits)}e0"
    scaled = f"ABS({{0}}) * {unit}" if digits >= 0 else f"ABS({{0}}) / {unit}"
    half = "" if cut else " + 5e-1"
    back = f"/ {unit}" if digits >= 0 else f"* {unit}"
    return fill(f"(SIGN({{0}}) * FLOOR({scaled}{half}) {back})", operand, type_=f.FLOAT64)


def float_remainder(left: Rendered, right: Rendered, cut: str) -> Rendered:
    """Remainder of floats with the sign of the dividend; `cut` is a template that drops the fraction."""
    quotient = fill("({0} / NULLIF({1}, 0))", left, right)
    return fill("({0} - {1} * {2})", left, right, fill(cut, quotient), type_=f.FLOAT64)


def result_type(node: Call, args: Sequence[Rendered]) -> CoreType | None:
    """Type that a call yields."""
    return call_type(FUNCTIONS[node.name], [arg.type for arg in args], node)


def is_exact(operand: Rendered) -> bool:
    """Whether a number is a whole one."""
    return f.family(operand.type) in ("int", "null", "native")
