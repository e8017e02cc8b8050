"""Literals: every value there and back through the server, and nothing breaks out of its quotes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymysql.err import DataError

from fascicle.backend.connect import connect
from fascicle.backend.connection import Connection
from fascicle.sql.statement import Sql
from fascicle_mysql.literals import bind, literal, row_literals
from fascicle_mysql.session import MysqlSession
from tests.servers import Unavailable
from tests.servers.fixtures import ServerPool

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
    st.text("'\\\"%s\0\n\x1a`;-\x1f\x1e", max_size=20),
    st.binary(max_size=60),
    st.decimals(-(10**18), 10**18, places=4),
    st.dates(dt.date(1000, 1, 1)),
    st.datetimes(dt.datetime(1000, 1, 1)),
)


@pytest.fixture(scope="module")
def connection(server_pool: ServerPool) -> Any:
    try:
        url = server_pool.url("mariadb")
    except Unavailable as error:
        pytest.skip(f"mariadb: {error}")
    with connect(url) as connection:
        yield connection


def seen(value: Any) -> Any:
    """A value as the server gives a literal back."""
    if isinstance(value, dt.date):
        return str(value)
    return value.bytes if isinstance(value, UUID) else value


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.lists(VALUES, min_size=1, max_size=5))
def test_bound_values_come_back(connection: Connection, row: list[Any]) -> None:
    # With names of their own: a column without one is named by its literal, and names must be UTF-8.
    marks = ", ".join(f"%s AS c{position}" for position in range(len(row)))
    (found,) = connection.execute(Sql(f"SELECT {marks}, '100%%'", tuple(row))).rows
    assert found == (*map(seen, row), "100%")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whole_columns_come_back(connection: Connection, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(VALUES.original_strategies), min_size=1, max_size=4))
    cells = [st.one_of(kind, st.none()) if data.draw(st.booleans()) else kind for kind in kinds]
    rows = data.draw(st.lists(st.tuples(*cells), min_size=1, max_size=6))
    # One SELECT a row: a UNION would bring all of a column to one type.
    with connection.transaction(read_only=True):
        session = cast(MysqlSession, connection.transactions.required().session)
        answers = session._run([b"SELECT " + text[1:-1] for text in row_literals(rows)])
    for answer, row in zip(answers, rows, strict=True):
        assert [normal(v) for v in answer.rows[0]] == [normal(seen(v)) for v in row]


def normal(value: Any) -> Any:
    """A number whatever its type: a column of floats is written as exact decimals."""
    return float(value) if isinstance(value, (int, float, Decimal)) else value


def test_column_wise_is_the_same_as_one_by_one() -> None:
    rows = [
        (1, "a'b", 0.5, b"\\'", None, Decimal("1.50"), dt.date(2026, 1, 2), True),
        (2, "\x1f\x1e", 1e300, b"", "x", Decimal(-2), dt.date(1000, 1, 1), False),
    ]
    one_by_one = [b"(" + b",".join(literal(v) for v in row) + b")" for row in rows]
    # One by one a float gets an exponent, for there it stands without a column.
    assert row_literals(rows) == [text.replace(b"0.5e0", b"0.5") for text in one_by_one]


def test_what_has_no_literal() -> None:
    for value in (float("nan"), float("inf"), Decimal("NaN"), object()):
        with pytest.raises(DataError):
            literal(value)
        with pytest.raises(DataError):
            row_literals([(value,)])


def test_places_and_values_must_agree() -> None:
    assert bind("SELECT %s, '%%s'", (1,)) == b"SELECT 1, '%s'"
    with pytest.raises(DataError):
        bind("SELECT %s", ())
    with pytest.raises(DataError):
        bind("SELECT 1", (1,))


def test_intervals(connection: Connection) -> None:
    values = (dt.timedelta(hours=-3, microseconds=-5), dt.timedelta(days=2, seconds=1), dt.time(1, 2, 3))
    assert [literal(v) for v in values] == [b"'-03:00:00.000005'", b"'48:00:01.000000'", b"'01:02:03'"]
    sql = Sql("SELECT CAST(%s AS TIME(6)), CAST(%s AS TIME(6))", values[:2])
    assert connection.execute(sql).rows == [values[:2]]
