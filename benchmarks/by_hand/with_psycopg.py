"""By hand with psycopg 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from benchmarks.by_hand.common import ByHand, Record, Row, packed
from benchmarks.tables import LEVELS

TYPES = ("varchar", "int4", "varchar", "float8", "date")


class PostgresByHand(ByHand):
    """A PostgreSQL server; rows go in by binary COPY and come out in the binary format."""

    def __init__(self, names: dict[str, str], counted: Callable[[], int], conninfo: str) -> None:
        super().__init__(names)
        self.counted = counted
        self.db = psycopg.connect(conninfo, autocommit=True)
        self.cursor = self.db.cursor(binary=True)
        if "RawRecording" in names:  # what does not shrink is not worth trying
            self.db.execute(f"ALTER TABLE {names['RawRecording']} ALTER COLUMN trace SET STORAGE EXTERNAL")

    @property
    def trips(self) -> int:
        return self.counted()

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        return self.cursor.execute(sql, params or None).fetchall()

    def empty(self, *tables: str) -> None:
        self.cursor.execute(f"TRUNCATE {', '.join(self.t[table] for table in tables)}")

    def settle(self) -> None:
        self.cursor.execute("VACUUM ANALYZE")

    def _copy(self, rows: Any) -> None:
        names = "sensor, reading_id, quality, value_uv, taken_on"
        statement = f"COPY {self.t['Reading']} ({names}) FROM STDIN (FORMAT BINARY)"
        with self.cursor.copy(statement) as copy:
            copy.set_types(TYPES)
            write = copy.write_row
            for row in rows:
                write(row)

    def insert_readings(self, rows: Sequence[Record]) -> None:
        self._copy((r["sensor"], r["reading_id"], r["quality"], r["value_uv"], r["taken_on"]) for r in rows)

    def insert_frame(self, frame: pd.DataFrame) -> None:
        names = ("sensor", "reading_id", "quality", "value_uv", "taken_on")
        self._copy(zip(*(frame[name].tolist() for name in names), strict=True))

    def insert_arrays(self, arrays: Sequence[np.ndarray]) -> None:
        statement = f"COPY {self.t['RawRecording']} (recording_id, trace) FROM STDIN (FORMAT BINARY)"
        with self.cursor.copy(statement) as copy:
            copy.set_types(("int4", "bytea"))
            for number, array in enumerate(arrays):
                copy.write_row((number, packed(array)))

    def keyed(self, keys: Sequence[Record]) -> list[Record]:
        sql = (
            "SELECT r.sensor, r.reading_id, r.quality, r.value_uv, r.taken_on "
            f"FROM {self.t['Reading']} r JOIN unnest(%b::varchar[], %b::int4[]) k(sensor, reading_id) "
            "ON r.sensor = k.sensor AND r.reading_id = k.reading_id"
        )
        columns = ([key["sensor"] for key in keys], [key["reading_id"] for key in keys])
        return [
            {"sensor": a, "reading_id": b, "quality": c, "value_uv": d, "taken_on": e}
            for a, b, c, d, e in self.rows(sql, columns)
        ]

    def delete_levels(self) -> None:
        self.cursor.execute("BEGIN")
        for level in reversed(range(LEVELS)):
            self.cursor.execute(f"DELETE FROM {self.t[f'Level{level}']} WHERE a0 = %s", (0,))
        self.cursor.execute("COMMIT")

    def run_all(self, statements: Sequence[Any]) -> None:
        with self.db.pipeline():  # one transaction up to its end
            for text, params in statements:
                self.db.execute(text, params)

    def read_catalogue(self, schemas: Sequence[str]) -> object:
        columns = self.rows(
            "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
            "pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
            "LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
            "WHERE n.nspname = ANY(%s) AND c.relkind = 'r' AND a.attnum > 0 ORDER BY 1, 2, a.attnum",
            (list(schemas),),
        )
        keys = self.rows(
            "SELECT conrelid::regclass::text, contype::text, conkey, confrelid::regclass::text, confkey "
            "FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname = ANY(%s)",
            (list(schemas),),
        )
        indexes = self.rows(
            "SELECT schemaname, tablename, indexdef FROM pg_indexes WHERE schemaname = ANY(%s)",
            (list(schemas),),
        )
        return columns, keys, indexes
