"""A table's declaration as JSON and back, losing nothing: what SQLite keeps instead of comments."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

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

FORMAT = 1

# JSON has no such values; each travels as {"name": text}.
_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("decimal", str),
    datetime: ("datetime", datetime.isoformat),
    date: ("date", date.isoformat),
    time: ("time", time.isoformat),
    UUID: ("uuid", str),
    bytes: ("bytes", bytes.hex),
    CurrentTimestamp: ("now", lambda value: value.digits),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "uuid": UUID,
    "bytes": bytes.fromhex,
    "now": CurrentTimestamp,
    "json": lambda value: value,
}


def spec_to_json(spec: TableSpec) -> str:
    """Write a declaration as JSON text."""
    document = {
        "format": FORMAT,
        "name": [spec.name.schema, spec.name.table],
        "comment": spec.comment,
        "attributes": [_attribute_out(a) for a in spec.attributes],
        "foreign_keys": [
            {
                "parent": [key.parent.schema, key.parent.table],
                "columns": [list(pair) for pair in key.columns],
                **_flags(in_key=key.in_key, nullable=key.nullable, unique=key.unique),
            }
            for key in spec.foreign_keys
        ],
        "indexes": [
            {"columns": list(i.columns), **_flags(unique=i.unique), **({"name": i.name} if i.name else {})}
            for i in spec.indexes
        ],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def spec_from_json(text: str) -> TableSpec:
    """Read what `spec_to_json` wrote.

    Raises
    ------
    BackendError
        If a newer version wrote it, or it is damaged.
    """
    try:
        document = json.loads(text)
        if document["format"] > FORMAT:
            raise BackendError(
                "the catalogue of this database was written by a newer version",
                try_="upgrade fascicle",
            )
        return TableSpec(
            TableName(*document["name"]),
            tuple(_attribute_in(item) for item in document["attributes"]),
            tuple(_key_in(item) for item in document["foreign_keys"]),
            tuple(
                Index(tuple(i["columns"]), i.get("unique", False), i.get("name")) for i in document["indexes"]
            ),
            document["comment"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackendError(
            "an entry of the catalogue is damaged", why=repr(error), where=text[:80]
        ) from error


def _attribute_out(attribute: Attribute) -> dict[str, Any]:
    item: dict[str, Any] = {"name": attribute.name, "type": _type_out(attribute.type)}
    if attribute.default is not REQUIRED:
        item["default"] = _value_out(attribute.default)
    if attribute.codec is not None:
        item["codec"] = [attribute.codec.name, attribute.codec.store]
    for name in ("comment", "lineage", "native", "collation"):
        if getattr(attribute, name):
            item[name] = getattr(attribute, name)
    item |= _flags(**{n: getattr(attribute, n) for n in ("in_key", "nullable", "computed", "autoincrement")})
    return item


def _attribute_in(item: dict[str, Any]) -> Attribute:
    codec = item.get("codec")
    return Attribute(
        name=item["name"],
        type=_type_in(item["type"]),
        default=_value_in(item["default"]) if "default" in item else REQUIRED,
        codec=CodecRef(*codec) if codec else None,
        comment=item.get("comment", ""),
        lineage=item.get("lineage"),
        native=item.get("native"),
        collation=item.get("collation"),
        in_key=item.get("in_key", False),
        nullable=item.get("nullable", False),
        computed=item.get("computed", False),
        autoincrement=item.get("autoincrement", False),
    )


def _key_in(item: dict[str, Any]) -> ForeignKey:
    return ForeignKey(
        TableName(*item["parent"]),
        tuple((child, parent) for child, parent in item["columns"]),
        item.get("in_key", False),
        item.get("nullable", False),
        item.get("unique", False),
    )


def _flags(**flags: bool) -> dict[str, bool]:
    return {name: True for name, value in flags.items() if value}


def _type_out(type_: CoreType) -> list[Any]:
    return [type_.name, *type_.args]


def _type_in(item: list[Any]) -> CoreType:
    return CoreType(item[0], tuple(item[1:]))


def _value_out(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict | list):
        return {"json": value}
    name, write = _WRITERS[type(value)]
    return {name: write(value)}


def _value_in(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    ((name, value),) = item.items()
    return _READERS[name](value)
