"""Types: core types, codecs, legacy spellings with their meaning, SQL types of one database."""

from __future__ import annotations

import warnings

import pytest

from core.tests.definition.tables import declare
from fascicle.definition import LegacyTypeWarning, parse, parse_type, print_type
from fascicle.errors import DefinitionError
from fascicle.model import CodecRef, CoreType, CurrentTimestamp

CORE = {
    "int8": CoreType("int8"),
    "int16": CoreType("int16"),
    "int32": CoreType("int32"),
    "int64": CoreType("int64"),
    "float32": CoreType("float32"),
    "float64": CoreType("float64"),
    "bool": CoreType("bool"),
    "decimal(8,3)": CoreType("decimal", (8, 3)),
    "decimal( 8 , 3 )": CoreType("decimal", (8, 3)),
    "char(4)": CoreType("char", (4,)),
    "char": CoreType("char", (1,)),
    "varchar(32)": CoreType("varchar", (32,)),
    "VARCHAR (32)": CoreType("varchar", (32,)),
    "enum('a', \"b\", 'c''d')": CoreType("enum", ("a", "b", "c'd")),
    "date": CoreType("date"),
    "time": CoreType("time"),
    "time(3)": CoreType("time", (3,)),
    "datetime": CoreType("datetime"),
    "datetime(0)": CoreType("datetime"),
    "datetime(6)": CoreType("datetime", (6,)),
    "json": CoreType("json"),
    "uuid": CoreType("uuid"),
    "bytes": CoreType("bytes"),
    "<blob>": CodecRef("blob"),
    "<blob@>": CodecRef("blob", ""),
    "< blob @ raw-1 >": CodecRef("blob", "raw-1"),
    "<my_adapter>": CodecRef("my_adapter"),
}

LEGACY = {
    "tinyint": "int8",
    "tinyint(1)": "int8",
    "tinyint unsigned": "int16",
    "smallint": "int16",
    "smallint unsigned": "int32",
    "SMALLINT(5) UNSIGNED": "int32",
    "mediumint": "int32",
    "mediumint unsigned": "int32",
    "int": "int32",
    "int(11)": "int32",
    "integer": "int32",
    "int unsigned": "int64",
    "int(10) unsigned zerofill": "int64",
    "bigint": "int64",
    "bigint unsigned": "int64",
    "float": "float32",
    "float(5,2)": "float32",
    "float unsigned": "float32",
    "double": "float64",
    "double precision": "float64",
    "real": "float64",
    "decimal": "decimal(10,0)",
    "decimal(5)": "decimal(5,0)",
    "numeric(6,2)": "decimal(6,2)",
    "decimal(6,2) unsigned": "decimal(6,2)",
    "boolean": "bool",
    "bit": "bool",
    "bit(1)": "bool",
    "character(3)": "char(3)",
    "character varying(30)": "varchar(30)",
    "tinyblob": "<blob>",
    "blob": "<blob>",
    "mediumblob": "<blob>",
    "longblob": "<blob>",
    "blob@raw": "<blob@raw>",
    "binary(16)": "bytes",
    "varbinary(255)": "bytes",
    "timestamp": "datetime",
    "timestamp(3)": "datetime(3)",
    "year": "int16",
    "attach": "<attach>",
    "attach@raw": "<attach@raw>",
    "filepath@raw": "<filepath@raw>",
}


@pytest.mark.parametrize("text", CORE)
def test_core_types_and_codecs_need_no_hint(text):
    assert parse_type(text) == CORE[text]
    assert parse(f"a : {text}").hints == ()
    assert parse_type(print_type(CORE[text])) == CORE[text]


@pytest.mark.parametrize("text", LEGACY)
def test_legacy_spellings_have_their_documented_meaning_and_a_hint(text):
    assert parse_type(text) == parse_type(LEGACY[text])
    (hint,) = parse(f"k : int8\n---\na : {text}  # c").hints
    assert (hint.line, hint.column) == (3, 5)
    assert LEGACY[text] in hint.text


@pytest.mark.parametrize("text", ["tinytext", "text", "mediumtext", "longtext"])
def test_text_families_stay_native_text(text):
    assert parse_type(text) == CoreType("native", (text,))
    assert "varchar(n)" in parse(f"a : {text}").hints[0].text


@pytest.mark.parametrize(
    "text",
    ["point", "timestamp with time zone", "set('a','b')", "vector(3)", "bit(8)", "inet", "my_domain(2)"],
)
def test_sql_types_of_one_database_pass_with_a_hint(text):
    assert parse_type(text) == CoreType("native", (text,))
    assert "as it is" in parse(f"a : {text}").hints[0].text


@pytest.mark.parametrize(
    "sql", ["mediumint unsigned", "varchar(3)[]", '"lab"."enum_0a1b"', "enum('it''s')", "int(5)"]
)
def test_other_sql_types_are_kept_verbatim(sql):
    type_ = CoreType("native", (sql,))
    assert print_type(type_).startswith("native('")
    assert parse_type(print_type(type_)) == type_


@pytest.mark.parametrize(
    "sql", ["int; drop table x", "int -- x", "int /* x", "int) , x int", "it's", "a'\\'b", ""]
)
def test_verbatim_types_hold_no_statements(sql):
    with pytest.raises(DefinitionError, match="more than a type"):
        parse_type(f"native({print_quoted(sql)})")


def print_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@pytest.mark.parametrize(
    "text",
    [
        "int24",
        "varcahr(3)",
        "int32 unsigned",
        "varchar(10) character set utf8",
        "text collate x",
        "filepath",
        "flot",
        "date null",
    ],
)
def test_near_misses_and_column_options_are_refused(text):
    with pytest.raises(DefinitionError):
        parse_type(text)


@pytest.mark.parametrize(
    ("spelling", "type_name", "alone"),
    [
        ("int auto_increment", "int32", True),
        ("bigint unsigned auto_increment", "int64", True),
        ("serial", "int64", True),
    ],
)
def test_counting_attributes_are_the_whole_key(spelling, type_name, alone):
    with pytest.warns(LegacyTypeWarning):
        spec = declare(f"n : {spelling}\n---\na : int8")
    assert spec.heading["n"].autoincrement is alone
    assert spec.heading["n"].type == CoreType(type_name)
    for text in (f"n : {spelling}\nm : int8", f"m : int8\n---\nn : {spelling}", f"n = 1 : {spelling}"):
        with pytest.raises(DefinitionError, match="counts by itself"):
            declare(text)


def test_each_spelling_is_warned_of_once():
    text = "a : smallint unsigned\nb : smallint unsigned\nc : smallint"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        declare(text)
        declare(text)
    assert len(caught) == 2
    assert {str(w.message).split()[0] for w in caught} == {"'smallint"} | {"'smallint'"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        declare(text, warn=False)


def test_a_timestamp_is_a_datetime_with_its_default():
    with pytest.warns(LegacyTypeWarning):
        spec = declare(
            "a : int8\n---\nt = CURRENT_TIMESTAMP : timestamp\nu = current_timestamp(3) : datetime(3)"
        )
    assert spec.heading["t"].default == CurrentTimestamp()
    assert spec.heading["u"].default == CurrentTimestamp(3)
