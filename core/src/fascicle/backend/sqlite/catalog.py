"""The tables in which an SQLite file keeps what servers keep in schemas and comments."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from fascicle.backend.protocol import Result, Session
from fascicle.backend.specjson import spec_from_json, spec_to_json
from fascicle.model import Catalog, TableName, TableSpec
from fascicle.sql.statement import Sql

TABLES = '"~fascicle.tables"'
SCHEMAS = '"~fascicle.schemas"'

CREATE = (
    Sql(
        f"CREATE TABLE IF NOT EXISTS {SCHEMAS} (name TEXT NOT NULL PRIMARY KEY, "
        "created TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
    ),
    Sql(
        f"CREATE TABLE IF NOT EXISTS {TABLES} (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
        '"schema" TEXT NOT NULL, parents TEXT NOT NULL, declaration TEXT NOT NULL, '
        "declared TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
    ),
)

# Tables of the schemas and, through `parents`, all that they refer to; an entry without its table is no table.
_READ = f"""
WITH RECURSIVE wanted(name) AS (
  SELECT name FROM {TABLES} WHERE "schema" IN (SELECT value FROM json_each(?))
  UNION SELECT p.value FROM wanted JOIN {TABLES} t ON t.name = wanted.name, json_each(t.parents) p
)
SELECT t.declaration FROM {TABLES} t
WHERE t.name IN (SELECT name FROM wanted) AND t.name IN (SELECT name FROM sqlite_master WHERE type = 'table')
ORDER BY t.id
"""


def new_entry(spec: TableSpec) -> Sql:
    """Statement that writes a table's entry, unless another process has just declared the table."""
    return Sql(
        f'INSERT OR IGNORE INTO {TABLES} (name, "schema", parents, declaration) VALUES (?, ?, ?, ?)',
        (str(spec.name), spec.name.schema, _parents(spec), spec_to_json(spec)),
    )


def renewed_entry(spec: TableSpec) -> Sql:
    """Statement that renews a table's entry."""
    return Sql(
        f"UPDATE {TABLES} SET parents = ?, declaration = ? WHERE name = ?",
        (_parents(spec), spec_to_json(spec), str(spec.name)),
    )


def remove_stale_entry(spec: TableSpec) -> Sql:
    """Statement that removes a table's entry if the table itself is gone: dropped by hand."""
    return Sql(
        f"DELETE FROM {TABLES} WHERE name = ? AND name NOT IN (SELECT name FROM sqlite_master)",
        (str(spec.name),),
    )


def _parents(spec: TableSpec) -> str:
    return json.dumps(sorted({str(key.parent) for key in spec.foreign_keys}))


def remove_entry(spec: TableSpec) -> Sql:
    """Statement that removes a table's entry."""
    return Sql(f"DELETE FROM {TABLES} WHERE name = ?", (str(spec.name),))


def read_catalog(session: Session, schemas: Sequence[str]) -> Catalog:
    """Read the tables of the schemas and those that they refer to, in one trip."""
    found = _unless_absent(session, Sql(_READ, (json.dumps(list(schemas)),)))
    specs = [spec_from_json(row[0]) for row in found.rows]
    return Catalog({spec.name: spec for spec in specs})


def list_schemas(session: Session) -> list[str]:
    """Names of the schemas made in the file, sorted."""
    return [row[0] for row in _unless_absent(session, Sql(f"SELECT name FROM {SCHEMAS} ORDER BY name")).rows]


def size_of(session: Session, name: TableName) -> int:
    """Bytes of a table and its indexes, by pages where SQLite counts them, else by the values' lengths."""
    table = str(name)
    try:
        pages = (
            "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = ?)"
        )
        return int(session.execute(Sql(pages, (table,))).rows[0][0] or 0)
    except sqlite3.OperationalError:
        columns = session.execute(Sql("SELECT name FROM pragma_table_info(?)", (table,))).rows
        lengths = " + ".join(f"ifnull(length(CAST({quoted(column)} AS BLOB)), 0)" for (column,) in columns)
        total = session.execute(Sql(f"SELECT sum({lengths or 0}) FROM {quoted(table)}"))
        return int(total.rows[0][0] or 0)


def quoted(name: str) -> str:
    """Quote a name of the file's own, of whatever length."""
    return '"' + name.replace('"', '""') + '"'


def _unless_absent(session: Session, sql: Sql) -> Result:
    try:
        return session.execute(sql)
    except sqlite3.OperationalError as error:
        # A file in which no schema was ever made has no catalogue; that is no error.
        if "no such table: ~fascicle" in str(error):
            return Result([])
        raise
