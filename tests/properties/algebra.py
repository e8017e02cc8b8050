"""Tables of generated worlds in a database, and their queries run there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from fascicle.model import Attribute
from fascicle.query.nodes import Node
from fascicle.sql.compiler import Compiled, compile_count, compile_exists, compile_select
from fascicle.testing.strategies import World

Row = dict[str, Any]


class AlgebraDatabase:
    """A schema in which worlds are made real, one after the other.

    Tables of a seed are declared once; only their rows change.
    """

    def __init__(self, connection: Any, schema: str) -> None:
        self.connection = connection
        self.dialect = connection.dialect
        self.schema = schema
        self.declared: set[Any] = set()
        connection.execute_script(self.dialect.create_schema(schema))

    def load(self, world: World) -> None:
        """Make the tables hold the rows of a world and nothing else."""
        for spec in world.specs:
            if spec.name not in self.declared:
                self.connection.execute_script(self.dialect.create_table(spec))
                self.declared.add(spec.name)
        with self.connection.transaction:
            for spec in reversed(world.specs):
                self.connection.query(f"DELETE FROM {self.dialect.table(spec.name)}")
            for spec in world.specs:
                rows = world.rows[spec.name]
                if rows:
                    self._insert(spec, rows)

    def _insert(self, spec: Any, rows: Sequence[Row]) -> None:
        names = list(spec.heading)
        encoders = [self.dialect.encoder(spec.heading[name]) for name in names]
        encoded = [
            tuple(
                row[name] if encode is None or row[name] is None else encode(row[name])
                for name, encode in zip(names, encoders, strict=True)
            )
            for row in rows
        ]
        self.connection.bulk_insert(spec, names, encoded, "error")

    def select(self, node: Node, **how: Any) -> list[Row]:
        """Return decoded rows."""
        return self.fetch(compile_select(node, self.dialect, **how))

    def fetch(self, compiled: Compiled) -> list[Row]:
        """Run a compiled SELECT and decode its rows."""
        result = self.connection.execute(compiled.sql)
        decoders = [self.dialect.decoder(attribute) for attribute in compiled.heading]
        names = [attribute.name for attribute in compiled.heading]
        return [
            {
                n: v if d is None or v is None else d(v)
                for n, v, d in zip(names, row, decoders, strict=bool(names))
            }
            for row in result.rows
        ]

    def count(self, node: Node) -> int:
        """Return the number of rows, as the database counts them."""
        return int(self.connection.execute(compile_count(node, self.dialect)).rows[0][0])

    def exists(self, node: Node) -> bool:
        """Return whether there is a row, as the database sees it."""
        return bool(self.connection.execute(compile_exists(node, self.dialect)).rows[0][0])


def comparable(rows: Iterable[Row], heading: Iterable[Attribute]) -> list[tuple[Any, ...]]:
    """Return rows as tuples whose equality does not hang on the last bit of a mean."""
    attributes = list(heading)
    return [tuple(_plain(row[a.name], a) for a in attributes) for row in rows]


def _plain(value: Any, attribute: Attribute) -> Any:
    if value is None:
        return None
    if attribute.type.is_float:
        return round(float(value), 9)
    # A mean or sum of integers has one type on every database, which is part of what is held here.
    assert not isinstance(value, Decimal) or attribute.type.name == "decimal", (value, attribute)
    return value


def unordered(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return rows in some order that is the same for equal sets of rows."""
    return sorted(rows, key=repr)
