"""What the dialects share in spelling scalars; each overrides what it spells or means otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.errors import CompileError
from fascicle.model import CoreType
from fascicle.query import families as f
from fascicle.query.inference import COMPARISONS
from fascicle.query.literals import coerce
from fascicle.query.scalar import Call, Cast, JsonPath, KeySet, Like
from fascicle.sql.fragments import Rendered, fill, join
from fascicle.sql.handlers import Handler

if TYPE_CHECKING:
    from fascicle.sql.render import Renderer

Conversion = str | Callable[[Any, Rendered, CoreType], Rendered]
Binder = Callable[[Any], Any]

_NUMBERS = frozenset({"int", "float", "decimal"})

TEMPLATES: Mapping[str, str] = {
    "length": "CHAR_LENGTH({0})",
    "octet_length": "OCTET_LENGTH({0})",
    "trim": "TRIM({0})",
    "ltrim": "LTRIM({0})",
    "rtrim": "RTRIM({0})",
    "replace": "REPLACE({0}, {1}, {2})",
    "repeat": "REPEAT({0}, {1})",
    "reverse": "REVERSE({0})",
    "md5": "MD5({0})",
    "abs": "ABS({0})",
    "exp": "EXP({0})",
    "sin": "SIN({0})",
    "cos": "COS({0})",
    "tan": "TAN({0})",
    "atan": "ATAN({0})",
    "asin": "(CASE WHEN ABS({0}) <= 1 THEN ASIN({0}) END)",
    "acos": "(CASE WHEN ABS({0}) <= 1 THEN ACOS({0}) END)",
    "atan2": "ATAN2({0}, {1})",
    "radians": "RADIANS({0})",
    "degrees": "DEGREES({0})",
    "nullif": "NULLIF({0}, {1})",
    "if": "(CASE WHEN {0} THEN {1} ELSE {2} END)",
    "isnull": "({0} IS NULL)",
    "sum": "SUM({0})",
    "avg": "AVG({0})",
    "min": "MIN({0})",
    "max": "MAX({0})",
    "any_value": "MIN({0})",
    "bool_and": "MIN({0})",
    "bool_or": "MAX({0})",
    "stddev_pop": "STDDEV_POP({0})",
    "stddev_samp": "STDDEV_SAMP({0})",
    "var_pop": "VAR_POP({0})",
    "var_samp": "VAR_SAMP({0})",
}


class CommonScalars:
    """Scalar half of a dialect: stateless text building."""

    placeholder: str = "?"
    max_parameters: int = 32_766
    TEMPLATES: ClassVar[Mapping[str, str]] = TEMPLATES
    HANDLERS: ClassVar[Mapping[str, Handler]] = {}
    CONVERSIONS: ClassVar[Mapping[tuple[str, str], Conversion]] = {}
    BINDERS: ClassVar[Mapping[str, Binder]] = {}

    # literals ----------------------------------------------------------------------------------------------

    def literal(self, sql_placeholder: str, value: Any, type_: CoreType | None) -> str:
        """Text for a bound literal."""
        return sql_placeholder

    def null(self, type_: CoreType | None) -> str:
        """Text for NULL of a type."""
        return "NULL"

    def bind(self, value: Any, type_: CoreType | None) -> Any:
        """Turn a checked Python value into what the driver binds; unchecked ones are checked first."""
        if value is None or type_ is None:
            return value
        literal = coerce(value, type_)
        binder = self.binder(literal.type or type_)
        return literal.value if binder is None else binder(literal.value)

    def binder(self, type_: CoreType) -> Binder | None:
        """Return the function that turns a checked Python value into what the driver binds."""
        return self.BINDERS.get(type_.name)

    def bound(self, value: Any, type_: CoreType | None) -> Rendered:
        """Render a checked value as a bound literal."""
        binder = None if type_ is None else self.binder(type_)
        text = self.literal(self.placeholder, value, type_)
        return Rendered(text, (value if binder is None else binder(value),), type_)

    # types -------------------------------------------------------------------------------------------------

    def convert(self, operand: Rendered, target: CoreType) -> Rendered:
        """Turn a value into another type; text that is no such value becomes NULL."""
        mine, other = f.family(operand.type), f.family(target)
        if mine == other:
            return self.same_family(operand, target)
        rule = self.CONVERSIONS.get((mine, other))
        if rule is None:
            if mine in ("null", "native"):
                return self.from_unknown(operand, target)
            raise CompileError(
                f"{operand.type} cannot be turned into {target}",
                try_="convert in two steps, or after fetching",
            )
        if isinstance(rule, str):
            return fill(rule, operand, type_=target)
        return rule(self, operand, target)

    def same_family(self, operand: Rendered, target: CoreType) -> Rendered:
        """Turn a value into another type of its family."""
        if target.name in ("char", "varchar") and target.args and operand.type != target:
            return fill(f"SUBSTR({{0}}, 1, {int(target.args[0])})", operand, type_=target)
        return operand.typed(target)

    def from_unknown(self, operand: Rendered, target: CoreType) -> Rendered:
        """Give a type to a value of which none is known (raw SQL, NULL)."""
        return operand.typed(target)

    def comparable(self, operand: Rendered, target: CoreType | None) -> Rendered:
        """Make an operand comparable with values of `target`, touching a column only where it must be."""
        if target is None or operand.type == target:
            return operand
        mine, other = f.family(operand.type), f.family(target)
        if mine == other:
            return self.alike(operand, target)
        if (mine in _NUMBERS and other in _NUMBERS) or mine in ("null", "native") or other == "native":
            return operand
        return self.convert(operand, target)

    def alike(self, operand: Rendered, target: CoreType) -> Rendered:
        """Make a value comparable with another type of its family."""
        return operand

    def unified(self, operand: Rendered, target: CoreType | None) -> Rendered:
        """Turn one of several values that stand in for one another into their common type."""
        if target is None or operand.type == target:
            return operand
        if f.family(operand.type) == f.family(target):
            return self.alike(operand, target).typed(target)
        return self.convert(operand, target)

    def cast(self, node: Cast, operand: Rendered) -> Rendered:
        """Render a cast."""
        return self.convert(operand, node.type).typed(node.type)

    # operators ---------------------------------------------------------------------------------------------

    def binary(self, op: str, left: Rendered, right: Rendered) -> Rendered:
        """Render a comparison, an arithmetic operator or a concatenation."""
        if op in COMPARISONS:
            common = f.common_type(left.type, right.type)
            return self.compare(op, self.comparable(left, common), self.comparable(right, common))
        if op == "||":
            return self.concatenate([self.convert(left, f.TEXT), self.convert(right, f.TEXT)])
        type_ = f.arithmetic_type(op, left.type, right.type)
        return self.arithmetic(op, self.number(left), self.number(right), type_)

    def number(self, operand: Rendered) -> Rendered:
        """A truth value taking part in arithmetic is 0 or 1."""
        if operand.type is not None and operand.type.name == "bool":
            return self.convert(operand, f.INT64)
        return operand

    def compare(self, op: str, left: Rendered, right: Rendered) -> Rendered:
        """Render a comparison of comparable sides."""
        op = {"!=": "<>"}.get(op, op)
        return Rendered(f"({left.text} {op} {right.text})", left.params + right.params, f.BOOL)

    def arithmetic(self, op: str, left: Rendered, right: Rendered, type_: CoreType | None) -> Rendered:
        """Render an arithmetic operator."""
        return Rendered(f"({left.text} {op} {right.text})", left.params + right.params, type_)

    def concatenate(self, parts: Sequence[Rendered]) -> Rendered:
        """Join texts; NULL if one is."""
        joined = join(" || ", parts, f.TEXT)
        return Rendered(f"({joined.text})", joined.params, f.TEXT)

    def exclusive(self, left: Rendered, right: Rendered) -> Rendered:
        """Render XOR of two conditions."""
        return fill("({0} <> {1})", left, right, type_=f.BOOL)

    def negative(self, op: str, operand: Rendered, type_: CoreType | None) -> Rendered:
        """Render ``-x``, ``+x`` or ``~x``."""
        return fill(f"({op} {{0}})", self.number(operand), type_=type_)

    def round_exact(self, operand: Rendered, digits: int, *, cut: bool) -> Rendered:
        """Round (or cut) a whole number or a decimal to so many digits, halves away from zero."""
        raise NotImplementedError

    def truth(self, operand: Rendered) -> Rendered:
        """Render a value as a condition."""
        name = f.family(operand.type)
        if name in ("bool", "native", "null"):
            return operand
        if name in _NUMBERS:
            return fill("({0} <> 0)", operand, type_=f.BOOL)
        raise CompileError(f"a value of type {operand.type} is neither true nor false", try_="compare it")

    # calls -------------------------------------------------------------------------------------------------

    def call(self, node: Call, args: Sequence[Rendered], render: Renderer) -> Rendered:
        """Render a function of the portable catalogue."""
        handler = self.HANDLERS.get(node.name)
        if handler is not None:
            return handler(self, node, args)
        template = self.TEMPLATES.get(f"{node.name}/{len(args)}") or self.TEMPLATES[node.name]
        if node.distinct:
            first = args[0]
            args = [Rendered(f"DISTINCT {first.text}", first.params, first.type), *args[1:]]
        return fill(template, *args)

    # pattern, paths, sets ----------------------------------------------------------------------------------

    def like(self, node: Like, operand: Rendered, pattern: Rendered) -> Rendered:
        """Render a pattern match."""
        raise NotImplementedError

    def json_path(self, node: JsonPath, operand: Rendered) -> Rendered:
        """Render a look-up inside JSON."""
        raise NotImplementedError

    def key_set(self, node: KeySet, columns: Sequence[Rendered], render: Renderer) -> Rendered:
        """Render membership in a set of checked keys without NULLs."""
        raise NotImplementedError

    def bound_columns(self, node: KeySet, columns: Sequence[Rendered]) -> list[list[Any]]:
        """Values of a key set column by column, as the driver binds them."""
        result = []
        for values, column in zip(zip(*node.rows, strict=True), columns, strict=True):
            binder = None if column.type is None else self.binder(column.type)
            result.append(list(values) if binder is None else [binder(value) for value in values])
        return result

    # statements --------------------------------------------------------------------------------------------

    def limit(self, limit: int | None, offset: int) -> str:
        """Text of the LIMIT and OFFSET clause; both are whole numbers, checked before."""
        parts = [] if limit is None else [f"LIMIT {int(limit)}"]
        if offset:
            parts.append(f"OFFSET {int(offset)}")
        return " ".join(parts)

    def order(self, rendered: str, descending: bool) -> str:
        """One ORDER BY term, NULLs first when ascending and last when descending."""
        return f"{rendered} DESC" if descending else rendered

    def sortable(self, operand: Rendered) -> Rendered:
        """Render a value so that it sorts by its value (an enumeration as text)."""
        return operand
