"""Rows that cannot go in: which values stand in the way, and CSV files that are not whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import fascicle as fc


@pytest.fixture
def tag(schema: fc.Schema) -> Any:
    @schema
    class Tag(fc.Manual):
        definition = """
        tag : int32
        ---
        code : int32
        place = null : int32
        unique index(code)
        unique index(place)
        """

    Tag.insert([(1, 10, None), (2, 20, 5)])
    return Tag


@pytest.mark.parametrize(
    ("rows", "options", "text"),
    [
        ([(3, 10, None)], {}, r"code=10.*tag=1"),
        ([(3, 10, None)], {"skip_duplicates": True}, r"code=10.*tag=1"),
        ([(3, 30, None), (4, 40, 5)], {"replace": True}, r"place=5.*tag=2"),
        ([(1, 20, None)], {"replace": True}, r"code=20.*tag=2"),
        ([(3, 30, None), (4, 30, None)], {}, r"code=30.*two of the rows given"),
        ([(1, 30, None)], {}, r"duplicate key \(tag=1\)"),
    ],
)
def test_the_values_in_the_way_are_named(
    tag: Any, rows: list[Any], options: dict[str, bool], text: str
) -> None:
    with pytest.raises(fc.DuplicateError) as caught:
        tag.insert(rows, **options)
    message = str(caught.value).replace("\n", " ")
    assert re.search(text, message), message
    # Advice that would not help is not given.
    assert ("skip_duplicates" in message) == ("duplicate key" in message)
    assert tag.to_dicts("tag", order_by="tag") == [{"tag": 1}, {"tag": 2}]


def test_update_of_a_unique_attribute(tag: Any) -> None:
    with pytest.raises(fc.DuplicateError, match=r"duplicate values \(code=20\)"):
        tag.update1({"tag": 1, "code": 20})


def test_out_of_range_in_the_database_is_a_validation_error(tag: Any) -> None:
    far = tag.proj(old="tag").proj(tag="old + 100", code="old * 3000000000")
    with pytest.raises(fc.ValidationError):
        tag.insert(far, ignore_extra_fields=True)


def test_what_is_no_collection_of_rows(tag: Any) -> None:
    for rows in (5, None, {"tag": 3, "code": 30}):
        with pytest.raises(fc.ValidationError, match="no collection of rows"):
            tag.insert(rows)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"tag,code,place\n3,30,\n4,40\n", "line 3 has 2 fields and the header 3"),
        (b"tag,code,place\n3,30,7,8\n", "line 2 has 4 fields and the header 3"),
        (b"tag,code,code\n3,30,31\n", "names a column twice"),
        (b"tag,code\n3,\xff\n", "cannot be read as CSV"),
        (b'tag,code\n3,"30\n', "cannot be read as CSV"),
    ],
)
def test_a_csv_file_that_is_not_whole(tag: Any, tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "tags.csv"
    path.write_bytes(content)
    with pytest.raises(fc.ValidationError, match=reason):
        tag.insert(path)
    assert len(tag) == 2


def test_a_csv_file(tag: Any, tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_text('\ufefftag,place,code\n3,,30\n\n4,"9",40\n', encoding="utf-8")
    tag.insert(path)
    assert (tag & "tag > 2").to_dicts(order_by="tag") == [
        {"tag": 3, "code": 30, "place": None},
        {"tag": 4, "code": 40, "place": 9},
    ]
