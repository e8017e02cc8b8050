"""A declaration written as JSON is read back as it was."""

import json
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fascicle.backend.specjson import spec_from_json, spec_to_json
from fascicle.errors import BackendError
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

text = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.builds(TableName, text, text)
types = st.one_of(
    st.sampled_from(
        [CoreType("int32"), CoreType("json"), CoreType("datetime", (3,)), CoreType("decimal", (9, 2))]
    ),
    st.builds(lambda values: CoreType("enum", tuple(values)), st.lists(text, min_size=1, max_size=4)),
    st.builds(lambda sql: CoreType("native", (sql,)), text),
)
defaults = st.one_of(
    st.sampled_from([REQUIRED, None, True, False, CurrentTimestamp(0), CurrentTimestamp(3)]),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    text,
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.uuids(),
    st.binary(max_size=8),
    st.dictionaries(text, st.none() | st.booleans() | text, max_size=3),
    st.lists(st.integers(), max_size=3),
)
attributes = st.builds(
    Attribute,
    name=text,
    type=types,
    in_key=st.booleans(),
    nullable=st.booleans(),
    default=defaults,
    comment=text,
    codec=st.none() | st.builds(CodecRef, text, st.none() | text),
    lineage=st.none() | text.filter(bool),
    native=st.none() | text.filter(bool),
    collation=st.none() | text.filter(bool),
    autoincrement=st.booleans(),
)
keys = st.builds(
    ForeignKey,
    names,
    st.lists(st.tuples(text, text), max_size=3).map(tuple),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
indexes = st.builds(
    Index, st.lists(text, min_size=1, max_size=3).map(tuple), st.booleans(), st.none() | text.filter(bool)
)
specs = st.builds(
    TableSpec,
    names,
    st.lists(attributes, max_size=4).map(tuple),
    st.lists(keys, max_size=2).map(tuple),
    st.lists(indexes, max_size=2).map(tuple),
    text,
)


@given(specs)
def test_round_trip(spec):
    again = spec_from_json(spec_to_json(spec))
    assert again == spec
    assert [type(a.default) for a in again.attributes] == [type(a.default) for a in spec.attributes]
    assert [i.name for i in again.indexes] == [i.name for i in spec.indexes]


def test_kinds_of_default_stay_apart():
    values = [
        1,
        1.0,
        True,
        "1",
        Decimal(1),
        date(1, 1, 1),
        datetime(1, 1, 1),
        time(1),
        UUID(int=1),
        b"1",
        None,
    ]
    spec = TableSpec(
        TableName("a", "b"),
        tuple(Attribute(f"a{i}", CoreType("int8"), default=v) for i, v in enumerate(values)),
    )
    again = [a.default for a in spec_from_json(spec_to_json(spec)).attributes]
    assert [(type(v), v) for v in again] == [(type(v), v) for v in values]


@pytest.mark.parametrize("damaged", ["", "{}", "[]", '{"format": 1}', '{"format": 1, "name": "x"}'])
def test_damage_is_reported(damaged):
    with pytest.raises(BackendError, match="damaged"):
        spec_from_json(damaged)


def test_newer_formats_are_refused():
    spec = TableSpec(TableName("a", "b"), ())
    document = json.loads(spec_to_json(spec)) | {"format": 99}
    with pytest.raises(BackendError, match="newer"):
        spec_from_json(json.dumps(document))
