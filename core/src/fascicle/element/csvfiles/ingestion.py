"""Ingestion of CSV files: everything checked before anything is written, then written in one transaction."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fascicle.element.csvfiles.reading import RowFault, Sheet, SheetReader
from fascicle.element.csvfiles.templates import GUIDE, fillable
from fascicle.element.templates import Unit
from fascicle.errors import SchemaError, ValidationError
from fascicle.model import ForeignKey, TableName, TableSpec, nearest
from fascicle.table import FreeTable

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

SHOWN: Final = 20
ASKED_AT_ONCE: Final = 500

Key = tuple[Any, ...]


@dataclass
class IngestReport:
    """What a folder of CSV files holds, and what is wrong with it.

    Attributes
    ----------
    folder : Path
    rows : dict of str to int
        New rows by table.
    unchanged : dict of str to int
        Rows that the database has already, with the same values.
    faults : list of RowFault
        Everything that is wrong; nothing is inserted if there is anything.
    inserted : bool
        Whether the new rows were inserted.
    """

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)
    inserted: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def raise_for_faults(self) -> None:
        """Raise one error that lists what is wrong.

        Raises
        ------
        ValidationError
            Its ``details["faults"]`` has every `RowFault`.
        """
        if self.faults:
            raise ValidationError(
                str(self), try_="mend the files; a dry run tells what is left", faults=self.faults
            )

    def __str__(self) -> str:
        total, same = sum(self.rows.values()), sum(self.unchanged.values())
        if self.faults:
            shown = [f"    {fault}" for fault in self.faults[:SHOWN]]
            rest = len(self.faults) - SHOWN
            shown += [f"    ... and {rest} more"] if rest > 0 else []
            return "\n".join(
                [f"{len(self.faults)} faults in {self.folder.name}; nothing was inserted", *shown]
            )
        done = "inserted" if self.inserted else "to insert"
        lines = [f"{total} rows {done}, {same} there already"]
        lines += [f"    {name}: {count}" for name, count in self.rows.items() if count]
        return "\n".join(lines)


def ingest(
    units: Sequence[Unit],
    connection: Connection,
    folder: Path,
    *,
    dry_run: bool = False,
    time_zone: str | None = None,
) -> IngestReport:
    """Insert what the CSV files of a folder hold.

    Parameters
    ----------
    units : sequence of Unit
        Tables, parents first.
    connection : Connection
    folder : Path
        With files named after tables: ``Subject.csv``, ``Subject.Protocol.csv``.
    dry_run : bool
        Check everything and insert nothing.
    time_zone : str, optional
        IANA zone of moments written without an offset.

    Returns
    -------
    IngestReport

    Raises
    ------
    ValidationError
        If anything is wrong and this is no dry run; all faults together, nothing is inserted.
    """
    return Ingestion(units, connection, folder, time_zone).run(dry_run)


class Ingestion:
    """Checks and inserts one folder; parameters as for `ingest`."""

    def __init__(
        self, units: Sequence[Unit], connection: Connection, folder: Path, time_zone: str | None
    ) -> None:
        if not folder.is_dir():
            raise SchemaError(
                f"there is no folder {str(folder)!r} to ingest", try_="write templates into it first"
            )
        self.units = {unit.key: unit for unit in fillable(units)}
        self.connection = connection
        self.report = IngestReport(folder)
        self.reader = SheetReader(connection, time_zone)
        self.sheets: dict[TableName, Sheet] = {}
        self._keys: dict[TableName, set[Key]] = {}

    def run(self, dry_run: bool) -> IngestReport:
        """Check, and insert unless this is a dry run."""
        self._read()
        for sheet in self.sheets.values():
            self._check_duplicates(sheet)
        new = {name: self._new_rows(sheet) for name, sheet in self.sheets.items()}
        for sheet in self.sheets.values():
            for key in sheet.unit.table._bound().spec.foreign_keys:
                self._check_parents(sheet, key)
        report = self.report
        report.faults += sorted(fault for sheet in self.sheets.values() for fault in sheet.faults)
        if not dry_run:
            report.raise_for_faults()
            self._insert(new)
        return report

    def _read(self) -> None:
        for path in sorted(self.report.folder.glob("*.csv")):
            if path.name != GUIDE and path.stem not in self.units:
                close = nearest(path.stem, self.units)
                hint = (
                    f"; did you mean {close[0]}.csv?"
                    if close
                    else f"; the tables are {', '.join(self.units)}"
                )
                self.report.faults.append(
                    RowFault(path.name, 1, "*", f"there is no table of this name{hint}")
                )
        for key, unit in self.units.items():
            path = self.report.folder / f"{key}.csv"
            if path.is_file():
                self.sheets[unit.table._bound().name] = self.reader.read(unit, path)

    # duplicates --------------------------------------------------------------------------------------------
    def _check_duplicates(self, sheet: Sheet) -> None:
        """Find rows of the file that have the same key, or the same values where these are unique."""
        spec = sheet.unit.table._bound().spec
        self._repeated(sheet, spec.heading.primary_key, "key")
        for names in unique_sets(spec):
            self._repeated(sheet, names, "values, which are unique,")
            self._taken(sheet, spec, names)

    def _repeated(self, sheet: Sheet, names: Sequence[str], what: str) -> None:
        seen: dict[Key, int] = {}
        for row, line in zip(sheet.rows, sheet.lines, strict=True):
            key = tuple(row.get(name) for name in names)
            if None in key or not _hashable(key):
                continue
            first = seen.setdefault(key, line)
            if first != line:
                sheet.fault(line, ", ".join(names), f"the same {what} as line {first}")

    def _taken(self, sheet: Sheet, spec: TableSpec, names: Sequence[str]) -> None:
        """Find rows whose unique values another row of the database has."""
        key = spec.heading.primary_key
        wanted = [
            (row, line)
            for row, line in self._sound(sheet)
            if all(row.get(name) is not None for name in names)
        ]
        table = FreeTable(self.connection, spec.name)
        asked = [{name: row[name] for name in names} for row, _ in wanted]
        owners = {
            tuple(r[n] for n in names): tuple(r[n] for n in key) for r in _rows(table, asked, [*key, *names])
        }
        for row, line in wanted:
            owner = owners.get(tuple(row[name] for name in names))
            if owner is not None and owner != tuple(row[name] for name in key):
                shown = ", ".join(f"{name}={value!r}" for name, value in zip(key, owner, strict=True))
                sheet.fault(
                    line, ", ".join(names), f"the row with {shown} has the same values, which are unique"
                )

    def _sound(self, sheet: Sheet) -> Iterator[tuple[dict[str, Any], int]]:
        faulty = sheet.faulty_lines
        if 1 in faulty:
            return
        yield from (
            (row, line) for row, line in zip(sheet.rows, sheet.lines, strict=True) if line not in faulty
        )

    def _new_rows(self, sheet: Sheet) -> list[dict[str, Any]]:
        """Leave out rows that the database has already; the same key with other values is a fault."""
        spec = sheet.unit.table._bound().spec
        key = spec.heading.primary_key
        rows = list(self._sound(sheet))
        fills = set(sheet.unit.table.fills)
        asked = [{name: row[name] for name in key} for row, _ in rows]
        table = FreeTable(self.connection, spec.name)
        known = {tuple(r[n] for n in key): r for r in _rows(table, asked, spec.heading.names)}
        new = []
        for row, line in rows:
            old = known.get(tuple(row[name] for name in key))
            if old is None:
                new.append(row)
                continue
            for name in row:
                # What the table made by itself is another value each time, and no reason to object.
                if name not in fills and not _same(row[name], old[name], spec.heading[name].type.name):
                    sheet.fault(
                        line, name, f"the row exists with {old[name]!r}; change it by an update, not here"
                    )
        self.report.rows[sheet.unit.key] = len(new)
        self.report.unchanged[sheet.unit.key] = len(rows) - len(new)
        return new

    # parents -----------------------------------------------------------------------------------------------
    def _check_parents(self, sheet: Sheet, key: ForeignKey) -> None:
        """Find rows that refer to a parent which is neither in the files nor in the database."""
        children = [child for child, _ in key.columns]
        told = {(fault.line, fault.column) for fault in sheet.faults}
        wanted = [
            (tuple(row.get(name) for name in children), line)
            for row, line in zip(sheet.rows, sheet.lines, strict=True)
        ]
        wanted = [
            (value, line)
            for value, line in wanted
            if None not in value and not any((line, child) in told for child in children)
        ]
        known = self._in_files(key)
        open_keys = {value for value, _ in wanted if value not in known}
        found = self._in_database(key, open_keys)
        for value, line in wanted:
            if value in open_keys and value not in found:
                sheet.fault(line, ", ".join(children), self._missing(key, value, known | found))

    def _in_files(self, key: ForeignKey) -> set[Key]:
        sheet = self.sheets.get(key.parent)
        if sheet is None:
            return set()
        if key.parent not in self._keys:
            names = [parent for _, parent in key.columns]
            self._keys[key.parent] = {tuple(row.get(name) for name in names) for row in sheet.rows}
        return self._keys[key.parent]

    def _in_database(self, key: ForeignKey, wanted: Iterable[Key]) -> set[Key]:
        names = [parent for _, parent in key.columns]
        self.connection.catalog.load(key.parent.schema)
        asked = [dict(zip(names, value, strict=True)) for value in wanted]
        rows = _rows(FreeTable(self.connection, key.parent), asked, names)
        return {tuple(row[name] for name in names) for row in rows}

    def _missing(self, key: ForeignKey, value: Key, known: set[Key]) -> str:
        pairs = zip((parent for _, parent in key.columns), value, strict=True)
        shown = ", ".join(f"{name}={part!r}" for name, part in pairs)
        hint = ""
        if len(value) == 1 and isinstance(value[0], str):
            names = [str(other[0]) for other in known]
            if not names:
                table = FreeTable(self.connection, key.parent)
                names = list(map(str, table.to_arrays(key.columns[0][1], limit=ASKED_AT_ONCE)))
            close = nearest(value[0], names)
            hint = f"; did you mean {close[0]!r}?" if close else ""
        return f"there is no {key.parent.class_name} with {shown}, neither in the files nor in the database{hint}"

    # writing -----------------------------------------------------------------------------------------------
    def _insert(self, new: Mapping[TableName, list[dict[str, Any]]]) -> None:
        with self.connection.transaction:
            for name, rows in new.items():
                if rows:
                    self.sheets[name].unit.table.insert(rows)
        self.report.inserted = True


def unique_sets(spec: TableSpec) -> list[list[str]]:
    """Sets of attributes, apart from the primary key, whose values no two rows share."""
    sets = [[child for child, _ in key.columns] for key in spec.foreign_keys if key.unique]
    sets += [list(index.columns) for index in spec.indexes if index.unique]
    return [names for names in sets if all(name in spec.heading for name in names)]


def _rows(
    table: FreeTable, asked: Sequence[dict[str, Any]], names: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Fetch the rows that have any of the values asked for, some hundreds at a time."""
    for start in range(0, len(asked), ASKED_AT_ONCE):
        yield from (table & list(asked[start : start + ASKED_AT_ONCE])).to_dicts(*names)


def _same(given: Any, stored: Any, type_name: str) -> bool:
    if type_name == "float32" and isinstance(given, float) and isinstance(stored, float):
        return math.isclose(given, stored, rel_tol=1e-6)
    return bool(given == stored)


def _hashable(key: Key) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


__all__ = ["IngestReport", "Ingestion", "RowFault", "ingest", "unique_sets"]
