"""What an ALTER TABLE has to do: the difference between two specifications of one table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fascicle.errors import DefinitionError
from fascicle.model import Attribute, Index, TableSpec

_RENAMED = re.compile(r"\{\s*(\w+)\s*\}")


@dataclass(frozen=True, slots=True)
class Changes:
    """Differences in the order in which they have to be made.

    Parameters
    ----------
    dropped : tuple of Attribute
        Attributes that go.
    renamed : tuple of (str, str)
        Old and new name; the new attribute's comment began with ``{old}``.
    changed : tuple of (Attribute, Attribute)
        Old and new form of attributes that stay, renamed ones under their new name.
    added : tuple of (Attribute, str or None)
        New attributes, each with the name of the attribute before it.
    indexes_dropped, indexes_added : tuple of Index
    comment : str or None
        New comment of the table, if it differs.
    """

    dropped: tuple[Attribute, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[Attribute, Attribute], ...] = ()
    added: tuple[tuple[Attribute, str | None], ...] = ()
    indexes_dropped: tuple[Index, ...] = ()
    indexes_added: tuple[Index, ...] = ()
    comment: str | None = None

    def __bool__(self) -> bool:
        lists = (
            self.dropped,
            self.renamed,
            self.changed,
            self.added,
            self.indexes_dropped,
            self.indexes_added,
        )
        return any(lists) or self.comment is not None


def difference(old: TableSpec, new: TableSpec) -> Changes:
    """Say what turns `old` into `new`.

    Raises
    ------
    DefinitionError
        If the primary key or the foreign keys differ: rows elsewhere depend on them.
    """
    _refuse_structural(old, new)
    before = {a.name: a for a in old.attributes}
    renames = _renames(before, new)
    origin = {new_name: old_name for old_name, new_name in renames}
    after = {a.name for a in new.attributes}
    added, changed = [], []
    previous: str | None = None
    for attribute in new.attributes:
        known = before.get(origin.get(attribute.name, attribute.name))
        if known is None:
            added.append((attribute, previous))
        elif _shape(known) != _shape(attribute):
            changed.append((known.evolve(name=attribute.name), attribute))
        previous = attribute.name
    gone = {old_name for old_name, _ in renames} | after
    old_indexes, new_indexes = _renamed_indexes(old, renames), list(new.indexes)
    return Changes(
        # Hidden attributes belong to whoever made them: a definition does not speak of them.
        dropped=tuple(a for a in old.attributes if a.name not in gone and not a.is_hidden),
        renamed=tuple(renames),
        changed=tuple(changed),
        added=tuple(added),
        indexes_dropped=tuple(i for i in old_indexes if i not in new_indexes),
        indexes_added=tuple(i for i in new_indexes if i not in old_indexes),
        comment=new.comment if new.comment != old.comment else None,
    )


def _refuse_structural(old: TableSpec, new: TableSpec) -> None:
    for what, left, right in (
        ("primary key", _key(old), _key(new)),
        ("foreign keys", set(old.foreign_keys), set(new.foreign_keys)),
    ):
        if left != right:
            raise DefinitionError(
                f"the {what} of a declared table cannot be altered",
                where=str(new.name),
                why="rows of this table and of others depend on it",
                try_="declare a new table and copy the rows, or restore that part of the definition",
            )


def _key(spec: TableSpec) -> list[tuple[object, ...]]:
    return [(a.name, a.type, a.codec) for a in spec.attributes if a.in_key]


def _shape(attribute: Attribute) -> tuple[object, ...]:
    return attribute.type, attribute.codec, attribute.nullable, attribute.default, attribute.comment


def _renames(before: dict[str, Attribute], new: TableSpec) -> list[tuple[str, str]]:
    renames = []
    for attribute in new.attributes:
        found = _RENAMED.match(attribute.comment)
        if found and attribute.name not in before and found.group(1) in before:
            renames.append((found.group(1), attribute.name))
    sources = [source for source, _ in renames]
    if len(set(sources)) < len(sources):
        raise DefinitionError("two attributes claim the same old name", where=str(new.name))
    return renames


def _renamed_indexes(old: TableSpec, renames: list[tuple[str, str]]) -> list[Index]:
    names = dict(renames)
    return [
        Index(tuple(names.get(c, c) for c in index.columns), index.unique, name=index.name)
        for index in old.indexes
    ]
