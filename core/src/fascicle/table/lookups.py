"""Contents of lookup tables: inserted when the class is declared, counted together for a whole schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fascicle.model import TableName, Tier
from fascicle.query.nodes import Relation
from fascicle.table.remove.plan import count_together

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.tiers import Lookup


def counts(connection: Connection, schema: str) -> dict[TableName, int]:
    """Count the rows of every lookup table of a schema in one round trip."""
    known = connection.catalog.load(schema).tables
    names = [name for name in known if name.schema == schema and name.tier is Tier.LOOKUP]
    found = count_together(connection, [Relation(name, known[name].heading) for name in names])
    return dict(zip(names, found, strict=True))


def fill(cls: type[Lookup], known: dict[TableName, int]) -> None:
    """Insert a lookup's contents if they are more than the table holds; rows that exist stay as they are."""
    table = cls()
    contents = list(table.contents)
    name = table.table_id
    if not contents or not table.is_declared or len(contents) <= known.get(name, 0):
        return
    # insert1 of a singleton or of few rows costs what one statement costs.
    table.insert(contents, skip_duplicates=True)
    known[name] = max(known.get(name, 0), len(contents))
