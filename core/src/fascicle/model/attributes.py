"""Attributes: named, typed columns with their origin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Self

from fascicle.model.types import CoreType


class _Missing:
    """The absence of a default, apart from a default of NULL."""

    _only: Self | None = None

    def __new__(cls) -> Self:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "REQUIRED"

    def __reduce__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Missing()


@dataclass(frozen=True, slots=True)
class CurrentTimestamp:
    """The default ``CURRENT_TIMESTAMP[(digits)]``, evaluated by the database (UTC)."""

    digits: int = 0

    def __str__(self) -> str:
        return f"CURRENT_TIMESTAMP({self.digits})" if self.digits else "CURRENT_TIMESTAMP"


@dataclass(frozen=True, slots=True)
class CodecRef:
    """A codec named in a definition: ``<name>``, ``<name@>`` or ``<name@store>``.

    Parameters
    ----------
    name : str
        Registered codec name.
    store : str or None
        ``None`` when values live in the table, ``""`` for the default store, else the store's name.
    """

    name: str
    store: str | None = None

    def __str__(self) -> str:
        return f"<{self.name}>" if self.store is None else f"<{self.name}@{self.store}>"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a heading.

    Parameters
    ----------
    name : str
        Attribute name.
    type : CoreType
        Type of the stored column.  For a codec this is what the codec stores (``bytes``, ``json``...).
    in_key : bool
        Whether the attribute belongs to the primary key.
    nullable : bool
        Whether NULL is admitted.
    default : Any
        `REQUIRED`, ``None`` (NULL), a `CurrentTimestamp`, or a Python value of the type.
    comment : str
        Comment for people.
    codec : CodecRef or None
        Codec that turns the column into a value, if any.
    lineage : str or None
        ``schema.table.attribute`` where a key attribute was first declared; ``None`` for plain ones.
    native : str or None
        Exact column type in the database that a catalogue reported; a foreign key repeats it.
    collation : str or None
        Collation that the catalogue reported, repeated by foreign keys.
    computed : bool
        Whether the attribute is the value of an expression and not a column.
    """

    name: str
    type: CoreType
    in_key: bool = False
    nullable: bool = False
    default: Any = REQUIRED
    comment: str = ""
    codec: CodecRef | None = None
    lineage: str | None = None
    native: str | None = None
    collation: str | None = None
    computed: bool = False
    autoincrement: bool = False

    @property
    def declared(self) -> str:
        """The type as a definition writes it."""
        return str(self.codec) if self.codec is not None else str(self.type)

    @property
    def is_hidden(self) -> bool:
        """Whether the attribute is hidden from headings (names with a leading underscore)."""
        return self.name.startswith("_")

    @property
    def has_default(self) -> bool:
        """Whether an insert may leave the attribute out."""
        return self.default is not REQUIRED or self.autoincrement

    def evolve(self, **changes: Any) -> Attribute:
        """Copy with changes."""
        return replace(self, **changes)
