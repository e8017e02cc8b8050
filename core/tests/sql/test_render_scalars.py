"""Scalars as text: values bound and never pasted, brackets, sets, depth."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fascicle.backend.sqlite.functions import register
from fascicle.backend.sqlite.scalars import ScalarDialect
from fascicle.errors import CompileError, QueryError
from fascicle.model import Attribute, CoreType, Heading
from fascicle.query.parser import parse_condition, parse_expression
from fascicle.query.scalar import (
    FALSE,
    TRUE,
    AnyOf,
    Binary,
    Call,
    Column,
    Every,
    Exists,
    In,
    JsonPath,
    KeySet,
    Literal,
    Raw,
    Scalar,
    Unary,
)
from fascicle.sql.fragments import fill
from fascicle.sql.patterns import read_pattern, to_glob, to_like
from fascicle.sql.render import Rendered, Renderer

T = CoreType
HEADING = Heading(
    [
        Attribute("k", T("int32"), in_key=True),
        Attribute("x", T("int32"), nullable=True),
        Attribute("y", T("float64")),
        Attribute("s", T("varchar", (20,))),
        Attribute("u", T("uuid")),
        Attribute("p", T("decimal", (10, 2))),
        Attribute("day", T("date")),
        Attribute("j", T("json")),
    ]
)


class Scope:
    def column(self, name: str) -> Rendered:
        return Rendered(f'"{name}"', (), HEADING[name].type)

    def type_of(self, name: str) -> Attribute:
        return HEADING[name]

    def exists(self, node: Exists) -> Rendered:
        return Rendered("EXISTS (SELECT 1)", (), T("bool"))


RENDERER = Renderer(ScalarDialect(), Scope())  # type: ignore[abstract,arg-type]


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    register(connection)
    connection.execute(
        "CREATE TABLE t (k INTEGER, x INTEGER, y REAL, s TEXT, u BLOB, p INTEGER, day TEXT, j TEXT)"
    )
    rows = [
        (
            i,
            None if i % 5 == 0 else i % 3,
            i / 2,
            f"s{i % 4}",
            uuid.UUID(int=i).bytes,
            i * 100,
            "2026-01-01",
            "{}",
        )
        for i in range(20)
    ]
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    yield connection
    connection.close()


def keys(database: sqlite3.Connection, condition: Scalar) -> list[int]:
    rendered = RENDERER.condition(condition)
    return [
        r[0] for r in database.execute(f"SELECT k FROM t WHERE {rendered.text} ORDER BY k", rendered.params)
    ]


def rendered(text: str) -> tuple[str, tuple[Any, ...]]:
    found = RENDERER.condition(parse_condition(text, HEADING))
    return found.text, found.params


def test_values_are_parameters_in_order() -> None:
    assert rendered("k > 3 AND s = 'a' OR day = '2026-01-02'") == (
        '((("k" > ?) AND ("s" = ?)) OR ("day" = ?))',
        (3, "a", "2026-01-02"),
    )
    assert rendered("s LIKE 'a%'") == ('("s" GLOB ?)', ("a*",))
    assert rendered("p = 1.5") == ('("p" = ?)', (150,))


@given(
    st.text(max_size=30),
    st.sampled_from(["s = {}", "s LIKE {}", "concat(s, {}) = {}", "s IN ({}, 'b')", "j.a = {}"]),
)
def test_no_text_of_a_user_is_in_the_statement(value: str, form: str) -> None:
    quoted = "'" + value.replace("'", "''") + "'"
    try:
        text, params = rendered(form.replace("{}", quoted))
    except QueryError:
        assert value.endswith("\\")  # a pattern that ends with its escape character
        return
    plain, _ = rendered(form.replace("{}", "'x'"))
    assert text == plain
    assert text.count("?") == len(params)


def test_the_same_node_gives_the_same_text() -> None:
    node = parse_condition("k IN (1, 2) AND j.a:int > 3 OR round(y, 2) = 1", HEADING)
    assert RENDERER.condition(node) == RENDERER.condition(node)


def test_empty_logic() -> None:
    assert RENDERER.condition(TRUE).text == "TRUE"
    assert RENDERER.condition(FALSE).text == "FALSE"
    assert RENDERER.condition(Every((parse_condition("k = 1", HEADING),))).text == '("k" = ?)'
    assert RENDERER.condition(In(Column("k"), ())).text == "FALSE"
    assert RENDERER.condition(KeySet(("k",), ())).text == "FALSE"
    assert RENDERER.condition(KeySet((), ((),))).text == "TRUE"


def test_logic_as_operators() -> None:
    a, b = parse_condition("k = 1", HEADING), parse_condition("k = 2", HEADING)
    assert RENDERER.condition(Binary("AND", a, b)) == RENDERER.condition(Every((a, b)))
    assert RENDERER.condition(Binary("OR", a, b)) == RENDERER.condition(AnyOf((a, b)))
    assert RENDERER.condition(Binary("XOR", a, b)).text == '(("k" = ?) <> ("k" = ?))'


def test_nodes_made_by_hand_need_no_types(database: sqlite3.Connection) -> None:
    path = JsonPath(Column("j"), ("a",))
    assert keys(database, In(path, (Literal(1), Literal(2)))) == []
    assert keys(database, In(Literal(3), (Column("k"), Literal(99)))) == [3]
    assert keys(database, In(Column("p"), (Literal("4"), Literal(5)))) == [4, 5]


def test_wide_logic_is_not_deep(database: sqlite3.Connection) -> None:
    terms = tuple(Binary("=", Column("k"), Literal(i, T("int32"))) for i in range(3, 9_003))
    assert keys(database, AnyOf(terms)) == list(range(3, 20))
    assert keys(database, Unary("NOT", AnyOf(terms))) == [0, 1, 2]
    assert keys(database, Every(tuple(Unary("NOT", term) for term in terms))) == [0, 1, 2]


def test_deep_logic_is_refused() -> None:
    node: Scalar = Column("k")
    for _ in range(5_000):
        node = Unary("NOT", node)
    with pytest.raises(CompileError, match="nested too deeply"):
        RENDERER.condition(node)


def test_untyped_literals_take_the_other_sides_type(database: sqlite3.Connection) -> None:
    assert keys(database, Binary("=", Column("u"), Literal("00000000-0000-0000-0000-000000000003"))) == [3]
    assert keys(database, Binary("=", Literal(4), Column("p"))) == [4]
    assert keys(database, Binary("=", JsonPath(Column("j"), ("a",)), Literal(4))) == []
    assert keys(database, Binary("=", Column("p"), Literal("4.00", T("decimal", (10, 2))))) == [4]


def test_key_sets(database: sqlite3.Connection) -> None:
    def found(names: tuple[str, ...], rows: Any) -> list[int]:
        return keys(database, KeySet(names, tuple(rows)))

    assert found(("k",), [(3,), (4,), (99,)]) == [3, 4]
    assert found(("k", "s"), [(3, "s3"), (4, "s1")]) == [3]
    assert found(("k", "s"), [(i, f"s{i % 4}") for i in range(500)]) == list(range(20))
    assert found(("k", "y", "s"), [(i, i / 2, f"s{i % 4}") for i in range(5, 500)]) == list(range(5, 20))
    assert found(("x", "s"), [(None, "s0"), (1, "s1")]) == [0, 1, 13]
    assert found(("u", "k"), [(uuid.UUID(int=i), i) for i in range(18_000)]) == list(range(20))
    assert found(("s",), [("s1",), ("s2'; --",)]) == [1, 5, 9, 13, 17]


@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 2), st.sampled_from(["s0", "s1", "s2"]), st.integers(0, 19)),
        max_size=80,
    )
)
def test_key_sets_mean_membership(rows: list[tuple[Any, ...]]) -> None:
    connection = sqlite3.connect(":memory:")
    register(connection)
    connection.execute("CREATE TABLE t (k INTEGER, x INTEGER, s TEXT)")
    table = [(i, None if i % 5 == 0 else i % 3, f"s{i % 4}") for i in range(20)]
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", table)
    node = KeySet(("x", "s", "k"), tuple(dict.fromkeys(rows)))
    expected = [k for k, x, s in table if (x, s, k) in set(rows)]
    assert keys(connection, node) == expected
    assert keys(connection, Unary("NOT", node)) == [k for k, _, _ in table if k not in set(expected)]
    connection.close()


def test_a_set_needs_no_more_parameters_than_sqlite_takes() -> None:
    node = KeySet(("k", "s"), tuple((i, "a") for i in range(40_000)))
    assert len(RENDERER.condition(node).params) < 100


def test_raw_sql() -> None:
    assert RENDERER.condition(Raw("k = ? AND s = '?'", (3,))) == ("(k = ? AND s = '?')", (3,), T("bool"))
    with pytest.raises(QueryError, match="0 placeholders for 1"):
        RENDERER.value(Raw("k = 3", (3,)))


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(CompileError, match="no function 'nope'"):
        RENDERER.value(Call("nope", (Column("k"),)))
    with pytest.raises(CompileError, match="neither true nor false"):
        RENDERER.condition(Column("s"))
    with pytest.raises(CompileError, match="cannot be turned into"):
        RENDERER.value(parse_expression("CAST(k AS date)", HEADING))
    with pytest.raises(CompileError, match="no scalar node"):
        RENDERER.value("text")  # type: ignore[arg-type]


def test_exists_is_the_scopes_business() -> None:
    assert RENDERER.condition(Exists(None, ())).text == "EXISTS (SELECT 1)"


def test_order_terms() -> None:
    assert RENDERER.order_term(Column("s"), True).text == '"s" DESC'


def test_limits() -> None:
    dialect = ScalarDialect()
    assert dialect.limit(3, 0) == "LIMIT 3"
    assert dialect.limit(3, 2) == "LIMIT 3 OFFSET 2"
    assert dialect.limit(None, 2) == "LIMIT -1 OFFSET 2"
    assert dialect.limit(None, 0) == ""


def test_fill_repeats_parameters_where_pieces_repeat() -> None:
    piece = Rendered("f(?)", (1,))
    assert fill("{0} + {1} + {0}", piece, Rendered("?", (2,))) == ("f(?) + ? + f(?)", (1, 2, 1), None)


@given(st.text(alphabet="ab%_\\[]*?!|", max_size=12), st.text(alphabet="ab%_\\[]*?!|", max_size=12))
def test_patterns_mean_the_same_in_every_print(pattern: str, value: str) -> None:
    try:
        parts = read_pattern(pattern, "!")
    except QueryError:
        assert pattern.replace("!!", "").endswith("!")
        return
    connection = sqlite3.connect(":memory:")
    register(connection)
    connection.execute("PRAGMA case_sensitive_like = ON")
    found = connection.execute(
        "SELECT ? GLOB ?, ? LIKE ? ESCAPE '|', ? LIKE ? ESCAPE '!', fascicle_like(?, ?, '!', 0)",
        (value, to_glob(parts), value, to_like(parts, "|"), value, pattern, pattern, value),
    ).fetchone()
    assert len(set(found)) == 1
    connection.close()
