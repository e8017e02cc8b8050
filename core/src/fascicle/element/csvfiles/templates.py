"""CSV templates made from tables: one file for each, and one that says what the columns are."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fascicle.element.templates import Unit
from fascicle.errors import SchemaError
from fascicle.model import Attribute, CurrentTimestamp, TableSpec, Tier, nearest

GUIDE: Final = "columns.csv"
_GUIDE_HEADER: Final = ("file", "column", "key", "required", "type", "default", "refers_to", "meaning")


def fillable(units: Iterable[Unit]) -> list[Unit]:
    """Tables that people fill by hand: manual and lookup tables and their parts, without values of codecs."""
    found = []
    for unit in units:
        master = unit.master or unit.table
        spec = unit.table._bound().spec
        needs_codec = any(a.codec is not None and not a.has_default for a in spec.heading.values())
        if master.tier in (Tier.MANUAL, Tier.LOOKUP) and not needs_codec:
            found.append(unit)
    return found


def columns_of(spec: TableSpec) -> list[Attribute]:
    """Attributes that a CSV file can hold."""
    return [
        attribute
        for attribute in spec.heading.values()
        if attribute.codec is None and not attribute.autoincrement
    ]


def write_templates(units: Sequence[Unit], folder: Path) -> list[Path]:
    """Write a CSV file with its header for each table, and a guide to all columns.

    Parameters
    ----------
    units : sequence of Unit
        Tables; those that are computed, or hold values of codecs, are passed over.
    folder : Path
        Made if missing; a file that is there already is left as it is.

    Returns
    -------
    list of Path
        The files, in the order in which people would fill them in, and the guide at the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths, guide = [], []
    for unit in fillable(units):
        spec = unit.table._bound().spec
        path = folder / f"{unit.key}.csv"
        if not path.exists():
            _write(path, [[attribute.name for attribute in columns_of(spec)]])
        paths.append(path)
        guide += [_guide_row(unit, spec, attribute) for attribute in columns_of(spec)]
    _write(folder / GUIDE, [list(_GUIDE_HEADER), *guide])
    return [*paths, folder / GUIDE]


def _guide_row(unit: Unit, spec: TableSpec, attribute: Attribute) -> list[str]:
    parents = [key.parent.class_name for key in spec.foreign_keys if attribute.name in key.attr_map]
    is_required = not attribute.has_default and attribute.name not in unit.table.fills
    default = "" if not attribute.has_default or attribute.default is None else cell(attribute.default)
    if isinstance(attribute.default, CurrentTimestamp):
        default = "the time of insertion"
    return [
        f"{unit.key}.csv",
        attribute.name,
        "yes" if attribute.in_key else "",
        "yes" if is_required else "",
        attribute.declared,
        default,
        ", ".join(parents),
        attribute.comment,
    ]


def write_rows(
    units: Sequence[Unit], folder: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Path]:
    """Fill templates with rows, as a person would.

    Parameters
    ----------
    units : sequence of Unit
    folder : Path
    rows : mapping of str to sequence of mapping
        Rows by the name of their table, ``"Subject"`` or ``"Subject.Protocol"``.

    Returns
    -------
    list of Path

    Raises
    ------
    SchemaError
        If a name is no table that people fill.
    """
    known = {unit.key: unit for unit in fillable(units)}
    for key in rows:
        if key not in known:
            close = nearest(key, known)
            raise SchemaError(
                f"{key!r} is no table that is filled by hand",
                try_=f"did you mean {close[0]!r}?" if close else f"they are {', '.join(known)}",
            )
    paths = write_templates(list(known.values()), folder)
    for key, given in rows.items():
        names = [attribute.name for attribute in columns_of(known[key].table._bound().spec)]
        lines = [[cell(row.get(name)) for name in names] for row in given]
        _write(folder / f"{key}.csv", [names, *lines])
    return paths


def cell(value: Any) -> str:
    """Write a value as the text that ingestion reads back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat() + ("Z" if value.tzinfo is None else "")
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _write(path: Path, lines: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(lines)
