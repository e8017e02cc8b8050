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
PARENTS = '"~fascicle.parents"'
SCHEMAS = '"~fascicle.schemas"'

CREATE = (
    Sql(
        f"CREATE TABLE IF NOT EXISTS {SCHEMAS} (name TEXT NOT NULL PRIMARY KEY, "
        "created TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
    ),
    Sql(
        f"CREATE TABLE IF NOT EXISTS {TABLES} (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
        '"schema" TEXT NOT NULL, declaration TEXT NOT NULL, declared TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)'
    ),
    # SQLite itself lets a table be dropped to which others refer; here the entries refer, and hold it back.
    Sql(
        f"CREATE TABLE IF NOT EXISTS {PARENTS} ("
        f"child TEXT NOT NULL REFERENCES {TABLES} (name) ON UPDATE CASCADE ON DELETE CASCADE, "
        f"parent TEXT NOT NULL REFERENCES {TABLES} (name) ON UPDATE CASCADE ON DELETE RESTRICT, "
        "PRIMARY KEY (child, parent)) WITHOUT ROWID"
    ),
    Sql(f'CREATE INDEX IF NOT EXISTS "~fascicle.parents(parent)" ON {PARENTS} (parent)'),
)

# Tables of the schemas and, through their parents, all that they refer to; an entry without its table is no table.
_READ = f"""
WITH RECURSIVE wanted(name) AS (
  SELECT name FROM {TABLES} WHERE "schema" IN (SELECT value FROM json_each(?))
  UNION SELECT p.parent FROM wanted JOIN {PARENTS} p ON p.child = wanted.name
)
SELECT t.declaration FROM {TABLES} t
WHERE t.name IN (SELECT name FROM wanted) AND t.name IN (SELECT name FROM sqlite_master WHERE type = 'table')
ORDER BY t.id
"""


def new_entry(spec: TableSpec) -> list[Sql]:
    """Statements that write a table's entry, to run before the table is made.

    An entry whose table exists stays: another process has just declared it.  One whose table is gone, dropped by
    hand, is renewed.
    """
    name = str(spec.name)
    written = Sql(
        f'INSERT INTO {TABLES} (name, "schema", declaration) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE '
        "SET declaration = excluded.declaration WHERE name NOT IN (SELECT name FROM sqlite_master)",
        (name, spec.name.schema, spec_to_json(spec)),
    )
    parents = json.dumps(sorted({str(key.parent) for key in spec.foreign_keys} - {name}))
    referring = Sql(
        f"INSERT OR IGNORE INTO {PARENTS} SELECT ?, name FROM {TABLES} "
        "WHERE name IN (SELECT value FROM json_each(?))",
        (name, parents),
    )
    return [written, referring]


def renewed_entry(spec: TableSpec) -> Sql:
    """Statement that renews the entry of an altered table, whose parents are the same."""
    return Sql(f"UPDATE {TABLES} SET declaration = ? WHERE name = ?", (spec_to_json(spec), str(spec.name)))


def remove_entry(spec: TableSpec) -> Sql:
    """Statement that removes a table's entry; it fails while other tables refer to the table."""
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
