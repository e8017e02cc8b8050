"""Printed definitions declare the same tables again."""

from __future__ import annotations

import datetime as dt
import string
from decimal import Decimal

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from core.tests.definition.tables import lookup_in
from fascicle.definition import describe, parse, parse_type, print_type, resolve
from fascicle.errors import DefinitionError
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
    Tier,
)

# Everything that could end a string, a line, a comment or a statement; and what people write.
HOSTILE = st.text(
    st.one_of(
        st.sampled_from("'\"`;%\\#:-><=()[]{}$?\t\u2028\u0085éß漢😀 \x0b"),
        st.sampled_from(string.ascii_letters + string.digits),
    ),
    max_size=20,
)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
COMMENTS = HOSTILE.map(lambda text: text.strip().lstrip(":").strip())
LABELS = HOSTILE.map(lambda text: "".join(c for c in text if c >= " ").rstrip()).filter(
    lambda text: len(text.encode()) < 64
)
STORES = st.one_of(st.none(), st.just(""), st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True))


@st.composite
def decimals(draw):
    precision = draw(st.integers(1, 20))
    return CoreType("decimal", (precision, draw(st.integers(0, precision))))


KEY_TYPES = st.one_of(
    st.sampled_from(["int8", "int16", "int32", "int64", "float32", "float64", "bool", "date", "uuid"]).map(
        CoreType
    ),
    st.builds(
        lambda name, n: CoreType(name, (n,) if n else ()),
        st.sampled_from(["datetime", "time"]),
        st.integers(0, 6),
    ),
    st.builds(
        lambda name, n: CoreType(name, (n,)), st.sampled_from(["char", "varchar"]), st.integers(1, 255)
    ),
    st.lists(LABELS, min_size=1, max_size=4, unique=True).map(lambda v: CoreType("enum", tuple(v))),
    decimals(),
)
OTHER_TYPES = st.one_of(
    KEY_TYPES,
    st.sampled_from(
        [
            CoreType("json"),
            CoreType("bytes"),
            CoreType("native", ("text",)),
            CoreType("native", ("mediumint unsigned",)),
        ]
    ),
    st.builds(CodecRef, st.sampled_from(["blob", "attach", "npy", "my_codec"]), STORES),
)


def values(type_: CoreType) -> st.SearchStrategy[object]:
    """Defaults of a type."""
    size = int(type_.args[0]) if type_.args and isinstance(type_.args[0], int) else 0
    if type_.is_integer:
        return st.integers(*type_.bounds)
    if type_.name == "decimal":
        scale = int(type_.args[1])
        most = 10**size - 1
        return st.integers(-most, most).map(lambda n: Decimal(n).scaleb(-scale))
    if type_.name in ("time", "datetime"):
        step = 10 ** (6 - size)
        clock = st.times() if type_.name == "time" else st.datetimes()
        whole = clock.map(lambda t: t.replace(microsecond=t.microsecond // step * step))
        return st.one_of(whole, st.just(CurrentTimestamp(size))) if type_.name == "datetime" else whole
    if type_.name in ("char", "varchar"):
        return HOSTILE.map(lambda text: text[:size])
    if type_.name == "enum":
        return st.sampled_from(type_.args)
    return {
        "float32": st.floats(allow_nan=False, allow_infinity=False, width=32),
        "float64": st.floats(allow_nan=False, allow_infinity=False),
        "bool": st.booleans(),
        "date": st.dates(),
        "uuid": st.uuids(),
        "native": st.one_of(HOSTILE, st.integers(0, 9)),
    }[type_.name]


@st.composite
def attributes(draw, name: str, in_key: bool, table: TableName):
    type_ = draw(KEY_TYPES if in_key else OTHER_TYPES)
    codec = type_ if isinstance(type_, CodecRef) else None
    if isinstance(type_, CodecRef):
        type_ = CoreType("bytes" if type_.store is None and type_.name in ("blob", "attach") else "json")
    choice = draw(st.sampled_from(["required", "value"] if in_key else ["required", "value", "null"]))
    default = REQUIRED
    if choice == "null":
        default = None
    elif choice == "value" and codec is None and type_.name not in ("json", "bytes"):
        default = draw(values(type_))
    return Attribute(
        name,
        type_,
        in_key=in_key,
        nullable=default is None,
        default=default,
        comment=draw(COMMENTS),
        codec=codec,
        lineage=f"{table}.{name}" if in_key else None,
    )


@st.composite
def plain_tables(draw, table: str):
    name = TableName("lab", table)
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    n_key = draw(st.integers(1, len(names)))
    made = [draw(attributes(n, i < n_key, name)) for i, n in enumerate(names)]
    indexes = draw(
        st.lists(
            st.builds(
                Index,
                st.lists(
                    st.sampled_from([a.name for a in made if a.type.name not in ("json", "bytes")]),
                    min_size=1,
                    max_size=3,
                    unique=True,
                ).map(tuple),
                st.booleans(),
            ),
            max_size=2,
            unique=True,
        )
    )
    return TableSpec(name, tuple(made), (), tuple(indexes), draw(COMMENTS))


@st.composite
def families(draw):
    """A child's text and its two parents: keys renamed, merged, nullable, unique, explicit."""
    parents = [draw(plain_tables("alpha")), draw(plain_tables("#beta"))]
    counter = iter(range(100))
    sections: dict[bool, list[str]] = {True: [], False: []}
    for in_key in (True, False):
        for _ in range(draw(st.integers(0, 3))):
            parent = draw(st.sampled_from(parents))
            word = parent.name.class_name
            kind = draw(st.sampled_from(["plain", "reference", "explicit", "bare"]))
            prefix = f"x{next(counter)}_"
            new = [(prefix + n[:40], n) for n in parent.heading.primary_key]
            options = [
                o for o in ("nullable", "unique") if draw(st.booleans()) and not (in_key and o == "nullable")
            ]
            if kind == "plain":
                sections[in_key].append(f"{prefix}a = 3 : int16  # {draw(COMMENTS)}")
                continue
            if kind == "bare":  # may merge with what another line brought
                sections[in_key].append(f"-> [{', '.join(options)}] {word}" if options else f"-> {word}")
                continue
            if kind == "explicit":
                null = " = null" if "nullable" in options else ""
                sections[in_key] += [
                    f"{mine}{null} : {print_type(parent.heading[old].type)} # own" for mine, old in new
                ]
            renames = ", ".join(f"{mine}='{old}'" for mine, old in new)
            sections[in_key].append(
                f"-> [{', '.join(options)}] {word}.proj({renames})"
                if options
                else f"-> {word}.proj({renames})"
            )
    text = "\n".join([f"# {draw(COMMENTS)}", *sections[True], "---", "last : int8", *sections[False]])
    return text, parents


@given(plain_tables("gamma"))
def test_plain_tables_survive(spec):
    again = resolve(parse(describe(spec)), name=spec.name, lookup=lookup_in(), warn=False)
    assert again == spec


@given(families(), st.booleans())
def test_foreign_keys_survive(family, parents_known):
    text, parents = family
    lookup = lookup_in(*parents)
    name = TableName("lab", "child")
    try:
        spec = resolve(parse(text), name=name, lookup=lookup, warn=False)
    except DefinitionError:  # names of different origin met
        reject()
    parent_of = {p.name: p for p in parents}.get if parents_known else None
    printed = describe(spec, parent_of=parent_of)
    assert resolve(parse(printed), name=name, lookup=lookup, warn=False) == (
        spec if parents_known else _as_folded(spec, parents)
    )


def _as_folded(spec: TableSpec, parents: list[TableSpec]) -> TableSpec:
    """Without knowing the parents, the comments of folded attributes are taken to be theirs."""
    tables = {p.name: p for p in parents}
    comments = {
        child: tables[fk.parent].heading[old].comment for fk in spec.foreign_keys for child, old in fk.columns
    }
    return spec.evolve(
        attributes=tuple(a.evolve(comment=comments.get(a.name, a.comment)) for a in spec.attributes)
    )


@given(OTHER_TYPES)
def test_types_survive(type_):
    assert parse_type(print_type(type_)) == type_
    if not (isinstance(type_, CoreType) and type_.name == "native"):
        assert parse_type(str(type_)) == type_


@given(HOSTILE)
def test_hostile_text_is_read_or_refused_with_a_place(text):
    places = []
    for definition in (
        text,
        f"a : {text}",
        f"a = {text} : int32",
        f"-> {text}",
        f"index({text})",
        f"{text} : int32",
    ):
        try:
            resolve(parse(definition), name=TableName("lab", "t"), lookup=lookup_in(), warn=False)
        except DefinitionError as error:
            places.append((error.details["line"], error.details["column"]))
    assert all(line >= 1 and column >= 1 for line, column in places)


def test_a_table_is_printed_as_people_write_it():
    subject = resolve(
        parse("# Animals\nsubject : varchar(32)\n---\nborn = null : date  # of birth"),
        name=TableName("lab", "subject"),
        lookup=lookup_in(),
    )
    text = """\
# Pairs
-> Subject
-> Subject.proj(other='subject')
---
-> [nullable, unique] Subject.proj(judge='subject')
score = 1.5 : float64  # of both
unique index(other, score)
"""
    pair = resolve(parse(text), name=TableName("lab", "pair"), lookup=lookup_in(subject))
    assert describe(pair, parent_of={subject.name: subject}.get) == text
    assert (
        describe(subject)
        == "# Animals\nsubject     : varchar(32)\n---\nborn = null : date         # of birth\n"
    )


def test_names_of_parents_are_the_callers():
    part = TableSpec(
        TableName("lab", "session__unit"),
        (
            Attribute("session", CoreType("int8"), in_key=True),
            Attribute("unit", CoreType("int8"), in_key=True),
        ),
        (ForeignKey(TableName("lab", "session"), (("session", "session"),), in_key=True),),
    )
    assert describe(part).startswith("-> master\nunit : int8\n")
    assert describe(part, name_of=lambda n: f"other.{n.class_name}").startswith("-> other.Session\n")


def test_singletons_and_counting_tables_survive():
    for text in ("---\nversion : int32\n", "n : int auto_increment\n---\nx : int8\n"):
        spec = resolve(parse(text), name=TableName("lab", "t"), lookup=lookup_in(), warn=False)
        assert describe(spec).split() == text.split()
        again = resolve(parse(describe(spec)), name=spec.name, lookup=lookup_in(), warn=False)
        assert again == spec


@pytest.mark.parametrize("known", [True, False])
def test_catalogues_in_any_order_are_printed_faithfully(known):
    """Foreign keys that a database lists in another order, interleaved columns, two origins in one column."""
    one = TableSpec(TableName("lab", "one"), (_key("a", "lab.one.a"), _key("b", "lab.one.b")))
    two = TableSpec(TableName("lab", "two"), (_key("b", "lab.two.b"), _key("c", "lab.two.c")))
    spec = TableSpec(
        TableName("lab", "child"),
        (_key("b", "lab.two.b"), _key("a", "lab.one.a"), _key("c", "lab.two.c").evolve(in_key=False)),
        (
            ForeignKey(two.name, (("b", "b"), ("c", "c"))),
            ForeignKey(one.name, (("a", "a"), ("b", "b")), in_key=True),
        ),
    )
    parent_of = {one.name: one, two.name: two}.get if known else None
    printed = describe(spec, parent_of=parent_of)
    assert resolve(parse(printed), name=spec.name, lookup=lookup_in(one, two), tier=Tier.MANUAL) == spec


def _key(name: str, lineage: str) -> Attribute:
    return Attribute(name, CoreType("int32"), in_key=True, lineage=lineage)


def test_comments_of_other_programs_become_one_line():
    spec = TableSpec(
        TableName("lab", "t"),
        (Attribute("a", CoreType("date"), in_key=True, comment=":two\nlines'; --"),),
        comment="::many\r\nlines",
    )
    again = resolve(parse(describe(spec)), name=spec.name, lookup=lookup_in())
    assert (again.comment, again.heading["a"].comment) == ("many lines", "two lines'; --")


def test_dates_of_early_years_survive():
    spec = TableSpec(
        TableName("lab", "t"),
        (Attribute("a", CoreType("datetime"), in_key=True, default=dt.datetime(1, 1, 1), lineage="lab.t.a"),),
    )
    assert resolve(parse(describe(spec)), name=spec.name, lookup=lookup_in()) == spec
