"""The two values that a dependency graph is made of: tables and references."""

from __future__ import annotations

from dataclasses import dataclass

from fascicle.model import ForeignKey, TableName


@dataclass(frozen=True, slots=True)
class TableNode:
    """A table as the graph sees it.

    Parameters
    ----------
    name : TableName
        Full physical name.
    master : TableName, optional
        Master table, for a part.
    primary_key : tuple of str
        Key attributes in order; empty for a singleton or where the table is known by name only.
    """

    name: TableName
    master: TableName | None = None
    primary_key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """One foreign key, pointing from child to parent.

    Parameters
    ----------
    child, parent : TableName
        Referring table and table referred to.
    columns : tuple of (str, str)
        Pairs ``(child attribute, parent attribute)``.
    primary : bool
        Whether every child attribute belongs to the child's primary key.
    nullable, unique : bool
        Options of the foreign key.
    """

    child: TableName
    parent: TableName
    columns: tuple[tuple[str, str], ...] = ()
    primary: bool = False
    nullable: bool = False
    unique: bool = False

    @classmethod
    def of(cls, child: TableName, foreign_key: ForeignKey) -> Edge:
        """Make the edge of one foreign key of the table `child`."""
        return cls(
            child,
            foreign_key.parent,
            foreign_key.columns,
            primary=foreign_key.in_key,
            nullable=foreign_key.nullable,
            unique=foreign_key.unique,
        )

    @property
    def renamed(self) -> bool:
        """Whether any attribute changes its name on the way."""
        return any(child != parent for child, parent in self.columns)

    @property
    def child_attributes(self) -> tuple[str, ...]:
        """Attributes of the child that make the reference."""
        return tuple(child for child, _ in self.columns)
