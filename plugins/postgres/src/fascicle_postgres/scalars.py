"""Scalars as PostgreSQL spells them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.model import CoreType
from fascicle.query import families as f
from fascicle.query.inference import format_argument, unit_argument
from fascicle.query.scalar import Call, JsonPath, KeySet, Like
from fascicle.sql.fragments import Rendered, fill, join
from fascicle.sql.handlers import (
    UNIT_MONTHS,
    UNIT_SECONDS,
    Handler,
    concatenated,
    float_remainder,
    is_exact,
    listed,
    modulo,
    result_type,
    rounded,
)
from fascicle.sql.patterns import escape_of, pattern_text, read_pattern, to_like
from fascicle.sql.scalars import TEMPLATES, Binder, CommonScalars, Conversion
from fascicle_postgres.conversions import CONVERSIONS, cut, to_decimal

if TYPE_CHECKING:
    from fascicle.sql.render import Renderer

_LITERALS = {
    "int8": "int8",
    "int16": "int8",
    "int32": "int8",
    "int64": "int8",
    "float32": "float8",
    "float64": "float8",
    "decimal": "numeric",
    "bool": "boolean",
    "char": "bpchar",
    "varchar": "text",
    "date": "date",
    "time": "time",
    "datetime": "timestamp",
    "json": "jsonb",
    "uuid": "uuid",
    "bytes": "bytea",
}
_FORMATS = {
    "Y": "YYYY",
    "y": "YY",
    "m": "MM",
    "d": "DD",
    "H": "HH24",
    "i": "MI",
    "s": "SS",
    "f": "US",
    "j": "DDD",
    "M": "FMMonth",
    "b": "Mon",
    "W": "FMDay",
    "a": "Dy",
    "%": "%",
}
_BY_CODE = ' COLLATE "C")'
# Upper and lower case of all letters, whatever the locale of the database.
_FOLD = '{name}({{0}} COLLATE "und-x-icu") COLLATE "C"'
_LOWER, _UPPER = (f"({_FOLD.format(name=name)})" for name in ("lower", "upper"))


# handlers --------------------------------------------------------------------------------------------------


def _extreme(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    name = "max" if node.name == "max" else "min"
    kind = f.family(args[0].type)
    template = {
        "bool": f"bool_{'or' if name == 'max' else 'and'}({{0}})",
        "uuid": f'{name}({{0}}::text COLLATE "C")::uuid',
        "bytes": f"decode({name}(encode({{0}}, 'hex') COLLATE \"C\"), 'hex')",
    }.get(kind, f"{name}({{0}})")
    return fill(template, args[0])


def _sum(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    word = "DISTINCT " if node.distinct else ""
    kind = f.family(args[0].type)
    if kind == "float":
        return fill(f"sum({word}{{0}}::float8)", args[0])
    return fill(f"sum({word}{{0}}){'' if kind == 'decimal' else '::int8'}", args[0])


def _count(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    word = "DISTINCT " if node.distinct else ""
    if len(args) == 1:
        return fill(f"count({word}{{0}})", args[0])
    present = join(" AND ", [fill("{0} IS NOT NULL", arg) for arg in args])
    return fill(f"count({word}({{0}})) FILTER (WHERE {{1}})", join(", ", args), present)


def _group_concat(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    separator = Rendered("%s::text", ("," if node.separator is None else node.separator,))
    directions = [descending for _, descending in node.order_by] or [False]
    keys = args[1:]
    if node.distinct and f.family(keys[0].type) in ("int", "float", "decimal"):
        # With DISTINCT only what is joined may order: gather the numbers, then join them.
        order = dialect.order("{0}", directions[0])
        gathered = f"array_agg(DISTINCT {{0}} ORDER BY {order}) FILTER (WHERE {{0}} IS NOT NULL)"
        return fill(f"array_to_string({gathered}, {{1}})", keys[0], separator)
    if node.distinct:
        keys = [args[0]]
    order = join(", ", [fill(dialect.order("{0}", d), k) for k, d in zip(keys, directions, strict=True)])
    word = "DISTINCT " if node.distinct else ""
    if node.distinct:
        # The separator is part of what must be distinct, and is the same for all.
        return fill(f"string_agg({word}{{0}}, {{1}} ORDER BY {{2}})", args[0], separator, order)
    return fill("string_agg({0}, {1} ORDER BY {2})", args[0], separator, order)


def _jointly(name: str) -> Handler:
    def handle(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
        args = [dialect.sortable(arg) for arg in args]
        return fill(f"(CASE WHEN num_nulls({{0}}) = 0 THEN {name}({{0}}) END)", join(", ", args))

    return handle


def _floor(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    return args[0] if f.family(args[0].type) == "int" else fill(f"{node.name}({{0}})", args[0])


def _sign(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    return fill("sign({0})::int8", args[0])


def _shift(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    unit = unit_argument(node, 2)
    back = "date" if result_type(node, args) == f.DATE else "timestamp"
    if is_exact(args[1]):
        name = "3 months" if unit == "quarter" else f"1 {unit}"
        return fill(f"({{0}} + {{1}} * interval '{name}')::{back}", *args[:2])
    micro = UNIT_SECONDS[unit] * 1_000_000
    return fill(f"({{0}}::timestamp + round({{1}} * {micro!r}) * interval '1 microsecond')", *args[:2])


def _difference(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    unit = unit_argument(node, 0)
    first, last = fill("{0}::timestamp", args[1]), fill("{0}::timestamp", args[2])
    if unit in UNIT_SECONDS:
        micro = round(UNIT_SECONDS[unit] * 1_000_000)
        return fill(f"((extract(epoch FROM {{1}} - {{0}}) * 1000000)::int8 / {micro})", first, last)
    months = fill(
        "((extract(year FROM {1}) - extract(year FROM {0})) * 12 + extract(month FROM {1}) - extract(month FROM {0}))",
        first,
        last,
    )
    # A month is complete once the day and the time of day of its start are reached again.
    early = fill("(to_char({0}, 'DD HH24:MI:SS.US') < to_char({1}, 'DD HH24:MI:SS.US'))::int4", last, first)
    late = fill("(to_char({0}, 'DD HH24:MI:SS.US') > to_char({1}, 'DD HH24:MI:SS.US'))::int4", last, first)
    whole = fill("CASE WHEN {0} >= {1} THEN {2} - {3} ELSE {2} + {4} END", last, first, months, early, late)
    return fill(f"(({{0}})::int8 / {UNIT_MONTHS[unit]})", whole)


def _date_format(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    pieces = re.split(r"%(.)", format_argument(node))
    out = []
    for i, piece in enumerate(pieces):
        if i % 2 and piece != "%":
            out.append(_FORMATS[piece])
        elif piece:
            out.append('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"')
    return fill("to_char({0}::timestamp, {1})", args[0], Rendered("%s::text", ("".join(out),)))


def _part(name: str) -> Handler:
    def handle(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
        return fill(f"floor(extract({name} FROM {{0}}))::int8", args[0])

    return handle


_HANDLERS: dict[str, Handler] = {
    "concat": concatenated,
    "concat_ws": listed("concat_ws({0})"),
    "coalesce": listed("coalesce({0})"),
    "greatest": _jointly("greatest"),
    "least": _jointly("least"),
    "min": _extreme,
    "max": _extreme,
    "any_value": _extreme,
    "sum": _sum,
    "count": _count,
    "group_concat": _group_concat,
    "round": rounded,
    "truncate": rounded,
    "floor": _floor,
    "ceil": _floor,
    "sign": _sign,
    "mod": modulo,
    "date_add": _shift,
    "timestampdiff": _difference,
    "date_format": _date_format,
    **{name: _part(name) for name in ("year", "quarter", "month", "day", "hour", "minute", "second")},
    "dayofyear": _part("doy"),
    "weekofyear": _part("week"),
}
_TEMPLATES: dict[str, str] = {
    **TEMPLATES,
    "length": "char_length({0})::int8",
    "octet_length": "octet_length({0})::int8",
    "lower": _LOWER,
    "upper": _UPPER,
    "substring/2": "(CASE WHEN {1} > 0 THEN substr({0}, {1}::int4) WHEN {1} < 0 AND length({0}) + {1} >= 0 "
    "THEN substr({0}, (length({0}) + {1} + 1)::int4) ELSE left({0}, 0) END)",
    "substring": "(CASE WHEN {1} > 0 THEN substr({0}, {1}::int4, greatest({2}, 0)::int4) "
    "WHEN {1} < 0 AND length({0}) + {1} >= 0 "
    "THEN substr({0}, (length({0}) + {1} + 1)::int4, greatest({2}, 0)::int4) ELSE left({0}, 0) END)",
    "left": "left({0}, greatest({1}, 0)::int4)",
    "right": "right({0}, greatest({1}, 0)::int4)",
    "trim": "trim({0})",
    "instr": "strpos({0}, {1})::int8",
    "locate": "strpos({1}, {0})::int8",
    "lpad/2": "lpad({0}, {1}::int4)",
    "rpad/2": "rpad({0}, {1}::int4)",
    "lpad": "lpad({0}, {1}::int4, {2})",
    "rpad": "rpad({0}, {1}::int4, {2})",
    "repeat": "repeat({0}, {1}::int4)",
    "starts_with": "(left({0}, length({1})) = {1})",
    "regexp_like": "({0} ~ {1})",
    "hex": "upper(encode({0}, 'hex'))",
    "uuid_to_text": "{0}::text",
    "sqrt": "(CASE WHEN {0} >= 0 THEN sqrt({0}) END)",
    "power": "(CASE WHEN ({0} = 0 AND {1} < 0) OR ({0} < 0 AND {1} <> floor({1})) THEN NULL "
    "ELSE power({0}::float8, {1}::float8) END)",
    "exp": "exp({0}::float8)",
    "ln": "(CASE WHEN {0} > 0 THEN ln({0}::float8) END)",
    "log10": "(CASE WHEN {0} > 0 THEN log({0}::float8) END)",
    "log2": "(CASE WHEN {0} > 0 THEN ln({0}::float8) / ln(2::float8) END)",
    "pi": "pi()",
    "avg": "avg({0}::float8)",
    "stddev_pop": "stddev_pop({0}::float8)",
    "stddev_samp": "stddev_samp({0}::float8)",
    "var_pop": "var_pop({0}::float8)",
    "var_samp": "var_samp({0}::float8)",
    "bool_and": "bool_and({0})",
    "bool_or": "bool_or({0})",
    "now": "date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC')",
    "current_date": "(statement_timestamp() AT TIME ZONE 'UTC')::date",
    "date": "{0}::date",
    "time": "date_trunc('second', {0}::timestamp)::time",
    "microsecond": "(extract(microseconds FROM {0})::int8 %% 1000000)",
    "dayofweek": "(extract(dow FROM {0})::int8 + 1)",
    "weekday": "(extract(isodow FROM {0})::int8 - 1)",
    "datediff": "({0}::date - {1}::date)::int8",
    "unix_timestamp": "extract(epoch FROM {0}::timestamp)::float8",
    "from_unixtime": "(timestamp '1970-01-01' + round({0} * 1e6) * interval '1 microsecond')",
    "json_length": "(CASE jsonb_typeof({0}) WHEN 'array' THEN jsonb_array_length({0}) "
    "WHEN 'object' THEN (SELECT count(*) FROM jsonb_object_keys({0})) "
    "ELSE CASE WHEN {0} IS NOT NULL THEN 1 END END)::int8",
    "json_type": "jsonb_typeof({0})",
}


class ScalarDialect(CommonScalars):
    """Scalar half of the PostgreSQL dialect."""

    placeholder = "%s"
    max_parameters = 65_535
    TEMPLATES: ClassVar[Mapping[str, str]] = _TEMPLATES
    HANDLERS: ClassVar[Mapping[str, Handler]] = _HANDLERS
    CONVERSIONS: ClassVar[Mapping[tuple[str, str], Conversion]] = CONVERSIONS
    BINDERS: ClassVar[Mapping[str, Binder]] = {"json": json.dumps}

    def literal(self, sql_placeholder: str, value: Any, type_: CoreType | None) -> str:
        """Every parameter says its type: the server guesses text, or the smallest whole number."""
        name = None if type_ is None else _LITERALS.get(type_.name)
        if name == "int8" and not -(1 << 63) <= value < 1 << 63:
            name = "numeric"
        if name == "numeric" and f.scale_of(type_):
            name = f"numeric({int(type_.args[0])},{f.scale_of(type_)})"  # type: ignore[union-attr]
        return sql_placeholder if name is None else f"{sql_placeholder}::{name}"

    def null(self, type_: CoreType | None) -> str:
        """Text for NULL of a type."""
        name = None if type_ is None else _LITERALS.get(type_.name)
        return "NULL" if name is None else f"NULL::{name}"

    def convert(self, operand: Rendered, target: CoreType) -> Rendered:
        """Turn a value into another type; an enumeration is text first."""
        if operand.type is not None and operand.type.name == "enum" and target.name != "enum":
            operand = _enum_text(operand)
        return super().convert(operand, target)

    def same_family(self, operand: Rendered, target: CoreType) -> Rendered:
        """Change decimal places (rounding) and fractional seconds (cutting), cut text."""
        if target == operand.type:
            return operand
        if target.name == "decimal":
            return to_decimal(self, operand, target)
        if target.name in ("datetime", "time") and f.digits_of(target) < f.digits_of(operand.type):
            moment = "{0}" if target.name == "datetime" else "(date '2000-01-01' + {0})"
            return fill(cut(moment, target), operand, type_=target)
        if target.name == "float32":
            return fill("({0}::float4)::float8", operand, type_=target)
        return super().same_family(operand, target)

    def alike(self, operand: Rendered, target: CoreType) -> Rendered:
        """Enumerations compare with one another and with texts as text."""
        return _enum_text(operand)

    def unified(self, operand: Rendered, target: CoreType | None) -> Rendered:
        """Values that stand in for one another have as many decimal places."""
        if target is not None and target.name == "decimal" and operand.type != target:
            return self.convert(operand, target)
        return super().unified(operand, target)

    def compare(self, op: str, left: Rendered, right: Rendered) -> Rendered:
        """Render a comparison; what is no attribute is greater or less by its text's code points."""
        if op == "<=>":
            return fill("({0} IS NOT DISTINCT FROM {1})", left, right, type_=f.BOOL)
        if op not in ("=", "!=") or _two_enums(left, right):
            if _is_bare(left) or _is_bare(right):
                left, right = _enum_text(left), _enum_text(right)
            else:
                left, right = self.sortable(left), self.sortable(right)
        return super().compare(op, left, right)

    def sortable(self, operand: Rendered) -> Rendered:
        """An enumeration would sort by its position, computed text by the collation of the database."""
        if f.family(operand.type) != "text" or (_is_bare(operand) and operand.type.name != "enum"):  # type: ignore[union-attr]
            return operand
        operand = _enum_text(operand)
        return (
            operand if operand.text.endswith(_BY_CODE) else fill(f"({{0}}{_BY_CODE}", operand, type_=f.TEXT)
        )

    def arithmetic(self, op: str, left: Rendered, right: Rendered, type_: CoreType | None) -> Rendered:
        """Render an arithmetic operator in 64 bits: true quotients, NULL where the divisor is 0."""
        left, right = _wide(left), _wide(right)
        floating = "float" in (f.family(left.type), f.family(right.type))
        if op == "/":
            return fill("({0}::float8 / NULLIF({1}::float8, 0))", left, right, type_=type_)
        if op == "//":
            if floating:
                return fill("trunc({0}::float8 / NULLIF({1}::float8, 0))::int8", left, right, type_=type_)
            exact = f.family(left.type) == "int" and f.family(right.type) == "int"
            template = (
                "({0} / NULLIF({1}, 0))" if exact else "div({0}::numeric, NULLIF({1}::numeric, 0))::int8"
            )
            return fill(template, left, right, type_=type_)
        if op == "%":
            if floating:
                return float_remainder(
                    self.convert(left, f.FLOAT64), self.convert(right, f.FLOAT64), "trunc({0})"
                )
            return fill("({0} %% NULLIF({1}, 0))", left, right, type_=type_)
        if op in ("<<", ">>"):
            return fill(f"({{0}} {op} {{1}}::int4)", left, right, type_=type_)
        return super().arithmetic("#" if op == "^" else op, left, right, type_)

    def negative(self, op: str, operand: Rendered, type_: CoreType | None) -> Rendered:
        """Render a sign, in 64 bits."""
        return super().negative(op, _wide(self.number(operand)), type_)

    def round_exact(self, operand: Rendered, digits: int, *, cut: bool) -> Rendered:
        """Round a whole number or a decimal."""
        digits = min(digits, f.scale_of(operand.type))
        back = "::int8" if f.family(operand.type) == "int" else ""
        return fill(
            f"{'trunc' if cut else 'round'}({{0}}::numeric, {digits}){back}", operand, type_=operand.type
        )

    def like(self, node: Like, operand: Rendered, pattern: Rendered) -> Rendered:
        """Render LIKE with an escape character that needs no escaping itself."""
        if node.regexp:
            return fill("({0} ~ {1})", operand, pattern, type_=f.BOOL)
        written = pattern_text(node)
        if written is None:
            escape = Rendered("%s::text", (escape_of(node),))
        else:
            escape = Rendered("'|'")
            pattern = Rendered("%s::text", (to_like(read_pattern(written, escape_of(node)), "|"),), f.TEXT)
        if node.ignore_case:
            operand, pattern = fill(_LOWER, operand), fill(_LOWER, pattern)
        return fill("({0} LIKE {1} ESCAPE {2})", operand, pattern, escape, type_=f.BOOL)

    def json_path(self, node: JsonPath, operand: Rendered) -> Rendered:
        """Read a value inside JSON; JSON's null is NULL."""
        target = node.type or f.TEXT
        as_json = target.name == "json"
        if not node.steps:
            return operand if as_json else self.convert(fill("({0} #>> '{}')", operand, type_=f.TEXT), target)
        inner = operand
        for step in node.steps[:-1]:
            inner = _step(inner, step, "->")
        found = _step(inner, node.steps[-1], "->" if as_json else "->>")
        return found.typed(target) if as_json else self.convert(found.typed(f.TEXT), target)

    def key_set(self, node: KeySet, columns: Sequence[Rendered], render: Renderer) -> Rendered:
        """Send each attribute's values as one array."""
        values = self.bound_columns(node, columns)
        columns = [_enum_text(column) for column in columns]
        names = ["text" if c.type is None else _LITERALS.get(c.type.name, "text") for c in columns]
        arrays = [Rendered(f"%s::{name}[]", (column,)) for name, column in zip(names, values, strict=True)]
        if len(columns) == 1:
            return fill("({0} = ANY({1}))", columns[0], arrays[0], type_=f.BOOL)
        listed_ = join(", ", columns)
        return fill("(({0}) IN (SELECT * FROM unnest({1})))", listed_, join(", ", arrays), type_=f.BOOL)

    def order(self, rendered: str, descending: bool) -> str:
        """One ORDER BY term; the server would put NULLs the other way."""
        return f"{rendered} DESC NULLS LAST" if descending else f"{rendered} NULLS FIRST"


def _wide(operand: Rendered) -> Rendered:
    """Whole numbers of 64 bits and floats of double precision, whatever the column."""
    if operand.type is None or operand.text.endswith(("::int8", "::float8")):
        return operand
    if operand.type.is_integer:
        return fill("{0}::int8", operand, type_=operand.type)
    return fill("{0}::float8", operand, type_=operand.type) if operand.type.name == "float32" else operand


def _is_bare(operand: Rendered) -> bool:
    """Whether it is an attribute as it is stored, whose collation then holds."""
    return operand.text[:1] == operand.text[-1:] == '"' and "::" not in operand.text


def _enum_text(operand: Rendered) -> Rendered:
    if operand.type is None or operand.type.name != "enum":
        return operand
    return fill(f"({{0}}::text{_BY_CODE}", operand, type_=f.TEXT)


def _two_enums(left: Rendered, right: Rendered) -> bool:
    """Whether both are attributes: each schema has enumeration types of its own, and they do not compare."""
    return all(s.type is not None and s.type.name == "enum" and s.text != "%s" for s in (left, right))


def _step(inner: Rendered, step: str | int, arrow: str) -> Rendered:
    """Go one step into JSON; the server would take a scalar for an array of one."""
    if isinstance(step, str):
        return fill(f"({{0}} {arrow} {{1}})", inner, Rendered("%s::text", (step,)))
    place = Rendered("%s::int4", (step,))
    return fill(f"(CASE WHEN jsonb_typeof({{0}}) = 'array' THEN {{0}} {arrow} {{1}} END)", inner, place)
