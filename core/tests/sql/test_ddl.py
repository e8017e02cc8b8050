"""DDL and INSERT text that the dialects share."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fascicle.errors import CompileError, DefinitionError
from fascicle.model import (
    REQUIRED,
    Attribute,
    CodecRef,
    CoreType,
    CurrentTimestamp,
    ForeignKey,
    Index,
    TableName,
    TableSpec,
)
from fascicle.sql.changes import difference
from fascicle.sql.comments import read_comment, write_comment
from fascicle.sql.ddl import CommonStatements, all_indexes, checked_expression, checked_native, enum_schema
from fascicle.sql.statement import Sql


class Standard(CommonStatements):
    """Nothing but what all share; types are written as definitions do."""

    def core_type(self, type_: CoreType, schema: str) -> str:
        return f"{schema}.enum" if type_.name == "enum" else str(type_)


DIALECT = Standard()
INT = CoreType("int32")
PARENT = TableName("lab", "#parent")


def column(name: str, type_: CoreType = INT, **properties: Any) -> Attribute:
    return Attribute(name, type_, **properties)


def spec(*attributes: Attribute, **parts: Any) -> TableSpec:
    return TableSpec(
        TableName("lab", "t"), (column("id", in_key=True, lineage="lab.t.id"), *attributes), **parts
    )


def test_create_table() -> None:
    table = spec(
        column("a", CoreType("varchar", (5,)), default="50%'s"),
        column("p", nullable=True, lineage="lab.#parent.p"),
        column("_hidden", in_key=True, default=True),
        foreign_keys=(ForeignKey(PARENT, (("p", "q"),), nullable=True),),
    )
    create, lineage, clear, fill = DIALECT.create_table(table)
    assert create.text == (
        'CREATE TABLE IF NOT EXISTS "lab"."t" (\n'
        '  "id" int32 NOT NULL,\n'
        "  \"a\" varchar(5) NOT NULL DEFAULT '50%%''s',\n"
        '  "p" int32 DEFAULT NULL,\n'
        "  \"_hidden\" int32 NOT NULL DEFAULT '1',\n"
        '  PRIMARY KEY ("id", "_hidden"),\n'
        '  FOREIGN KEY ("p") REFERENCES "lab"."#parent" ("q") ON UPDATE CASCADE ON DELETE RESTRICT\n)'
    )
    assert lineage.text.startswith('CREATE TABLE IF NOT EXISTS "lab"."~lineage"')
    assert clear == Sql('DELETE FROM "lab"."~lineage" WHERE table_name = %s', ("t",))
    assert fill.params == ("t", "id", "lab.t.id", "t", "p", "lab.#parent.p")


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        (column("a"), ""),
        (column("a", nullable=True), "DEFAULT NULL"),
        (column("a", default=-1), "DEFAULT '-1'"),
        (column("a", default=False), "DEFAULT '0'"),
        (column("a", default=Decimal("1.50")), "DEFAULT '1.50'"),
        (column("a", default=date(2026, 1, 2)), "DEFAULT '2026-01-02'"),
        (column("a", CoreType("datetime", (3,)), default=CurrentTimestamp()), "DEFAULT CURRENT_TIMESTAMP(3)"),
        (column("a", CoreType("datetime"), default=CurrentTimestamp(6)), "DEFAULT CURRENT_TIMESTAMP"),
    ],
)
def test_defaults(attribute: Attribute, text: str) -> None:
    assert " ".join(DIALECT.default(attribute)) == text


def test_reported_types_go_first() -> None:
    assert DIALECT.column_type(column("a", native="int(11) unsigned")) == "int(11) unsigned"
    assert DIALECT.column_type(column("a", CoreType("native", ("set('a','b')",)))) == "set('a','b')"
    codec = column("a", CoreType("bytes"), codec=CodecRef("blob"), native="blob")
    assert DIALECT.column_type(codec) == "bytes"


@pytest.mark.parametrize(
    "text", ["int; DROP TABLE x", "int) , b int", "int -- x", "int COMMENT 'x'", "(int)", ""]
)
def test_native_types_are_only_types(text: str) -> None:
    with pytest.raises(DefinitionError):
        checked_native(text)


@pytest.mark.parametrize(
    "text", ["a) , (b", "(a), (b)", "(a; b)", "(a -- b)", "(a /* b */)", "(a", "('a)", "(a))"]
)
def test_expressions_stay_in_their_parentheses(text: str) -> None:
    with pytest.raises(DefinitionError):
        checked_expression(text, spec())


def test_index_terms() -> None:
    table = spec(column("a"))
    assert DIALECT.index_term("a", table) == '"a"'
    assert DIALECT.index_term("(lower(a) || ')')", table) == "(lower(a) || ')')"
    with pytest.raises(CompileError, match="JSON"):
        DIALECT.index_term("a.b.c:int", table)
    with pytest.raises(DefinitionError, match="no attribute"):
        DIALECT.index_term("b", table)


def test_unique_foreign_keys_ask_for_an_index() -> None:
    keys = (ForeignKey(PARENT, (("p", "p"),), unique=True), ForeignKey(PARENT, (("q", "p"),)))
    assert all_indexes(spec(indexes=(Index(("a",)),), foreign_keys=keys)) == [
        Index(("a",)),
        Index(("p",), unique=True),
    ]


def test_an_inherited_enum_lives_where_it_began() -> None:
    kind = column("k", CoreType("enum", ("a",)), lineage="origin.#parent.k")
    table = spec(kind, foreign_keys=(ForeignKey(PARENT, (("k", "k"),)),))
    assert enum_schema(kind, table) == "origin"
    assert enum_schema(kind.evolve(name="other"), table) == "lab"


def test_insert() -> None:
    table = spec(column("a"), column("b", default=1))
    assert DIALECT.insert(table, ("id", "a"), "error", 2) == (
        'INSERT INTO "lab"."t" ("id", "a") VALUES (%s, %s), (%s, %s)'
    )
    assert DIALECT.insert(table, ("id",), "skip", 1).endswith('VALUES (%s) ON CONFLICT ("id") DO NOTHING')
    assert DIALECT.insert(table, ("id", "a"), "replace", 1).endswith(
        'ON CONFLICT ("id") DO UPDATE SET "a" = EXCLUDED."a", "b" = DEFAULT'
    )
    assert DIALECT.insert(spec(), ("id",), "replace", 1).endswith("DO NOTHING")
    assert DIALECT.insert(table, (), "error", 1) == 'INSERT INTO "lab"."t" DEFAULT VALUES'
    with pytest.raises(CompileError):
        DIALECT.insert(table, (), "error", 2)
    with pytest.raises(CompileError, match="replace"):
        DIALECT.insert(table, ("id",), "upsert", 1)


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 65])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(DefinitionError):
        DIALECT.identifier(name)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=64))
def test_quotes_hold(text: str) -> None:
    name, literal = DIALECT.identifier(text), DIALECT.text_literal(text)
    assert name[1:-1].replace('""', "").count('"') == 0
    assert literal[1:-1].replace("''", "").count("'") == 0
    assert (name[1:-1].replace('""', '"') % (), literal[1:-1].replace("''", "'") % ()) == (text, text)


# comments ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attribute", "inherited", "text"),
    [
        (column("a", comment="x: y"), False, ":int32:x: y"),
        (column("a", comment="x"), True, "x"),
        (column("a", CoreType("uuid")), True, ":uuid:"),
        (column("a", CoreType("enum", ("a:b", "it's"))), False, ":enum('a:b', 'it''s'):"),
        (column("a", CoreType("bytes"), codec=CodecRef("blob", "raw"), comment="x"), False, ":<blob@raw>:x"),
        (column("a", CoreType("time"), comment="x"), False, "x"),
        (column("a", CoreType("native", ("int unsigned",)), comment="x"), False, "x"),
    ],
)
def test_comments_keep_the_type(attribute: Attribute, inherited: bool, text: str) -> None:
    assert write_comment(attribute, inherited=inherited) == text
    marker, comment = read_comment(text)
    if text.startswith(":"):
        assert marker == attribute.declared
    assert comment == attribute.comment


def test_comments_without_a_type() -> None:
    assert read_comment(None) == (None, "")
    assert read_comment("plain: text") == (None, "plain: text")
    assert read_comment(":<blob>:two\nlines: here") == ("<blob>", "two\nlines: here")


# changes ----------------------------------------------------------------------------------------------------


def test_no_difference() -> None:
    table = spec(column("a"))
    other = table.evolve(
        attributes=tuple(a.evolve(native="int(11)", collation="x") for a in table.attributes)
    )
    assert not difference(table, other)


def test_differences() -> None:
    old = spec(
        column("gone"),
        column("old_name", comment="c"),
        column("kept"),
        column("typed"),
        column("_job_version", default=""),
        indexes=(Index(("old_name",), name="i"), Index(("gone",), name="j")),
        comment="before",
    )
    new = spec(
        column("first"),
        column("new_name", comment="{old_name} c"),
        column("kept"),
        column("typed", CoreType("int64"), nullable=True, default=None),
        indexes=(Index(("new_name",)), Index(("first",), unique=True)),
        comment="after",
    )
    changes = difference(old, new)
    assert [a.name for a in changes.dropped] == ["gone"]
    assert changes.renamed == (("old_name", "new_name"),)
    assert [(a.name, b.comment) for a, b in changes.changed] == [("new_name", "{old_name} c"), ("typed", "")]
    assert [(a.name, before) for a, before in changes.added] == [("first", "id")]
    assert [i.name for i in changes.indexes_dropped] == ["j"]
    assert changes.indexes_added == (Index(("first",), unique=True),)
    assert changes.comment == "after"


def test_keys_cannot_be_altered() -> None:
    with pytest.raises(DefinitionError, match="primary key"):
        difference(spec(), spec(column("b", in_key=True)))
    with pytest.raises(DefinitionError, match="foreign keys"):
        difference(spec(column("p")), spec(column("p"), foreign_keys=(ForeignKey(PARENT, (("p", "p"),)),)))
    with pytest.raises(DefinitionError, match="old name"):
        difference(spec(column("a")), spec(column("b", comment="{a}"), column("c", comment="{a}")))


def test_required_is_no_default() -> None:
    assert list(DIALECT.default(column("a", default=REQUIRED))) == []
