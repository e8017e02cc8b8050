"""Column types, DDL and INSERT of MySQL and MariaDB.

One text serves both servers: what only one of them understands stands in a versioned comment, which the
other skips.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from fascicle.errors import CompileError, DefinitionError
from fascicle.model import Attribute, CoreType, Index, TableName, TableSpec
from fascicle.sql.changes import Changes, difference
from fascicle.sql.comments import write_comment
from fascicle.sql.ddl import LINEAGE, CommonStatements, all_indexes, is_inherited
from fascicle.sql.dml import check_mode
from fascicle.sql.statement import Sql
from fascicle_mysql.values import decode_json, decode_time, encode_comment, encode_json, is_basic

# Characters compare by code point, trailing blanks included.  MariaDB skips comments of versions 50700 to 99999.
TEXT = "CHARACTER SET utf8mb4 /*!80017 COLLATE utf8mb4_0900_bin *//*M!100200 COLLATE utf8mb4_nopad_bin */"
COMMENT_LIMIT = 1024

_PLAIN = {
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "float32": "float",
    "float64": "double",
    "bool": "tinyint",
    "uuid": "binary(16)",
    "bytes": "longblob",
    "json": "json",
    "date": "date",
}
_UNLIMITED = frozenset({"tinytext", "text", "mediumtext", "longtext"})


class MysqlStatements(CommonStatements):
    """Text of MySQL and MariaDB."""

    name = "mysql"
    quote = "`"
    max_identifier = 64
    max_parameters = 1 << 30  # values are escaped by the driver; only the size of a packet limits them

    # types and values --------------------------------------------------------------------------------------
    def core_type(self, type_: CoreType, schema: str) -> str:
        """Column type of a core type."""
        plain = _PLAIN.get(type_.name)
        if plain is not None:
            return plain
        if type_.name == "enum":
            return f"{self.escaped(self._enum(type_))} {TEXT}"
        return f"{type_} {TEXT}" if type_.is_text else str(type_)

    def _enum(self, type_: CoreType) -> str:
        values = ",".join(self.text_literal(str(value)).replace("%%", "%") for value in type_.args)
        return f"enum({values})"

    def column_type(self, attribute: Attribute, schema: str = "") -> str:
        """Column type in a CREATE TABLE; unlimited text compares by code point too."""
        text = super().column_type(attribute, schema)
        return f"{text} {TEXT}" if attribute.native is None and text in _UNLIMITED else text

    def reported_type(self, attribute: Attribute) -> str:
        """Reported type with the reported collation, so that a foreign key to it can be made."""
        native = attribute.native or ""
        if attribute.type.name == "enum" and not all(is_basic(str(value)) for value in attribute.type.args):
            native = self._enum(attribute.type)  # the catalogue shows question marks
        native = self.escaped(native)
        if attribute.collation is None:
            return native
        charset = attribute.collation.partition("_")[0]
        return f"{native} CHARACTER SET {checked_word(charset)} COLLATE {checked_word(attribute.collation)}"

    def text_literal(self, text: str) -> str:
        """Quote text; backslashes are escapes here."""
        return super().text_literal(text.replace("\\", "\\\\"))

    def default_literal(self, attribute: Attribute, value: object) -> str:
        """Literal of a default; JSON and UUID need an expression."""
        if isinstance(value, UUID):
            # As a plain literal the server would report its bytes as text, and lose some.
            return (
                f"(unhex('{value.hex}'))" if attribute.type.name == "uuid" else self.text_literal(str(value))
            )
        if attribute.type.name == "json":
            return f"({self.text_literal(encode_json(value) or 'null')})"
        if isinstance(value, str) and not is_basic(value):
            # The server's catalogue holds no character beyond U+FFFF, but it shows this.
            return f"(convert(x'{value.encode().hex()}' using utf8mb4))"
        return super().default_literal(attribute, value)

    def encoder(self, attribute: Attribute) -> Callable[[Any], Any] | None:
        """How a checked value is bound."""
        return _ENCODERS.get(attribute.type.name)

    def decoder(self, attribute: Attribute) -> Callable[[Any], Any] | None:
        """How a fetched value is read."""
        return _DECODERS.get(attribute.type.name)

    def output(self, attribute: Attribute, text: str) -> str:
        """Widen float32: as it is, the server would print six digits of it."""
        if attribute.codec is None and attribute.type.name == "float32" and not attribute.computed:
            return f"({text} + 0e0)"
        return text

    # schemas -----------------------------------------------------------------------------------------------
    def create_schema(self, schema: str) -> list[Sql]:
        """Create the database, comparing text by code point, if it is missing."""
        return [Sql(f"CREATE DATABASE IF NOT EXISTS {self.identifier(schema)} {TEXT}")]

    def drop_schema(self, schema: str) -> list[Sql]:
        """Drop the database."""
        return [Sql(f"DROP DATABASE IF EXISTS {self.identifier(schema)}")]

    # tables ------------------------------------------------------------------------------------------------
    def create_table(self, spec: TableSpec) -> list[Sql]:
        """Create a table and write down its lineage, one process at a time: they would deadlock over that."""
        return [_LOCK, *super().create_table(spec), _UNLOCK]

    def drop_table(self, spec: TableSpec) -> list[Sql]:
        """Drop a table and its lineage."""
        return [_LOCK, *super().drop_table(spec), _UNLOCK]

    def column_suffix(self, attribute: Attribute, spec: TableSpec) -> Iterable[str]:
        """Auto-increment and comment."""
        if attribute.autoincrement:
            yield "AUTO_INCREMENT"
        comment = write_comment(attribute, inherited=is_inherited(attribute, spec))
        if (
            len(comment) > COMMENT_LIMIT
            and len(attribute.comment) <= COMMENT_LIMIT
            and attribute.codec is None
        ):
            comment = attribute.comment  # a long enum: its values are in the column's type anyway
        if comment:
            yield f"COMMENT {self.text_literal(encode_comment(comment))}"

    def inline_indexes(self, spec: TableSpec) -> list[str]:
        """Indexes inside CREATE TABLE; the server indexes foreign keys by itself."""
        return [self.index(index, number, spec) for number, index in enumerate(all_indexes(spec), 1)]

    def index(self, index: Index, number: int, spec: TableSpec) -> str:
        """One INDEX clause; its name keeps the order of the definition, which the server does not."""
        terms = ", ".join(self.index_term(column, spec) for column in index.columns)
        return (
            f"{'UNIQUE ' if index.unique else ''}INDEX {self.identifier(index_name(index, number))} ({terms})"
        )

    def json_index_term(self, column: str, path: str, type_: str | None) -> str:
        """Functional key part over a JSON path (MySQL 8.0.21)."""
        returning = f" returning {type_}" if type_ else " returning char(255)"
        literal = self.text_literal(f"$.{path}")
        return f"(json_value({self.identifier(column)}, _utf8mb4{literal}{self.escaped(returning)}))"

    def table_options(self, spec: TableSpec) -> str:
        """Engine and comment."""
        comment = f", COMMENT {self.text_literal(encode_comment(spec.comment))}" if spec.comment else ""
        return f" ENGINE=InnoDB{comment}"

    def lineage_options(self) -> str:
        """Engine."""
        return " ENGINE=InnoDB"

    def forget_lineage(self, name: TableName) -> list[Sql]:
        """Remove the lineage rows of a table where there is a lineage table (older schemas have none)."""
        delete = (
            f"DELETE FROM {self.table(TableName(name.schema, LINEAGE))} WHERE table_name = @fascicle_table"
        )
        return [Sql("SET @fascicle_table = %s", (name.table,)), *self.if_lineage(name.schema, delete)]

    def if_lineage(self, schema: str, statement: str) -> list[Sql]:
        """Run a statement where the schema has a lineage table; the third result is the statement's."""
        there = (
            "EXISTS(SELECT 1 FROM information_schema.tables "
            f"WHERE table_schema = %s AND table_name = '{LINEAGE}')"
        )
        return [
            Sql(f"SET @fascicle_do = IF({there}, %s, 'DO 0')", (schema, statement.replace("%%", "%"))),
            Sql("PREPARE fascicle_do FROM @fascicle_do"),
            Sql("EXECUTE fascicle_do"),
            Sql("DROP PREPARE fascicle_do"),
        ]

    def alter_table(self, old: TableSpec, new: TableSpec) -> list[Sql]:
        """One atomic ALTER TABLE for secondary attributes, indexes and the comment."""
        changes = difference(old, new)
        clauses = list(self._alterations(changes, new))
        if not clauses:
            return []
        return [Sql(f"ALTER TABLE {self.table(new.name)}\n  " + ",\n  ".join(clauses))]

    def _alterations(self, changes: Changes, new: TableSpec) -> Iterator[str]:
        for index in changes.indexes_dropped:
            if index.name is None:
                raise CompileError("an index without a name cannot be dropped", where=str(new.name))
            yield f"DROP INDEX {self.identifier(index.name)}"
        for attribute in changes.dropped:
            yield f"DROP COLUMN {self.identifier(attribute.name)}"
        origin = {new_name: old_name for old_name, new_name in changes.renamed}
        changed = {after.name: after for _, after in changes.changed}
        for name in dict.fromkeys([*origin, *changed]):
            source = self.identifier(origin.get(name, name))
            yield f"CHANGE COLUMN {source} {self.column(new.full_heading[name], new)}"
        for attribute, before in changes.added:
            place = f"AFTER {self.identifier(before)}" if before else "FIRST"
            yield f"ADD COLUMN {self.column(attribute, new)} {place}"
        for index in changes.indexes_added:
            yield f"ADD {self.index(index, all_indexes(new).index(index) + 1, new)}"
        if changes.comment is not None:
            yield f"COMMENT {self.text_literal(encode_comment(changes.comment))}"

    # inserts -----------------------------------------------------------------------------------------------
    def defaults_only(self, n_rows: int) -> str:
        """Rows of defaults."""
        return " () VALUES " + ", ".join(["()"] * n_rows)

    def conflict_clause(self, spec: TableSpec, columns: Sequence[str], mode: str) -> str:
        """What happens to rows whose primary key exists.

        The server fires the clause for *any* unique index.  Where the row it found has another primary key
        than the proposed one, the first assignment puts NULL into the key and so refuses the statement.
        """
        check_mode(mode)
        key = [a.name for a in spec.attributes if a.in_key]
        if mode == "error" or not key:
            return ""
        # Qualified: in INSERT ... SELECT the source's columns are in scope too.
        own = {name: f"{self.table(spec.name)}.{self.identifier(name)}" for name in key}
        first = own[key[0]]
        same = " AND ".join(f"{own[k]} = {self.proposed(k)}" for k in key if k in columns) or "TRUE"
        guard = f"{first} = IF({same}, {first}, NULL)"
        changes = self.replacements(spec, columns) if mode == "replace" else []
        return " ON DUPLICATE KEY UPDATE " + ", ".join([guard, *changes])

    def proposed(self, column: str) -> str:
        """Value that the INSERT proposed."""
        return f"VALUES({self.identifier(column)})"


def index_name(index: Index, number: int) -> str:
    """Name of an index: its number, and what it is of."""
    listed = "_".join(index.columns)
    digest = hashlib.md5(listed.encode(), usedforsecurity=False).hexdigest()[:16]
    return f"idx_{number}_{listed if listed.isascii() and len(listed) < 50 else digest}"


def checked_word(text: str) -> str:
    """Return the name of a character set or collation if it is one word.

    Raises
    ------
    DefinitionError
        If it is not.
    """
    if not text.isidentifier():
        raise DefinitionError(f"{text!r} is no collation")
    return text


_LOCK = Sql("SELECT GET_LOCK('fascicle_declares', 60)")
_UNLOCK = Sql("SELECT RELEASE_LOCK('fascicle_declares')")


def _uuid_bytes(value: Any) -> Any:
    return value.bytes if isinstance(value, UUID) else UUID(str(value)).bytes


def _uuid(value: Any) -> Any:
    return None if value is None else UUID(bytes=value)


def _bool(value: Any) -> Any:
    return None if value is None else value != 0


_ENCODERS: dict[str, Callable[[Any], Any]] = {"uuid": _uuid_bytes, "json": encode_json}
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "uuid": _uuid,
    "json": decode_json,
    "bool": _bool,
    "time": decode_time,
}
