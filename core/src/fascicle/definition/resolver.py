"""From a syntax tree to a table's specification: parents looked up, keys inherited, everything checked."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fascicle.definition.checks import (
    MAX_TABLE_COMMENT,
    check_comment,
    check_index,
    check_key_type,
    check_type,
)
from fascicle.definition.defaults import convert_default, is_null
from fascicle.definition.draft import Draft
from fascicle.definition.inheritance import Lookup, add_foreign_key
from fascicle.definition.source import Source
from fascicle.definition.syntax import (
    AttributeItem,
    Definition,
    ForeignKeyItem,
    IndexItem,
    LegacyTypeWarning,
)
from fascicle.errors import FascicleError
from fascicle.model import (
    REQUIRED,
    Attribute,
    CodecRef,
    CoreType,
    ForeignKey,
    Index,
    TableName,
    TableSpec,
    Tier,
)

SINGLETON = "_singleton"


CodecType = Callable[[CodecRef], CoreType]


def default_codec_type(codec: CodecRef) -> CoreType:
    """Stored type by convention: ``bytes`` for blobs and attachments kept in the table, else ``json``."""
    return CoreType("bytes" if codec.store is None and codec.name in ("blob", "attach") else "json")


def resolve(
    definition: Definition,
    *,
    name: TableName,
    lookup: Lookup,
    tier: Tier | None = None,
    codec_dtype: CodecType = default_codec_type,
    allow_hidden: bool = False,
    allow_new_key_attributes: bool = False,
    warn: bool = True,
) -> TableSpec:
    """Turn a parsed definition into a table's specification.

    Parameters
    ----------
    definition : Definition
        From `parse`.
    name : TableName
        Physical name of the table.
    lookup : callable
        Turns the dotted name of a foreign key into a `ParentRef`, or raises any `FascicleError`; ``"master"``
        asks for the master of a part.
    tier : Tier, optional
        By default what the name says.
    codec_dtype : callable
        Gives the stored type of a codec.
    allow_hidden : bool
        Admit names with a leading underscore (the library's own).
    allow_new_key_attributes : bool
        Admit key attributes of imported and computed tables that no foreign key brings.
    warn : bool
        Warn of legacy spellings (`LegacyTypeWarning`, once each).

    Returns
    -------
    TableSpec
        Attributes with the key first, foreign keys and indexes in the order of the text.

    Raises
    ------
    DefinitionError
        With line, column and caret.
    """
    draft = Draft(Source(definition.text, str(name)), name, tier or name.tier)
    resolver = _Resolver(draft, lookup, codec_dtype, allow_hidden)
    spec = resolver.run(definition, allow_new_key_attributes)
    if warn:
        _warn(definition)
    return spec


def _warn(definition: Definition) -> None:
    for hint in definition.hints:
        # One place in the code, so that Python's own registry shows each text once.
        warnings.warn(hint.text, LegacyTypeWarning, stacklevel=1)


class _Resolver:
    def __init__(self, draft: Draft, lookup: Lookup, codec_dtype: CodecType, allow_hidden: bool) -> None:
        self.draft = draft
        self.source = draft.source
        self.lookup = lookup
        self.codec_dtype = codec_dtype
        self.allow_hidden = allow_hidden

    def run(self, definition: Definition, allow_new_key_attributes: bool) -> TableSpec:
        if len(definition.comment) > MAX_TABLE_COMMENT:
            raise self.source.error(
                1, 1, f"the table's comment has {len(definition.comment)} characters, {MAX_TABLE_COMMENT} fit"
            )
        alone = sum(item.in_key for item in definition.items if not isinstance(item, IndexItem)) == 1
        for item in definition.items:
            if isinstance(item, AttributeItem):
                self._attribute(item, alone)
            elif isinstance(item, ForeignKeyItem):
                add_foreign_key(self.draft, item, self.lookup)
        parents = dict(zip(definition.parents, self.draft.foreign_keys, strict=True))
        for item in definition.items:
            if isinstance(item, IndexItem):
                self._index(item, parents)
        self._check_master()
        if not allow_new_key_attributes and self.draft.tier in (Tier.IMPORTED, Tier.COMPUTED):
            self._check_key_is_foreign(definition)
        foreign_keys, indexes = fold_unique(self.draft.foreign_keys, self.draft.indexes)
        return TableSpec(self.draft.name, self._ordered(), foreign_keys, indexes, definition.comment)

    def _ordered(self) -> tuple[Attribute, ...]:
        attributes = self.draft.attributes.values()
        key = [a for a in attributes if a.in_key] or [singleton_attribute(self.draft.name)]
        return (*key, *(a for a in attributes if not a.in_key))

    # attributes --------------------------------------------------------------------------------------------
    def _attribute(self, item: AttributeItem, alone: bool) -> None:
        if item.name in self.draft.attributes:
            raise self.source.error(
                item.line,
                item.column,
                f"the attribute {item.name!r} is declared twice",
                why=f"it was {self.draft.origin[item.name]}",
                try_="leave out one of the two",
            )
        if item.name.startswith("_") and not self.allow_hidden:
            raise self.source.error(
                item.line,
                item.column,
                f"the name {item.name!r} is reserved",
                why="names with a leading underscore belong to hidden attributes of the library",
                try_=f"write {item.name.lstrip('_')!r}",
            )
        codec = item.type if isinstance(item.type, CodecRef) else None
        type_ = item.type if isinstance(item.type, CoreType) else self._codec_type(item, item.type)
        self.draft.at(item.line, item.type_column, check_type, type_)
        self.draft.at(item.line, item.type_column, check_comment, str(item.type), item.comment)
        if item.in_key:
            self.draft.at(item.line, item.type_column, check_key_type, type_, codec)
        if item.autoincrement:
            self._check_autoincrement(item, alone)
        nullable, default = self._default(item, type_, codec)
        self.draft.attributes[item.name] = Attribute(
            item.name,
            type_,
            in_key=item.in_key,
            nullable=nullable,
            default=default,
            comment=item.comment,
            codec=codec,
            lineage=f"{self.draft.name}.{item.name}" if item.in_key else None,
            autoincrement=item.autoincrement,
        )
        self.draft.origin[item.name] = f"declared on line {item.line}"
        self.draft.declared.add(item.name)

    def _codec_type(self, item: AttributeItem, codec: CodecRef) -> CoreType:
        try:
            return self.codec_dtype(codec)
        except FascicleError as error:
            raise self.source.error(
                item.line, item.type_column, f"{codec} cannot be used here", why=error.what, try_=error.try_
            ) from error

    def _default(self, item: AttributeItem, type_: CoreType, codec: CodecRef | None) -> tuple[bool, Any]:
        default = item.default
        if default is None:
            return False, REQUIRED
        if item.autoincrement:
            raise self.source.error(
                item.line, default.column, "an attribute that counts by itself has no default"
            )
        if is_null(default):
            if item.in_key:
                raise self.source.error(
                    item.line,
                    default.column,
                    f"the key attribute {item.name!r} cannot be null",
                    why="no attribute of a primary key may be NULL",
                    try_="move the attribute below '---', or leave out the default",
                )
            return True, None
        if codec is not None:
            raise self.source.error(
                item.line,
                default.column,
                f"{codec} takes no default but null",
                why="the database cannot make values of a codec",
                try_=f"write '{item.name} = null : {codec}' or no default",
            )
        return False, self.draft.at(item.line, default.column, convert_default, type_, default)

    def _check_autoincrement(self, item: AttributeItem, alone: bool) -> None:
        if not item.in_key or not alone:
            raise self.source.error(
                item.line,
                item.type_column,
                "an attribute that counts by itself must be the whole primary key",
                why="not every database counts in other columns",
                try_="give the numbers yourself: int64 without auto_increment",
            )

    # the rest ----------------------------------------------------------------------------------------------
    def _index(self, item: IndexItem, parents: Mapping[str, ForeignKey]) -> None:
        names: list[str] = []
        for text, column in item.columns:
            if text in parents:  # a parent stands for the attributes that its foreign key brought
                names.extend(child for child, _ in parents[text].columns)
                continue
            names.append(self.draft.at(item.line, column, check_index, text, self.draft.attributes))
        index = Index(tuple(names), item.unique)
        if index in self.draft.indexes or len(set(names)) < len(names):
            raise self.source.error(
                item.line, item.column, "this repeats an index, or an attribute in an index"
            )
        self.draft.indexes.append(index)

    def _check_master(self) -> None:
        master = self.draft.master
        keys = [fk for fk in self.draft.foreign_keys if fk.in_key]
        if master is None or any(master in (fk.parent, fk.parent.master) for fk in keys):
            return
        raise self.source.error(
            1,
            1,
            f"the key of a part refers to its master ({master.class_name})",
            why="a row of a part belongs to one row of its master",
            try_="write '-> master' as its first line",
        )

    def _check_key_is_foreign(self, definition: Definition) -> None:
        inherited = {child for fk in self.draft.foreign_keys for child, _ in fk.columns}
        for item in definition.items:
            if isinstance(item, AttributeItem) and item.in_key and item.name not in inherited:
                raise self.source.error(
                    item.line,
                    item.column,
                    f"the keys of {self.draft.tier} tables are all foreign, {item.name!r} is not",
                    why="each row is made from rows of other tables, and their keys say which",
                    try_="move the attribute below '---', into a part, or into a Manual table upstream",
                )


def singleton_attribute(name: TableName) -> Attribute:
    """The hidden key of a table without key attributes: one row at most."""
    return Attribute(
        SINGLETON,
        CoreType("bool"),
        in_key=True,
        default=True,
        comment="singleton primary key",
        lineage=f"{name}.{SINGLETON}",
    )


def fold_unique(
    foreign_keys: Sequence[ForeignKey], indexes: Sequence[Index]
) -> tuple[tuple[ForeignKey, ...], tuple[Index, ...]]:
    """Bring foreign keys and indexes into the one form in which specifications are compared.

    A unique index over exactly the attributes of foreign keys, in their order, becomes their ``unique``
    option and is left out of the indexes.

    Returns
    -------
    tuple
        ``(foreign_keys, indexes)``.
    """
    unique = {index.columns for index in indexes if index.unique}
    unique |= {tuple(child for child, _ in fk.columns) for fk in foreign_keys if fk.unique}
    folded = tuple(replace(fk, unique=tuple(c for c, _ in fk.columns) in unique) for fk in foreign_keys)
    taken = {tuple(child for child, _ in fk.columns) for fk in folded if fk.unique}
    return folded, tuple(index for index in indexes if not (index.unique and index.columns in taken))
