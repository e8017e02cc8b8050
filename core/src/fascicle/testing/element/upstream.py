"""Upstream tables whose names and keys nobody would guess, for linking an Element that is tested."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from fascicle.element import Element, Link, TablePort
from fascicle.table import Manual, Schema
from fascicle.table.meta import TableMeta

ROWS: Final = 12
_DECLARED: Final = {
    "varchar": "varchar(64)",
    "char": "varchar(64)",
    "text": "varchar(64)",
    "enum": "varchar(64)",
    "decimal": "decimal(9,3)",
}


def make_upstream(element: type[Element], schema: Schema, *, optional: bool = True) -> dict[str, Any]:
    """Declare a table for each port of an Element and fill it with rows.

    Every table has a key of two attributes with names of their own, so that code which assumes a name fails.

    Parameters
    ----------
    element : type
    schema : Schema
        Where the tables are declared.
    optional : bool
        Also make tables for optional ports.

    Returns
    -------
    dict of str to Link or list of Link
        Links by port.
    """
    links: dict[str, Any] = {}
    for name, port in element.ports.items():
        if not isinstance(port, TablePort) or (port.optional and not optional):
            continue
        made = [_link(schema, port, f"Given{name}")]
        if port.many:
            made.append(_link(schema, port, f"Other{name}"))
        links[name] = made if port.many else made[0]
    return links


def _link(schema: Schema, port: TablePort, name: str) -> Link:
    stem = name.lower()
    key = (f"{stem}_house", f"{stem}_number")
    roles = {role: (f"{stem}_{role}", kind.removesuffix("?")) for role, kind in port.roles.items()}
    lines = [f"{key[0]} : varchar(16)", f"{key[1]} : int32", "---"]
    lines += [f"{attribute} : {_DECLARED.get(kind, kind)}" for attribute, kind in roles.values()]
    lines += [f"{attribute} : varchar(64)" for attribute in port.requires]
    lines.append(f"{stem}_note = '' : varchar(32)")
    table: Any = TableMeta(name, (Manual,), {"definition": "\n".join(lines), "__module__": __name__})
    schema(table)
    table.insert(_row(number, key, port, roles) for number in range(ROWS))
    return Link(table, {role: attribute for role, (attribute, _) in roles.items()})


def _row(
    number: int, key: tuple[str, str], port: TablePort, roles: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    row: dict[str, Any] = {key[0]: f"house {number % 3}", key[1]: number}
    row |= {attribute: value_of(kind, number) for attribute, kind in roles.values()}
    return row | {attribute: f"{attribute} {number}" for attribute in port.requires}


def value_of(kind: str, number: int) -> Any:
    """Return a plausible value of a type, another one for each number."""
    moment = dt.datetime(2025, 1, 6, 9) + dt.timedelta(days=7 * number)
    head = kind.partition("(")[0]
    values: dict[str, Any] = {
        **dict.fromkeys(("int8", "int16", "int32", "int64"), number + 1),
        **dict.fromkeys(("float32", "float64"), number + 0.5),
        "bool": number % 2 == 0,
        "decimal": Decimal(number),
        "date": moment.date(),
        "time": moment.time(),
        "datetime": moment,
        "uuid": uuid.UUID(int=number + 1),
        "json": {"number": number},
    }
    return values.get(head, f"{head} {number}")
