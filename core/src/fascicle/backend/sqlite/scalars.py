"""Scalars as SQLite spells them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.backend.sqlite.conversions import CONVERSIONS, pad_digits, rescale
from fascicle.backend.sqlite.keysets import factored, packed
from fascicle.model import CoreType
from fascicle.query import families as f
from fascicle.query.inference import format_argument, unit_argument
from fascicle.query.paths import dollar
from fascicle.query.scalar import Call, JsonPath, KeySet, Like, Literal
from fascicle.sql.fragments import Rendered, fill, join
from fascicle.sql.handlers import (
    Handler,
    concatenated,
    float_remainder,
    listed,
    modulo,
    result_type,
    rounded,
)
from fascicle.sql.patterns import escape_of, pattern_text, read_pattern, to_glob
from fascicle.sql.scalars import TEMPLATES, Binder, CommonScalars, Conversion

if TYPE_CHECKING:
    from fascicle.sql.render import Renderer

_SMALL = frozenset({"bool", "int8", "int16", "int32"})


def _fraction(digits: int, form: str) -> Binder:
    def bind(value: Any) -> str:
        micro = f"{value.microsecond:06d}"
        # More digits than the column has: longer text is later, as it should be.
        kept = micro[:digits] if not micro[digits:].strip("0") else micro
        head = value.strftime(form) if value.__class__ is dt.time else value.isoformat(" ", "seconds")
        return f"{head}.{kept}" if kept else head

    return bind


def _decimal_binder(scale: int) -> Binder:
    def bind(value: Any) -> Any:
        scaled = Decimal(value).scaleb(scale)
        number = int(scaled)
        return number if -(1 << 63) <= number < 1 << 63 else float(scaled)

    return bind


# handlers --------------------------------------------------------------------------------------------------


def _count(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    if not node.distinct:
        return fill("COUNT({0})", args[0])
    if len(args) == 1:
        return fill("COUNT(DISTINCT {0})", args[0])
    absent = join(" OR ", [fill("{0} IS NULL", arg) for arg in args])
    whole = join(" || ',' || ", [fill("quote({0})", arg) for arg in args])
    return fill("COUNT(DISTINCT CASE WHEN {0} THEN NULL ELSE {1} END)", absent, whole)


def _group_concat(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    keys = list(args[1:])
    directions = "".join("d" if descending else "a" for _, descending in node.order_by) or "a"
    separator = Rendered("?", ("," if node.separator is None else node.separator,))
    inner = join(
        ", ", [args[0], separator, Rendered(f"'{directions}'"), Rendered(str(int(node.distinct))), *keys]
    )
    return fill("fascicle_join({0})", inner)


def _floor(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    operand = args[0]
    if f.family(operand.type) != "decimal":
        return operand if f.family(operand.type) == "int" else fill(f"{node.name}({{0}})", operand)
    unit = 10 ** f.scale_of(operand.type)
    step, ahead = ("-", "<") if node.name == "floor" else ("+", ">")
    return fill(f"({{0}} / {unit} {step} ({{0}} % {unit} {ahead} 0))", operand)


def _sign(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    return fill("sign({0})", args[0])


def _side(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    if node.name == "left":
        return fill("fascicle_substring({0}, 1, {1})", *args)
    return fill(
        "(CASE WHEN {1} <= 0 THEN substr({0}, 1, 0) WHEN {1} >= length({0}) THEN {0} ELSE substr({0}, -{1}) END)",
        *args,
    )


def _substring(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    start = node.args[1]
    if isinstance(start, Literal) and isinstance(start.value, int) and start.value > 0 and len(args) == 2:
        return fill("substr({0}, {1})", *args)
    return fill(f"fascicle_substring({', '.join(f'{{{i}}}' for i in range(len(args)))})", *args)


def _part(first: int, width: int) -> Handler:
    """Part of the fixed-width text of a moment; of a time it starts elsewhere."""

    def handle(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
        start = first - 11 if args[0].type is not None and args[0].type.name == "time" else first
        return fill(f"CAST(substr({{0}}, {start}, {width}) AS INTEGER)", args[0])

    return handle


def _microsecond(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    start = 10 if args[0].type is not None and args[0].type.name == "time" else 21
    digits = f.digits_of(args[0].type)
    if not digits:
        return fill("(CASE WHEN {0} IS NOT NULL THEN 0 END)", args[0])
    return fill(f"(CAST(substr({{0}}, {start}, {digits}) AS INTEGER) * {10 ** (6 - digits)})", args[0])


def _date(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    return fill("substr({0}, 1, 10)", args[0]) if args[0].type != f.DATE else args[0]


def _time(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    if args[0].type == f.DATE:
        return fill("(CASE WHEN {0} IS NOT NULL THEN '00:00:00' END)", args[0])
    return fill("substr({0}, 12, 8)", args[0])


def _unix(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    digits = f.digits_of(args[0].type)
    if not digits:
        return fill("CAST(strftime('%s', {0}) AS REAL)", args[0])
    micro = f"CAST(substr({{0}}, 21, {digits}) AS REAL) / {10**digits}"
    return fill(f"(CAST(strftime('%s', substr({{0}}, 1, 19)) AS REAL) + {micro})", args[0])


def _shift(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    unit = unit_argument(node, 2)
    type_ = result_type(node, args)
    digits = -1 if type_ == f.DATE else f.digits_of(type_)
    amount = dialect.convert(args[1], f.FLOAT64) if f.family(args[1].type) == "decimal" else args[1]
    return fill(f"fascicle_shift({{0}}, {{1}}, '{unit}', {digits})", args[0], amount)


def _difference(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    return fill(f"fascicle_difference('{unit_argument(node, 0)}', {{0}}, {{1}})", args[1], args[2])


def _date_format(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    return fill("fascicle_date_format({0}, {1})", args[0], Rendered("?", (format_argument(node),)))


_HANDLERS: dict[str, Handler] = {
    "concat": concatenated,
    "concat_ws": listed("fascicle_concat_ws({0})"),
    "coalesce": listed("coalesce({0})"),
    "greatest": listed("max({0})"),
    "least": listed("min({0})"),
    "count": _count,
    "group_concat": _group_concat,
    "round": rounded,
    "truncate": rounded,
    "floor": _floor,
    "ceil": _floor,
    "sign": _sign,
    "mod": modulo,
    "left": _side,
    "right": _side,
    "substring": _substring,
    "year": _part(1, 4),
    "month": _part(6, 2),
    "day": _part(9, 2),
    "hour": _part(12, 2),
    "minute": _part(15, 2),
    "second": _part(18, 2),
    "microsecond": _microsecond,
    "date": _date,
    "time": _time,
    "unix_timestamp": _unix,
    "date_add": _shift,
    "timestampdiff": _difference,
    "date_format": _date_format,
}
_TEMPLATES: dict[str, str] = {
    **TEMPLATES,
    "length": "length({0})",
    "octet_length": "length(CAST({0} AS BLOB))",
    "lower": "fascicle_lower({0})",
    "upper": "fascicle_upper({0})",
    "instr": "instr({0}, {1})",
    "locate": "instr({1}, {0})",
    "lpad/2": "fascicle_lpad({0}, {1}, ' ')",
    "rpad/2": "fascicle_rpad({0}, {1}, ' ')",
    "lpad": "fascicle_lpad({0}, {1}, {2})",
    "rpad": "fascicle_rpad({0}, {1}, {2})",
    "repeat": "fascicle_repeat({0}, {1})",
    "reverse": "fascicle_reverse({0})",
    "starts_with": "(substr({0}, 1, length({1})) = {1})",
    "regexp_like": "fascicle_regexp({1}, {0})",
    "md5": "fascicle_md5({0})",
    "hex": "hex({0})",
    "uuid_to_text": "fascicle_uuid_text({0})",
    "sqrt": "(CASE WHEN {0} >= 0 THEN sqrt({0}) END)",
    "exp": "fascicle_exp({0})",
    "power": "fascicle_power({0}, {1})",
    "ln": "(CASE WHEN {0} > 0 THEN ln({0}) END)",
    "log10": "(CASE WHEN {0} > 0 THEN log10({0}) END)",
    "log2": "(CASE WHEN {0} > 0 THEN log2({0}) END)",
    "pi": "3.141592653589793",
    "now": "strftime('%Y-%m-%d %H:%M:%S', 'now')",
    "current_date": "strftime('%Y-%m-%d', 'now')",
    "quarter": "((CAST(substr({0}, 6, 2) AS INTEGER) + 2) / 3)",
    "dayofweek": "(CAST(strftime('%w', substr({0}, 1, 10)) AS INTEGER) + 1)",
    "weekday": "((CAST(strftime('%w', substr({0}, 1, 10)) AS INTEGER) + 6) % 7)",
    "dayofyear": "CAST(strftime('%j', substr({0}, 1, 10)) AS INTEGER)",
    "weekofyear": "fascicle_isoweek({0})",
    "datediff": "CAST(julianday(substr({0}, 1, 10)) - julianday(substr({1}, 1, 10)) AS INTEGER)",
    "from_unixtime": "fascicle_shift('1970-01-01', CAST({0} AS REAL), 'second', 6)",
    "json_length": "(CASE json_type({0}) WHEN 'array' THEN json_array_length({0}) WHEN 'object' THEN "
    "(SELECT COUNT(*) FROM json_each({0})) ELSE CASE WHEN {0} IS NOT NULL THEN 1 END END)",
    "json_type": "(CASE json_type({0}) WHEN 'text' THEN 'string' WHEN 'integer' THEN 'number' "
    "WHEN 'real' THEN 'number' WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean' ELSE json_type({0}) END)",
    "stddev_pop": "fascicle_stddev_pop({0})",
    "stddev_samp": "fascicle_stddev_samp({0})",
    "var_pop": "fascicle_var_pop({0})",
    "var_samp": "fascicle_var_samp({0})",
}


class ScalarDialect(CommonScalars):
    """Scalar half of the SQLite dialect; the functions named ``fascicle_*`` are registered on each connection."""

    placeholder = "?"
    max_parameters = 32_766
    TEMPLATES: ClassVar[Mapping[str, str]] = _TEMPLATES
    HANDLERS: ClassVar[Mapping[str, Handler]] = _HANDLERS
    CONVERSIONS: ClassVar[Mapping[tuple[str, str], Conversion]] = CONVERSIONS
    BINDERS: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        "bool": int,
        "date": dt.date.isoformat,
        "uuid": lambda value: value.bytes,
        "json": json.dumps,
    }

    def binder(self, type_: CoreType) -> Binder | None:
        """Return the function that turns a checked value into integer, real, text or blob."""
        name = type_.name
        if name == "decimal":
            return _decimal_binder(f.scale_of(type_))
        if name in ("datetime", "time"):
            return _fraction(f.digits_of(type_), "%H:%M:%S")
        return self.BINDERS.get(name)

    def same_family(self, operand: Rendered, target: CoreType) -> Rendered:
        """Change decimal places and fractional seconds, round to float32, cut text."""
        if target.name == "decimal":
            return rescale(operand, target)
        if target.name in ("datetime", "time"):
            return pad_digits(operand, target)
        if target.name == "float32" and operand.type is not None and operand.type.name != "float32":
            return fill("fascicle_float32({0})", operand, type_=target)
        return super().same_family(operand, target)

    def alike(self, operand: Rendered, target: CoreType) -> Rendered:
        """Decimals and datetimes of different widths are brought to one."""
        if target.name in ("decimal", "datetime", "time"):
            return self.same_family(operand, target)
        return operand

    def comparable(self, operand: Rendered, target: CoreType | None) -> Rendered:
        """A decimal is a scaled whole number and so never compares with other numbers as it is."""
        if target is not None and operand.type is not None and "decimal" in (target.name, operand.type.name):
            return self.unified(operand, target)
        return super().comparable(operand, target)

    def compare(self, op: str, left: Rendered, right: Rendered) -> Rendered:
        """Render a comparison; ``IS`` is equality for which NULL equals NULL."""
        return super().compare("IS" if op == "<=>" else op, left, right)

    def arithmetic(self, op: str, left: Rendered, right: Rendered, type_: CoreType | None) -> Rendered:
        """Render an arithmetic operator: divisions by true quotient, whole numbers kept within 64 bits."""
        if op in ("/", "//", "%"):
            return self._division(op, left, right, type_)
        if op == "^":
            return fill("(({0} | {1}) - ({0} & {1}))", left, right, type_=type_)
        if type_ is not None and type_.name == "decimal":
            if op != "*":
                left, right = self.unified(left, type_), self.unified(right, type_)
            return self._kept(op, left, right, type_)
        left, right = self._plain(left), self._plain(right)
        if type_ == f.INT64 and op in "+-*" and not _both_small(left, right):
            return self._kept(op, left, right, type_)
        return super().arithmetic(op, left, right, type_)

    def _kept(self, op: str, left: Rendered, right: Rendered, type_: CoreType) -> Rendered:
        # SQLite goes over to floating point where 64 bits do not suffice; servers raise, and so do we.
        return fill(f"fascicle_whole({{0}} {op} {{1}})", left, right, type_=type_)

    def _plain(self, operand: Rendered) -> Rendered:
        """A decimal beside a float is a float."""
        return self.convert(operand, f.FLOAT64) if f.family(operand.type) == "decimal" else operand

    def _division(self, op: str, left: Rendered, right: Rendered, type_: CoreType | None) -> Rendered:
        if op == "/":
            left = self._plain(left)
            if f.family(left.type) != "float":
                left = self.convert(left, f.FLOAT64) if f.family(left.type) == "int" else left
            return super().arithmetic("/", left, self._plain(right), type_)
        whole = f.family(left.type) == "int" and f.family(right.type) == "int"
        if whole:
            return super().arithmetic("/" if op == "//" else "%", left, right, type_)
        common = f.common_type(left.type, right.type)
        left, right = self.unified(left, common), self.unified(right, common)
        if common is not None and common.name == "decimal":
            return super().arithmetic("/" if op == "//" else "%", left, right, type_)
        if op == "//":
            return fill("CAST(trunc({0} / {1}) AS INTEGER)", left, right, type_=type_)
        return float_remainder(left, right, "trunc({0})")

    def round_exact(self, operand: Rendered, digits: int, *, cut: bool) -> Rendered:
        """Round a whole number or a decimal, which is a whole number of its last digit."""
        scale = f.scale_of(operand.type)
        if digits >= scale:
            return operand
        unit = 10 ** (scale - digits)
        half = "" if cut else f" + {unit // 2}"
        back = f" * {10**-digits}" if digits < 0 else ""
        return fill(f"(sign({{0}}) * ((abs({{0}}){half}) / {unit}){back})", operand)

    def limit(self, limit: int | None, offset: int) -> str:
        """An offset needs a limit here; -1 is none."""
        return super().limit(-1 if limit is None and offset else limit, offset)

    def like(self, node: Like, operand: Rendered, pattern: Rendered) -> Rendered:
        """GLOB is case-sensitive and uses an index for a written beginning."""
        if node.regexp:
            return fill("fascicle_regexp({0}, {1})", pattern, operand, type_=f.BOOL)
        written = pattern_text(node)
        if written is None:
            extra = Rendered("?", (escape_of(node),))
            return fill(
                f"fascicle_like({{0}}, {{1}}, {{2}}, {int(node.ignore_case)})",
                pattern,
                operand,
                extra,
                type_=f.BOOL,
            )
        glob = to_glob(read_pattern(written, escape_of(node)))
        if node.ignore_case:
            operand, glob = fill("fascicle_lower({0})", operand), glob.lower()
        return fill("({0} GLOB {1})", operand, Rendered("?", (glob,)), type_=f.BOOL)

    def json_path(self, node: JsonPath, operand: Rendered) -> Rendered:
        """Read a value inside JSON: as JSON, as text, or as the type that is asked for."""
        path = Rendered("?", (dollar(node.steps),))
        target = node.type or f.TEXT
        if target.name == "json":
            return fill("({0} -> {1})", operand, path, type_=target)
        # true and false are 1 and 0 to json_extract, and words everywhere else.
        text = fill(
            "(CASE json_type({0}, {1}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
            "ELSE CAST(json_extract({0}, {1}) AS TEXT) END)",
            operand,
            path,
            type_=f.TEXT,
        )
        if target.is_integer or target.is_float:
            number = fill("json_extract({0}, {1})", operand, path, type_=f.FLOAT64)
            return fill(
                "(CASE json_type({0}, {1}) WHEN 'integer' THEN {2} WHEN 'real' THEN {3} ELSE {4} END)",
                operand,
                path,
                number if target.is_integer else fill("CAST({0} AS REAL)", number),
                self.convert(number, target),
                self.convert(text, target),
                type_=target,
            )
        return self.convert(text, target)

    def key_set(self, node: KeySet, columns: Sequence[Rendered], render: Renderer) -> Rendered:
        """Factor out what few values share; the rest is one list that an index serves."""
        values = self.bound_columns(node, columns)
        if sum(map(len, values)) > self.max_parameters - 2_000:
            return packed(values, columns)
        return factored(list(zip(*values, strict=True)), list(columns))


def _both_small(left: Rendered, right: Rendered) -> bool:
    """Whether neither operand can lead beyond 64 bits."""
    return all(side.type is not None and side.type.name in _SMALL for side in (left, right))
