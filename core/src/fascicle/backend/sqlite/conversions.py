"""From one type to another in SQLite, where decimals are whole numbers and moments are text."""

from __future__ import annotations

from typing import Any

from fascicle.model import CoreType
from fascicle.query import families as f
from fascicle.sql.fragments import Rendered, fill
from fascicle.sql.scalars import Conversion


def rescale(operand: Rendered, target: CoreType) -> Rendered:
    """A decimal is a whole number of its last digit: change the digit."""
    up = f.scale_of(target) - f.scale_of(operand.type)
    if up == 0:
        return operand.typed(target)
    if up > 0:
        return fill(f"({{0}} * {10**up})", operand, type_=target)
    unit = 10**-up
    return fill(f"((abs({{0}}) + {unit // 2}) / {unit} * sign({{0}}))", operand, type_=target)


def _int_to_decimal(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return rescale(operand.typed(f.decimal_type(19, 0)), target)


def _decimal_to_int(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return rescale(operand, f.decimal_type(19, 0)).typed(target)


def _decimal_to_float(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return fill(f"({{0}} / {10 ** f.scale_of(operand.type)}.0)", operand, type_=target)


def _decimal_to_text(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return fill(f"fascicle_decimal_text({{0}}, {f.scale_of(operand.type)})", operand, type_=target)


def _float_to_decimal(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return fill(f"fascicle_float_decimal({{0}}, {f.scale_of(target)})", operand, type_=target)


def _text_to_decimal(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    return fill(f"fascicle_to_decimal({{0}}, {f.scale_of(target)})", operand, type_=target)


def _text_to_moment(name: str) -> Conversion:
    def convert(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
        return fill(f"fascicle_to_{name}({{0}}, {f.digits_of(target)})", operand, type_=target)

    return convert


def _date_to_datetime(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    digits = f.digits_of(target)
    fraction = "." + "0" * digits if digits else ""
    return fill(f"({{0}} || ' 00:00:00{fraction}')", operand, type_=target)


def _datetime_to_time(dialect: Any, operand: Rendered, target: CoreType) -> Rendered:
    clock = CoreType("time", (f.digits_of(operand.type),) if f.digits_of(operand.type) else ())
    return pad_digits(fill("substr({0}, 12)", operand, type_=clock), target)


def pad_digits(operand: Rendered, target: CoreType) -> Rendered:
    """Fill up or cut fractional seconds: text of another width would compare unequal."""
    mine, wanted = f.digits_of(operand.type), f.digits_of(target)
    if mine == wanted:
        return operand.typed(target)
    whole = 19 if target.name == "datetime" else 8
    if mine < wanted:
        point = "" if mine else "."
        return fill(f"({{0}} || '{point}{'0' * (wanted - mine)}')", operand, type_=target)
    return fill(f"substr({{0}}, 1, {whole + (wanted + 1 if wanted else 0)})", operand, type_=target)


CONVERSIONS: dict[tuple[str, str], Conversion] = {
    ("bool", "int"): "{0}",
    ("bool", "float"): "CAST({0} AS REAL)",
    ("bool", "decimal"): _int_to_decimal,
    ("bool", "text"): "CAST({0} AS TEXT)",
    ("int", "bool"): "({0} <> 0)",
    ("int", "float"): "CAST({0} AS REAL)",
    ("int", "decimal"): _int_to_decimal,
    ("int", "text"): "CAST({0} AS TEXT)",
    ("float", "bool"): "({0} <> 0)",
    ("float", "int"): "CAST(round({0}) AS INTEGER)",
    ("float", "decimal"): _float_to_decimal,
    ("float", "text"): "fascicle_text({0})",
    ("decimal", "bool"): "({0} <> 0)",
    ("decimal", "int"): _decimal_to_int,
    ("decimal", "float"): _decimal_to_float,
    ("decimal", "text"): _decimal_to_text,
    (
        "text",
        "bool",
    ): "(CASE lower(trim({0})) WHEN 'true' THEN 1 WHEN '1' THEN 1 WHEN 'false' THEN 0 WHEN '0' THEN 0 END)",
    ("text", "int"): "fascicle_to_decimal({0}, 0)",
    ("text", "float"): "fascicle_to_float({0})",
    ("text", "decimal"): _text_to_decimal,
    ("text", "date"): "fascicle_to_date({0})",
    ("text", "datetime"): _text_to_moment("datetime"),
    ("text", "time"): _text_to_moment("time"),
    ("text", "uuid"): "fascicle_to_uuid({0})",
    ("text", "bytes"): "CAST({0} AS BLOB)",
    ("date", "text"): "{0}",
    ("date", "datetime"): _date_to_datetime,
    ("datetime", "text"): "{0}",
    ("datetime", "date"): "substr({0}, 1, 10)",
    ("datetime", "time"): _datetime_to_time,
    ("time", "text"): "{0}",
    ("uuid", "text"): "fascicle_uuid_text({0})",
    ("uuid", "bytes"): "{0}",
    ("bytes", "text"): "CAST({0} AS TEXT)",
    ("json", "text"): "{0}",
}
