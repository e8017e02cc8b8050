"""Rows for COPY."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fascicle.backend.protocol import Row
from fascicle.backend.rows import ColumnRows, columns_of
from fascicle.model import Attribute, TableSpec

_BINARY = {
    "int8": "int2",
    "int16": "int2",
    "int32": "int4",
    "int64": "int8",
    "float32": "float4",
    "float64": "float8",
    "bool": "bool",
    "decimal": "numeric",
    "char": "bpchar",
    "varchar": "varchar",
    "enum": "text",
    "date": "date",
    "datetime": "timestamp",
    "time": "time",
    "uuid": "uuid",
    "bytes": "bytea",
    "json": "bytea",
}
_NATIVE = {
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "real": "float4",
    "double precision": "float8",
    "text": "text",
    "jsonb": "bytea",
}
_JSONB_VERSION = b"\x01"


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """Rows ready for COPY, and the types of the binary format (none for the text format)."""

    rows: Iterable[Row]
    types: tuple[str, ...] | None


def copy_plan(spec: TableSpec, columns: Sequence[str], rows: Sequence[Row]) -> CopyPlan:
    """Choose the format of a COPY: binary unless a column has a type that only the server knows."""
    attributes = [spec.full_heading[name] for name in columns]
    types = [_binary_type(attribute) for attribute in attributes]
    if any(type_ is None for type_ in types):
        return CopyPlan(rows, None)
    places = frozenset(n for n, attribute in enumerate(attributes) if attribute.type.name == "json")
    return CopyPlan(
        _with_jsonb(rows, places) if places else rows,
        tuple(type_ for type_ in types if type_ is not None),
    )


def _binary_type(attribute: Attribute) -> str | None:
    native = attribute.native
    if native is not None:
        bare = native.partition("(")[0].strip()
        if bare == "json":
            return None
        if bare in _NATIVE:
            return _NATIVE[bare]
    if str(attribute.type) in ("text", "tinytext", "mediumtext", "longtext"):
        return "text"
    return _BINARY.get(attribute.type.name)


def _with_jsonb(rows: Sequence[Row], places: frozenset[int]) -> Sequence[Row]:
    columns = [
        [None if value is None else _JSONB_VERSION + value.encode() for value in column]
        if number in places
        else column
        for number, column in enumerate(columns_of(rows))
    ]
    return ColumnRows(columns, len(rows))
