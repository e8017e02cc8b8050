"""SQL by hand: its arguments find their places, and reading is told from writing."""

import pytest

from fascicle.backend.cursor import raw_statement
from fascicle.backend.reading import is_read
from fascicle.errors import QueryError


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "  select a from t",
        "-- comment\nSELECT 1",
        "/* a */ (SELECT 1) UNION (SELECT 2)",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "SHOW TABLES",
        "VALUES (1)",
        "EXPLAIN SELECT 1",
    ],
)
def test_reading(text):
    assert is_read(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t VALUES (1)",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "EXPLAIN ANALYZE DELETE FROM t",
        "SELECT * INTO copy FROM t",
        "update t set a = 1",
        "CREATE TABLE t (a INT)",
        "SET autocommit = 1",
        "BEGIN",
        "CALL p()",
        "",
        "/* SELECT */ DELETE FROM t",
    ],
)
def test_not_surely_reading(text):
    assert not is_read(text)


def test_without_arguments_text_is_itself():
    assert raw_statement("SELECT '%s' LIKE '5%'", (), "?").text == "SELECT '%s' LIKE '5%'"
    assert raw_statement("SELECT '5%'", (), "%s").text == "SELECT '5%%'"


def test_marks_become_the_drivers():
    sql = raw_statement("SELECT %s, '%s', \"a%s\", `b%s` -- %s\n, %s, 5 %% 2", (1, 2), "?")
    assert sql.text == "SELECT ?, '%s', \"a%s\", `b%s` -- %s\n, ?, 5 % 2"
    assert sql.params == (1, 2)
    sql = raw_statement("SELECT %s, 'a%', 5 %% 2", (1,), "%s")
    assert sql.text == "SELECT %s, 'a%%', 5 %% 2"


def test_native_marks_are_left():
    assert raw_statement("SELECT ? + ?", (1, 2), "?").text == "SELECT ? + ?"


def test_named_arguments_may_repeat():
    sql = raw_statement("SELECT %(b)s, %(a)s, %(b)s", {"a": 1, "b": 2}, "?")
    assert (sql.text, sql.params) == ("SELECT ?, ?, ?", (2, 1, 2))
    with pytest.raises(QueryError, match="'c'"):
        raw_statement("SELECT %(c)s", {"a": 1}, "?")
