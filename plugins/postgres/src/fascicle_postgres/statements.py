"""Column types and DDL of PostgreSQL."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from operator import add
from typing import Any

from fascicle.errors import CompileError
from fascicle.model import Attribute, CoreType, Index, TableName, TableSpec
from fascicle.sql.changes import Changes, difference
from fascicle.sql.comments import write_comment
from fascicle.sql.ddl import LINEAGE, CommonStatements, all_indexes, enum_schema, is_inherited
from fascicle.sql.statement import Sql
from fascicle_postgres.values import encode_json

COLLATE = 'COLLATE "C"'
INDEX_COLUMNS = 30
_PLAIN = {
    "int8": "smallint",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "float32": "real",
    "float64": "double precision",
    "bool": "boolean",
    "uuid": "uuid",
    "bytes": "bytea",
    "json": "jsonb",
    "date": "date",
}
_READ_BY_DRIVER = re.compile(
    r"(tinytext|mediumtext|longtext|text|name|oid|interval|inet|cidr|numeric|tim\w+( with\w* time zone)?|\w+range"
    r"|(text|character varying|boolean|smallint|integer|bigint|real|double precision|numeric|uuid|bytea|date)\[\])"
)
_TEXTS = frozenset({"tinytext", "text", "mediumtext", "longtext"})


class PostgresStatements(CommonStatements):
    """Text of PostgreSQL."""

    name = "postgresql"
    max_identifier = 63
    max_parameters = 65535

    def identifier_size(self, name: str) -> int:
        """Bytes: that is what the server counts before it cuts a name."""
        return len(name.encode())

    # types and values --------------------------------------------------------------------------------------
    def core_type(self, type_: CoreType, schema: str) -> str:
        """Column type of a core type; an enum is a type of its own in its schema."""
        plain = _PLAIN.get(type_.name)
        if plain is not None:
            return plain
        args = f"({','.join(map(str, type_.args))})" if type_.args else ""
        if type_.name == "enum":
            return f"{self.identifier(schema)}.{self.identifier(enum_name(type_))}"
        if type_.name in ("char", "varchar"):
            return f"{type_.name}{args} {COLLATE}"
        if type_.name in ("datetime", "time"):
            # As it is, the server would keep microseconds where other databases keep seconds.
            return f"{'timestamp' if type_.name == 'datetime' else 'time'}{args or '(0)'}"
        return "numeric" + args

    def column_type(self, attribute: Attribute, schema: str = "") -> str:
        """Column type in a CREATE TABLE; the unlimited text types of MySQL are ``text`` here."""
        if attribute.native is None and str(attribute.type).lower() in _TEXTS:
            return f"text {COLLATE}"
        return super().column_type(attribute, schema)

    def reported_type(self, attribute: Attribute) -> str:
        """Reported type with the reported collation."""
        native = self.escaped(attribute.native or "")
        return f"{native} COLLATE {self.identifier(attribute.collation)}" if attribute.collation else native

    def text_literal(self, text: str) -> str:
        """Quote text, whatever the server's setting for backslashes."""
        quoted = super().text_literal(text)
        return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted

    def default(self, attribute: Attribute) -> Iterator[str]:
        """The DEFAULT clause; NULL is the default of a nullable column anyway."""
        return (clause for clause in super().default(attribute) if clause != "DEFAULT NULL")

    def default_literal(self, attribute: Attribute, value: object) -> str:
        """Literal of a default."""
        if attribute.type.name == "json":
            return self.text_literal(encode_json(value))
        return super().default_literal(attribute, value)

    def encoder(self, attribute: Attribute) -> Callable[[Any], Any] | None:
        """How a checked value is bound: most as they are."""
        return _ENCODERS.get(attribute.type.name)

    def decoder(self, attribute: Attribute) -> Callable[[Any], Any] | None:
        """How a fetched value is read: as it is."""
        return None

    def output(self, attribute: Attribute, text: str) -> str:
        """Take the blanks off char(n), with which the server pads it; get as text what the driver cannot read."""
        if attribute.codec is not None or attribute.computed:
            return text
        native = attribute.type.name == "native" and not _READ_BY_DRIVER.fullmatch(str(attribute.type))
        return f"{text}::text" if native or attribute.type.name == "char" else text

    # schemas -----------------------------------------------------------------------------------------------
    def create_schema(self, schema: str) -> list[Sql]:
        """Create the schema if it is missing; one process at a time, as the server does not see to that."""
        return [_ALONE, *super().create_schema(schema)]

    # tables ------------------------------------------------------------------------------------------------
    def before_table(self, spec: TableSpec) -> list[Sql]:
        """Make the enum types of the table's own columns."""
        types = {
            enum_name(a.type): a.type
            for a in spec.attributes
            if a.type.name == "enum" and a.native is None and enum_schema(a, spec) == spec.name.schema
        }
        return [_ALONE, *(self._create_enum(type_, spec.name.schema) for type_ in types.values())]

    def _create_enum(self, type_: CoreType, schema: str) -> Sql:
        values = ", ".join(self.text_literal(str(value)) for value in type_.args)
        create = f"CREATE TYPE {self.core_type(type_, schema)} AS ENUM ({values})"
        return Sql(_block(f"BEGIN {create}; EXCEPTION WHEN duplicate_object THEN NULL; END"))

    def after_table(self, spec: TableSpec) -> list[Sql]:
        """Indexes, storage and comments."""
        statements = [self.index(index, spec) for index in wanted_indexes(spec)]
        statements += self._packed_columns(spec.attributes, spec)
        if spec.comment:
            statements.append(self._comment_table(spec))
        statements += self._comment_columns(spec.attributes, spec)
        return statements

    def _packed_columns(self, attributes: Sequence[Attribute], spec: TableSpec) -> Iterator[Sql]:
        for attribute in attributes:
            if attribute.codec is not None and attribute.type.name == "bytes" and attribute.native is None:
                # A codec has packed the bytes already: the server would try in vain, and slowly.
                column = self.identifier(attribute.name)
                yield Sql(f"ALTER TABLE {self.table(spec.name)} ALTER COLUMN {column} SET STORAGE EXTERNAL")

    def _comment_table(self, spec: TableSpec) -> Sql:
        return Sql(f"COMMENT ON TABLE {self.table(spec.name)} IS {self.text_literal(spec.comment)}")

    def _comment_columns(self, attributes: Sequence[Attribute], spec: TableSpec) -> Iterator[Sql]:
        for attribute in attributes:
            # What a foreign key brings is commented on where it comes from, and there only.
            comment = "" if is_inherited(attribute, spec) else write_comment(attribute, inherited=False)
            if comment:
                column = f"{self.table(spec.name)}.{self.identifier(attribute.name)}"
                yield Sql(f"COMMENT ON COLUMN {column} IS {self.text_literal(comment)}")

    def index(self, index: Index, spec: TableSpec) -> Sql:
        """Create an index under DataJoint's name for it, or another where that name is taken."""
        usual, other = index_names(index, spec.name)
        terms = ", ".join(self.index_term(column, spec) for column in index.columns)
        table = self.table(spec.name)
        kind = "UNIQUE INDEX" if index.unique else "INDEX"
        first, second = (f"CREATE {kind} {self.identifier(n)} ON {table} ({terms})" for n in (usual, other))
        there = (
            f"EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
            f"WHERE i.indrelid = {self.text_literal(_bare(table))}::regclass "
            f"AND c.relname IN ({self.text_literal(usual)}, {self.text_literal(other)}))"
        )
        return Sql(
            _block(
                f"IF NOT {there} THEN BEGIN {first}; EXCEPTION WHEN duplicate_table THEN {second}; END; END IF;"
            )
        )

    def json_index_term(self, column: str, path: str, type_: str | None) -> str:
        """Expression over a JSON path."""
        steps = path.replace("[", ".").replace("]", "").split(".")
        literals = ", ".join(self.text_literal(step) for step in steps)
        return f"(jsonb_extract_path_text({self.identifier(column)}, {literals}))"

    def column_suffix(self, attribute: Attribute, spec: TableSpec) -> Iterable[str]:
        """Numbering by the database, and the range of int8, which is wider here."""
        if attribute.autoincrement:
            yield "GENERATED BY DEFAULT AS IDENTITY"
        if attribute.codec is None and attribute.type.name == "int8" and not is_inherited(attribute, spec):
            yield self._int8_range(attribute)

    def _int8_range(self, attribute: Attribute) -> str:
        column = self.identifier(attribute.name)
        return f"CONSTRAINT {self._int8_check(attribute.name)} CHECK ({column} BETWEEN -128 AND 127)"

    def _int8_check(self, attribute: str) -> str:
        name = f"int8_{attribute}"
        return self.identifier(name if len(name) < 64 else f"int8_{_digest(name)}")

    def forget_lineage(self, name: TableName) -> list[Sql]:
        """Remove the lineage rows of a table where there is a lineage table."""
        table = self.table(TableName(name.schema, LINEAGE))
        return [
            Sql(
                _block(
                    f"IF to_regclass({self.text_literal(_bare(table))}) IS NOT NULL THEN DELETE FROM {table} "
                    f"WHERE table_name = {self.text_literal(name.table)}; END IF;"
                )
            )
        ]

    def drop_table(self, spec: TableSpec) -> list[Sql]:
        """Drop a table, and its own enum types unless other tables use them."""
        types = {
            self.core_type(a.type, spec.name.schema)
            for a in spec.attributes
            if a.type.name == "enum" and not is_inherited(a, spec)
        }
        kept = "dependent_objects_still_exist OR insufficient_privilege"
        drops = [
            Sql(_block(f"BEGIN DROP TYPE IF EXISTS {type_}; EXCEPTION WHEN {kept} THEN NULL; END"))
            for type_ in sorted(types)
        ]
        return [*super().drop_table(spec), *drops]

    # changes -----------------------------------------------------------------------------------------------
    def alter_table(self, old: TableSpec, new: TableSpec) -> list[Sql]:
        """Statements that change secondary attributes, indexes and comments; to be run as one script."""
        changes = difference(old, new)
        if not changes:
            return []
        table = self.table(new.name)
        statements = [*self.before_table(new), *self._dropped_indexes(changes, new)]
        statements += [
            Sql(
                f"ALTER TABLE {table} RENAME COLUMN {self.identifier(old_name)} TO {self.identifier(new_name)}"
            )
            for old_name, new_name in changes.renamed
        ]
        clauses = list(self._alterations(changes, new))
        if clauses:
            statements.append(Sql(f"ALTER TABLE {table} {', '.join(clauses)}"))
        statements += self._packed_columns([added for added, _ in changes.added], new)
        statements += [self.index(index, new) for index in changes.indexes_added]
        if changes.comment is not None:
            statements.append(self._comment_table(new))
        touched = [*(after for _, after in changes.changed), *(added for added, _ in changes.added)]
        return [*statements, *self._comment_columns(touched, new)]

    def _dropped_indexes(self, changes: Changes, new: TableSpec) -> Iterator[Sql]:
        for index in changes.indexes_dropped:
            if index.name is None:
                raise CompileError("an index without a name cannot be dropped", where=str(new.name))
            yield Sql(f"DROP INDEX {self.identifier(new.name.schema)}.{self.identifier(index.name)}")

    def _alterations(self, changes: Changes, new: TableSpec) -> Iterator[str]:
        yield from self._range_checks(changes)
        for attribute in changes.dropped:
            yield f"DROP COLUMN {self.identifier(attribute.name)}"
        for before, after in changes.changed:
            yield from self._altered_column(before, after, new)
        for attribute, _ in changes.added:
            yield f"ADD COLUMN {self.column(attribute, new)}"

    def _range_checks(self, changes: Changes) -> Iterator[str]:
        """Let the check of int8 go and come with the type; it bears the attribute's first name."""
        sources = {new_name: old_name for old_name, new_name in changes.renamed}
        for before, after in changes.changed:
            was, is_ = (a.codec is None and a.type.name == "int8" for a in (before, after))
            if was and not is_:
                for name in {after.name, sources.get(after.name, after.name)}:
                    yield f"DROP CONSTRAINT IF EXISTS {self._int8_check(name)}"
            elif is_ and not was:
                yield f"ADD {self._int8_range(after)}"

    def _converted(self, before: Attribute, after: Attribute, type_: str) -> str:
        """Old values as the new type; only an assignment refuses text that is too long, a cast would cut it."""
        column = self.identifier(after.name)
        bare = type_.partition(" COLLATE ")[0]
        if after.type.name in ("char", "varchar"):
            return f"{column}::text"
        if before.type.name == "bool":
            return f"{column}::integer::{bare}"
        return f"{column}::text::{bare}"

    def _altered_column(self, before: Attribute, after: Attribute, new: TableSpec) -> Iterator[str]:
        column = f"ALTER COLUMN {self.identifier(after.name)}"
        if (before.type, before.codec) != (after.type, after.codec):
            type_ = self.column_type(after, enum_schema(after, new))
            # A default of the old type could not be cast by itself.
            yield f"{column} DROP DEFAULT"
            yield f"{column} TYPE {type_} USING {self._converted(before, after, type_)}"
        if before.nullable != after.nullable:
            yield f"{column} {'DROP' if after.nullable else 'SET'} NOT NULL"
        if after.autoincrement:
            return
        default = " ".join(self.default(after))
        yield f"{column} {'SET ' + default if default else 'DROP DEFAULT'}"


def enum_name(type_: CoreType) -> str:
    """Name of an enum type: a digest of its sorted values, as DataJoint makes it."""
    return f"enum_{_digest('_'.join(sorted(str(v) for v in type_.args)))[:8]}"


def index_names(index: Index, table: TableName) -> tuple[str, str]:
    """DataJoint's name for an index, and a name that no other table's index can have."""
    usual = f"idx_{table.table}_{'_'.join(index.columns)[:INDEX_COLUMNS]}"
    digest = _digest(repr((table, index.columns, index.unique)))
    other = f"idx_{digest[:24]}"
    return (usual if len(usual.encode()) <= 63 and usual.isascii() else other), other


def wanted_indexes(spec: TableSpec) -> list[Index]:
    """Declared indexes, those of unique foreign keys, and those that foreign keys need to be quick."""
    indexes = all_indexes(spec)
    covered = [tuple(a.name for a in spec.attributes if a.in_key), *(index.columns for index in indexes)]
    children = [tuple(child for child, _ in fk.columns) for fk in spec.foreign_keys if not fk.unique]
    for columns in sorted(children, key=len, reverse=True):
        if not any(prefix[: len(columns)] == columns for prefix in covered):
            indexes.append(Index(columns))
            covered.append(columns)
    return indexes


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _block(body: str) -> str:
    end = "" if body.endswith(";") else ";"
    tag = "fascicle"
    while f"${tag}$" in body:  # a comment or an enum value must not end the block
        tag += "_"
    return f"DO ${tag}$ BEGIN {body}{end} END ${tag}$"


def _bare(text: str) -> str:
    return text.replace("%%", "%")


_ENCODERS: dict[str, Callable[[Any], Any]] = {
    "json": encode_json,
    # The same day, at C speed; it refuses text, in which the server would read words such as 'yesterday'.
    "date": partial(add, timedelta(0)),
}
_ALONE = Sql("SELECT pg_advisory_xact_lock(7165081237641)")
