"""Rows in any shape people hold them, turned into batches of columns."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from fascicle.errors import ValidationError
from fascicle.model import Heading, nearest
from fascicle.table.write.checks import Fault

CHUNK = 50_000


@dataclass(slots=True)
class Batch:
    """Rows that name the same attributes.

    Parameters
    ----------
    names : list of str
        Attribute names.
    columns : list of sequence
        Values, one sequence for each name.
    numbers : sequence of int
        Position of each row in the input.
    """

    names: list[str]
    columns: list[Sequence[Any]]
    numbers: Sequence[int]

    def __len__(self) -> int:
        return len(self.numbers)


def batches(
    rows: Any, heading: Heading, faults: list[Fault], ignore_extra: bool, chunk: int = CHUNK
) -> Iterator[Batch]:
    """Yield the rows of any supported input as batches, noting fields that are no attributes.

    Parameters
    ----------
    rows : iterable of dict, tuple, list or numpy record; structured array; DataFrame; Arrow table; path of a CSV file
    heading : Heading
        The table's attributes, in order, for rows given by position.
    faults : list of Fault
        Receives unknown fields and rows of a wrong length.
    ignore_extra : bool
        Leave out fields that are no attributes.
    chunk : int
        Rows in a batch at most, for inputs that are not columnar already.
    """
    if isinstance(rows, (str, Path)):
        yield from _from_csv(Path(rows), heading, faults, ignore_extra, chunk)
        return
    columnar = _columns_of(rows)
    if columnar is not None:
        names, columns = columnar
        length = len(columns[0]) if columns else 0
        if length:
            yield _without_extra(Batch(names, columns, range(length)), heading, faults, ignore_extra)
        return
    if isinstance(rows, Mapping) or not isinstance(rows, Iterable):
        raise ValidationError(
            f"a {type(rows).__name__} is no collection of rows",
            try_="insert1(row) inserts one row; insert takes a list of rows, a frame, an array, a query or a path",
        )
    iterator = iter(rows)
    start = 0
    while part := list(islice(iterator, chunk)):
        yield from _from_records(part, start, heading, faults, ignore_extra)
        start += len(part)


def _columns_of(rows: Any) -> tuple[list[str], list[Sequence[Any]]] | None:
    """Take columns out of frames, Arrow tables and structured arrays; ``None`` for anything else."""
    module = type(rows).__module__.partition(".")[0]
    if module == "pandas" and hasattr(rows, "columns"):
        named = [name for name in rows.index.names if name is not None]
        frame = rows.reset_index() if named else rows
        return [str(c) for c in frame.columns], [
            _pandas_column(frame.iloc[:, i]) for i in range(frame.shape[1])
        ]
    if module == "polars" and hasattr(rows, "columns"):
        return list(rows.columns), [rows[name].to_list() for name in rows.columns]
    if module == "pyarrow" and hasattr(rows, "column_names"):
        return list(rows.column_names), [_arrow_column(rows.column(i)) for i in range(rows.num_columns)]
    names = getattr(getattr(rows, "dtype", None), "names", None)
    if names and getattr(rows, "ndim", 0) == 1:
        return list(names), [_numpy_column(rows[name]) for name in names]
    return None


def _pandas_column(series: Any) -> Sequence[Any]:
    if getattr(series.dtype, "kind", "O") == "M" and getattr(series.dtype, "tz", None) is None:
        return _numpy_column(series.to_numpy())
    return series.tolist()  # type: ignore[no-any-return]


def _numpy_column(array: Any) -> Sequence[Any]:
    if array.dtype.kind == "M":
        return array.astype("datetime64[us]").tolist()  # type: ignore[no-any-return]
    if array.ndim > 1 or array.dtype.kind == "V":
        return list(array)
    return array.tolist()  # type: ignore[no-any-return]


def _arrow_column(column: Any) -> list[Any]:
    values: list[Any] = column.to_pylist()
    if getattr(column.type, "extension_name", "") == "arrow.json":
        return [None if text is None else json.loads(text) for text in values]
    return values


def _from_csv(
    path: Path, heading: Heading, faults: list[Fault], ignore_extra: bool, chunk: int
) -> Iterator[Batch]:
    if not path.is_file():
        raise ValidationError(
            f"there is no file {str(path)!r} to insert from",
            why="text given as rows is taken as the path of a CSV file",
            try_="give the path of a CSV file with a header line, or a list of dicts",
        )
    with path.open(newline="", encoding="utf-8-sig") as stream:
        records = _csv_records(path, csv.reader(stream, strict=True), faults)
        start = 0
        while part := list(islice(records, chunk)):
            yield from _from_records(part, start, heading, faults, ignore_extra)
            start += len(part)


def _csv_records(path: Path, lines: Any, faults: list[Fault]) -> Iterator[dict[str, Any]]:
    """Yield the lines of a CSV file as dicts; one of another length than the header's may be cut or shifted."""
    try:
        names: list[str] = next(lines, [])
        if len(set(names)) < len(names):
            raise ValidationError(
                f"the header of {str(path)!r} names a column twice", try_="give each column a name of its own"
            )
        # Blank lines are passed over, as most programs that write such files expect.
        for number, fields in enumerate(line for line in lines if line):
            if len(fields) != len(names):
                reason = f"line {lines.line_num} has {len(fields)} fields and the header {len(names)}"
                faults.append(Fault(number, "*", reason))
            # An empty field means "not given": NULL, or the attribute's default.
            yield {name: field or None for name, field in zip(names, fields, strict=False)}
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValidationError(
            f"{str(path)!r} cannot be read as CSV", why=str(error), try_="save it as CSV in UTF-8"
        ) from error


def _from_records(
    part: list[Any], start: int, heading: Heading, faults: list[Fault], ignore_extra: bool
) -> Iterator[Batch]:
    kinds = set(map(type, part))
    numbers: Sequence[int] = range(start, start + len(part))
    if kinds == {dict}:
        uniform = _uniform(part)
        if uniform is not None:
            yield _without_extra(Batch(*uniform, numbers), heading, faults, ignore_extra)
            return
    if kinds <= {tuple, list} and set(map(len, part)) == {len(heading)}:
        yield Batch(list(heading.names), list(zip(*part, strict=True)), numbers)
        return
    yield from _groups(part, start, heading, faults, ignore_extra)


def _uniform(records: list[dict[str, Any]]) -> tuple[list[str], list[Sequence[Any]]] | None:
    names = list(records[0])
    if not names or set(map(len, records)) != {len(names)}:
        return None
    try:
        # A comprehension for each column makes no tuple for each row, which the garbage collector would count.
        return names, [[record[name] for record in records] for name in names]
    except KeyError:
        return None


def _groups(
    part: list[Any], start: int, heading: Heading, faults: list[Fault], ignore_extra: bool
) -> Iterator[Batch]:
    """Group rows by the fields they have, so that each group is one rectangular batch."""
    groups: dict[tuple[str, ...], tuple[list[dict[str, Any]], list[int]]] = {}
    for number, row in enumerate(part, start):
        record = _record(row, number, heading, faults)
        if record is None:
            continue
        records, numbers = groups.setdefault(tuple(sorted(record)), ([], []))
        records.append(record)
        numbers.append(number)
    for records, numbers in groups.values():
        names = list(records[0])
        columns: list[Sequence[Any]] = [[record[name] for record in records] for name in names]
        yield _without_extra(Batch(names, columns, numbers), heading, faults, ignore_extra)


def _record(row: Any, number: int, heading: Heading, faults: list[Fault]) -> dict[str, Any] | None:
    if isinstance(row, Mapping):
        return dict(row)
    names = getattr(getattr(row, "dtype", None), "names", None)
    if names:
        return {name: row[name] for name in names}
    if (isinstance(row, Sequence) and not isinstance(row, (str, bytes))) or hasattr(row, "tolist"):
        values = list(row)
        if len(values) == len(heading):
            return dict(zip(heading.names, values, strict=True))
        reason = (
            f"the row has {len(values)} values and the table {len(heading)} attributes ({', '.join(heading)})"
        )
        faults.append(Fault(number, "*", reason))
        return None
    faults.append(Fault(number, "*", f"a {type(row).__name__} is no row: give dicts or sequences of values"))
    return None


def _without_extra(batch: Batch, heading: Heading, faults: list[Fault], ignore_extra: bool) -> Batch:
    extra = [name for name in batch.names if name not in heading]
    if not extra:
        return batch
    if not ignore_extra:
        for name in extra:
            close = nearest(name, heading.names)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            faults.extend(
                Fault(number, name, f"there is no such attribute{hint}", "unknown")
                for number in batch.numbers
            )
    kept = [i for i, name in enumerate(batch.names) if name in heading]
    return Batch([batch.names[i] for i in kept], [batch.columns[i] for i in kept], batch.numbers)


def as_rows(rows: Iterable[Any]) -> bool:
    """Tell whether an input can be gone through again (a sequence or frame, not a generator)."""
    return hasattr(rows, "__len__")
