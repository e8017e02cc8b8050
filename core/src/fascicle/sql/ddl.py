"""CREATE and DROP of schemas and tables: what the dialects share, with a hook for each difference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from fascicle.errors import CompileError, DefinitionError
from fascicle.model import (
    REQUIRED,
    Attribute,
    CoreType,
    CurrentTimestamp,
    ForeignKey,
    Index,
    TableName,
    TableSpec,
)
from fascicle.sql.dml import CommonInserts
from fascicle.sql.statement import Sql

LINEAGE = "~lineage"
_PATH = re.compile(r"([a-z_]\w*)\.([^:]+)(?::(.+))?", re.IGNORECASE)
_NATIVE = re.compile(r"\w[\w ]*(?:\((?:[\w ,]|'(?:[^'\\]|'')*'|\"\w+\")*\))?[\w ]*(?:\[\])?", re.ASCII)


class CommonStatements(CommonInserts):
    """Statements over tables in standard SQL; stateless.

    A dialect supplies `core_type` and overrides the hooks where its text differs.
    """

    # types -------------------------------------------------------------------------------------------------
    def core_type(self, type_: CoreType, schema: str) -> str:
        """Column type of a core type in a table of `schema`."""
        raise NotImplementedError

    def column_type(self, attribute: Attribute, schema: str = "") -> str:
        """Column type in a CREATE TABLE; what a catalogue reported for the attribute goes first.

        Raises
        ------
        DefinitionError
            If a native type holds more than a type.
        """
        type_ = attribute.type
        if attribute.codec is None and attribute.native is not None:
            return self.reported_type(attribute)
        if type_.name == "native":
            return self.escaped(checked_native(str(type_)))
        return self.core_type(type_, schema)

    def reported_type(self, attribute: Attribute) -> str:
        """Column type that repeats a reported one, collation included."""
        return self.escaped(attribute.native or "")

    # schemas -----------------------------------------------------------------------------------------------
    def create_schema(self, schema: str) -> list[Sql]:
        """Statements that create a schema if it is missing."""
        return [Sql(f"CREATE SCHEMA IF NOT EXISTS {self.identifier(schema)}")]

    def drop_schema(self, schema: str) -> list[Sql]:
        """Statements that drop an emptied schema."""
        return [Sql(f"DROP SCHEMA IF EXISTS {self.identifier(schema)} CASCADE")]

    # tables ------------------------------------------------------------------------------------------------
    def create_table(self, spec: TableSpec) -> list[Sql]:
        """Statements that create a table with its keys, indexes, comments and lineage."""
        # Hidden columns stand last, the key of a singleton table included, as DataJoint puts them.
        ordered = sorted(spec.attributes, key=lambda a: a.is_hidden)
        lines = [self.column(attribute, spec) for attribute in ordered]
        key = [a.name for a in spec.attributes if a.in_key]
        lines.append(f"PRIMARY KEY ({self.identifiers(key)})")
        lines += map(self.foreign_key, spec.foreign_keys)
        lines += self.inline_indexes(spec)
        body = ",\n  ".join(lines)
        create = (
            f"CREATE TABLE IF NOT EXISTS {self.table(spec.name)} (\n  {body}\n){self.table_options(spec)}"
        )
        return [*self.before_table(spec), Sql(create), *self.after_table(spec), *self.record_lineage(spec)]

    def drop_table(self, spec: TableSpec) -> list[Sql]:
        """Statements that drop a table and what is kept about it elsewhere."""
        return [Sql(f"DROP TABLE IF EXISTS {self.table(spec.name)}"), *self.forget_lineage(spec.name)]

    def column(self, attribute: Attribute, spec: TableSpec) -> str:
        """One column of a CREATE TABLE."""
        parts = [self.identifier(attribute.name), self.column_type(attribute, enum_schema(attribute, spec))]
        if not attribute.nullable:
            parts.append("NOT NULL")
        parts += self.default(attribute)
        parts += self.column_suffix(attribute, spec)
        return " ".join(part for part in parts if part)

    def default(self, attribute: Attribute) -> Iterator[str]:
        """The DEFAULT clause, if any."""
        value = attribute.default
        if attribute.nullable and value is REQUIRED:
            value = None
        if value is REQUIRED or (value is None and not attribute.nullable):
            return
        if value is None:
            yield "DEFAULT NULL"
        elif isinstance(value, CurrentTimestamp):
            yield f"DEFAULT {self.current_timestamp(attribute)}"
        else:
            yield f"DEFAULT {self.default_literal(attribute, value)}"

    def current_timestamp(self, attribute: Attribute) -> str:
        """The moment of the insert, with as many digits as the column keeps."""
        digits = attribute.type.args[0] if attribute.type.args else 0
        return f"CURRENT_TIMESTAMP({digits})" if digits else "CURRENT_TIMESTAMP"

    def default_literal(self, attribute: Attribute, value: object) -> str:
        """Literal of a default; quoted whatever its type, for the database to read by the column's."""
        if isinstance(value, bool):
            return self.text_literal(str(int(value)))
        return self.text_literal(value if isinstance(value, str) else str(value))

    def foreign_key(self, fk: ForeignKey) -> str:
        """One FOREIGN KEY clause; the database names the constraint."""
        children = self.identifiers(child for child, _ in fk.columns)
        parents = self.identifiers(parent for _, parent in fk.columns)
        return (
            f"FOREIGN KEY ({children}) REFERENCES {self.table(fk.parent)} ({parents}) "
            "ON UPDATE CASCADE ON DELETE RESTRICT"
        )

    def index_term(self, column: str, spec: TableSpec) -> str:
        """One term of an index: an attribute, a path inside JSON, or an expression in parentheses.

        Raises
        ------
        DefinitionError
            If it is none of these.
        """
        if column in spec.full_heading:
            return self.identifier(column)
        if column.startswith("(") and column.endswith(")"):
            return self.escaped(checked_expression(column, spec))
        path = _PATH.fullmatch(column)
        if path and path.group(1) in spec.full_heading:
            return self.json_index_term(path.group(1), path.group(2), path.group(3))
        raise DefinitionError(
            f"the index refers to {column!r}, which is no attribute",
            where=str(spec.name),
            try_="write index(attribute)",
        )

    def json_index_term(self, column: str, path: str, type_: str | None) -> str:
        """Index term for a path inside a JSON attribute."""
        raise CompileError(f"an index on the JSON path {column}.{path} has no form in this database")

    # hooks around CREATE TABLE -----------------------------------------------------------------------------
    def column_suffix(self, attribute: Attribute, spec: TableSpec) -> Iterable[str]:
        """What follows type, nullability and default of a column."""
        return ()

    def inline_indexes(self, spec: TableSpec) -> Sequence[str]:
        """Indexes written inside CREATE TABLE."""
        return ()

    def table_options(self, spec: TableSpec) -> str:
        """What follows the parentheses of CREATE TABLE."""
        return ""

    def before_table(self, spec: TableSpec) -> Sequence[Sql]:
        """Statements that must run before CREATE TABLE."""
        return ()

    def after_table(self, spec: TableSpec) -> Sequence[Sql]:
        """Statements that follow CREATE TABLE."""
        return ()

    def output(self, attribute: Attribute, text: str) -> str:
        """Text that selects a plain column so that its value arrives exactly."""
        return text

    # lineage -----------------------------------------------------------------------------------------------
    def record_lineage(self, spec: TableSpec) -> Sequence[Sql]:
        """Statements that write down where the attributes of a table come from."""
        rows = [(spec.name.table, a.name, a.lineage) for a in spec.attributes if a.lineage is not None]
        table = self.table(TableName(spec.name.schema, LINEAGE))
        mark = self.placeholder
        clear = Sql(f"DELETE FROM {table} WHERE table_name = {mark}", (spec.name.table,))
        if not rows:
            return [Sql(self.lineage_table(spec.name.schema)), clear]
        values = ", ".join([f"({mark}, {mark}, {mark})"] * len(rows))
        fill = Sql(
            f"INSERT INTO {table} (table_name, attribute_name, lineage) VALUES {values}",
            tuple(cell for row in rows for cell in row),
        )
        return [Sql(self.lineage_table(spec.name.schema)), clear, fill]

    def lineage_table(self, schema: str) -> str:
        """Text that creates the lineage table of a schema if it is missing."""
        name, origin = (self.core_type(CoreType("varchar", (size,)), schema) for size in (64, 255))
        return (
            f"CREATE TABLE IF NOT EXISTS {self.table(TableName(schema, LINEAGE))} (\n"
            f"  table_name {name} NOT NULL,\n  attribute_name {name} NOT NULL,\n  lineage {origin} NOT NULL,\n"
            f"  PRIMARY KEY (table_name, attribute_name)\n){self.lineage_options()}"
        )

    def lineage_options(self) -> str:
        """What follows the parentheses of the lineage table's CREATE TABLE."""
        return ""

    def forget_lineage(self, name: TableName) -> Sequence[Sql]:
        """Statements that remove a dropped table's lineage; the lineage table may be absent."""
        table = self.table(TableName(name.schema, LINEAGE))
        return [Sql(f"DELETE FROM {table} WHERE table_name = {self.placeholder}", (name.table,))]


def all_indexes(spec: TableSpec) -> list[Index]:
    """Declared indexes, and the unique ones that foreign keys ask for."""
    indexes = list(spec.indexes)
    for fk in spec.foreign_keys:
        wanted = Index(tuple(child for child, _ in fk.columns), unique=True)
        if fk.unique and wanted not in indexes:
            indexes.append(wanted)
    return indexes


def is_inherited(attribute: Attribute, spec: TableSpec) -> bool:
    """Whether a foreign key brought the attribute."""
    return any(attribute.name == child for fk in spec.foreign_keys for child, _ in fk.columns)


def enum_schema(attribute: Attribute, spec: TableSpec) -> str:
    """Schema in which the type of an attribute was made: an inherited one keeps its origin's."""
    if attribute.lineage and is_inherited(attribute, spec):
        return attribute.lineage.rsplit(".", 2)[0]
    return spec.name.schema


def checked_native(text: str) -> str:
    """Return a native type's text if it is a type and nothing more.

    Raises
    ------
    DefinitionError
        If it is not.
    """
    if not _NATIVE.fullmatch(text):
        raise DefinitionError(
            f"{text!r} is no column type", why="a type is words, perhaps with arguments in parentheses"
        )
    return text


def checked_expression(text: str, spec: TableSpec) -> str:
    """Return an index expression if it cannot leave its parentheses.

    Raises
    ------
    DefinitionError
        If it could.
    """
    bare = re.sub(r"'(?:[^'\\]|'')*'|`[^`]*`|\"[^\"]*\"", "x", text)
    depths = list(accumulate({"(": 1, ")": -1}.get(char, 0) for char in bare))
    # Inside the outer parentheses the depth never falls to zero, and at their end it does.
    closed = len(depths) > 1 and min(depths[:-1]) > 0 and depths[-1] == 0
    if not closed or re.search(r"[;'\"`\\\0#]|--|/\*", bare):
        raise DefinitionError(f"{text!r} is no expression that can be indexed", where=str(spec.name))
    return text
