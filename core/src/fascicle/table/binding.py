"""A table class bound to a schema: its name, its specification, its connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fascicle.model import TableName, TableSpec
from fascicle.query.nodes import Relation

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a table class lives.

    Parameters
    ----------
    connection : Connection
    spec : TableSpec
        What is declared in the database.
    relation : Relation
        The algebra's leaf for it.
    is_declared : bool
        Whether the table exists in the database (a schema may forbid creating tables).
    """

    connection: Connection
    spec: TableSpec
    relation: Relation
    is_declared: bool = True

    @property
    def name(self) -> TableName:
        """Full physical name."""
        return self.spec.name


def bind(connection: Connection, spec: TableSpec, is_declared: bool = True) -> Binding:
    """Make the binding of a table."""
    return Binding(connection, spec, Relation(spec.name, spec.heading), is_declared)
