"""Altering tables with rows: every value is kept as it is, or nothing changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import fascicle as fc

DEFINITION = """
id : int32
---
number : int32
text = null : varchar(10)
word = 'x' : varchar(10)   # of note
ratio = 1.5 : float64
kind = 'one' : enum('one', 'two')
day = null : date
flag = true : bool
cost = 0.125 : decimal(6,3)
moment = null : datetime(6)
index(number)
"""
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "number": 5,
        "text": "bb",
        "kind": "two",
        "day": "2020-01-01",
        "moment": "2020-01-01 10:00:00.25",
    },
    {"id": 2, "number": 300, "ratio": 2.5},
    {"id": 3, "number": -7, "text": "123", "word": "too long"},
]


def declare(schema: fc.Schema, name: str, definition: str) -> Any:
    cls = type(name, (fc.Manual,), {"definition": definition})
    return schema(cls)


@pytest.fixture
def table(schema: fc.Schema) -> Any:
    cls = declare(schema, "Thing", DEFINITION)
    cls.insert(ROWS)
    return cls


@pytest.fixture
def altered(schema: fc.Schema, table: Any) -> Any:
    """Return the class with part of its definition replaced; not altered yet."""

    def make(old: str, new: str) -> Any:
        assert old in DEFINITION
        with pytest.warns(fc.DriftWarning):
            return declare(schema, "Thing", DEFINITION.replace(old, new))

    return make


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("number : int32", "number : int8"),
        ("number : int32", "number : bool"),
        ("number : int32", "number : varchar(2)"),
        ("word = 'x' : varchar(10)", "word = 'x' : varchar(3)"),
        ("text = null : varchar(10)", "text = null : int32"),
        ("text = null : varchar(10)", "text : varchar(10)"),
        ("text = null : varchar(10)", "text = 'z' : varchar(10)"),
        ("ratio = 1.5 : float64", "ratio = 1 : int32"),
        ("ratio = 1.5 : float64", "ratio = true : bool"),
        ("ratio = 1.5 : float64", "ratio = 1 : decimal(4,0)"),
        ("ratio = 1.5 : float64", "ratio = '' : varchar(40)"),
        ("kind = 'one' : enum('one', 'two')", "kind = 'one' : enum('one')"),
        ("cost = 0.125 : decimal(6,3)", "cost = 0.12 : decimal(6,2)"),
        ("moment = null : datetime(6)", "moment = null : datetime"),
        ("moment = null : datetime(6)", "moment = null : date"),
        ("number : int32", "number : int32\nmore : int32"),
        ("number : int32", "number : int32\nmore : datetime"),
    ],
)
def test_what_does_not_fit_is_refused(table: Any, altered: Any, old: str, new: str) -> None:
    before, declared = table.to_dicts(order_by="id"), table.describe()
    with pytest.raises(fc.ValidationError, match="cannot be altered"):
        altered(old, new).alter(prompt=False)
    assert table.to_dicts(order_by="id") == before
    again = fc.VirtualModule("again", table.database, connection=table().connection)
    assert again.Thing.describe() == declared


@pytest.mark.parametrize(
    ("old", "new", "name", "values"),
    [
        ("number : int32", "number : int64", "number", [5, 300, -7]),
        ("number : int32", "number : float64", "number", [5.0, 300.0, -7.0]),
        ("number : int32", "number : varchar(3)", "number", ["5", "300", "-7"]),
        (
            "ratio = 1.5 : float64",
            "ratio = 1.5 : decimal(4,1)",
            "ratio",
            [Decimal(x) for x in ("1.5", "2.5", "1.5")],
        ),
        ("flag = true : bool", "flag = 1 : int8", "flag", [1, 1, 1]),
        ("day = null : date", "day = null : datetime", "day", [dt.datetime(2020, 1, 1), None, None]),
        ("kind = 'one' : enum('one', 'two')", "kind = 'one' : varchar(3)", "kind", ["two", "one", "one"]),
        (
            "word = 'x' : varchar(10)",
            "word = 'y' : enum('x', 'y', 'too long')",
            "word",
            ["x", "x", "too long"],
        ),
        ("cost = 0.125 : decimal(6,3)", "cost = 0.125 : float64", "cost", [0.125] * 3),
        ("cost = 0.125 : decimal(6,3)", "cost = 0.125 : decimal(8,4)", "cost", [Decimal("0.1250")] * 3),
        ("number : int32", "number : int32\nmore = 'it''s' : varchar(9)", "more", ["it's"] * 3),
        (
            "text = null : varchar(10)",
            "other = null : varchar(12) # {text} renamed",
            "other",
            ["bb", None, "123"],
        ),
    ],
)
def test_what_fits_is_kept(
    table: Any, altered: Any, old: str, new: str, name: str, values: list[Any]
) -> None:
    changed = altered(old, new)
    changed.alter(prompt=False)
    assert changed.drift() == []
    assert list(changed.to_arrays(name, order_by="id")) == values
    again = fc.VirtualModule("again", table.database, connection=table().connection)
    assert list(again.Thing.to_arrays(name, order_by="id")) == values


def test_the_range_of_a_narrowed_integer_is_kept_by_the_database(
    table: Any, altered: Any, db: fc.Connection
) -> None:
    (table & "id = 2").delete_quick()
    changed = altered("number : int32", "number : int8")
    changed.alter(prompt=False)
    with pytest.raises(fc.FascicleError):
        db.query(f"UPDATE {changed().full_table_name} SET number = 1000")
    wide = altered("number : int32", "number : int32  # wide again")
    wide.alter(prompt=False)
    wide.insert1({"id": 4, "number": 1000})


@pytest.mark.parametrize(("old", "new"), [("index(number)\n", ""), ("index(number)", "unique index(number)")])
def test_an_index_declared_a_moment_ago_can_go(table: Any, altered: Any, old: str, new: str) -> None:
    changed = altered(old, new)
    changed.alter(prompt=False)
    again = fc.VirtualModule("again", table.database, connection=table().connection)
    assert again.Thing.describe() == changed.describe()


def test_the_comment_of_a_key_that_others_refer_to(schema: fc.Schema, table: Any, altered: Any) -> None:
    class Child(fc.Manual):
        definition = """
        -> Thing
        n : int32
        """

    schema(Child, context={"Thing": table})
    Child.insert1((1, 2))
    changed = altered("id : int32", "id : int32  # number on the tag")
    assert len(changed.alter(prompt=False)) == 1
    again = fc.VirtualModule("again", table.database, connection=table().connection)
    assert again.Thing.heading["id"].comment == "number on the tag"
    with pytest.raises(fc.MissingParentError):
        Child.insert1((77, 2))


def test_rows_given_as_sequences_follow_the_class(altered: Any) -> None:
    changed = altered("number : int32", "number : int32\nmore = 0 : int32")
    changed.alter(prompt=False)
    values = (9, 1, 2, "t", "w", 0.5, "one", None, False, 0, None)
    changed.insert1(values)
    assert (changed & "id = 9").fetch1("number", "more", "text") == (1, 2, "t")
    assert changed.heading.names[:3] == ["id", "number", "more"]


def test_others_altered_the_table_meanwhile(backend: Any, table: Any, altered: Any) -> None:
    changed = altered("index(number)\n", "")
    with backend.connect() as other:
        other.runtime.config["safemode"] = False
        theirs = fc.Schema(table.database, connection=other)
        with pytest.warns(fc.DriftWarning):
            declare(theirs, "Thing", DEFINITION.replace("index(number)\n", "")).alter(prompt=False)
    assert changed.alter(prompt=False) == []
    assert changed.drift() == []
