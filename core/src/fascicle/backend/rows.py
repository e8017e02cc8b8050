"""Rows held as columns: no tuple exists before the driver takes it, so a large insert makes no garbage to count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, overload

Row = tuple[Any, ...]


class ColumnRows(Sequence[Row]):
    """A sequence of rows over columns.

    Parameters
    ----------
    columns : sequence of sequences
        One for each column, all of the same length.
    length : int
        Number of rows, which no column tells where there is none.
    """

    __slots__ = ("_length", "columns")

    def __init__(self, columns: Sequence[Sequence[Any]], length: int) -> None:
        self.columns = columns
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        return zip(*self.columns, strict=True) if self.columns else repeat((), self._length)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> ColumnRows: ...
    def __getitem__(self, place: int | slice) -> Row | ColumnRows:
        if isinstance(place, slice):
            return ColumnRows([column[place] for column in self.columns], len(range(self._length)[place]))
        return tuple(column[range(self._length)[place]] for column in self.columns)


def columns_of(rows: Sequence[Row]) -> Sequence[Sequence[Any]]:
    """Return the columns of rows, none where the rows have no value."""
    return rows.columns if isinstance(rows, ColumnRows) else list(zip(*rows, strict=True))
