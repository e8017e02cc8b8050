"""By hand with PyMySQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pymysql
from pymysql.constants import CLIENT, FIELD_TYPE

from benchmarks.by_hand.common import ByHand, Record, Row, packed
from benchmarks.tables import LEVELS


def connect(host: str, port: int, user: str, password: str) -> pymysql.connections.Connection[Any]:
    """Open a connection that reads dates by the fastest parsers that Python has."""
    conversions: dict[Any, Any] = dict(pymysql.converters.conversions)
    conversions[FIELD_TYPE.DATE] = date.fromisoformat
    conversions[FIELD_TYPE.DATETIME] = datetime.fromisoformat
    return pymysql.connect(
        host=host,
        port=port,
        user=user,
        password=password,
        charset="utf8mb4",
        collation="utf8mb4_nopad_bin",
        conv=conversions,
        autocommit=True,
        ssl_disabled=True,
        client_flag=CLIENT.MULTI_STATEMENTS,
    )


class MariadbByHand(ByHand):
    """A MariaDB or MySQL server."""

    def __init__(self, names: dict[str, str], counted: Callable[[], int], **where: Any) -> None:
        super().__init__(names)
        self.counted = counted
        self.db = connect(**where)

    @property
    def trips(self) -> int:
        return self.counted()

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        with self.db.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    def _run(self, sql: str, params: Sequence[Any] = ()) -> None:
        with self.db.cursor() as cursor:
            cursor.execute(sql, params)

    def empty(self, *tables: str) -> None:
        for table in tables:
            if len(tables) == 1:
                self._run(f"TRUNCATE TABLE {self.t[table]}")
            else:
                self._run(f"DELETE FROM {self.t[table]}")

    def settle(self) -> None:
        self._run(f"ANALYZE TABLE {', '.join(self.t.values())}")

    INSERT = "INSERT INTO {} (sensor, reading_id, quality, value_uv, taken_on) VALUES {}"

    def _insert(self, flat: list[Any], n_rows: int) -> None:
        # All rows in one statement: half of what executemany costs, and one trip.
        marks = ",".join(["(%s,%s,%s,%s,%s)"] * n_rows)
        self._run(self.INSERT.format(self.t["Reading"], marks), flat)

    def insert_readings(self, rows: Sequence[Record]) -> None:
        flat = [
            value
            for r in rows
            for value in (r["sensor"], r["reading_id"], r["quality"], r["value_uv"], r["taken_on"])
        ]
        self._insert(flat, len(rows))

    def insert_frame(self, frame: pd.DataFrame) -> None:
        names = ("sensor", "reading_id", "quality", "value_uv", "taken_on")
        rows = zip(*(frame[name].tolist() for name in names), strict=True)
        self._insert([value for row in rows for value in row], len(frame))

    def insert_arrays(self, arrays: Sequence[np.ndarray]) -> None:
        self._run("START TRANSACTION")
        for number, array in enumerate(arrays):
            self._run(
                f"INSERT INTO {self.t['RawRecording']} (recording_id, trace) VALUES (%s, %s)",
                (number, packed(array)),
            )
        self._run("COMMIT")

    def keyed(self, keys: Sequence[Record]) -> list[Record]:
        marks = ",".join(["(%s,%s)"] * len(keys))
        flat = [value for key in keys for value in (key["sensor"], key["reading_id"])]
        sql = (
            f"WITH k(sensor, reading_id) AS (VALUES {marks}) "
            "SELECT r.sensor, r.reading_id, r.quality, r.value_uv, r.taken_on FROM k "
            f"JOIN {self.t['Reading']} r ON r.sensor = k.sensor AND r.reading_id = k.reading_id"
        )
        return [
            {"sensor": a, "reading_id": b, "quality": c, "value_uv": d, "taken_on": e}
            for a, b, c, d, e in self.rows(sql, flat)
        ]

    def delete_levels(self) -> None:
        self._run("START TRANSACTION")
        for level in reversed(range(LEVELS)):
            self._run(f"DELETE FROM {self.t[f'Level{level}']} WHERE a0 = %s", (0,))
        self._run("COMMIT")

    def run_all(self, statements: Sequence[Any]) -> None:
        with self.db.cursor() as cursor:
            cursor.execute(";\n".join(cursor.mogrify(text, params) for text, params in statements))
            while cursor.nextset():
                pass

    def read_catalogue(self, schemas: Sequence[str]) -> object:
        marks = ", ".join(["%s"] * len(schemas))
        columns = self.rows(
            "SELECT table_schema, table_name, column_name, column_type, is_nullable, column_default, column_key, "
            f"column_comment FROM information_schema.columns WHERE table_schema IN ({marks}) "
            "ORDER BY table_schema, table_name, ordinal_position",
            schemas,
        )
        keys = self.rows(
            "SELECT table_schema, table_name, constraint_name, column_name, referenced_table_schema, "
            "referenced_table_name, referenced_column_name FROM information_schema.key_column_usage "
            f"WHERE table_schema IN ({marks})",
            schemas,
        )
        indexes = self.rows(
            f"SELECT * FROM information_schema.statistics WHERE table_schema IN ({marks})", schemas
        )
        return columns, keys, indexes
