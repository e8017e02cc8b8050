"""From one type to another in PostgreSQL; text that is no such value becomes NULL, where a cast would raise."""

from __future__ import annotations

from typing import Any

from fascicle.model import CoreType
from fascicle.query import families as f
from fascicle.sql.fragments import Rendered, fill
from fascicle.sql.handlers import CLOCK, HEX_UUID, MOMENT, NUMBER, TRUE_WORDS, round_float
from fascicle.sql.scalars import Conversion


def to_decimal(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    """Round a number to the places of a decimal."""
    return fill(f"round({{0}}::numeric, {f.scale_of(target)})", operand, type_=target)


def _bool_to_decimal(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return to_decimal(dialect, fill("{0}::int4", operand), target)


def _text_to_decimal(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    number = f"round(trim({{0}})::numeric, {f.scale_of(target)})"
    return fill(f"(CASE WHEN {{0}} ~ '{NUMBER}' THEN {number} END)", operand, type_=target)


def _float_to_int(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return fill("{0}::int8", round_float(operand, 0), type_=target)


def _text_to_moment(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    # Days that their month lacks would raise: compare with the length of the month first.
    last = "extract(day FROM (left(trim({0}), 8) || '01')::date + interval '1 month' - interval '1 day')"
    cast = cut("trim({0})::timestamp", target)
    inner = f"CASE WHEN substr(trim({{0}}), 9, 2)::int4 <= {last} THEN {cast} END"
    text = f"(CASE WHEN {{0}} ~ '{MOMENT}' THEN {inner} END)"
    return fill(text, operand, type_=target)


def _text_to_time(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    pattern = f"^[[:space:]]*{CLOCK}[[:space:]]*$"
    cast = cut("('2000-01-01 ' || trim({0}))::timestamp", target)
    return fill(f"(CASE WHEN {{0}} ~ '{pattern}' THEN {cast} END)", operand, type_=target)


def cut(moment: str, target: CoreType) -> str:
    """Cut a timestamp to a date, a time, or fewer digits; a cast would round."""
    if target.name == "date":
        return f"({moment})::date"
    digits = f.digits_of(target)
    text = f"({moment})"
    if digits < 6:
        width = 20 + digits if digits else 19
        text = f"left(to_char({moment}, 'YYYY-MM-DD HH24:MI:SS.US'), {width})::timestamp"
    return f"{text}::time" if target.name == "time" else text


def _datetime_to_time(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return fill(cut("{0}", target), operand, type_=target)


def _datetime_to_text(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    digits = f.digits_of(operand.type)
    width = 20 + digits if digits else 19
    return fill(f"left(to_char({{0}}, 'YYYY-MM-DD HH24:MI:SS.US'), {width})", operand, type_=target)


def _time_to_text(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    digits = f.digits_of(operand.type)
    width = 9 + digits if digits else 8
    return fill(f"left(to_char({{0}}::interval, 'HH24:MI:SS.US'), {width})", operand, type_=target)


CONVERSIONS: dict[tuple[str, str], Conversion] = {
    ("bool", "int"): "({0}::int4)::int8",
    ("bool", "float"): "({0}::int4)::float8",
    ("bool", "decimal"): _bool_to_decimal,
    ("bool", "text"): "({0}::int4)::text",
    ("int", "bool"): "({0} <> 0)",
    ("int", "float"): "{0}::float8",
    ("int", "decimal"): to_decimal,
    ("int", "text"): "{0}::text",
    ("float", "bool"): "({0} <> 0)",
    ("float", "int"): _float_to_int,
    ("float", "decimal"): to_decimal,
    ("float", "text"): "({0}::float8)::text",
    ("decimal", "bool"): "({0} <> 0)",
    ("decimal", "int"): "round({0})::int8",
    ("decimal", "float"): "{0}::float8",
    ("decimal", "text"): "{0}::text",
    ("text", "bool"): TRUE_WORDS,
    ("text", "int"): f"(CASE WHEN {{0}} ~ '{NUMBER}' THEN round(trim({{0}})::numeric)::int8 END)",
    ("text", "float"): f"(CASE WHEN {{0}} ~ '{NUMBER}' THEN trim({{0}})::float8 END)",
    ("text", "decimal"): _text_to_decimal,
    ("text", "date"): _text_to_moment,
    ("text", "datetime"): _text_to_moment,
    ("text", "time"): _text_to_time,
    ("text", "uuid"): f"(CASE WHEN {{0}} ~ '{HEX_UUID}' THEN {{0}}::uuid END)",
    ("text", "bytes"): "convert_to({0}, 'UTF8')",
    ("date", "text"): "to_char({0}, 'YYYY-MM-DD')",
    ("date", "datetime"): "{0}::timestamp",
    ("datetime", "text"): _datetime_to_text,
    ("datetime", "date"): "{0}::date",
    ("datetime", "time"): _datetime_to_time,
    ("time", "text"): _time_to_text,
    ("uuid", "text"): "{0}::text",
    ("uuid", "bytes"): "uuid_send({0})",
    ("bytes", "text"): "convert_from({0}, 'UTF8')",
    ("json", "text"): "{0}::text",
}
