"""Headings: the ordered attributes of a relation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from fascicle.errors import HeadingError, UnknownAttributeError
from fascicle.model.attributes import Attribute
from fascicle.model.suggest import nearest

MOST_UNDERSTOOD = 256


class Heading(Mapping[str, Attribute]):
    """Immutable, ordered attributes, the primary key first.

    Parameters
    ----------
    attributes : iterable of Attribute
        Attributes in order; those with ``in_key`` form the primary key.
    comment : str
        Comment of the table, if the heading is a table's.

    Raises
    ------
    HeadingError
        If two attributes have the same name.
    """

    def __init__(self, attributes: Iterable[Attribute], comment: str = "") -> None:
        self._attributes: dict[str, Attribute] = {}
        for attribute in attributes:
            if attribute.name in self._attributes:
                raise HeadingError(f"two attributes are named {attribute.name!r}")
            self._attributes[attribute.name] = attribute
        self.comment = comment
        self._primary_key: list[str] | None = None
        #: Secondary indexes of a table: attributes to ``{"unique": bool}``; queries have none.
        self.indexes: Mapping[tuple[str, ...], Mapping[str, bool]] = {}
        #: What texts, projections and joins were found to mean here; only a memory, it changes no result.
        self.understood: dict[tuple[Any, ...], Any] = {}

    def __getitem__(self, name: str) -> Attribute:
        try:
            return self._attributes[name]
        except KeyError:
            raise unknown_attribute(name, self._attributes) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)

    def __contains__(self, name: object) -> bool:
        return name in self._attributes

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Heading):
            return NotImplemented
        return list(self._attributes.values()) == list(other._attributes.values())

    def __hash__(self) -> int:
        return hash(tuple(self._attributes.values()))

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """Attributes by name."""
        return self._attributes

    @cached_property
    def names(self) -> list[str]:
        """Names in order."""
        return list(self._attributes)

    @property
    def primary_key(self) -> list[str]:
        """Names of the primary key, in order."""
        # No cached_property: it takes a lock, and every operator asks for this of a new heading.
        if self._primary_key is None:
            self._primary_key = [a.name for a in self._attributes.values() if a.in_key]
        return self._primary_key

    @cached_property
    def secondary_attributes(self) -> list[str]:
        """Names outside the primary key, in order."""
        return [a.name for a in self._attributes.values() if not a.in_key]

    @cached_property
    def blobs(self) -> list[str]:
        """Names of attributes that a codec decodes."""
        return [a.name for a in self._attributes.values() if a.codec is not None]

    @cached_property
    def non_blobs(self) -> list[str]:
        """Names of attributes stored as they are."""
        return [a.name for a in self._attributes.values() if a.codec is None]

    @property
    def has_autoincrement(self) -> bool:
        """Whether the database numbers the rows itself."""
        return any(a.autoincrement for a in self._attributes.values())

    def visible(self) -> Heading:
        """Heading without hidden attributes."""
        return Heading((a for a in self.values() if not a.is_hidden), self.comment)

    def understand(self, key: tuple[Any, ...], meaning: Any) -> None:
        """Remember what was worked out over these attributes; the memory is bounded."""
        if len(self.understood) >= MOST_UNDERSTOOD:
            self.understood.clear()
        self.understood[key] = meaning

    def __repr__(self) -> str:
        lines = [f"# {self.comment}"] if self.comment else []
        divided = False
        for attribute in self.values():
            if not attribute.in_key and not divided:
                lines.append("---")
                divided = True
            lines.append(describe_attribute(attribute))
        return "\n".join(lines)


def describe_attribute(attribute: Attribute) -> str:
    """One line for people: name, default if any, type, comment."""
    default = (
        ""
        if not attribute.has_default
        else f"={attribute.default if attribute.default is not None else 'null'}"
    )
    comment = f"  # {attribute.comment}" if attribute.comment else ""
    return f"{attribute.name + default:<20} : {attribute.declared}{comment}"


def unknown_attribute(name: str, known: Iterable[str], where: str | None = None) -> UnknownAttributeError:
    """Build the error for an unknown attribute, naming the nearest ones."""
    names = list(known)
    close = nearest(name, names)
    hint = f"did you mean {' or '.join(repr(c) for c in close)}?" if close else None
    return UnknownAttributeError(
        f"there is no attribute {name!r}",
        where=where,
        why=f"the attributes are {', '.join(names) or '(none)'}",
        try_=hint,
        name=name,
    )
