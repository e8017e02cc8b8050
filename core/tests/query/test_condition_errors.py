"""What is wrong with restriction text is said with a caret and what to try."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fascicle.errors import QueryError, QuerySyntaxError, UnknownAttributeError
from fascicle.model import Attribute, CoreType, Heading
from fascicle.query.parser import parse_condition, parse_expression

T = CoreType
HEADING = Heading(
    [
        Attribute("subject_id", T("int32"), in_key=True),
        Attribute("session_date", T("date")),
        Attribute("note", T("varchar", (20,)), nullable=True),
        Attribute("x", T("int32")),
        Attribute("u", T("uuid")),
        Attribute("j", T("json")),
        Attribute("ok", T("bool")),
    ]
)

SYNTAX = [
    # text, where the caret stands, a part of what is said, a part of what to try
    ("", 0, "the text is empty", None),
    ("x =", 3, "ends too early; expected a value", None),
    ("x = = 3", 4, "'=' cannot stand here", None),
    ("(x = 1", 6, "expected an operator or )", None),
    ("x = 1)", 5, "')' cannot stand here; expected an operator or the end", None),
    ("x = 1 y = 2", 6, "'y' cannot stand here", None),
    ("note = 'abc", 7, "the quote ' is not closed", "write the quote twice"),
    ("note = 'it\\'s'", 13, "the quote ' is not closed", "a backslash is a plain character"),
    ("x = ?", 4, "'?' has no meaning here", "restrict by a dict"),
    ("x = 1; DROP TABLE t", 5, "';' has no meaning here", "not a statement"),
    ("x = 3abc", 5, "a number runs into a letter", None),
    ("note = \u2018a\u2019", 7, "has no meaning here", "straight quotes"),
    ("1 < x < 3", 6, "comparisons do not chain", "BETWEEN"),
    ("x = NULL", 2, "never true", "IS NULL"),
    ("x != NULL", 2, "never true", "IS NOT NULL"),
    ("x ^ 2", 2, "means different things", "power(x, y)"),
    ("x = 1 || x = 2", 11, "|| joins texts here", "write OR"),
    ("x IN 3", 5, "expected ( and a list", None),
    ("x IN (SELECT 1)", 6, "a query inside text", "A & B"),
    ("x NOT 3", 6, "expected IN, LIKE", None),
    ("x IS 3", 5, "expected NULL, NOT NULL", None),
    ("x BETWEEN 1 OR 2", 12, "expected AND", None),
    ("CASE x END = 3", 7, "expected WHEN", None),
    ("CASE WHEN x = 1 THEN 2", 22, "expected WHEN, ELSE or END", None),
    ("CAST(x int)", 7, "expected AS and a type", None),
    ("CAST(x AS 3)", 10, "expected a type", None),
    ("foo(x) = 1", 0, "there is no function 'foo'", None),
    ("flor(x) = 1", 0, "there is no function 'flor'", "floor()"),
    ("st_distance(x) = 1", 0, "there is no function", "fc.SQL"),
    ("note(x) = 1", 0, "there is no function", "without brackets"),
    ("substring(note) = ''", 0, "takes 2 to 3 arguments, not 1", "substring(text, int, int)"),
    ("coalesce(note) = ''", 0, "takes at least 2 arguments, not 1", None),
    ("j.a.* = 3", 4, "expected a key", None),
    ("j->'$.a[*]' = 3", 7, "no path into JSON", "wildcards"),
    ("j[x] = 3", 2, "expected a whole number", None),
    ("session_date + INTERVAL 3 FORTNIGHT", 26, "expected a unit", None),
    ("session_date + INTERVAL 1.5 MONTH", 13, "no fixed length", None),
    ("x LIKE 3", 7, "a pattern is text", None),
    ("note LIKE 'a' ESCAPE 'ab'", 21, "one character", None),
    ("note REGEXP '('", 12, "not well formed", None),
    ("DATE '2026-02-30' = session_date", 5, "is no date", None),
    ("count(count(x))", 0, "cannot stand inside another", None),
    ("row_number() OVER (x)", 0, "there is no function", None),
    ("log(2, x) = 3", 0, "log takes one argument", "ln(x) / ln(base)"),
    ("SELECT 1", 0, "'SELECT' cannot stand here", "A & B"),
]


@pytest.mark.parametrize(("text", "position", "what", "advice"), SYNTAX)
def test_syntax_errors_point_and_advise(text: str, position: int, what: str, advice: str | None) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_expression(text, HEADING)
    error = caught.value
    assert what in error.what
    lines = error.what.splitlines()
    assert lines[-1].index("^") - 4 == position == error.details["position"]
    assert lines[-2][4:] == text
    assert advice is None or advice in (error.try_ or "")


def test_an_unknown_attribute_names_the_nearest() -> None:
    with pytest.raises(UnknownAttributeError) as caught:
        parse_condition("sesion_date > '2026-01-01' AND x = 1", HEADING)
    assert "'session_date'" in (caught.value.try_ or "")
    assert caught.value.details["position"] == 0
    with pytest.raises(KeyError):
        parse_condition("nope = 1", HEADING)


def test_a_forgotten_quote_is_guessed() -> None:
    with pytest.raises(UnknownAttributeError, match="'mouse'") as caught:
        parse_condition("note = mouse", HEADING)
    assert "put it in quotes" in (caught.value.try_ or "")


def test_a_qualified_name_is_guessed() -> None:
    with pytest.raises(UnknownAttributeError) as caught:
        parse_condition("session.session_date > '2026-01-01'", HEADING)
    assert "without their table" in (caught.value.try_ or "")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x = 'abc'", "'abc' is no int32"),
        ("session_date = '2026-13-01'", "is no date"),
        ("session_date = 'yesterday'", "is no date"),
        ("session_date = 3", "3 is no date"),
        ("u = 'abc'", "is no uuid"),
        ("ok = 2", "2 is no bool"),
        ("x = 1e999", "infinity"),
        ("note", "neither true nor false"),
        ("session_date AND ok", "neither true nor false"),
        ("note + 1 = 2", r"varchar\(20\) \+ int64 is not defined"),
        ("session_date - session_date = 2", "is not defined"),
        ("note = x", "do not compare"),
        ("x IN (1, 'a')", "'a' is no int32"),
        ("j = 'a'", "no portable comparison"),
        ("note.a = 3", "has nothing inside"),
        ("sqrt(note) = 3", "is varchar, not float"),
        ("year(x) = 3", "is int32, not moment"),
        ("CAST(x AS blurb) = 3", "there is no type 'blurb'"),
        ("CAST(x AS decimal(5,9)) = 3", "is no type"),
        ("CASE WHEN ok THEN 1 ELSE 'a' END = 3", "do not compare"),
        ("count(*) > 3", "counts or sums over rows"),
    ],
)
def test_values_that_do_not_fit(text: str, what: str) -> None:
    with pytest.raises(QueryError, match=what):
        parse_condition(text, HEADING)


def test_nesting_and_chains_end_before_python_does() -> None:
    for text in (
        "(" * 3_000 + "x" + ")" * 3_000,
        "NOT " * 3_000 + "ok",
        " + ".join(["x"] * 3_000),
        "-" * 3_000 + "x",
    ):
        with pytest.raises(QuerySyntaxError, match=r"too deeply|too long a chain"):
            parse_expression(text, HEADING)


def test_long_text_is_shown_around_the_caret() -> None:
    text = " OR ".join(f"x = {i}" for i in range(500)) + " OR y = 1"
    with pytest.raises(UnknownAttributeError) as caught:
        parse_condition(text, HEADING)
    shown = caught.value.what.splitlines()[1]
    assert len(shown) < 140
    assert shown.strip().startswith("...")


WORDS = [
    *"x note session_date u j ok nope ( ) , + - * / // % = != < > <= <=> || & | ~ . [ ] : :: -> ->> !".split(),
    *"AND OR NOT XOR IN LIKE BETWEEN IS NULL TRUE CASE WHEN THEN ELSE END CAST AS INTERVAL DAY DISTINCT".split(),
    *"count( sum( coalesce( substring( date_add( if( group_concat( int varchar( 3 2.5 'a' '2026-01-01' '$.a'".split(),
]


@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=40))
def test_any_text_parses_or_raises_an_error_of_ours(text: str) -> None:
    with contextlib.suppress(QueryError):
        parse_condition(text, HEADING)
