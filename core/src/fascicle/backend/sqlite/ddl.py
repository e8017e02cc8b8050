"""Statements that make, change and drop tables in SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fascicle.backend.sqlite import catalog
from fascicle.backend.sqlite.types import check_clause, conversion, encoder, storage_class
from fascicle.errors import DefinitionError, SchemaError
from fascicle.model import Attribute, CoreType, TableName, TableSpec
from fascicle.sql.changes import difference
from fascicle.sql.ddl import LINEAGE, CommonStatements, all_indexes, checked_native
from fascicle.sql.statement import Sql

SINGLETON = "_singleton"


class SqliteStatements(CommonStatements):
    """DDL of SQLite; every schema shares one file, a table is named ``"schema.table"``.

    Parameters
    ----------
    strict : bool
        Whether tables are STRICT (SQLite 3.37 and later); without it, checks enforce the storage class.
    """

    placeholder = "?"

    def __init__(self, strict: bool) -> None:
        self.strict = strict

    def table(self, name: TableName) -> str:
        """Quote a table's full name, one identifier."""
        self.identifier(name.schema)
        self.identifier(name.table)
        return catalog.quoted(str(name))

    # types -------------------------------------------------------------------------------------------------
    def core_type(self, type_: CoreType, schema: str) -> str:
        """Storage class of a type."""
        if type_.name == "native":
            checked_native(str(type_))
        storage = storage_class(type_)
        return storage if self.strict or storage != "ANY" else ""

    def column_type(self, attribute: Attribute, schema: str = "") -> str:
        """Storage class of a column."""
        type_ = self.core_type(attribute.type, schema)
        # INTEGER PRIMARY KEY would make up values for missing keys; INT is stored the same and does not.
        return "INT" if type_ == "INTEGER" and not attribute.autoincrement else type_

    # schemas -----------------------------------------------------------------------------------------------
    def create_schema(self, schema: str) -> list[Sql]:
        """Statements that make a schema if it is missing.

        Raises
        ------
        SchemaError
            If the name cannot stand before a table's in one file.
        """
        if not schema or "." in schema or schema.lower().startswith("sqlite_") or schema.startswith("~"):
            raise SchemaError(
                f"{schema!r} cannot name a schema in SQLite",
                why="it is written before each table's name in the file, separated by a point; "
                "sqlite_ and ~ are reserved",
                try_="use letters, digits and underscores",
            )
        named = Sql(f"INSERT OR IGNORE INTO {catalog.SCHEMAS} (name) VALUES (?)", (schema,))
        return [*catalog.CREATE, named, Sql(self.lineage_table(schema))]

    def drop_schema(self, schema: str) -> list[Sql]:
        """Statements that drop an emptied schema."""
        return [
            Sql(f"DROP TABLE IF EXISTS {self.table(TableName(schema, LINEAGE))}"),
            Sql(f"DELETE FROM {catalog.SCHEMAS} WHERE name = ?", (schema,)),
        ]

    # tables ------------------------------------------------------------------------------------------------
    def create_table(self, spec: TableSpec) -> list[Sql]:
        """Statements that make a table with its keys and indexes, and note its declaration and lineage."""
        return [
            *catalog.new_entry(spec),
            Sql(self._create(spec, self.table(spec.name))),
            *self._indexes(spec),
            *self.record_lineage(spec),
        ]

    def drop_table(self, spec: TableSpec) -> list[Sql]:
        """Statements that drop a table, its declaration and its lineage."""
        return [
            catalog.remove_entry(spec),
            Sql(f"DROP TABLE IF EXISTS {self.table(spec.name)}"),
            *self.forget_lineage(spec.name),
        ]

    def alter_table(self, old: TableSpec, new: TableSpec) -> list[Sql]:
        """Statements that turn `old` into `new`; attributes keep their values by name, or by ``{old}`` name.

        SQLite cannot change a column in place: the table is built anew and takes the old one's place, with
        foreign keys suspended meanwhile, as its manual prescribes.

        Raises
        ------
        DefinitionError
            If the primary key or the foreign keys differ.
        """
        changes = difference(old, new)
        hidden = tuple(a for a in old.attributes if a.is_hidden and a.name not in new.full_heading)
        new = new.evolve(attributes=(*new.attributes, *hidden))
        if self._stored(old) == self._stored(new):
            statements = self._reindexed(old, new)
        else:
            statements = self._rebuilt(old, new, {name: source for source, name in changes.renamed})
        return [*statements, catalog.renewed_entry(new), *self.record_lineage(new)]

    # columns -----------------------------------------------------------------------------------------------
    def column_suffix(self, attribute: Attribute, spec: TableSpec) -> list[str]:
        """Checks of a column; they bear its name, which SQLite reports when one fails."""
        name = self.identifier(attribute.name)
        suffix = ["PRIMARY KEY AUTOINCREMENT"] if attribute.autoincrement else []
        return suffix + [f"CONSTRAINT {name} CHECK ({check})" for check in self._checks(attribute, name)]

    def current_timestamp(self, attribute: Attribute) -> str:
        """The moment of the insert (UTC), in the column's fixed width; SQLite's clock has milliseconds."""
        if attribute.type.name == "date":
            return "(date('now'))"
        width = int(attribute.type.args[0]) if attribute.type.args else 0
        start = 12 if attribute.type.name == "time" else 1
        if width == 0:
            return f"(substr(datetime('now'), {start}))"
        text = f"substr(strftime('%Y-%m-%d %H:%M:%f', 'now'), {start}, {21 - start + min(width, 3)})"
        zeros = "0" * (width - 3)
        return f"({text} || '{zeros}')" if zeros else f"({text})"

    def default_literal(self, attribute: Attribute, value: object) -> str:
        """Literal of a default, as it is stored.

        Raises
        ------
        DefinitionError
            If the value is none of the attribute's type.
        """
        encode = encoder(attribute)
        try:
            return self._literal(encode(value) if encode else value)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise DefinitionError(
                f"the default {value!r} of {attribute.name} is no {attribute.declared}", why=str(error)
            ) from error

    def _checks(self, attribute: Attribute, name: str) -> Iterator[str]:
        storage = storage_class(attribute.type)
        if not self.strict and storage != "ANY":
            yield f"typeof({name}) IN ('{storage.lower()}', 'null')"
        if attribute.name == SINGLETON and attribute.in_key:
            yield f"{name} = 1"
            return
        check = check_clause(attribute.type, name, self.text_literal)
        if check is not None:
            yield check

    def _literal(self, value: Any) -> str:
        """Text of a stored value for DDL, where parameters cannot be bound."""
        if isinstance(value, bool | int):
            return str(int(value))
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, bytes):
            return f"X'{value.hex()}'"
        return self.text_literal(str(value))

    # inner workings ----------------------------------------------------------------------------------------
    def _create(self, spec: TableSpec, table: str) -> str:
        key = [a.name for a in spec.attributes if a.in_key]
        if not key:
            raise DefinitionError("a table needs a primary key", where=str(spec.name))
        body = [self.column(attribute, spec) for attribute in spec.attributes]
        if not any(attribute.autoincrement for attribute in spec.attributes):
            body.append(f"PRIMARY KEY ({self.identifiers(key)})")
        body += [self.foreign_key(reference) for reference in spec.foreign_keys if reference.columns]
        return f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(body)})" + (" STRICT" if self.strict else "")

    def _stored(self, spec: TableSpec) -> list[tuple[CoreType, str]]:
        """What decides whether rows stay as they are; decimals of two scales differ by their type only."""
        return [(attribute.type, self.column(attribute, spec)) for attribute in spec.attributes]

    def _indexes(self, spec: TableSpec) -> list[Sql]:
        return [Sql(text) for text in self._index_texts(spec).values()]

    def _index_texts(self, spec: TableSpec) -> dict[str, str]:
        """CREATE INDEX by name: declared ones, and those by which foreign keys are looked up."""
        wanted = [(index.columns, index.unique) for index in all_indexes(spec)]
        covered = [tuple(a.name for a in spec.attributes if a.in_key), *(columns for columns, _ in wanted)]
        for reference in spec.foreign_keys:
            columns = tuple(child for child, _ in reference.columns)
            if columns and not any(known[: len(columns)] == columns for known in covered):
                wanted.append((columns, False))
                covered.append(columns)
        texts = {}
        for columns, unique in wanted:
            name = f"{spec.name}({','.join(columns)})" + ("!" if unique else "")
            terms = ", ".join(self.index_term(column, spec) for column in columns)
            kind = "UNIQUE INDEX" if unique else "INDEX"
            texts[name] = (
                f"CREATE {kind} IF NOT EXISTS {catalog.quoted(name)} ON {self.table(spec.name)} ({terms})"
            )
        return texts

    def json_index_term(self, column: str, path: str, type_: str | None) -> str:
        """Index term for a path inside a JSON attribute."""
        return f"json_extract({self.identifier(column)}, {self.text_literal('$.' + path)})"

    def _reindexed(self, old: TableSpec, new: TableSpec) -> list[Sql]:
        before, after = self._index_texts(old), self._index_texts(new)
        gone = [Sql(f"DROP INDEX IF EXISTS {catalog.quoted(name)}") for name in before if name not in after]
        return gone + [Sql(text) for name, text in after.items() if name not in before]

    def _rebuilt(self, old: TableSpec, new: TableSpec, sources: dict[str, str]) -> list[Sql]:
        target = catalog.quoted(f"{new.name}~new")
        names, values = [], []
        for attribute in new.attributes:
            source = sources.get(attribute.name, attribute.name)
            if source in old.full_heading:
                names.append(attribute.name)
                column = self.identifier(source)
                values.append(conversion(old.full_heading[source].type, attribute.type, column))
        copied = f"({self.identifiers(names)}) SELECT {', '.join(values)} FROM {self.table(old.name)}"
        return [
            Sql("PRAGMA foreign_keys = OFF"),
            Sql(self._create(new, target)),
            Sql(f"INSERT INTO {target} {copied}"),
            Sql(f"DROP TABLE {self.table(old.name)}"),
            Sql(f"ALTER TABLE {target} RENAME TO {self.table(new.name)}"),
            *self._indexes(new),
        ]

    def lineage_options(self) -> str:
        """What follows the parentheses of the lineage table's CREATE TABLE."""
        return " STRICT" if self.strict else ""

    def replacements(self, spec: TableSpec, columns: Sequence[str]) -> list[str]:
        """Assignments that turn the row in the table into the given one."""
        # SQLite has no DEFAULT in SET, but the row proposed holds the defaults of columns not given.
        return [
            f"{self.identifier(a.name)} = {self.proposed(a.name)}" for a in spec.attributes if not a.in_key
        ]
