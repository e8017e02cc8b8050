"""Specifications: keys, defaults, foreign keys, lineage, parts, singletons."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from core.tests.definition.tables import declare, lookup_in
from fascicle.definition import ParentRef, fold_unique, parse, resolve
from fascicle.errors import CodecError, DefinitionError
from fascicle.model import (
    REQUIRED,
    CodecRef,
    CoreType,
    CurrentTimestamp,
    ForeignKey,
    Heading,
    Index,
    TableName,
    Tier,
)

SUBJECT = declare("subject : varchar(32)  # name of it\n---\nsex = 'U' : enum('F','M','U')", "subject")
RIG = declare("rig : char(4)", "#rig")
SESSION = declare("-> Subject\nsession : int16\n---\n-> [nullable] Rig", "session", SUBJECT, RIG)


def test_lineage_is_where_key_attributes_come_from():
    lineage = {a.name: a.lineage for a in SESSION.attributes}
    assert lineage == {
        "subject": "lab.subject.subject",
        "session": "lab.session.session",
        "rig": "lab.#rig.rig",
    }
    assert SUBJECT.heading["sex"].lineage is None


def test_foreign_keys_repeat_what_the_parent_has():
    rig = SESSION.heading["rig"]
    assert (rig.type, rig.nullable, rig.default, rig.in_key) == (CoreType("char", (4,)), True, None, False)
    subject = SESSION.heading["subject"]
    assert (subject.comment, subject.default, subject.in_key) == ("name of it", REQUIRED, True)
    assert SESSION.foreign_keys == (
        ForeignKey(SUBJECT.name, (("subject", "subject"),), in_key=True),
        ForeignKey(RIG.name, (("rig", "rig"),), nullable=True),
    )


def test_native_types_and_collations_travel():
    base = SUBJECT.heading["subject"].evolve(native="varchar(32)", collation="latin1_swedish_ci")
    parent = ParentRef(SUBJECT.name, Heading([base]))
    for text in ("-> Subject", "subject : varchar(32)\n-> Subject"):
        spec = resolve(parse(text), name=TableName("lab", "t"), lookup=lambda _: parent)
        child = spec.heading["subject"]
        assert (child.native, child.collation) == ("varchar(32)", "latin1_swedish_ci")


def test_renamed_keys_keep_their_lineage_and_several_go_to_one_parent():
    spec = declare(
        "-> Session\n-> Session.proj(other='session')\n---\n-> Subject.proj(sire='subject')",
        "pair",
        SUBJECT,
        SESSION,
    )
    assert spec.heading.primary_key == ["subject", "session", "other"]
    assert spec.heading["other"].lineage == "lab.session.session"
    assert spec.heading["sire"].lineage == "lab.subject.subject"
    assert spec.foreign_keys[1].columns == (("subject", "subject"), ("other", "session"))
    assert spec.foreign_keys[2].renamed
    assert not spec.foreign_keys[2].in_key


def test_keys_may_swap_their_names():
    edge = declare("a : int32\nb : int32", "edge")
    spec = declare("-> Edge.proj(a='b', b='a')", "back", edge)
    assert spec.foreign_keys[0].columns == (("b", "a"), ("a", "b"))
    with pytest.raises(DefinitionError, match="another key attribute"):
        declare("-> Edge.proj(a='b')", "back", edge)


def test_keys_of_one_origin_merge():
    left = declare("-> Session\nleft : int8", "left", SESSION)
    right = declare("-> Session\nright : int8", "right", SESSION)
    both = declare("-> Left\n-> Right", "both", left, right)
    assert both.heading.primary_key == ["subject", "session", "left", "right"]


def test_keys_of_two_origins_do_not_merge_unless_declared():
    one, two = declare("id : int32", "one"), declare("id : int32", "two")
    with pytest.raises(DefinitionError, match="two different things") as caught:
        declare("-> One\n-> Two", "both", one, two)
    assert "lab.one.id" in str(caught.value)
    assert "proj(two_id='id')" in str(caught.value)
    spec = declare("id : int32\n-> One\n-> Two", "both", one, two)
    assert (len(spec.foreign_keys), spec.heading["id"].lineage) == (2, "lab.one.id")
    renamed = declare("-> One\n-> Two.proj(two_id='id')", "both", one, two)
    assert renamed.heading["two_id"].lineage == "lab.two.id"


def test_types_of_shared_columns_must_agree():
    one, two = declare("id : int32", "one"), declare("id : int64", "two")
    for text in ("-> One\n-> Two", "id : int64\n-> One"):
        with pytest.raises(DefinitionError, match="'id' is int"):
            declare(text, "both", one, two)


def test_declared_attributes_serve_as_foreign_keys():
    spec = declare("a : int8\n---\nrig = null : char(4)  # mine\n-> [nullable] Rig", "t", RIG)
    rig = spec.heading["rig"]
    assert (rig.lineage, rig.comment, rig.nullable) == ("lab.#rig.rig", "mine", True)
    assert spec.foreign_keys[0].nullable
    with pytest.raises(DefinitionError, match="cannot be nullable"):
        declare("a : int8\n---\nrig : char(4)\n-> [nullable] Rig", "t", RIG)
    with pytest.raises(DefinitionError, match="declared twice"):
        declare("-> Rig\nrig : char(4)", "t", RIG)


def test_parts_refer_to_their_master_by_either_name():
    session = SESSION
    for word in ("master", "Session"):
        part = declare(f"-> {word}\nunit : int16", "session__unit", master=session)
        assert part.foreign_keys[0].parent == session.name
        deeper = declare(f"-> {word}\n-> Session.Unit", "session__wave", part, master=session)
        assert len(deeper.foreign_keys) == 2
    with pytest.raises(DefinitionError, match="refers to its master"):
        declare("unit : int16\n---\n-> master", "session__unit", master=session)
    with pytest.raises(DefinitionError, match="is no part"):
        declare("-> master", "thing", master=session)


def test_singletons_have_a_hidden_key():
    spec = declare("---\nversion : int32")
    assert spec.is_singleton
    assert spec.attributes[0].name == "_singleton"
    assert spec.attributes[0].in_key
    assert spec.attributes[0].default is True
    with pytest.raises(DefinitionError, match="has no key"):
        declare("-> Thing", "child", spec)


def test_keys_of_computed_tables_are_foreign():
    for name, tier in (("__spikes", "computed"), ("_recording", "imported")):
        with pytest.raises(DefinitionError, match=f"{tier} tables"):
            declare("-> Session\nn : int8", name, SESSION)
        assert declare("-> Session\nn : int8", name, SESSION, allow_new_key_attributes=True)
        declare("-> Session\n---\nn : int8", name, SESSION)
    with pytest.raises(DefinitionError):
        declare("n : int8", "thing", tier=Tier.COMPUTED)


@pytest.mark.parametrize(
    ("type_", "written", "value"),
    [
        ("int8", "-128", -128),
        ("int64", "'9223372036854775807'", 9223372036854775807),
        ("float64", "1e-3", 0.001),
        ("float32", "-2", -2.0),
        ("bool", "TRUE", True),
        ("bool", "0", False),
        ("bool", "'false'", False),
        ("decimal(5,2)", "-1.50", Decimal("-1.5")),
        ("decimal(3,0)", "1e2", Decimal(100)),
        ("varchar(4)", "'null'", "null"),
        ("varchar(4)", "abc", "abc"),
        ("char(2)", "''", ""),
        ("enum('a','b c')", "'b c'", "b c"),
        ("date", "2024-02-29", dt.date(2024, 2, 29)),
        ("time", "'7:05'", dt.time(7, 5)),
        ("time(2)", "07:05:01.25", dt.time(7, 5, 1, 250000)),
        ("datetime", "2024-02-29 07:05:01", dt.datetime(2024, 2, 29, 7, 5, 1)),
        ("datetime", "'2024-02-29'", dt.datetime(2024, 2, 29)),
        ("datetime(3)", "'2024-02-29T07:05:01.125'", dt.datetime(2024, 2, 29, 7, 5, 1, 125000)),
        ("datetime", "current_timestamp()", CurrentTimestamp()),
        ("datetime(3)", "CURRENT_TIMESTAMP", CurrentTimestamp(3)),
        ("uuid", "'00000000-0000-0000-0000-000000000001'", uuid.UUID(int=1)),
        ("int32", "NULL", None),
        ("json", "null", None),
        ("<blob>", "Null", None),
    ],
)
def test_defaults_become_values(type_, written, value):
    attribute = declare(f"k : int8\n---\na = {written} : {type_}").heading["a"]
    assert attribute.default == value
    assert type(attribute.default) is type(value)
    assert attribute.nullable is (value is None)


@pytest.mark.parametrize(
    ("type_", "written"),
    [
        ("int8", "128"),
        ("int8", "1.5"),
        ("int32", "''"),
        ("int32", "'null'"),
        ("int32", "\u0661"),
        ("float64", "nan"),
        ("float64", "inf"),
        ("float32", "1e39"),
        ("float64", "x"),
        ("bool", "yes"),
        ("decimal(4,2)", "1.234"),
        ("decimal(4,2)", "100"),
        ("decimal(4,2)", "NaN"),
        ("varchar(2)", "'abc'"),
        ("enum('a','b')", "'c'"),
        ("enum('a','b')", "'A'"),
        ("date", "2023-02-29"),
        ("date", "20230101"),
        ("date", "CURRENT_TIMESTAMP"),
        ("time", "25:00:00"),
        ("datetime", "'2024-01-01 00:00:00.5'"),
        ("datetime", "'0000-00-00 00:00:00'"),
        ("datetime", "'2024-01-01 00:00:00+01:00'"),
        ("datetime", "'CURRENT_TIMESTAMP'"),
        ("datetime(3)", "CURRENT_TIMESTAMP(6)"),
        ("uuid", "'x'"),
        ("json", "'{}'"),
        ("bytes", "''"),
        ("<blob>", "1"),
    ],
)
def test_defaults_that_are_no_values_are_refused_at_their_place(type_, written):
    with pytest.raises(DefinitionError) as caught:
        declare(f"k : int8\n---\na = {written} : {type_}")
    assert (caught.value.details["line"], caught.value.details["column"]) == (3, 5)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a : int8\na : int8", 2, 1, "declared twice"),
        ("a = null : int8", 1, 5, "cannot be null"),
        ("a : json", 1, 5, "primary key"),
        ("a : bytes", 1, 5, "primary key"),
        ("a : <blob>", 1, 5, "primary key"),
        ("_a : int8", 1, 1, "reserved"),
        ("a : enum('x','x')", 1, 5, "no value of an enum"),
        ("a : enum('x ')", 1, 5, "no value of an enum"),
        ("a : enum('" + "é" * 32 + "')", 1, 5, "no value of an enum"),
        ("a : enum(" + ", ".join(f"'value {n}'" for n in range(100)) + ")", 1, 5, "Lookup table"),
        ("a : int8 # " + "c" * 1020, 1, 5, "comment is too long"),
        ("# " + "c" * 2049 + "\na : int8", 1, 1, "2048 fit"),
        (r"a : enum('x\ny')", 1, 5, "no value of an enum"),
        ("a : varchar(20000)", 1, 5, "too long"),
        ("a : char(256)", 1, 5, "too long"),
        ("-> Nobody", 1, 4, "cannot be found"),
        ("-> lab.Nobody.proj(a='b')", 1, 4, "cannot be found"),
        ("-> Subject.proj(a='sbject')", 1, 17, "no key attribute 'sbject'"),
        ("-> Subject.proj(a='sex')", 1, 17, "no key attribute 'sex'"),
        ("-> Subject.proj(a" + "a" * 63 + "='subject')", 1, 17, "longer than"),
        ("a : int8\nindex(b)", 2, 7, "no attribute 'b'"),
        ("a : int8\nindex(a.b)", 2, 7, "only json has paths"),
        ("a : int8\n---\nb : json\nindex(b)", 4, 7, "cannot be indexed whole"),
        ("a : int8\n---\nb : json\nindex(a, a)", 4, 1, "repeats"),
        ("a : int8\nindex(a)\nindex(a)", 3, 1, "repeats"),
    ],
)
def test_mistakes_are_shown_where_they_stand(text, line, column, message):
    with pytest.raises(DefinitionError) as caught:
        declare(text, "thing", SUBJECT)
    assert message in str(caught.value)
    assert (caught.value.details["line"], caught.value.details["column"]) == (line, column)
    assert caught.value.where == f"lab.thing, line {line}, column {column}"


def test_a_table_does_not_refer_to_itself():
    with pytest.raises(DefinitionError, match="refer to itself"):
        declare("-> Subject\nn : int8", "subject", SUBJECT)


def test_the_reason_of_a_failed_look_up_is_kept():
    with pytest.raises(DefinitionError, match="nobody knows Nobody"):
        declare("-> Nobody")


def test_hidden_names_are_for_the_library():
    assert declare("a : int8\n---\n_b = null : int8", allow_hidden=True).attributes[1].is_hidden


def test_stored_types_of_codecs_come_from_their_registry():
    def stored(codec: CodecRef) -> CoreType:
        if codec.name == "gone":
            raise CodecError("no such codec", try_="install it")
        return CoreType("uuid")

    spec = declare("a : <thing@>", codec_dtype=stored)
    assert (spec.heading["a"].type, spec.heading["a"].codec) == (CoreType("uuid"), CodecRef("thing", ""))
    with pytest.raises(DefinitionError, match="no such codec") as caught:
        declare("a : int8\n---\nb : <gone>", codec_dtype=stored)
    assert caught.value.details["column"] == 5


def test_unique_indexes_over_foreign_keys_become_their_option():
    written = declare("a : int8\n---\n-> [unique] Rig", "t", RIG)
    spelled = declare("a : int8\n---\n-> Rig\nunique index(rig)", "t", RIG)
    assert written == spelled
    keys = (ForeignKey(RIG.name, (("rig", "rig"),)),)
    assert fold_unique(keys, [Index(("rig",))]) == (keys, (Index(("rig",)),))


def test_indexes_keep_paths_and_expressions():
    spec = declare("a : int8\n---\nb : json\nindex(a, b.x.y[2]:int32)\nunique index((lower(a) + 1))")
    assert spec.indexes == (Index(("a", "b.x.y[2]:int32")), Index(("(lower(a) + 1)",), unique=True))


def test_look_ups_of_other_kinds_are_understood():
    table = {"Rig": ParentRef(RIG.name, RIG.full_heading)}
    assert resolve(parse("-> Rig"), name=TableName("lab", "t"), lookup=table.__getitem__).foreign_keys
    with pytest.raises(DefinitionError, match="cannot be found"):
        resolve(parse("-> Rag"), name=TableName("lab", "t"), lookup=table.__getitem__)
    assert lookup_in(RIG)("Rig").spec is RIG
