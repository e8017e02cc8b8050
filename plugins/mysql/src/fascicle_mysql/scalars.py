"""Scalars as MySQL and MariaDB spell them: only text that both understand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.model import CoreType
from fascicle.query import families as f
from fascicle.query.inference import format_argument, unit_argument
from fascicle.query.paths import dollar
from fascicle.query.scalar import Call, JsonPath, KeySet, Like
from fascicle.sql.fragments import Rendered, fill, join
from fascicle.sql.handlers import (
    HEX_UUID,
    MOMENT,
    NUMBER,
    TIME,
    TRUE_WORDS,
    UNIT_SECONDS,
    Handler,
    concatenated,
    float_remainder,
    is_exact,
    listed,
    modulo,
    round_float,
    rounded,
)
from fascicle.sql.patterns import escape_of, pattern_text, read_pattern, to_like
from fascicle.sql.scalars import TEMPLATES, Binder, CommonScalars, Conversion

if TYPE_CHECKING:
    from fascicle.sql.render import Renderer

_WIDE = Context(prec=100)
_FULL = "DATE_FORMAT({0}, '%%Y-%%m-%%d %%H:%%i:%%s.%%f')"
_UUID_TEXT = "INSERT(INSERT(INSERT(INSERT(LOWER(HEX({0})), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-')"
_LITERALS = {"date": "CAST({} AS DATE)", "datetime": "CAST({} AS DATETIME(6))", "time": "CAST({} AS TIME(6))"}


def _moment_text(operand: Rendered, digits: int) -> Rendered:
    width = 20 + digits if digits else 19
    return fill(f"LEFT({_FULL}, {width})", operand, type_=f.TEXT)


def _precision(type_: CoreType) -> str:
    digits = f.digits_of(type_)
    return f"({digits})" if digits else ""


def _to_decimal(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return fill(f"CAST({{0}} AS DECIMAL(65, {f.scale_of(target)}))", operand, type_=target)


def _text_to_decimal(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    number = f"CAST(TRIM({{0}}) AS DECIMAL(65, {f.scale_of(target)}))"
    return fill(f"(CASE WHEN {{0}} REGEXP '{NUMBER}' THEN {number} END)", operand, type_=target)


def _float_to_int(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return fill("(CAST({0} AS DECIMAL(65, 0)) DIV 1)", round_float(operand, 0), type_=target)


def _text_to_moment(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    name = "DATE" if target.name == "date" else "DATETIME(6)"
    moment = fill(f"(CASE WHEN {{0}} REGEXP '{MOMENT}' THEN CAST(TRIM({{0}}) AS {name}) END)", operand)
    exact = moment.typed(f.DATE if target.name == "date" else f.DATETIME6)
    return dialect.same_family(exact, target)  # type: ignore[no-any-return]


def _text_to_time(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    # As a moment of one day: a bare text would be read as another interval than the time of day it says.
    day = "CAST(CONCAT('2000-01-01 ', TRIM({0})) AS DATETIME(6))"
    guarded = fill(f"(CASE WHEN {{0}} REGEXP '{TIME}' THEN {day} END)", operand, type_=f.DATETIME6)
    return _datetime_to_time(dialect, guarded, target)


def _date_to_datetime(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return fill(f"CAST({{0}} AS DATETIME{_precision(target)})", operand, type_=target)


def _datetime_to_text(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return _moment_text(operand, f.digits_of(operand.type))


def _datetime_to_time(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    digits = f.digits_of(target)
    cut = fill(f"SUBSTR({{0}}, 12, {9 + digits if digits else 8})", fill(_FULL, operand))
    return fill(f"CAST({{0}} AS TIME{_precision(target)})", cut, type_=target)


def _time_to_text(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    digits = f.digits_of(operand.type)
    width = 9 + digits if digits else 8
    return fill(f"LEFT(TIME_FORMAT({{0}}, '%%H:%%i:%%s.%%f'), {width})", operand, type_=target)


# CAST AS CHAR takes the collation of the session, by code point; CONVERT USING would ignore case.
_AS_TEXT = "CAST({0} AS CHAR)"
_CONVERSIONS: dict[tuple[str, str], Conversion] = {
    ("bool", "int"): "{0}",
    ("bool", "float"): "({0} + 0e0)",
    ("bool", "decimal"): _to_decimal,
    ("bool", "text"): _AS_TEXT,
    ("int", "bool"): "({0} <> 0)",
    ("int", "float"): "({0} + 0e0)",
    ("int", "decimal"): _to_decimal,
    ("int", "text"): _AS_TEXT,
    ("float", "bool"): "({0} <> 0)",
    ("float", "int"): _float_to_int,
    ("float", "decimal"): _to_decimal,
    ("float", "text"): "CAST(({0} + 0e0) AS CHAR)",
    ("decimal", "bool"): "({0} <> 0)",
    ("decimal", "int"): "(ROUND({0}) DIV 1)",
    ("decimal", "float"): "({0} + 0e0)",
    ("decimal", "text"): _AS_TEXT,
    ("text", "bool"): TRUE_WORDS,
    (
        "text",
        "int",
    ): f"(CASE WHEN {{0}} REGEXP '{NUMBER}' THEN ROUND(CAST(TRIM({{0}}) AS DECIMAL(65, 10))) DIV 1 END)",
    ("text", "float"): f"(CASE WHEN {{0}} REGEXP '{NUMBER}' THEN TRIM({{0}}) + 0e0 END)",
    ("text", "decimal"): _text_to_decimal,
    ("text", "date"): _text_to_moment,
    ("text", "datetime"): _text_to_moment,
    ("text", "time"): _text_to_time,
    ("text", "uuid"): f"(CASE WHEN {{0}} REGEXP '{HEX_UUID}' THEN UNHEX(REPLACE({{0}}, '-', '')) END)",
    ("text", "bytes"): "CAST({0} AS BINARY)",
    ("date", "text"): _AS_TEXT,
    ("date", "datetime"): _date_to_datetime,
    ("datetime", "text"): _datetime_to_text,
    ("datetime", "date"): "DATE({0})",
    ("datetime", "time"): _datetime_to_time,
    ("time", "text"): _time_to_text,
    ("uuid", "text"): _UUID_TEXT,
    ("uuid", "bytes"): "{0}",
    ("bytes", "text"): _AS_TEXT,
    ("json", "text"): _AS_TEXT,
}


# handlers --------------------------------------------------------------------------------------------------


def _count(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    word = "DISTINCT " if node.distinct else ""
    return fill(f"COUNT({word}{{0}})", join(", ", args))


def _sum(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    word = "DISTINCT " if node.distinct else ""
    # The sum of whole numbers is a decimal here; DIV makes it whole, or an error beyond 64 bits.
    return fill(f"(SUM({word}{{0}}) DIV 1)" if is_exact(args[0]) else f"SUM({word}{{0}})", args[0])


def _group_concat(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    directions = [descending for _, descending in node.order_by] or [False]
    keys = join(
        ", ", [fill("{0} DESC" if d else "{0}", k) for k, d in zip(args[1:], directions, strict=True)]
    )
    separator = Rendered("%s", ("," if node.separator is None else node.separator,))
    word = "DISTINCT " if node.distinct else ""
    return fill(f"GROUP_CONCAT({word}{{0}} ORDER BY {{1}} SEPARATOR {{2}})", args[0], keys, separator)


def _floor(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    name = node.name.upper()
    if f.family(args[0].type) == "decimal":
        return fill(f"CAST({name}({{0}}) AS DECIMAL(65, 0))", args[0])
    return fill(f"{name}({{0}})", args[0])


def _time(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    moment = args[0] if args[0].type != f.DATE else _date_to_datetime(dialect, args[0], f.DATETIME)
    return _datetime_to_time(dialect, moment, f.TIME)


def _shift(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    unit = unit_argument(node, 2)
    if is_exact(args[1]):
        return fill(f"DATE_ADD({{0}}, INTERVAL {{1}} {unit.upper()})", *args)
    micro = UNIT_SECONDS[unit] * 1_000_000
    moment = dialect.convert(args[0], f.DATETIME6)
    return fill(f"DATE_ADD({{0}}, INTERVAL ROUND({{1}} * {micro!r}) MICROSECOND)", moment, args[1])


def _difference(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    return fill(f"TIMESTAMPDIFF({unit_argument(node, 0).upper()}, {{0}}, {{1}})", args[1], args[2])


def _date_format(dialect: Any, node: Call, args: Sequence[Rendered]) -> Rendered:
    return fill("DATE_FORMAT({0}, {1})", args[0], Rendered("%s", (format_argument(node),)))


_HANDLERS: dict[str, Handler] = {
    "concat": concatenated,
    "concat_ws": listed("CONCAT_WS({0})"),
    "coalesce": listed("COALESCE({0})"),
    "greatest": listed("GREATEST({0})"),
    "least": listed("LEAST({0})"),
    "count": _count,
    "sum": _sum,
    "group_concat": _group_concat,
    "round": rounded,
    "truncate": rounded,
    "floor": _floor,
    "ceil": _floor,
    "mod": modulo,
    "time": _time,
    "date_add": _shift,
    "timestampdiff": _difference,
    "date_format": _date_format,
}
_PLAIN = (
    "lower upper substring left right sign year quarter month day hour minute second microsecond date "
    "dayofweek weekday dayofyear weekofyear datediff instr locate lpad rpad"
)
_TEMPLATES: dict[str, str] = {
    **TEMPLATES,
    **{name: f"{name.upper()}({{0}})" for name in _PLAIN.split()},
    **{name: f"{name.upper()}({{0}}, {{1}})" for name in ("left", "right", "datediff", "instr", "locate")},
    "substring/2": "SUBSTRING({0}, {1})",
    "substring": "SUBSTRING({0}, {1}, GREATEST({2}, 0))",
    "lpad/2": "LPAD({0}, {1}, ' ')",
    "rpad/2": "RPAD({0}, {1}, ' ')",
    "lpad": "LPAD({0}, {1}, {2})",
    "rpad": "RPAD({0}, {1}, {2})",
    "starts_with": "(LEFT({0}, CHAR_LENGTH({1})) = {1})",
    "regexp_like": "({0} REGEXP {1})",
    "hex": "HEX({0})",
    "uuid_to_text": _UUID_TEXT,
    "sqrt": "(CASE WHEN {0} >= 0 THEN SQRT({0}) END)",
    "power": "(CASE WHEN ({0} = 0 AND {1} < 0) OR ({0} < 0 AND {1} <> FLOOR({1})) THEN NULL ELSE POW({0}, {1}) END)",
    "ln": "(CASE WHEN {0} > 0 THEN LN({0}) END)",
    "log10": "(CASE WHEN {0} > 0 THEN LOG10({0}) END)",
    "log2": "(CASE WHEN {0} > 0 THEN LOG2({0}) END)",
    "pi": "3.141592653589793e0",
    "now": "UTC_TIMESTAMP()",
    "current_date": "UTC_DATE()",
    "unix_timestamp": "(TIMESTAMPDIFF(MICROSECOND, CAST('1970-01-01' AS DATETIME), {0}) / 1e6)",
    "from_unixtime": "DATE_ADD(CAST('1970-01-01' AS DATETIME(6)), INTERVAL ROUND({0} * 1e6) MICROSECOND)",
    "json_length": "JSON_LENGTH({0})",
    "json_type": "(CASE WHEN JSON_TYPE({0}) IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') THEN 'number' "
    "ELSE LOWER(JSON_TYPE({0})) END)",
}


class ScalarDialect(CommonScalars):
    """Scalar half of the MySQL dialect."""

    placeholder = "%s"
    max_parameters = 1 << 30
    TEMPLATES: ClassVar[Mapping[str, str]] = _TEMPLATES
    HANDLERS: ClassVar[Mapping[str, Handler]] = _HANDLERS
    CONVERSIONS: ClassVar[Mapping[tuple[str, str], Conversion]] = _CONVERSIONS
    BINDERS: ClassVar[Mapping[str, Binder]] = {
        "bool": int,
        "uuid": lambda value: value.bytes,
        "json": json.dumps,
    }

    def literal(self, sql_placeholder: str, value: Any, type_: CoreType | None) -> str:
        """Dates and times are sent as text and must not stay text."""
        cast = None if type_ is None else _LITERALS.get(type_.name)
        return sql_placeholder if cast is None else cast.format(sql_placeholder)

    def binder(self, type_: CoreType) -> Binder | None:
        """Return the function that turns a checked value into what the driver writes."""
        return _decimal_binder(f.scale_of(type_)) if type_.name == "decimal" else super().binder(type_)

    def unified(self, operand: Rendered, target: CoreType | None) -> Rendered:
        """A bare float32 would be printed with six digits."""
        if operand.type is not None and operand.type.name == "float32":
            operand = fill("({0} + 0e0)", operand, type_=f.FLOAT64)
        return super().unified(operand, target)

    def same_family(self, operand: Rendered, target: CoreType) -> Rendered:
        """Change decimal places (rounding) and fractional seconds (cutting), cut text."""
        if target == operand.type:
            return operand
        if target.name == "decimal":
            return _to_decimal(self, operand, target)
        if target.name == "datetime":
            if f.digits_of(target) >= f.digits_of(operand.type):
                return _date_to_datetime(self, operand, target)
            return _date_to_datetime(self, _moment_text(operand, f.digits_of(target)), target)
        if target.name == "float64":
            return fill("({0} + 0e0)", operand, type_=target)
        if target.name == "float32":
            return fill("(CAST({0} AS FLOAT) + 0e0)", operand, type_=target)
        if operand.type is not None and operand.type.name == "enum":
            operand = self.sortable(operand)
        return super().same_family(operand, target)

    def compare(self, op: str, left: Rendered, right: Rendered) -> Rendered:
        """Render a comparison; an enumeration is greater or less by its text."""
        if op not in ("=", "!=", "<=>"):
            left, right = self.sortable(left), self.sortable(right)
        return super().compare(op, left, right)

    def sortable(self, operand: Rendered) -> Rendered:
        """An enumeration would sort by its position."""
        if operand.type is not None and operand.type.name == "enum" and operand.text != self.placeholder:
            return fill(_AS_TEXT, operand, type_=f.TEXT)
        return operand

    def arithmetic(self, op: str, left: Rendered, right: Rendered, type_: CoreType | None) -> Rendered:
        """Render an arithmetic operator: true quotients, NULL where the divisor is 0, signed bits."""
        if op == "/":
            return fill("(({0} + 0e0) / NULLIF({1}, 0))", left, right, type_=type_)
        floating = "float" in (f.family(left.type), f.family(right.type))
        if op == "//":
            if floating:
                return fill(
                    "CAST(TRUNCATE(({0} + 0e0) / NULLIF({1}, 0), 0) AS SIGNED)", left, right, type_=type_
                )
            return fill("({0} DIV NULLIF({1}, 0))", left, right, type_=type_)
        if op == "%":
            if floating:
                return float_remainder(
                    self.convert(left, f.FLOAT64), self.convert(right, f.FLOAT64), "TRUNCATE({0}, 0)"
                )
            return fill("({0} %% NULLIF({1}, 0))", left, right, type_=type_)
        if op in ("&", "|", "^", "<<", ">>"):
            return fill(f"CAST(({{0}} {op} {{1}}) AS SIGNED)", left, right, type_=type_)
        return super().arithmetic(op, left, right, type_)

    def negative(self, op: str, operand: Rendered, type_: CoreType | None) -> Rendered:
        """Render a sign; the bits of a whole number stay signed."""
        if op == "-" and type_ == f.INT64:
            return fill("(0 - {0})", self.number(operand), type_=type_)  # a bare sign may make a decimal
        done = super().negative(op, operand, type_)
        return fill("CAST({0} AS SIGNED)", done, type_=type_) if op == "~" else done

    def concatenate(self, parts: Sequence[Rendered]) -> Rendered:
        """``||`` is OR here: join by a function."""
        return fill("CONCAT({0})", join(", ", parts), type_=f.TEXT)

    def exclusive(self, left: Rendered, right: Rendered) -> Rendered:
        """Render XOR of two conditions."""
        return fill("({0} XOR {1})", left, right, type_=f.BOOL)

    def round_exact(self, operand: Rendered, digits: int, *, cut: bool) -> Rendered:
        """Round a whole number or a decimal."""
        digits = min(digits, f.scale_of(operand.type))
        name = "TRUNCATE" if cut else "ROUND"
        if f.family(operand.type) == "int":
            return (
                operand
                if digits >= 0
                else fill(f"({name}({{0}}, {digits}) DIV 1)", operand, type_=operand.type)
            )
        return fill(f"{name}({{0}}, {digits})", operand, type_=operand.type)

    def like(self, node: Like, operand: Rendered, pattern: Rendered) -> Rendered:
        """Columns of ours are case-sensitive by their collation; so is what is computed from them."""
        if node.regexp:
            return fill("({0} REGEXP {1})", operand, pattern, type_=f.BOOL)
        written = pattern_text(node)
        if written is None:
            escape = Rendered("%s", (escape_of(node),))
        else:
            escape = Rendered("'|'")
            pattern = Rendered("%s", (to_like(read_pattern(written, escape_of(node)), "|"),), f.TEXT)
        if node.ignore_case:
            operand, pattern = fill("LOWER({0})", operand), fill("LOWER({0})", pattern)
        return fill("({0} LIKE {1} ESCAPE {2})", operand, pattern, escape, type_=f.BOOL)

    def json_path(self, node: JsonPath, operand: Rendered) -> Rendered:
        """Read a value inside JSON; JSON's null is NULL."""
        found = _within_arrays(node, operand)
        target = node.type or f.TEXT
        if target.name == "json":
            return found
        text = "(CASE WHEN JSON_TYPE({0}) = 'NULL' THEN NULL ELSE CAST(JSON_UNQUOTE({0}) AS CHAR) END)"
        return self.convert(fill(text, found, type_=f.TEXT), target)

    def key_set(self, node: KeySet, columns: Sequence[Rendered], render: Renderer) -> Rendered:
        """Render a list of rows, which the optimizer looks up in the index."""
        values = self.bound_columns(node, columns)
        width = len(columns)
        mark = "%s" if width == 1 else "(" + ", ".join(["%s"] * width) + ")"
        rows = Rendered(
            ", ".join([mark] * len(node.rows)), tuple(v for row in zip(*values, strict=True) for v in row)
        )
        left = "{0}" if width == 1 else "({0})"
        return fill(f"({left} IN ({{1}}))", join(", ", columns), rows, type_=f.BOOL)

    def limit(self, limit: int | None, offset: int) -> str:
        """An offset needs a limit here."""
        return super().limit(18_446_744_073_709_551_615 if limit is None and offset else limit, offset)


def _extract(operand: Rendered, steps: tuple[str | int, ...]) -> Rendered:
    return fill("JSON_EXTRACT({0}, {1})", operand, Rendered("%s", (dollar(steps),)), type_=f.JSON)


def _within_arrays(node: JsonPath, operand: Rendered) -> Rendered:
    """Extract a value; ``[0]`` of what is no array would be the thing itself here, and is nothing elsewhere."""
    found = _extract(operand, node.steps)
    arrays = [_extract(operand, node.steps[:i]) for i, step in enumerate(node.steps) if isinstance(step, int)]
    if not arrays:
        return found
    tests = join(" AND ", [fill("JSON_TYPE({0}) = 'ARRAY'", array) for array in arrays])
    return fill("(CASE WHEN {0} THEN {1} END)", tests, found, type_=f.JSON)


def _decimal_binder(scale: int) -> Binder:
    unit = Decimal(1).scaleb(-scale)

    def bind(value: Decimal) -> Decimal:
        # The places of a literal are those of the result.
        return value.quantize(unit, context=_WIDE)

    return bind
