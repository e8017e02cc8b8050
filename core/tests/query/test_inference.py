"""What expressions yield: type, NULL, aggregation."""

from __future__ import annotations

import pytest

from fascicle.errors import QueryError
from fascicle.model import Attribute, CodecRef, CoreType, Heading
from fascicle.query.functions import BY_SPELLING, FUNCTIONS, is_aggregate
from fascicle.query.inference import contains_aggregate, infer
from fascicle.query.parser import parse_expression
from fascicle.query.scalar import Call, Column, Literal, Raw

T = CoreType
HEADING = Heading(
    [
        Attribute("x", T("int32"), in_key=True),
        Attribute("n", T("int16"), nullable=True),
        Attribute("y", T("float32")),
        Attribute("p", T("decimal", (8, 2))),
        Attribute("s", T("varchar", (9,))),
        Attribute("e", T("enum", ("a", "b"))),
        Attribute("day", T("date")),
        Attribute("at", T("datetime", (3,))),
        Attribute("ok", T("bool")),
        Attribute("j", T("json")),
        Attribute("blob", T("bytes"), codec=CodecRef("blob")),
    ]
)


@pytest.mark.parametrize(
    ("text", "type_", "nullable"),
    [
        ("x", "int32", False),
        ("x + 1", "int64", False),
        ("n + 1", "int64", True),
        ("x / 2", "float64", False),
        ("x / n", "float64", True),
        ("2 / x", "float64", True),
        ("p * 2", "decimal(27,2)", False),
        ("p * 1.5", "decimal(10,3)", False),
        ("p + y", "float64", False),
        ("x > 3", "bool", False),
        ("n > 3", "bool", True),
        ("n <=> 3", "bool", False),
        ("n IS NULL", "bool", False),
        ("n > 3 AND ok", "bool", True),
        ("s || x", "varchar", False),
        ("lower(s)", "varchar", False),
        ("length(s)", "int64", False),
        ("coalesce(n, 0)", "int64", False),
        ("coalesce(n, n)", "int64", True),
        ("nullif(x, 1)", "int64", True),
        ("greatest(x, y)", "float64", False),
        ("if(n > 1, 1, 2)", "int64", False),
        ("if(ok, n, 2)", "int64", True),
        ("CASE WHEN ok THEN x END", "int64", True),
        ("CASE WHEN ok THEN day ELSE at END", "datetime(3)", False),
        ("round(p, 1)", "decimal(9,1)", False),
        ("round(y)", "float64", False),
        ("round(x)", "int64", False),
        ("floor(p)", "decimal(7,0)", False),
        ("sqrt(x)", "float64", True),
        ("day + INTERVAL 1 DAY", "date", False),
        ("day + INTERVAL 1 HOUR", "datetime", False),
        ("at + INTERVAL 1 HOUR", "datetime(3)", False),
        ("at + INTERVAL 1.5 HOUR", "datetime(6)", False),
        ("date(at)", "date", False),
        ("CAST(s AS date)", "date", True),
        ("CAST(x AS varchar(5))", "varchar(5)", False),
        ("j.a", "varchar", True),
        ("j.a:int", "int32", True),
        ("j->'$.a'", "json", True),
        ("'a'", "varchar", False),
        ("3", "int64", False),
        ("2.5", "float64", False),
        ("NULL", "None", True),
        ("count(*)", "int64", False),
        ("count(n)", "int64", False),
        ("sum(x)", "int64", True),
        ("sum(y)", "float64", True),
        ("sum(p)", "decimal(38,2)", True),
        ("sum(x > 3)", "int64", True),
        ("avg(x)", "float64", True),
        ("min(e)", "varchar", True),
        ("max(day)", "date", True),
        ("group_concat(x)", "varchar", True),
        ("bool_and(ok)", "bool", True),
    ],
)
def test_infer(text: str, type_: str, nullable: bool) -> None:
    found = infer(parse_expression(text, HEADING), HEADING)
    assert (str(found.type), found.nullable) == (type_, nullable)


def test_a_plain_attribute_keeps_its_codec() -> None:
    assert infer(Column("blob"), HEADING).codec == CodecRef("blob")


def test_aggregates_are_seen_at_any_depth() -> None:
    for text in (
        "count(*)",
        "1 + sum(x) / 2",
        "round(avg(n), 1)",
        "CASE WHEN max(x) > 1 THEN 1 END",
        "sum(x) IS NULL",
    ):
        node = parse_expression(text, HEADING)
        assert contains_aggregate(node)
        assert infer(node, HEADING).aggregate
    assert not contains_aggregate(parse_expression("x + length(s)", HEADING))


def test_raw_sql_has_the_type_it_was_given() -> None:
    assert infer(Raw("a", (), T("int64")), HEADING).type == T("int64")
    assert infer(Raw("a"), HEADING).type.name == "native"  # type: ignore[union-attr]


def test_digits_must_be_written_out() -> None:
    with pytest.raises(QueryError, match="written out"):
        parse_expression("round(p, x)", HEADING)
    with pytest.raises(QueryError, match="has no code %q"):
        parse_expression("date_format(at, '%q')", HEADING)
    with pytest.raises(QueryError, match="written out"):
        parse_expression("date_format(at, s)", HEADING)


def test_a_call_of_nothing_known() -> None:
    with pytest.raises(QueryError, match="no function 'nope'"):
        infer(Call("nope", (Literal(1),)), HEADING)


def test_the_catalogue_is_consistent() -> None:
    assert all(f.name == name for name, f in FUNCTIONS.items())
    assert set(FUNCTIONS) <= set(BY_SPELLING)
    assert sum(1 + len(f.aliases) for f in FUNCTIONS.values()) == len(BY_SPELLING)
    assert is_aggregate("count")
    assert not is_aggregate("length")
    assert not is_aggregate("nope")
