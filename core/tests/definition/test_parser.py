"""Reading definitions: what is accepted, and where errors point."""

from __future__ import annotations

import pytest

from fascicle.definition import AttributeItem, ForeignKeyItem, IndexItem, parse
from fascicle.errors import DefinitionError
from fascicle.model import CodecRef, CoreType


def test_items_of_every_kind_are_read_in_order():
    definition = parse("""
    # Recording sessions
    -> lab.Subject
    session_date : date          # day of the session
    ---
    -> [nullable, unique] Rig.proj(used_rig='rig')   # ignored
    notes = ''   : varchar(1000)
    raw          : <blob@archive>
    unique index(session_date, params.a[0].b:int32, (lower(notes)))
    """)
    assert definition.comment == "Recording sessions"
    parent, date, rig, notes, raw, index = definition.items
    assert isinstance(parent, ForeignKeyItem)
    assert (parent.parent, parent.in_key, parent.line) == ("lab.Subject", True, 3)
    assert isinstance(date, AttributeItem)
    assert (date.name, date.type, date.comment) == ("session_date", CoreType("date"), "day of the session")
    assert isinstance(rig, ForeignKeyItem)
    assert (rig.parent, rig.renames, rig.nullable, rig.unique) == ("Rig", (("rig", "used_rig"),), True, True)
    assert isinstance(notes, AttributeItem)
    assert notes.default is not None
    assert (notes.default.text, notes.default.quoted, notes.in_key) == ("", True, False)
    assert isinstance(raw, AttributeItem)
    assert raw.type == CodecRef("blob", "archive")
    assert isinstance(index, IndexItem)
    assert [text for text, _ in index.columns] == ["session_date", "params.a[0].b:int32", "(lower(notes))"]
    assert index.unique


def test_only_a_comment_on_the_first_line_is_the_tables():
    assert parse("a : int32\n# later").comment == ""
    assert parse("\n\n  # first\n# second\na : int32").comment == "first"


@pytest.mark.parametrize("divider", ["---", "-----", "___", "---  # secondary", "____"])
def test_dividers(divider):
    items = parse(f"a : int32\n{divider}\nb : int32").items
    assert [item.in_key for item in items] == [True, False]


def test_an_attribute_may_be_called_index():
    assert parse("index : int32").items[0].name == "index"


def test_quotes_protect_colons_hashes_and_arrows():
    (item,) = parse("""x = "a:b # -> 'c'" : varchar(40)  # says: "more" # all of it""").items
    assert item.default.text == "a:b # -> 'c'"
    assert item.comment == 'says: "more" # all of it'


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'it''s'", "it's"),
        (r"'it\'s'", "it's"),
        (r"'a\nb\\c'", "a\nb\\c"),
        ('"say ""x"""', 'say "x"'),
        ("'%s;--'", "%s;--"),
    ],
)
def test_escapes_in_strings(written, value):
    assert parse(f"x = {written} : varchar(40)").items[0].default.text == value


@pytest.mark.parametrize(
    "written", ["2020-01-01 10:20:30.5", "10:20", "2020-01-01T10:20", "2020-01-01", "-1.5e3", "a word"]
)
def test_bare_defaults_may_hold_colons_of_times(written):
    item = parse(f"x = {written} : varchar(40)").items[0]
    assert (item.default.text, item.default.quoted) == (written, False)


ERRORS = [
    ("a int32", 1, 3, "expected ':' between the name and the type; found 'int32'"),
    ("a = 5", 1, 5, "expected ':' and a type after the default"),
    ("a = : int32", 1, 5, "expected a default"),
    ("a : ", 1, 5, "expected a type"),
    ("a : int32 int32", 1, 5, "unexpected 'int32'"),
    ("Abc : int32", 1, 1, "'Abc' cannot name an attribute"),
    ("größe : int32", 1, 1, "'größe' cannot name an attribute"),
    ("a" * 64 + " : int32", 1, 1, "cannot name an attribute"),
    ("a; drop : int32", 1, 2, "expected ':'"),
    ("`a` : int32", 1, 1, "expected an attribute name"),
    ("a : varchar", 1, 5, "varchar needs a length"),
    ("a : varchar(0)", 1, 5, "could hold no character"),
    ("a : varchar(3", 1, 14, "expected ')'"),
    ("a : varchar(x)", 1, 13, "expected a number"),
    ("a : enum()", 1, 10, "expected a number or a quoted value"),
    ("a : enum(1, 2)", 1, 5, "enum needs its values"),
    ("a : int32 not null", 1, 5, "unexpected 'not'"),
    ("a : int32(11)", 1, 5, "int32 takes no arguments"),
    ("a : datetime(9)", 1, 5, "digits after the second"),
    ("a : decimal(3,5)", 1, 5, "out of range"),
    ("a : flaot", 1, 5, "no type 'flaot'"),
    ("a : <blob", 1, 5, "expected a codec"),
    ("a : int32; drop table x", 1, 10, "expected the end of the type"),
    ("a : raw@store", 1, 5, "no type 'raw@store'"),
    ("a : 'x'", 1, 5, "expected a type"),
    ("a = 'x : varchar(3)", 1, 5, "has no closing '"),
    (r"a = 'C:\data' : varchar(30)", 1, 8, r"unknown escape \d"),
    ("a : int32 # :x", 1, 13, "the comment of 'a' starts with ':'"),
    ("# :x\na : int32", 1, 3, "the table's comment starts with ':'"),
    ("a : int32\n---\nb:int32\n---", 4, 1, "a second divider"),
    ("a : int32\n---> B", 2, 4, "expected the end of the line"),
    ("-> ", 1, 4, "expected the name of a table"),
    ("-> A & 'x=1'", 1, 6, "expected the end of the line"),
    ("-> A * B", 1, 6, "expected the end of the line"),
    ("-> [unqiue] A", 1, 5, "unknown option 'unqiue'"),
    ("-> [nullable] A", 1, 5, "cannot be nullable"),
    ("-> [unique A", 1, 12, "expected ']'"),
    ("-> A.proj(b=c)", 1, 13, "expected the old name in quotes"),
    ("-> A.proj(b='c+1')", 1, 13, "is no attribute name"),
    ("-> A.proj(B='c')", 1, 11, "cannot name an attribute"),
    ("-> A.proj(b='c', b='d')", 1, 18, "given twice"),
    ("-> A.proj(b='c'", 1, 16, "expected ')'"),
    ("-> A.proj(b='c').proj(d='b')", 1, 17, "expected the end of the line"),
    ("-> __import__('os').system('x')", 1, 14, "expected the end of the line"),
    ("(new) -> A", 1, 1, "foreign keys start with '->'"),
    ("index(a", 1, 8, "expected ')'"),
    ("index()", 1, 7, "expected an attribute"),
    ("index((lower(a)", 1, 7, "never closed"),
    ("index((a; drop table b))", 1, 7, "more than an expression"),
    ("index((a -- b))", 1, 7, "more than an expression"),
    ("a : int32\0", 1, 10, "NUL"),
    ("", 1, 1, "the definition is empty"),
    ("---", 1, 1, "the definition is empty"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), ERRORS)
def test_errors_say_where_and_what_was_expected(text, line, column, message):
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    error = caught.value
    assert message in error.what
    assert (error.details["line"], error.details["column"]) == (line, column)
    shown = error.what.splitlines()
    assert shown[-1].index("^") == 4 + column - 1
    assert shown[-2] == f"    {text.splitlines()[line - 1] if text else ''}"


def test_the_caret_stands_under_its_character_after_tabs():
    with pytest.raises(DefinitionError) as caught:
        parse("\tA\t: int32")
    _, shown, caret = caught.value.what.splitlines()
    assert (shown, caret) == ("    \tA\t: int32", "    \t^")


def test_messages_name_the_table():
    with pytest.raises(DefinitionError, match=r"^lab\.thing, line 1, column 3: "):
        parse("a int32", "lab.thing")


def test_windows_line_ends_are_line_ends():
    assert [i.name for i in parse("a : int32\r\n---\r\nb : int8 # x\r\n").items] == ["a", "b"]


def test_other_separators_of_unicode_stay_in_comments():
    assert parse("a : int32 # one\u2028two\x0bthree").items[0].comment == "one\u2028two\x0bthree"
