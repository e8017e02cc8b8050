"""From the raw rows of a catalogue to specifications of tables, the same way for every server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fascicle.definition import fold_unique, parse_type
from fascicle.errors import DefinitionError
from fascicle.model import (
    REQUIRED,
    Attribute,
    Catalog,
    CodecRef,
    CoreType,
    ForeignKey,
    Index,
    TableName,
    TableSpec,
)
from fascicle.sql.comments import read_comment
from fascicle.sql.ddl import LINEAGE

_JSON = CoreType("json")


@dataclass(frozen=True, slots=True)
class RawColumn:
    """A column as a catalogue reports it.

    Parameters
    ----------
    name : str
        Column name.
    native : str
        Exact column type.
    type : CoreType or CodecRef
        Nearest core type of that, or the codec that it stands for.
    nullable : bool
    comment : str or None
        With the declared type in front, if its maker put it there.
    in_key : bool
    default : Any
        What the backend's reader of defaults understands; `REQUIRED` if there is none.
    collation : str or None
    autoincrement : bool
    """

    name: str
    native: str
    type: CoreType | CodecRef
    nullable: bool
    comment: str | None = None
    in_key: bool = False
    default: Any = REQUIRED
    collation: str | None = None
    autoincrement: bool = False


@dataclass(frozen=True, slots=True)
class RawKey:
    """A foreign key; `columns` are pairs of child and parent column."""

    parent: TableName
    columns: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class RawTable:
    """A table, filled while rows of the catalogue are read; columns, keys and indexes in their order."""

    name: TableName
    comment: str = ""
    columns: list[RawColumn] = field(default_factory=list)
    foreign_keys: list[RawKey] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)


Lineages = Mapping[TableName, Mapping[str, str]]
ReadDefault = Callable[[Any, CoreType], Any]


def assemble(tables: Iterable[RawTable], lineages: Lineages, read_default: ReadDefault) -> Catalog:
    """Build the specifications of tables.

    Types come from the markers in column comments, else from the parent column that a foreign key repeats, else
    from the column type.  Lineage comes from the lineage table where that knows the table, else from the keys.

    Parameters
    ----------
    tables : iterable of RawTable
        The tables; parents that are missing are left unresolved.
    lineages : mapping
        Lineage of attributes by table, of those tables that a lineage table knows.
    read_default : callable
        Python value of a raw default for a column of a core type; ``None`` where only the database can tell.

    Returns
    -------
    Catalog
    """
    raw = {table.name: table for table in tables if table.name.table != LINEAGE}
    built: dict[TableName, TableSpec] = {}
    for name in _parents_first(raw):
        built[name] = _Builder(raw[name], built, lineages.get(name), read_default).build()
    return Catalog({name: built[name] for name in raw})


def _parents_first(raw: Mapping[TableName, RawTable]) -> Iterator[TableName]:
    done: set[TableName] = set()
    for start in raw:
        # Depth first with a stack of our own: chains of keys may be longer than Python's.
        stack = [(start, iter(raw[start].foreign_keys))]
        open_ = {start}
        while stack and stack[0][0] not in done:
            name, keys = stack[-1]
            parent = next((k.parent for k in keys if k.parent in raw and k.parent not in done | open_), None)
            if parent is not None:
                open_.add(parent)
                stack.append((parent, iter(raw[parent].foreign_keys)))
                continue
            stack.pop()
            if name not in done:
                done.add(name)
                yield name


class _Builder:
    """Builds one table; its parents are built already, except in a cycle."""

    def __init__(
        self,
        table: RawTable,
        built: Mapping[TableName, TableSpec],
        lineage: Mapping[str, str] | None,
        read_default: ReadDefault,
    ) -> None:
        self.table = table
        self.built = built
        self.lineage = lineage
        self.read_default = read_default

    def build(self) -> TableSpec:
        columns = sorted(self.table.columns, key=lambda column: not column.in_key)
        attributes = tuple(map(self._attribute, columns))
        keys, indexes = fold_unique(
            [self._foreign_key(key) for key in self.table.foreign_keys], self.table.indexes
        )
        return TableSpec(
            name=self.table.name,
            attributes=attributes,
            foreign_keys=keys,
            indexes=tuple(_own_indexes(indexes, keys)),
            comment=self.table.comment,
        )

    def _attribute(self, column: RawColumn) -> Attribute:
        type_, codec, comment = self._type(column)
        return Attribute(
            name=column.name,
            type=type_,
            in_key=column.in_key,
            nullable=column.nullable,
            default=self._default(column, type_),
            comment=comment,
            codec=codec,
            lineage=self._lineage(column),
            native=column.native,
            collation=column.collation,
            autoincrement=column.autoincrement,
        )

    def _type(self, column: RawColumn) -> tuple[CoreType, CodecRef | None, str]:
        marker, comment = read_comment(column.comment)
        declared = _parsed(marker)
        if isinstance(declared, CoreType):
            return declared, None, comment
        if isinstance(declared, CodecRef):
            return _stored(column, declared), declared, comment
        plain = column.comment or "" if marker is not None else comment
        inherited = self._inherited(column)
        if inherited is not None:
            return inherited.type, inherited.codec, plain or inherited.comment
        if isinstance(column.type, CodecRef):
            return CoreType("bytes"), column.type, plain
        return column.type, None, plain

    def _inherited(self, column: RawColumn) -> Attribute | None:
        for parent, name in self._origins(column.name):
            heading = self.built[parent].full_heading if parent in self.built else None
            if heading is not None and name in heading and heading[name].native == column.native:
                return heading[name]
        return None

    def _origins(self, column: str) -> Iterator[tuple[TableName, str]]:
        for key in self.table.foreign_keys:
            for child, parent in key.columns:
                if child == column:
                    yield key.parent, parent

    def _default(self, column: RawColumn, type_: CoreType) -> Any:
        if column.default is REQUIRED or column.autoincrement:
            return None if column.nullable else REQUIRED
        return self.read_default(column.default, type_)

    def _lineage(self, column: RawColumn) -> str | None:
        if self.lineage is not None:
            return self.lineage.get(column.name)
        for parent, name in self._origins(column.name):
            known = self.built[parent].full_heading if parent in self.built else None
            origin = known[name].lineage if known is not None and name in known else None
            return origin or f"{parent}.{name}"
        return f"{self.table.name}.{column.name}" if column.in_key else None

    def _foreign_key(self, key: RawKey) -> ForeignKey:
        columns = {column.name: column for column in self.table.columns}
        children = [child for child, _ in key.columns]
        return ForeignKey(
            parent=key.parent,
            columns=self._in_parent_order(key),
            in_key=all(columns[child].in_key for child in children),
            nullable=any(columns[child].nullable for child in children),
        )

    def _in_parent_order(self, key: RawKey) -> tuple[tuple[str, str], ...]:
        spec = self.built.get(key.parent)
        if spec is None:
            return key.columns
        order = {name: position for position, name in enumerate(spec.full_heading)}
        return tuple(sorted(key.columns, key=lambda pair: order.get(pair[1], len(order))))


def _own_indexes(indexes: Iterable[Index], keys: Sequence[ForeignKey]) -> Iterator[Index]:
    # The plain indexes that serve foreign keys come from these, not from the definition.
    served = {tuple(child for child, _ in key.columns) for key in keys}
    return (index for index in indexes if index.unique or index.columns not in served)


def _parsed(marker: str | None) -> CoreType | CodecRef | None:
    if marker is None:
        return None
    try:
        return parse_type(marker)
    except DefinitionError:
        return None  # a comment that merely looks like a marker


def _stored(column: RawColumn, codec: CodecRef) -> CoreType:
    if codec.store is not None and column.native.lower() == "binary(16)":
        return CoreType("uuid")  # the hash by which DataJoint 0.x found a value in its store
    if isinstance(column.type, CodecRef):
        return CoreType("bytes")
    # MariaDB keeps JSON as unlimited text.
    return _JSON if column.native.lower() == "longtext" else column.type
