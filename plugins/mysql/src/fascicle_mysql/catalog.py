"""The catalogue of MySQL and MariaDB: every table of some schemas, in one trip."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pymysql.err

from fascicle.backend.assemble import RawColumn, RawKey, RawTable, assemble
from fascicle.backend.protocol import Result
from fascicle.model import REQUIRED, Catalog, CoreType, Index, TableName
from fascicle.sql.ddl import LINEAGE
from fascicle.sql.statement import Sql
from fascicle_mysql.dialect import DIALECT
from fascicle_mysql.errors import number_of
from fascicle_mysql.native import core_type, parse_default
from fascicle_mysql.session import MysqlSession
from fascicle_mysql.values import decode_comment

SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")

_TABLES = """SELECT table_name, table_comment FROM information_schema.tables
WHERE table_schema = %s AND table_type = 'BASE TABLE' ORDER BY create_time, table_name"""
_COLUMNS = """SELECT table_name, column_name, column_type, is_nullable, column_default, column_comment,
column_key, collation_name, extra FROM information_schema.columns
WHERE table_schema = %s ORDER BY table_name, ordinal_position"""
_KEYS = """SELECT table_name, constraint_name, column_name, referenced_table_schema, referenced_table_name,
referenced_column_name FROM information_schema.key_column_usage
WHERE table_schema = %s AND referenced_table_name IS NOT NULL ORDER BY table_name, ordinal_position"""
_INDEXES = """SELECT table_name, index_name, non_unique, {term} FROM information_schema.statistics
WHERE table_schema = %s AND index_name <> 'PRIMARY' ORDER BY table_name, index_name, seq_in_index"""
_CHECKS = """SELECT table_name, constraint_name FROM information_schema.check_constraints
WHERE constraint_schema = %s AND check_clause LIKE 'json_valid%%'"""
_OURS = re.compile(r"idx_(\d+)_")
_NUMBER = re.compile(r"(\d+)$")
Lineages = dict[TableName, dict[str, str]]
ATTEMPTS = 8
# No such database, no such table, definition changed, statement to be prepared again.
CHANGED_MEANWHILE = frozenset({1049, 1146, 1412, 1615})


def read_catalog(session: MysqlSession, schemas: Sequence[str]) -> Catalog:
    """Read every table of the schemas and, through their foreign keys, those that they refer to.

    One trip for all schemas; where foreign keys lead out of them, one more for each step of that way.
    """
    raw: dict[TableName, RawTable] = {}
    lineages: Lineages = {}
    read: list[str] = []
    wanted = list(dict.fromkeys(schemas))
    kept: list[TableName] = []
    while wanted:
        for found, origins in _read_schemas(session, wanted):
            raw.update(found)
            lineages.update(origins)
        read += wanted
        kept = _reachable(raw, schemas)
        parents = {key.parent for name in kept for key in raw[name].foreign_keys}
        wanted = sorted({parent.schema for parent in parents if parent not in raw} - set(read))
    return assemble((raw[name] for name in kept), lineages, parse_default)


def list_schemas(session: MysqlSession) -> list[str]:
    """Names of the databases that are not the server's own."""
    found = session.execute(Sql("SELECT schema_name FROM information_schema.schemata"))
    return sorted(row[0] for row in found.rows if row[0].lower() not in SYSTEM)


def _reachable(raw: dict[TableName, RawTable], schemas: Sequence[str]) -> list[TableName]:
    kept = dict.fromkeys(name for name in raw if name.schema in schemas)
    pending = list(kept)
    while pending:
        for key in raw[pending.pop()].foreign_keys:
            if key.parent in raw and key.parent not in kept:
                kept[key.parent] = None
                pending.append(key.parent)
    return list(kept)


def _read_schemas(
    session: MysqlSession, schemas: Sequence[str]
) -> Iterator[tuple[dict[TableName, RawTable], Lineages]]:
    # An equality per schema: MariaDB would open every table of the server for an IN.
    functional = not session.is_mariadb and session.version >= (8, 0, 13)
    term = "COALESCE(column_name, CONCAT('(', expression, ')'))" if functional else "column_name"
    texts = [_TABLES, _COLUMNS, _KEYS, _INDEXES.format(term=term)]
    texts += [_CHECKS] if session.is_mariadb else []
    script: list[Sql] = []
    for schema in schemas:
        origins = (
            f"SELECT table_name, attribute_name, lineage FROM {DIALECT.table(TableName(schema, LINEAGE))}"
        )
        script += [*(Sql(text, (schema,)) for text in texts), *DIALECT.if_lineage(schema, origins)]
    results = _while_others_change(session, script)
    size = len(script) // len(schemas)
    for number, schema in enumerate(schemas):
        part = results[number * size : (number + 1) * size]
        yield _tables(schema, part, session.is_mariadb), _lineages(schema, part[len(texts) + 2])


def _while_others_change(session: MysqlSession, script: Sequence[Sql]) -> list[Result]:
    """Read again where a table was declared or dropped by others between two statements of the script."""
    for _ in range(ATTEMPTS):
        try:
            return session.execute_script(script)
        except pymysql.err.Error as error:
            if number_of(error) not in CHANGED_MEANWHILE:
                raise
    return session.execute_script(script)


def _tables(schema: str, results: Sequence[Result], is_mariadb: bool) -> dict[TableName, RawTable]:
    tables = {row[0]: RawTable(TableName(schema, row[0]), decode_comment(row[1])) for row in results[0].rows}
    checked = {(row[0], row[1]) for row in results[4].rows} if is_mariadb else set()
    for row in results[1].rows:
        if row[0] in tables:
            tables[row[0]].columns.append(_column(row, (row[0], row[1]) in checked, is_mariadb))
    for name, keys in _grouped(results[2].rows).items():
        if name in tables:
            tables[name].foreign_keys += _foreign_keys(keys)
    for name, indexes in _grouped(results[3].rows).items():
        if name in tables:
            tables[name].indexes += _indexes(indexes)
    return {table.name: table for table in tables.values()}


def _column(row: Sequence[Any], is_json: bool, is_mariadb: bool) -> RawColumn:
    _, name, native, nullable, default, comment, key, collation, extra = row
    written_as_sql = is_mariadb or "DEFAULT_GENERATED" in extra
    return RawColumn(
        name=name,
        native=native,
        type=CoreType("json") if is_json else core_type(native),
        nullable=nullable == "YES",
        comment=decode_comment(comment),
        in_key=key == "PRI",
        default=REQUIRED if default is None else (default, written_as_sql),
        collation=collation,
        autoincrement="auto_increment" in extra,
    )


def _grouped(rows: Iterable[Sequence[Any]]) -> dict[str, dict[str, list[Sequence[Any]]]]:
    groups: dict[str, dict[str, list[Sequence[Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row[0]][row[1]].append(row[2:])
    return groups


def _foreign_keys(groups: dict[str, list[Sequence[Any]]]) -> Iterable[RawKey]:
    for _, rows in sorted(groups.items(), key=_constraint_order):
        parent = TableName(rows[0][1], rows[0][2])
        # Where DataJoint 0.x tracked its stores is nothing that a pipeline refers to.
        if not parent.table.startswith("~"):
            yield RawKey(parent, tuple((row[0], row[3]) for row in rows))


def _constraint_order(group: tuple[str, Any]) -> tuple[int, str]:
    number = _NUMBER.search(group[0])
    return (int(number.group(1)) if number else 0, group[0])


def _indexes(groups: dict[str, list[Sequence[Any]]]) -> Iterable[Index]:
    # Names that we gave begin with a number: the order of the definition.
    for name, rows in sorted(groups.items(), key=_index_order):
        if all(row[1] is not None for row in rows):
            yield Index(tuple(row[1] for row in rows), unique=not rows[0][0], name=name)


def _index_order(group: tuple[str, Any]) -> int:
    number = _OURS.match(group[0])
    return int(number.group(1)) if number else 0


def _lineages(schema: str, result: Result) -> Lineages:
    lineages: Lineages = {}
    for table, attribute, lineage in result.rows:
        lineages.setdefault(TableName(schema, table), {})[attribute] = lineage
    return lineages
