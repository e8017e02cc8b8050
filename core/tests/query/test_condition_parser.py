"""Restriction text: what each form means as nodes."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from fascicle.model import Attribute, CoreType, Heading
from fascicle.query.families import BOOL, DATE, FLOAT64, INT64, JSON, TEXT
from fascicle.query.parser import parse_condition, parse_expression
from fascicle.query.scalar import (
    AnyOf,
    Between,
    Binary,
    Call,
    Case,
    Cast,
    Column,
    Every,
    In,
    IsNull,
    JsonPath,
    Like,
    Literal,
    Scalar,
    Unary,
)

T = CoreType
HEADING = Heading(
    [
        Attribute("k", T("int32"), in_key=True),
        Attribute("x", T("int32")),
        Attribute("y", T("float64")),
        Attribute("day", T("date")),
        Attribute("at", T("datetime", (3,))),
        Attribute("s", T("varchar", (20,))),
        Attribute("species", T("enum", ("mouse", "rat"))),
        Attribute("u", T("uuid")),
        Attribute("p", T("decimal", (10, 2))),
        Attribute("j", T("json")),
        Attribute("ok", T("bool")),
        Attribute("date", T("date")),
        Attribute("f", T("float32")),
    ]
)
X, Y, S = Column("x"), Column("y"), Column("s")


def cond(text: str) -> Scalar:
    return parse_condition(text, HEADING)


def expr(text: str) -> Scalar:
    return parse_expression(text, HEADING)


def int_(value: int) -> Literal:
    return Literal(value, INT64)


@pytest.mark.parametrize(
    ("text", "op"),
    [("x = 3", "="), ("x == 3", "="), ("x <> 3", "!="), ("x != 3", "!="), ("x <=> 3", "<=>"), ("x<=3", "<=")],
)
def test_comparisons(text: str, op: str) -> None:
    assert cond(text) == Binary(op, X, int_(3))


def test_and_binds_tighter_than_xor_and_xor_than_or() -> None:
    a, b, c = (Binary("=", X, int_(i)) for i in (1, 2, 3))
    assert cond("x=1 OR x=2 AND x=3") == AnyOf((a, Every((b, c))))
    assert cond("x=1 XOR x=2 AND x=3") == Binary("XOR", a, Every((b, c)))
    assert cond("x=1 OR x=2 XOR x=3") == AnyOf((a, Binary("XOR", b, c)))
    assert cond("(x=1 OR x=2) AND x=3") == Every((AnyOf((a, b)), c))
    assert cond("x=1 and x=2 && x=3") == Every((a, b, c))


def test_not_binds_looser_than_comparison_and_the_mark_tighter() -> None:
    assert cond("NOT x = 1") == Unary("NOT", Binary("=", X, int_(1)))
    assert cond("NOT x = 1 AND ok") == Every((Unary("NOT", Binary("=", X, int_(1))), Column("ok")))
    assert cond("!ok AND ok") == Every((Unary("NOT", Column("ok")), Column("ok")))


def test_arithmetic_is_left_associative_by_rank() -> None:
    one = Literal(1)
    assert expr("x - 1 - 1") == Binary("-", Binary("-", X, one), one)
    assert expr("x + y * x") == Binary("+", X, Binary("*", Y, X))
    assert expr("(x + y) * x") == Binary("*", Binary("+", X, Y), X)
    assert expr("x DIV 1 MOD 1") == Binary("%", Binary("//", X, one), one)
    assert expr("-x * y") == Binary("*", Unary("-", X), Y)
    assert expr("x | 1 & 1 << 1 + 1") == Binary(
        "|", X, Binary("&", one, Binary("<<", one, Binary("+", one, one)))
    )


def test_bars_join_texts() -> None:
    assert expr("s || 'a' || x") == Binary("||", Binary("||", S, Literal("a")), X)
    assert expr("s || x + 1") == Binary("||", S, Binary("+", X, Literal(1)))


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("day = '2026-01-02'", Literal(dt.date(2026, 1, 2), DATE)),
        ("at = '2026-01-02'", Literal(dt.datetime(2026, 1, 2), T("datetime", (3,)))),
        (
            "at = '2026-01-02 03:04:05.5'",
            Literal(dt.datetime(2026, 1, 2, 3, 4, 5, 500_000), T("datetime", (3,))),
        ),
        (
            "at = '2026-01-02 03:04:05.50001'",
            Literal(dt.datetime(2026, 1, 2, 3, 4, 5, 500_010), T("datetime", (6,))),
        ),
        ("day = '2026-01-02 03:04:05'", Literal(dt.datetime(2026, 1, 2, 3, 4, 5), T("datetime"))),
        ("u = '00000000-0000-0000-0000-000000000001'", Literal(uuid.UUID(int=1), T("uuid"))),
        ("p = 1.5", Literal(Decimal("1.5"), T("decimal", (10, 2)))),
        ("p = 1.555", Literal(Decimal("1.555"), T("decimal", (4, 3)))),
        ("ok = 1", Literal(True, BOOL)),
        ("x = '3'", Literal(3, INT64)),
        ("x = 2.5", Literal(2.5, FLOAT64)),
        ("x = TRUE", Literal(1, INT64)),
        ("s = 5", Literal("5", T("varchar", (20,)))),
        ('s = "quoted"', Literal("quoted", T("varchar", (20,)))),
        ("s = 'it''s'", Literal("it's", T("varchar", (20,)))),
        ("s = 'a\\n'", Literal("a\\n", T("varchar", (20,)))),
        ("species = 'mouse'", Literal("mouse", T("enum", ("mouse", "rat")))),
        ("f = 0.1", Literal(0.10000000149011612, T("float32"))),
        ("y = -1", Literal(-1.0, FLOAT64)),
        ("x = - 1", Literal(-1, INT64)),
    ],
)
def test_literals_take_the_type_of_the_attribute(text: str, literal: Literal) -> None:
    node = cond(text)
    assert isinstance(node, Binary)
    assert node.right == literal
    assert type(node.right.value) is type(literal.value)  # type: ignore[attr-defined]


def test_literals_on_the_left_too() -> None:
    assert cond("'2026-01-02' <= day") == Binary("<=", Literal(dt.date(2026, 1, 2), DATE), Column("day"))


def test_double_quotes_name_an_attribute_if_there_is_one() -> None:
    assert cond('"s" = "t"') == Binary("=", S, Literal("t", T("varchar", (20,))))
    assert cond("`s` = 't'") == cond('"s" = "t"')


def test_names_that_are_also_words() -> None:
    assert cond("date > DATE '2026-01-02'") == Binary(">", Column("date"), Literal(dt.date(2026, 1, 2), DATE))
    assert expr("date(at)") == Call("date", (Column("at"),))


def test_predicates() -> None:
    assert cond("x IN (1, 2)") == In(X, (int_(1), int_(2)))
    assert cond("x NOT IN (1)") == In(X, (int_(1),), True)
    assert cond("x BETWEEN 1 AND 2 AND ok") == Every((Between(X, int_(1), int_(2)), Column("ok")))
    assert cond("x NOT BETWEEN 1 AND 2") == Between(X, int_(1), int_(2), True)
    assert cond("s LIKE 'a%'") == Like(S, Literal("a%"))
    assert cond("s NOT ILIKE 'a%' ESCAPE '!'") == Like(S, Literal("a%"), True, True, False, "!")
    assert cond("s REGEXP '^a'") == cond("s rlike '^a'") == Like(S, Literal("^a"), regexp=True)
    assert cond("x IS NULL") == IsNull(X)
    assert cond("x is not null") == IsNull(X, True)
    assert cond("ok IS TRUE") == Every((Column("ok"), IsNull(Column("ok"), True)))
    assert cond("x IS DISTINCT FROM 3") == Unary("NOT", Binary("<=>", X, int_(3)))


def test_case_and_cast() -> None:
    assert expr("CASE WHEN x > 1 THEN 'a' ELSE 'b' END") == Case(
        ((Binary(">", X, int_(1)), Literal("a")),), Literal("b")
    )
    assert expr("CASE x WHEN '1' THEN 2 END") == Case(((int_(1), Literal(2)),), None, X)
    assert expr("CAST(x AS decimal(8,3))") == Cast(X, T("decimal", (8, 3)))
    assert expr("CAST(x AS double precision)") == expr("x::float64") == Cast(X, FLOAT64)
    assert expr("CAST(x AS unsigned integer)") == Cast(X, INT64)
    assert expr("CAST('2026-01-02' AS date)") == Literal(dt.date(2026, 1, 2), DATE)


@pytest.mark.parametrize(
    ("text", "steps", "type_"),
    [
        ("j.a", ("a",), None),
        ("j.a[0].b", ("a", 0, "b"), None),
        ('j."odd key"', ("odd key",), None),
        ("j[3]", (3,), None),
        ("j.a:int", ("a",), T("int32")),
        ("j.a:decimal(10,2)", ("a",), T("decimal", (10, 2))),
        ("j.a:varchar(20)", ("a",), T("varchar", (20,))),
        ("j->'$.a[1]'", ("a", 1), JSON),
        ("j->>'$.\"b c\"'", ("b c",), None),
        ("j->>'key'", ("key",), None),
        ("j->'$.a'->>'$.b'", ("a", "b"), None),
        ("json_extract(j, '$.a')", ("a",), JSON),
        ("json_value(j, '$.a' RETURNING float)", ("a",), FLOAT64),
    ],
)
def test_json_paths(text: str, steps: tuple[str | int, ...], type_: CoreType | None) -> None:
    assert expr(text) == JsonPath(Column("j"), steps, type_)


def test_a_path_is_read_as_what_it_is_compared_with() -> None:
    def read(text: str) -> CoreType | None:
        return cond(text).left.type  # type: ignore[attr-defined,no-any-return]

    assert read("j.a = 'x'") == TEXT
    assert read("j.a > 3") == FLOAT64
    assert read("j.a = TRUE") == BOOL
    assert read("j.a = day") == DATE
    assert cond("j.a") == JsonPath(Column("j"), ("a",), BOOL)
    assert expr("j.a * 2") == Binary("*", JsonPath(Column("j"), ("a",), FLOAT64), Literal(2))


def test_calls() -> None:
    assert expr("count(*)") == Call("count", (), star=True)
    assert expr("count(DISTINCT x, s)") == Call("count", (X, S), distinct=True)
    assert expr("substr(s, 2)") == Call("substring", (S, Literal(2)))
    assert expr("group_concat(s ORDER BY x DESC, k SEPARATOR '; ')") == Call(
        "group_concat", (S,), order_by=((X, True), (Column("k"), False)), separator="; "
    )
    assert expr("string_agg(s, '/')") == Call("group_concat", (S,), separator="/")
    assert expr("ifnull(x, 0)") == Call("coalesce", (X, int_(0)))
    assert expr("current_timestamp") == expr("NOW()") == Call("now", ())
    assert expr("position('a' IN s)") == Call("locate", (Literal("a"), S))
    assert expr("extract(year FROM day)") == Call("year", (Column("day"),))
    assert expr("if(x > 1, 1, 2)") == Call("if", (Binary(">", X, int_(1)), Literal(1), Literal(2)))


def test_two_literals_agree_on_a_type() -> None:
    day = Literal(dt.date(2026, 1, 2), DATE)
    assert cond("'2026-01-02' = DATE '2026-01-02'") == Binary("=", day, day)
    assert cond("DATE '2026-01-02' = '2026-01-02'") == Binary("=", day, day)
    assert cond("at > DATE '2026-01-02'") == Binary(">", Column("at"), day)
    assert cond("1 = 1.5") == Binary("=", Literal(1), Literal(1.5))


def test_texts_where_a_moment_is_wanted() -> None:
    assert expr("hour('10:11:12')") == Call("hour", (Literal(dt.time(10, 11, 12), T("time")),))
    assert expr("year('2026-01-02')") == Call("year", (Literal(dt.date(2026, 1, 2), DATE),))
    assert expr("1.5 * p") == Binary("*", Literal(Decimal("1.5")), Column("p"))
    assert expr("j->3") == JsonPath(Column("j"), (3,), JSON)
    assert expr("sum(ALL x)") == Call("sum", (X,))
    assert expr("CAST('soon' AS date)") == Cast(Literal("soon"), DATE)


def test_types_of_one_database_are_left_to_it() -> None:
    heading = Heading([Attribute("place", T("native", ("timestamptz",)))])
    assert parse_condition("place > '2026-01-02'", heading) == Binary(
        ">", Column("place"), Literal("2026-01-02", T("native", ("timestamptz",)))
    )
    assert parse_condition("place + 1 > 2", heading) == Binary(
        ">", Binary("+", Column("place"), Literal(1)), Literal(2, INT64)
    )


def test_intervals() -> None:
    three = Call("date_add", (Column("day"), Literal(3), Literal("day")))
    for text in (
        "day + INTERVAL 3 DAY",
        "date_add(day, INTERVAL 3 DAY)",
        "day + interval '3' days",
        "day + INTERVAL '3 days'",
    ):
        node = expr(text)
        assert isinstance(node, Call)
        assert (node.name, node.args[0], node.args[1].value) == ("date_add", Column("day"), 3)  # type: ignore[attr-defined]
    assert expr("day - INTERVAL x WEEK") == Call("date_add", (Column("day"), Unary("-", X), Literal("week")))
    assert expr("day - INTERVAL 1 MONTH") == Call("date_add", (Column("day"), Literal(-1), Literal("month")))
    assert three == expr("day + INTERVAL 3 DAY")
    assert expr("timestampdiff(HOUR, day, at)") == Call(
        "timestampdiff", (Literal("hour"), Column("day"), Column("at"))
    )


def test_thousands_of_alternatives_are_one_node() -> None:
    node = cond(" OR ".join(f"x = {i}" for i in range(5_000)))
    assert isinstance(node, AnyOf)
    assert len(node.terms) == 5_000


def test_same_text_same_node() -> None:
    text = "x > 3 AND j.a:int IN (1, 2) OR s LIKE 'a%'"
    assert cond(text) == cond(text)
    assert hash(cond(text)) == hash(cond(text))
