"""What a table is, apart from any database: attributes, foreign keys, indexes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from fascicle.errors import MissingTableError
from fascicle.model.attributes import Attribute
from fascicle.model.heading import Heading
from fascicle.model.names import TableName
from fascicle.model.suggest import nearest


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference from a child table to its parent's primary key.

    Parameters
    ----------
    parent : TableName
        Table referred to.
    columns : tuple of (str, str)
        Pairs ``(child attribute, parent attribute)`` in the parent's key order.
    in_key : bool
        Whether every child attribute belongs to the child's primary key.
    nullable, unique : bool
        The options of the definition.
    """

    parent: TableName
    columns: tuple[tuple[str, str], ...]
    in_key: bool = False
    nullable: bool = False
    unique: bool = False

    @property
    def attr_map(self) -> dict[str, str]:
        """Child attribute to parent attribute."""
        return dict(self.columns)

    @property
    def renamed(self) -> bool:
        """Whether any attribute changes its name."""
        return any(child != parent for child, parent in self.columns)


@dataclass(frozen=True, slots=True)
class Index:
    """An index over attributes, JSON paths or expressions, as the definition writes them.

    `name` is what a catalogue calls it; it takes no part in comparisons.
    """

    columns: tuple[str, ...]
    unique: bool = False
    name: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class TableSpec:
    """A table's complete declaration.

    Parameters
    ----------
    name : TableName
        Full physical name.
    attributes : tuple of Attribute
        All attributes, hidden ones too, the primary key first.
    foreign_keys : tuple of ForeignKey
    indexes : tuple of Index
    comment : str
    """

    name: TableName
    attributes: tuple[Attribute, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    comment: str = ""

    @cached_property
    def heading(self) -> Heading:
        """Visible attributes."""
        heading = Heading((a for a in self.attributes if not a.is_hidden), self.comment)
        keys = {tuple(c for c, _ in key.columns): {"unique": True} for key in self.foreign_keys if key.unique}
        heading.indexes = {**keys, **{index.columns: {"unique": index.unique} for index in self.indexes}}
        return heading

    @cached_property
    def full_heading(self) -> Heading:
        """Every attribute, hidden ones too."""
        return Heading(self.attributes, self.comment)

    @property
    def is_singleton(self) -> bool:
        """Whether the table holds at most one row (no key attributes in its definition)."""
        return not self.heading.primary_key

    def evolve(self, **changes: Any) -> TableSpec:
        """Copy with changes."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Catalog:
    """Every table of one or more schemas, as read from a database or declared."""

    tables: Mapping[TableName, TableSpec] = field(default_factory=dict)

    def __getitem__(self, name: TableName) -> TableSpec:
        try:
            return self.tables[name]
        except KeyError:
            close = nearest(str(name), [str(n) for n in self.tables])
            raise MissingTableError(
                f"the table {name} is not declared",
                try_=f"did you mean {' or '.join(close)}?" if close else None,
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def __iter__(self) -> Iterator[TableName]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def with_tables(self, *specs: TableSpec) -> Catalog:
        """Copy with tables added or replaced."""
        return Catalog({**self.tables, **{spec.name: spec for spec in specs}})

    def without(self, *names: TableName) -> Catalog:
        """Copy without the named tables."""
        return Catalog({n: s for n, s in self.tables.items() if n not in names})
