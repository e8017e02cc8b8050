"""Rows held as columns behave as the list of their tuples."""

from __future__ import annotations

import pytest

from fascicle.backend.rows import ColumnRows, columns_of

ROWS = [(1, "a"), (2, "b"), (3, "c")]


@pytest.fixture
def rows() -> ColumnRows:
    return ColumnRows([[1, 2, 3], ("a", "b", "c")], 3)


def test_they_read_as_tuples(rows: ColumnRows) -> None:
    assert list(rows) == ROWS
    assert list(rows) == ROWS  # again: nothing was used up
    assert len(rows) == 3
    assert (2, "b") in rows


@pytest.mark.parametrize("place", [0, 2, -1, -3])
def test_one_row_by_its_place(rows: ColumnRows, place: int) -> None:
    assert rows[place] == ROWS[place]


@pytest.mark.parametrize("place", [3, -4])
def test_no_row_beyond_the_ends(rows: ColumnRows, place: int) -> None:
    with pytest.raises(IndexError):
        rows[place]


@pytest.mark.parametrize(
    "part", [slice(1, None), slice(0, 2), slice(5, 9), slice(None, None, -1), slice(-2, 9)]
)
def test_a_part_is_rows_too(rows: ColumnRows, part: slice) -> None:
    cut = rows[part]
    assert list(cut) == ROWS[part]
    assert len(cut) == len(ROWS[part])


def test_rows_without_values_are_counted() -> None:
    rows = ColumnRows([], 2)
    assert list(rows) == [(), ()]
    assert list(rows[1:]) == [()]
    assert columns_of(rows) == []


def test_columns_of_unequal_length_are_noticed() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(ColumnRows([[1, 2], [1]], 2))


def test_columns_of_tuples(rows: ColumnRows) -> None:
    assert [list(column) for column in columns_of(ROWS)] == [[1, 2, 3], ["a", "b", "c"]]
    assert columns_of(rows) is rows.columns
