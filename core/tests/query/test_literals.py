"""Values of restrictions: what each becomes beside each type."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import pytest

from fascicle.errors import QueryError
from fascicle.model import CoreType
from fascicle.query.families import arithmetic_type, common_type, natural_type
from fascicle.query.literals import coerce, parse_moment

T = CoreType
NOON = dt.datetime(2026, 1, 2, 12)


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        (3, "int32", 3),
        (True, "int32", 1),
        ("3", "int32", 3),
        (Decimal("2.5"), "int32", Decimal("2.5")),
        (1, "bool", True),
        (1.0, "bool", True),
        ("TRUE", "bool", True),
        (3, "float64", 3.0),
        ("2.5", "float64", 2.5),
        (0.1, "float32", 0.10000000149011612),
        (1e300, "float32", 1e300),
        (dt.date(2026, 1, 2), "date", dt.date(2026, 1, 2)),
        (dt.datetime(2026, 1, 2), "date", dt.date(2026, 1, 2)),
        (NOON, "date", NOON),
        ("2026-01-02T12:00", "datetime", NOON),
        (dt.date(2026, 1, 2), "datetime", dt.datetime(2026, 1, 2)),
        (NOON.replace(tzinfo=dt.timezone(dt.timedelta(hours=2))), "datetime", NOON - dt.timedelta(hours=2)),
        (dt.timedelta(hours=3), "time", dt.time(3)),
        ("03:04", "time", dt.time(3, 4)),
        (b"\0" * 15 + b"\1", "uuid", uuid.UUID(int=1)),
        (bytearray(b"a"), "bytes", b"a"),
        (Colour.RED, "varchar", "red"),
        (uuid.UUID(int=1), "varchar", "00000000-0000-0000-0000-000000000001"),
        (float("nan"), "float64", None),
        (None, "date", None),
    ],
)
def test_coerce(value: Any, type_: str, expected: Any) -> None:
    found = coerce(value, T(type_)).value
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("abc", "int32"),
        (b"1", "int32"),
        (2, "bool"),
        ("inf", "float64"),
        (float("inf"), "float64"),
        (float("-inf"), "int32"),
        ("nan", "decimal"),
        ("NaN", "int32"),
        ("2026-02-30", "date"),
        (20260101, "date"),
        ("24:00", "time"),
        (dt.timedelta(days=2), "time"),
        ("12", "uuid"),
        ("text", "bytes"),
        (b"bytes", "varchar"),
        ([1], "varchar"),
    ],
)
def test_what_can_never_be_of_the_type_is_refused(value: Any, type_: str) -> None:
    with pytest.raises(QueryError):
        coerce(value, T(type_, (10, 2) if type_ == "decimal" else ()))


def test_numpy_and_pandas_scalars() -> None:
    np = pytest.importorskip("numpy")
    pd = pytest.importorskip("pandas")
    assert coerce(np.int16(3), T("int32")).value == 3
    assert type(coerce(np.float32(0.5), T("float64")).value) is float
    assert coerce(np.datetime64("2026-01-02T12:00:00.000000001", "ns"), T("datetime")).value == NOON
    assert coerce(np.datetime64("2026-01-02"), T("date")).value == dt.date(2026, 1, 2)
    assert coerce(np.str_("a"), T("varchar")).value == "a"
    assert coerce(np.bool_(True), T("bool")).value is True
    assert coerce(pd.Timestamp("2026-01-02 12:00"), T("datetime")).value == NOON
    assert type(coerce(pd.Timestamp("2026-01-02 12:00"), T("datetime")).value) is dt.datetime
    assert coerce(pd.NaT, T("datetime")).value is None
    assert coerce(np.float64("nan"), T("int32")).value is None


def test_moments_with_an_offset_are_turned_into_utc() -> None:
    assert parse_moment("2026-01-02 14:00:00+02:00") == NOON
    assert parse_moment("2026-01-02 10:30:00-0130") == NOON
    assert parse_moment("2026-01-02 12:00:00Z") == NOON


@pytest.mark.parametrize(
    ("left", "right", "common"),
    [
        (T("int8"), T("int32"), T("int64")),
        (T("bool"), T("int32"), T("int64")),
        (T("int32"), T("decimal", (6, 2)), T("decimal", (12, 2))),
        (T("decimal", (6, 2)), T("decimal", (5, 3)), T("decimal", (7, 3))),
        (T("decimal", (6, 2)), T("float32"), T("float64")),
        (T("date"), T("datetime", (3,)), T("datetime", (3,))),
        (T("datetime"), T("datetime", (3,)), T("datetime", (3,))),
        (T("enum", ("a",)), T("varchar", (3,)), T("varchar")),
        (None, T("date"), T("date")),
        (T("native", ("point",)), T("date"), T("date")),
    ],
)
def test_common_types(left: CoreType | None, right: CoreType, common: CoreType) -> None:
    assert common_type(left, right) == common
    assert common_type(right, left) == common


def test_types_without_anything_in_common() -> None:
    for left, right in (("int32", "varchar"), ("date", "time"), ("uuid", "bytes"), ("json", "varchar")):
        with pytest.raises(QueryError, match="do not compare"):
            common_type(T(left), T(right))


def test_arithmetic_types() -> None:
    price = T("decimal", (6, 2))
    assert arithmetic_type("/", T("int32"), T("int32")) == T("float64")
    assert arithmetic_type("//", T("float64"), T("int32")) == T("int64")
    assert arithmetic_type("+", T("int8"), T("bool")) == T("int64")
    assert arithmetic_type("*", price, price) == T("decimal", (12, 4))
    assert arithmetic_type("+", price, T("int32")) == T("decimal", (13, 2))
    assert arithmetic_type("%", price, T("float64")) == T("float64")


def test_natural_types() -> None:
    assert natural_type(3) == T("int32")
    assert natural_type(1 << 40) == T("int64")
    assert natural_type(1 << 70) == T("decimal", (22, 0))
    assert natural_type(Decimal("1.50")) == T("decimal", (3, 2))
    assert natural_type(Decimal("1E+3")) == T("decimal", (1, 0))
    assert natural_type(None) is None
