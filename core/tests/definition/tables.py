"""Tables declared without a database."""

from __future__ import annotations

from collections.abc import Callable

from fascicle.definition import ParentRef, parse, resolve
from fascicle.errors import MissingTableError
from fascicle.model import TableName, TableSpec


def lookup_in(*specs: TableSpec, master: TableSpec | None = None) -> Callable[[str], ParentRef]:
    """A look-up by class name, and ``master``."""
    known = {spec.name.class_name: spec for spec in specs}
    if master is not None:
        known["master"] = master

    def lookup(dotted: str) -> ParentRef:
        if dotted not in known:
            raise MissingTableError(f"nobody knows {dotted}")
        spec = known[dotted]
        return ParentRef(spec.name, spec.full_heading, spec)

    return lookup


def declare(text: str, table: str = "thing", *parents: TableSpec, **options: object) -> TableSpec:
    """Parse and resolve in schema ``lab``."""
    master = options.pop("master", None)
    name = TableName("lab", table)
    return resolve(parse(text), name=name, lookup=lookup_in(*parents, master=master), **options)
