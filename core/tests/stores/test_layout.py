"""Paths in stores: what they may be, what they are made of."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fascicle.errors import ConfigError, UnsafePathError
from fascicle.stores import Layout, checked_path
from fascicle.stores.layout import content_hash
from fascicle.stores.paths import joined, name_of, parent_of, value_segment


def test_names_of_contents_are_the_published_ones() -> None:
    # As the published client names these bytes.
    assert content_hash(b"some bytes") == "tucwqru5ebwbv3prw4prf5duxq"
    assert Layout().hashed("lab", content_hash(b"some bytes")) == "_hash/lab/tucwqru5ebwbv3prw4prf5duxq"
    assert Layout(subfolding=(2, 2)).hashed("lab", "abcdefgh") == "_hash/lab/ab/cd/abcdefgh"


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        (-3, "k=-3"),
        ("Y z", "k=Y z"),
        (True, "k=True"),
        ("a/b:c%", "k=a%2Fb%3Ac%25"),
        ("..", "k=.."),
        ("", "k="),
        (dt.date(2026, 1, 2), "k=2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, 678000), "k=2026-01-02T03-04-05"),
        (dt.time(3, 4, 5), "k=03-04-05"),
    ],
)
def test_segments_of_values(value: object, segment: str) -> None:
    assert value_segment("k", value) == segment


def test_long_values_are_cut_and_stay_apart() -> None:
    one, two = value_segment("k", "x" * 200), value_segment("k", "x" * 199)
    assert one != two
    assert len(one) == len("k=") + 59


@given(st.text())
def test_any_value_makes_a_safe_path(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    path = Layout().keyed("lab", "t", {"k": value}, "data", ".npy")
    assert checked_path(path) == path
    assert Layout().unit_of(path, "lab") == path


@given(st.text(max_size=300))
def test_a_path_is_refused_or_stays_inside(path: str) -> None:
    try:
        checked_path(path)
    except UnsafePathError:
        return
    depth = 0
    for segment in path.split("/"):
        assert segment not in ("", ".", "..")
        depth += 1
    assert depth
    assert not path.startswith("/")


def test_paths_of_rows() -> None:
    layout = Layout()
    key = {"subject_id": "m1", "session_id": 2}
    path = layout.keyed("lab", "#scan", key, "stack", "tif")
    assert path.startswith("_schema/lab/#scan/subject_id=m1/session_id=2/stack_")
    assert path.endswith(".tif")
    assert path != layout.keyed("lab", "#scan", key, "stack", "tif")
    assert layout.unit_of(path + "/inner/file", "lab") == path
    assert layout.unit_of(path, "other") is None
    assert layout.unit_of("_schema/lab/#scan/subject_id=m1", "lab") is None
    assert layout.sections("lab") == ("_hash/lab", "_schema/lab")
    assert layout.is_managed("_schema/lab/x")
    assert not layout.is_managed("_schemas/x")


def test_partitions_come_first() -> None:
    layout = Layout.from_settings("m", {"partition_pattern": "{subject_id}/{day}", "token_length": 4})
    path = layout.keyed("lab", "t", {"session": 1, "subject_id": "m1"}, "a")
    assert path.startswith("_schema/subject_id=m1/lab/t/session=1/a_")
    assert layout.unit_of(path, "lab") == path
    assert layout.sections("lab") == ("_hash/lab", "_schema")


@pytest.mark.parametrize(
    "settings",
    [
        {"token_length": 3},
        {"subfolding": [30]},
        {"subfolding": [0]},
        {"hash_prefix": "x", "schema_prefix": "x/y"},
        {"filepath_prefix": "_hash"},
    ],
)
def test_settings_that_do_not_go_together(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="do not go together"):
        Layout.from_settings("m", settings)


def test_small_parts() -> None:
    assert joined("", "a/", "/b", "") == "a/b"
    assert (parent_of("a/b/c"), name_of("a/b/c")) == ("a/b", "c")
    assert (parent_of("a"), name_of("a")) == ("", "a")
    with pytest.raises(UnsafePathError, match="not int"):
        checked_path(3)
    with pytest.raises(UnsafePathError, match="surrogate"):
        checked_path("\ud800")
    with pytest.raises(UnsafePathError, match="longer than 900"):
        checked_path("/".join(["x" * 100] * 10))
