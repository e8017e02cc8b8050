"""One CSV file against its table: cells parsed and checked, every fault with its line and column."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fascicle.element.csvfiles.templates import columns_of
from fascicle.element.templates import Unit
from fascicle.element.times import to_utc
from fascicle.model import Attribute, nearest
from fascicle.table.write.checks import Fault
from fascicle.table.write.insert import Writer
from fascicle.table.write.rows import Batch

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection


@dataclass(frozen=True, order=True)
class RowFault:
    """Something wrong in a CSV file.

    Parameters
    ----------
    file : str
    line : int
        As an editor counts, from 1; the header is line 1.
    column : str
    reason : str
    """

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.column}: {self.reason}"


@dataclass
class Sheet:
    """The rows of one file.

    Attributes
    ----------
    unit : Unit
        The table.
    rows : list of dict
        Canonical values by attribute; what a cell leaves out is not there.
    lines : list of int
        Line of each row.
    faults : list of RowFault
    """

    unit: Unit
    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.unit.key}.csv"

    def fault(self, line: int, column: str, reason: str) -> None:
        """Note a fault."""
        self.faults.append(RowFault(self.file, line, column, reason))

    @property
    def faulty_lines(self) -> set[int]:
        """Lines with a fault."""
        return {fault.line for fault in self.faults}


class SheetReader:
    """Reads CSV files of one connection.

    Parameters
    ----------
    connection : Connection
    time_zone : str, optional
        Zone of moments that are written without an offset.
    """

    def __init__(self, connection: Connection, time_zone: str | None = None) -> None:
        self.connection = connection
        self.time_zone = time_zone

    def read(self, unit: Unit, path: Path) -> Sheet:
        """Read a file; what is wrong is noted in the sheet."""
        sheet = Sheet(unit)
        try:
            with path.open(newline="", encoding="utf-8-sig") as stream:
                reader = csv.reader(stream, strict=True)
                header = [name.strip() for name in next(reader, [])]
                if self._check_header(sheet, header):
                    self._read_rows(sheet, header, reader)
        except (UnicodeDecodeError, csv.Error) as error:
            sheet.fault(1, "*", f"this is no CSV file in UTF-8: {error}")
        self._check(sheet)
        return sheet

    def _check_header(self, sheet: Sheet, header: list[str]) -> bool:
        known = {attribute.name: attribute for attribute in columns_of(sheet.unit.table._bound().spec)}
        for name in header:
            if name not in known:
                close = nearest(name, known)
                hint = f"; did you mean {close[0]!r}?" if close else f"; the columns are {', '.join(known)}"
                sheet.fault(1, name or "(blank)", f"there is no such column{hint}")
            elif header.count(name) > 1 and header.index(name) == len(header) - 1 - header[::-1].index(name):
                sheet.fault(1, name, "the column is there twice")
        for name, attribute in known.items():
            if name not in header and not attribute.has_default and name not in sheet.unit.table.fills:
                sheet.fault(1, name, "the column is missing, and a value is required")
        return not sheet.faults

    def _read_rows(self, sheet: Sheet, header: list[str], reader: Any) -> None:
        heading = sheet.unit.table._bound().spec.heading
        line = 2
        for values in reader:
            texts = [text.strip() for text in values]
            if any(texts):
                if len(texts) > len(header) and any(texts[len(header) :]):
                    sheet.fault(line, "*", f"the line has {len(texts)} cells and the header {len(header)}")
                pairs = [(name, text) for name, text in zip(header, texts, strict=False) if text]
                sheet.rows.append(
                    {name: self._cell(sheet, line, heading[name], text) for name, text in pairs}
                )
                sheet.lines.append(line)
            line = reader.line_num + 1

    def _cell(self, sheet: Sheet, line: int, attribute: Attribute, text: str) -> Any:
        """Parse what needs more than the attribute's type says: moments in local time, JSON."""
        try:
            if attribute.type.name == "datetime":
                return to_utc(dt.datetime.fromisoformat(text), self.time_zone)
            if attribute.type.name == "json":
                return json.loads(text)
        except json.JSONDecodeError as error:
            sheet.fault(line, attribute.name, f"this is no JSON: {error}")
        except ValueError as error:
            reason = str(error)
            if reason.startswith("Invalid isoformat"):
                reason = f"expected a date and time such as 2026-01-31T12:30:00+01:00, got {text!r}"
            sheet.fault(line, attribute.name, reason)
        return text

    def _check(self, sheet: Sheet) -> None:
        """Check rows as an insert would, and keep their canonical values."""
        writer = Writer(self.connection, sheet.unit.table._bound().spec)
        told = {(fault.line, fault.column) for fault in sheet.faults}
        for names, places in _grouped(sheet.rows).items():
            columns: list[Sequence[Any]] = [[sheet.rows[place][name] for place in places] for name in names]
            batch, faults = Batch(list(names), columns, places), list[Fault]()
            prepared = writer.prepare(batch, faults)
            for fault in faults:
                line = sheet.lines[fault.row]
                if (line, fault.attribute) not in told:
                    sheet.fault(line, fault.attribute, fault.reason)
            for name, column in zip(prepared.names, prepared.columns, strict=True):
                for place, value in zip(places, column, strict=True):
                    sheet.rows[place][name] = value


def _grouped(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], list[int]]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(tuple(row), []).append(place)
    return groups
