"""A specification in the making, shared by the steps of `fascicle.definition.resolver.resolve`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fascicle.definition.source import Source
from fascicle.errors import DefinitionError
from fascicle.model import Attribute, ForeignKey, Heading, Index, TableName, TableSpec, Tier


@dataclass(frozen=True, slots=True)
class ParentRef:
    """A table that a foreign key refers to.

    Parameters
    ----------
    name : TableName
        Its physical name.
    heading : Heading
        Its full heading (hidden attributes too).
    spec : TableSpec or None
        Its specification, where known.
    """

    name: TableName
    heading: Heading
    spec: TableSpec | None = None


@dataclass(slots=True)
class Draft:
    """What has been resolved so far.

    Parameters
    ----------
    source : Source
        The text, under the table's name.
    name : TableName
    tier : Tier or None
    origin : dict
        How each attribute came in, for messages.
    declared : set of str
        Attributes that have a line of their own.
    """

    source: Source
    name: TableName
    tier: Tier | None
    attributes: dict[str, Attribute] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)

    @property
    def master(self) -> TableName | None:
        """The master, if the table is a part."""
        return self.name.master if self.tier is Tier.PART else None

    def at(self, line: int, column: int, function: Callable[..., Any], *args: Any) -> Any:
        """Call `function`, giving its error a place in the text."""
        try:
            return function(*args)
        except DefinitionError as error:
            raise self.source.error(line, column, error.what, why=error.why, try_=error.try_) from None
