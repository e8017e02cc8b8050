"""From a syntax tree to a table's specification: parents looked up, keys inherited, everything checked."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fascicle.definition.checks import check_index, check_key_type, check_type
from fascicle.definition.defaults import convert_default, is_null
from fascicle.definition.parser import MAX_NAME
from fascicle.definition.source import Source
from fascicle.definition.syntax import AttributeItem, Definition, ForeignKeyItem, IndexItem, LegacyTypeWarning
from fascicle.errors import DefinitionError, FascicleError
from fascicle.model import (
    REQUIRED,
    Attribute,
    CodecRef,
    CoreType,
    ForeignKey,
    Heading,
    Index,
    TableName,
    TableSpec,
    Tier,
    nearest,
)

SINGLETON = "_singleton"


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


Lookup = Callable[[str], ParentRef]
CodecType = Callable[[CodecRef], CoreType]


def default_codec_type(codec: CodecRef) -> CoreType:
    """Stored type of a codec by convention: ``bytes`` for blobs and attachments kept in the table, else ``json``."""
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
        Turns the dotted name of a foreign key into a `ParentRef`; may raise any `FascicleError`.  The name
        ``"master"`` asks for the master of a part.
    tier : Tier, optional
        Tier of the table; by default what its name says.
    codec_dtype : callable
        Gives the stored type of a codec.
    allow_hidden : bool
        Admit names with a leading underscore (the library's own).
    allow_new_key_attributes : bool
        Admit key attributes of imported and computed tables that no foreign key brings.
    warn : bool
        Warn of legacy spellings (`LegacyTypeWarning`, once per spelling).

    Returns
    -------
    TableSpec
        Attributes with the key first, foreign keys and indexes in the order of the text.

    Raises
    ------
    DefinitionError
        With line, column and caret.
    """
    resolver = _Resolver(definition, name, tier or name.tier, lookup, codec_dtype, allow_hidden)
    spec = resolver.run(allow_new_key_attributes)
    if warn:
        for hint in definition.hints:
            # One place in the code, so that Python's own registry shows each text once.
            warnings.warn(hint.text, LegacyTypeWarning, stacklevel=1)
    return spec


class _Resolver:
    def __init__(
        self,
        definition: Definition,
        name: TableName,
        tier: Tier | None,
        lookup: Lookup,
        codec_dtype: CodecType,
        allow_hidden: bool,
    ) -> None:
        self.definition = definition
        self.source = Source(definition.text, str(name))
        self.name = name
        self.tier = tier
        self.lookup = lookup
        self.codec_dtype = codec_dtype
        self.allow_hidden = allow_hidden
        self.attributes: dict[str, Attribute] = {}
        self.origin: dict[str, str] = {}  # how each attribute came in, for messages
        self.foreign_keys: list[ForeignKey] = []
        self.indexes: list[Index] = []

    def run(self, allow_new_key_attributes: bool) -> TableSpec:
        for item in self.definition.items:
            if isinstance(item, AttributeItem):
                self._attribute(item)
            elif isinstance(item, ForeignKeyItem):
                self._foreign_key(item)
        for item in self.definition.items:
            if isinstance(item, IndexItem):
                self._index(item)
        self._check_master()
        if not allow_new_key_attributes:
            self._check_foreign_key_only()
        foreign_keys, indexes = fold_unique(self.foreign_keys, self.indexes)
        return TableSpec(self.name, self._ordered(), foreign_keys, indexes, self.definition.comment)

    def _ordered(self) -> tuple[Attribute, ...]:
        key = [a for a in self.attributes.values() if a.in_key]
        if not key:
            key = [singleton_attribute(self.name)]
        return (*key, *(a for a in self.attributes.values() if not a.in_key))

    # attributes --------------------------------------------------------------------------------------------
    def _attribute(self, item: AttributeItem) -> None:
        if item.name in self.attributes:
            raise self.source.error(
                item.line,
                item.column,
                f"the attribute {item.name!r} is declared twice",
                why=f"it was {self.origin[item.name]}",
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
        self._at(item.line, item.type_column, check_type, type_)
        if item.in_key:
            self._at(item.line, item.type_column, check_key_type, type_, codec)
        if item.autoincrement:
            self._check_autoincrement(item)
        nullable, default = self._default(item, type_, codec)
        self.attributes[item.name] = Attribute(
            item.name,
            type_,
            in_key=item.in_key,
            nullable=nullable,
            default=default,
            comment=item.comment,
            codec=codec,
            lineage=f"{self.name}.{item.name}" if item.in_key else None,
            autoincrement=item.autoincrement,
        )
        self.origin[item.name] = f"declared on line {item.line}"

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
            raise self.source.error(item.line, default.column, "an attribute that counts by itself has no default")
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
        return False, self._at(item.line, default.column, convert_default, type_, default)

    def _at(self, line: int, column: int, function: Callable[..., Any], *args: Any) -> Any:
        """Call, giving an error its place in the text."""
        try:
            return function(*args)
        except DefinitionError as error:
            raise self.source.error(line, column, error.what, why=error.why, try_=error.try_) from None

    def _check_autoincrement(self, item: AttributeItem) -> None:
        others = any(
            i.in_key and i is not item
            for i in self.definition.items
            if isinstance(i, AttributeItem | ForeignKeyItem)
        )
        if not item.in_key or others:
            raise self.source.error(
                item.line,
                item.type_column,
                "an attribute that counts by itself must be the whole primary key",
                why="not every database counts in other columns",
                try_="give the numbers yourself: int64 without auto_increment",
            )

    # foreign keys ------------------------------------------------------------------------------------------
    def _foreign_key(self, item: ForeignKeyItem) -> None:
        parent = self._parent(item)
        key = [a for a in parent.heading.values() if a.in_key and not a.is_hidden]
        if not key:
            raise self.source.error(
                item.line,
                item.column,
                f"{item.parent} has no key to refer to",
                why="it is a singleton table, with one row at most",
            )
        renames = self._renames(item, parent, [a.name for a in key])
        columns = tuple((renames.get(a.name, a.name), a.name) for a in key)
        for (child, _), attribute in zip(columns, key, strict=True):
            self._inherit(item, parent, child, attribute)
        mine = [self.attributes[child] for child, _ in columns]
        if item.nullable and not any(a.nullable for a in mine):
            raise self.source.error(
                item.line,
                item.column,
                "this foreign key cannot be nullable",
                why=f"none of its attributes ({', '.join(a.name for a in mine)}) is nullable",
            )
        self.foreign_keys.append(
            ForeignKey(
                parent.name,
                columns,
                in_key=all(a.in_key for a in mine),
                nullable=any(a.nullable for a in mine),
                unique=item.unique,
            )
        )

    def _parent(self, item: ForeignKeyItem) -> ParentRef:
        master = self.name.master if self.tier is Tier.PART else None
        wanted = "master" if master is not None and item.parent == master.class_name else item.parent
        if item.parent == "master" and master is None:
            raise self.source.error(
                item.line, item.column, "'master' means the master of a part, and this table is no part"
            )
        try:
            parent = self.lookup(wanted)
        except (FascicleError, KeyError) as error:
            reason = error if isinstance(error, FascicleError) else None
            raise self.source.error(
                item.line,
                item.column,
                f"the table {item.parent} cannot be found",
                why=reason.what if reason else None,
                try_=(reason.try_ if reason else None) or "import it, or declare it before this table",
            ) from error
        if parent.name == self.name:
            raise self.source.error(
                item.line,
                item.column,
                "a table cannot refer to itself",
                why="its rows could then never be deleted in order",
                try_="keep such links in a table of their own",
            )
        return parent

    def _renames(self, item: ForeignKeyItem, parent: ParentRef, key: Sequence[str]) -> dict[str, str]:
        for (old, new), column in zip(item.renames, item.rename_columns, strict=True):
            what, why = "", ""
            if old not in key:
                what = f"{item.parent} has no key attribute {old!r}"
                why = f"its key is {', '.join(key)}"
                if old in parent.heading:
                    why += f"; {old!r} is not part of it, and a foreign key holds the key alone"
            elif new in key and new != old and new not in dict(item.renames):
                what = f"{new!r} names another key attribute of {item.parent}"
            elif len(new) > MAX_NAME:
                what = f"the name {new!r} is longer than {MAX_NAME} characters"
            if what:
                close = [] if old in key else nearest(old, key)
                raise self.source.error(
                    item.line, column, what, why=why or None, try_=f"did you mean {close[0]!r}?" if close else None
                )
        return dict(item.renames)

    def _inherit(self, item: ForeignKeyItem, parent: ParentRef, child: str, theirs: Attribute) -> None:
        lineage = theirs.lineage or f"{parent.name}.{theirs.name}"
        mine = self.attributes.get(child)
        where = f"inherited from {item.parent} on line {item.line}"
        if mine is None:
            self.attributes[child] = replace(
                theirs,
                name=child,
                in_key=item.in_key,
                nullable=item.nullable,
                default=None if item.nullable else REQUIRED,
                lineage=lineage,
                autoincrement=False,
                computed=False,
            )
            self.origin[child] = where
            return
        if (mine.type, mine.codec) != (theirs.type, theirs.codec):
            raise self.source.error(
                item.line,
                item.column,
                f"{child!r} is {mine.declared} here, {theirs.declared} in {item.parent}",
                why=f"it was {self.origin[child]}",
                try_=f"rename one of them: -> {item.parent}.proj({item.parent.split('.')[-1].lower()}_{child}='{theirs.name}')",
            )
        explicit = self.origin[child].startswith("declared")
        if not explicit and mine.lineage != lineage:
            self._refuse_merge(item, child, theirs.name, mine.lineage, lineage)
        if not any(child in dict(fk.columns) for fk in self.foreign_keys):
            self.attributes[child] = replace(
                mine, lineage=lineage, native=theirs.native, collation=theirs.collation
            )

    def _refuse_merge(self, item: ForeignKeyItem, child: str, theirs: str, one: str | None, other: str) -> None:
        prefix = item.parent.split(".")[-1].lower()
        raise self.source.error(
            item.line,
            item.column,
            f"{child!r} would stand for two different things",
            why=f"it was {self.origin[child]} (from {one}), and {item.parent} would bring {other} under the same name",
            try_=f"-> {item.parent}.proj({prefix}_{child}='{theirs}'); if one column shall really serve both, "
            f"declare {child!r} above the two lines",
        )

    # the rest ----------------------------------------------------------------------------------------------
    def _index(self, item: IndexItem) -> None:
        names: list[str] = []
        for text, column in item.columns:
            names.append(self._at(item.line, column, check_index, text, self.attributes))
        index = Index(tuple(names), item.unique)
        if index in self.indexes or len(set(names)) < len(names):
            raise self.source.error(item.line, item.column, "this repeats an index, or an attribute in an index")
        self.indexes.append(index)

    def _check_master(self) -> None:
        master = self.name.master if self.tier is Tier.PART else None
        if master is None:
            return
        if not any(fk.in_key and master in (fk.parent, fk.parent.master) for fk in self.foreign_keys):
            raise self.source.error(
                1,
                1,
                f"the key of a part refers to its master ({master.class_name})",
                why="a row of a part belongs to one row of its master",
                try_="write '-> master' as its first line",
            )

    def _check_foreign_key_only(self) -> None:
        if self.tier not in (Tier.IMPORTED, Tier.COMPUTED):
            return
        inherited = {child for fk in self.foreign_keys for child, _ in fk.columns}
        for item in self.definition.items:
            if isinstance(item, AttributeItem) and item.in_key and item.name not in inherited:
                if not item.name.startswith("_"):
                    raise self.source.error(
                        item.line,
                        item.column,
                        f"the key of {self.tier.value} tables comes from foreign keys alone, {item.name!r} does not",
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
