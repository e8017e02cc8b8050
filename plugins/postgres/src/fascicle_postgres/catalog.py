"""The catalogue of PostgreSQL: every table of some schemas, in one trip, and lineage in another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.errors import UndefinedTable

from fascicle.backend.assemble import RawColumn, RawKey, RawTable, assemble
from fascicle.backend.protocol import Session
from fascicle.model import REQUIRED, Catalog, Index, TableName
from fascicle.sql.ddl import LINEAGE
from fascicle.sql.statement import Sql
from fascicle_postgres.dialect import DIALECT
from fascicle_postgres.native import core_type, parse_default

# Tables of the schemas and, through foreign keys, all that they refer to.
_READ = """
WITH RECURSIVE wanted(oid) AS (
  SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY(%s::text[]) AND c.relkind IN ('r', 'p')
  UNION
  SELECT k.confrelid FROM wanted w JOIN pg_catalog.pg_constraint k ON k.conrelid = w.oid AND k.contype = 'f'
), origins(oid) AS (
  SELECT l.oid FROM pg_catalog.pg_class l
  WHERE l.relname = '~lineage' AND l.relkind = 'r' AND l.relnamespace IN
    (SELECT c.relnamespace FROM wanted w JOIN pg_catalog.pg_class c ON c.oid = w.oid)
)
SELECT n.nspname::text, c.relname::text, pg_catalog.obj_description(c.oid, 'pg_class'),
  (SELECT json_agg(json_build_array(
     a.attname,
     CASE WHEN t.typtype = 'e' THEN quote_ident(tn.nspname) || '.' || quote_ident(t.typname)
          ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END,
     CASE WHEN t.typtype = 'e' THEN
       (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) END,
     NOT a.attnotnull,
     pg_catalog.col_description(a.attrelid, a.attnum),
     pg_catalog.pg_get_expr(d.adbin, d.adrelid),
     CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN
       (SELECT o.collname FROM pg_catalog.pg_collation o WHERE o.oid = a.attcollation) END,
     a.attidentity <> '',
     a.attnum = ANY(pk.conkey)
   ) ORDER BY a.attnum)
   FROM pg_catalog.pg_attribute a
   JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
   JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
   LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT json_agg(json_build_array(pn.nspname, p.relname,
     (SELECT json_agg(json_build_array(ca.attname, pa.attname) ORDER BY u.position)
      FROM unnest(k.conkey, k.confkey) WITH ORDINALITY AS u(child, parent, position)
      JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = u.child
      JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = u.parent)
   ) ORDER BY k.oid)
   FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
   JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
   WHERE k.conrelid = c.oid AND k.contype = 'f'),
  (SELECT json_agg(json_build_array(ic.relname, i.indisunique,
     (SELECT json_agg(CASE WHEN u.attnum = 0
                           THEN '(' || pg_catalog.pg_get_indexdef(i.indexrelid, u.position::int, false) || ')'
                           ELSE ia.attname END ORDER BY u.position)
      FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u(attnum, position)
      LEFT JOIN pg_catalog.pg_attribute ia ON ia.attrelid = i.indrelid AND ia.attnum = u.attnum
      WHERE u.position <= i.indnkeyatts)
   ) ORDER BY i.indexrelid)
   FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
   WHERE i.indrelid = c.oid AND NOT i.indisprimary AND i.indpred IS NULL)
FROM (SELECT oid FROM wanted UNION SELECT oid FROM origins) w JOIN pg_catalog.pg_class c ON c.oid = w.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_constraint pk ON pk.conrelid = c.oid AND pk.contype = 'p'
WHERE c.relname <> '~lineage' OR
  (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))
ORDER BY c.oid
"""

_LINEAGES = """
SELECT n.nspname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %s AND n.nspname = ANY(%s::text[])
"""

_SCHEMAS = """
SELECT nspname::text FROM pg_catalog.pg_namespace
WHERE nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
AND pg_catalog.has_schema_privilege(oid, 'USAGE') ORDER BY 1
"""


def read_catalog(session: Session, schemas: Sequence[str]) -> Catalog:
    """Read every table of the schemas and, through their foreign keys, those that they refer to; two trips."""
    found = session.execute(Sql(_READ, (list(schemas),)))
    tables = [_table(row) for row in found.rows]
    while True:
        try:
            return assemble(tables, _read_lineages(session, tables), parse_default)
        except UndefinedTable:
            # Somebody dropped a schema between the two trips: the others are read without it.
            left = _still_there(session, tables)
            if len(left) == len(tables):
                raise
            tables = left


def _still_there(session: Session, tables: Sequence[RawTable]) -> list[RawTable]:
    """Leave out the tables of schemas whose lineage table has gone."""
    known = {table.name.schema for table in tables if table.name.table == LINEAGE}
    rows = session.execute(Sql(_LINEAGES, (LINEAGE, sorted(known)))).rows
    gone = known - {row[0] for row in rows}
    return [table for table in tables if table.name.schema not in gone]


def list_schemas(session: Session) -> list[str]:
    """Names of the schemas that are not the server's own and that we may use."""
    return [row[0] for row in session.execute(Sql(_SCHEMAS)).rows]


def _table(row: Sequence[Any]) -> RawTable:
    schema, name, comment, columns, keys, indexes = row
    return RawTable(
        name=TableName(schema, name),
        comment=comment or "",
        columns=[_column(column) for column in columns or ()],
        foreign_keys=[
            RawKey(TableName(parent_schema, parent), tuple((child, key) for child, key in pairs))
            for parent_schema, parent, pairs in keys or ()
        ],
        indexes=[Index(tuple(terms), unique=unique, name=index) for index, unique, terms in indexes or ()],
    )


def _column(fields: Sequence[Any]) -> RawColumn:
    name, native, labels, nullable, comment, default, collation, identity, in_key = fields
    numbered = identity or (default or "").startswith("nextval(")
    return RawColumn(
        name=name,
        native=native,
        type=core_type(native, labels),
        nullable=nullable,
        comment=comment,
        in_key=bool(in_key),
        default=REQUIRED if default is None or numbered else default,
        collation=collation,
        autoincrement=bool(numbered),
    )


def _read_lineages(session: Session, tables: Sequence[RawTable]) -> dict[TableName, dict[str, str]]:
    known = [table.name.schema for table in tables if table.name.table == LINEAGE]
    parts = [
        f"SELECT %s::text, table_name::text, attribute_name::text, lineage::text "
        f"FROM {DIALECT.table(TableName(schema, LINEAGE))}"
        for schema in known
    ]
    lineages: dict[TableName, dict[str, str]] = {}
    if not parts:
        return lineages
    for schema, table, attribute, lineage in session.execute(
        Sql(" UNION ALL ".join(parts), tuple(known))
    ).rows:
        lineages.setdefault(TableName(schema, table), {})[attribute] = lineage
    return lineages
