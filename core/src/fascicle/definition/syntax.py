"""The syntax tree of a definition: what is written, with positions, before any table is looked up."""

from __future__ import annotations

from dataclasses import dataclass, field

from fascicle.definition.source import Source
from fascicle.model import CodecRef, CoreType


class LegacyTypeWarning(UserWarning):
    """A type spelling of existing pipelines, read with the meaning that the message states."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Advice about something that is accepted.

    Parameters
    ----------
    line, column : int
        Where, from 1.
    text : str
        What it means and what to write instead.
    """

    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class DefaultText:
    """A default as written; ``quoted`` tells ``'null'`` from ``null``."""

    text: str
    quoted: bool
    column: int


@dataclass(frozen=True, slots=True)
class AttributeItem:
    """``name [= default] : type [# comment]``."""

    name: str
    type: CoreType | CodecRef
    default: DefaultText | None
    comment: str
    in_key: bool
    line: int
    column: int
    type_column: int
    autoincrement: bool = False


@dataclass(frozen=True, slots=True)
class ForeignKeyItem:
    """``-> [nullable, unique] Parent.proj(new='old')``; `renames` maps old to new."""

    parent: str
    renames: tuple[tuple[str, str], ...]
    nullable: bool
    unique: bool
    in_key: bool
    line: int
    column: int
    rename_columns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexItem:
    """``[unique] index(a, b.path, (expression))``; each column with the place where it stands."""

    columns: tuple[tuple[str, int], ...]
    unique: bool
    line: int
    column: int


Item = AttributeItem | ForeignKeyItem | IndexItem


@dataclass(frozen=True)
class Definition:
    """A parsed definition.

    Parameters
    ----------
    source : Source
        The text, for error messages.
    comment : str
        Comment of the table.
    items : tuple
        `AttributeItem`, `ForeignKeyItem` and `IndexItem` in the order of the text.
    hints : tuple of Hint
        Advice, such as the meaning given to legacy spellings.
    """

    source: Source
    comment: str
    items: tuple[Item, ...]
    hints: tuple[Hint, ...] = field(default=())

    @property
    def text(self) -> str:
        """The definition as written."""
        return self.source.text

    @property
    def parents(self) -> tuple[str, ...]:
        """Dotted names that the foreign keys refer to, in order."""
        return tuple(item.parent for item in self.items if isinstance(item, ForeignKeyItem))
