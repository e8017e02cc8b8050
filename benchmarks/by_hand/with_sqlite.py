"""By hand with sqlite3."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.by_hand.common import ByHand, Record, Row, packed
from benchmarks.tables import LEVELS


class Counting(sqlite3.Connection):
    """A connection that counts calls into the library."""

    trips = 0

    def execute(self, *args: Any) -> sqlite3.Cursor:
        self.trips += 1
        return super().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        self.trips += 1
        return super().executemany(*args)


class SqliteByHand(ByHand):
    """A file opened as the library opens it."""

    mark = "?"

    def __init__(self, names: dict[str, str], path: str) -> None:
        super().__init__(names)
        self.db = sqlite3.connect(path, isolation_level=None, factory=Counting)
        for pragma in ("synchronous = normal", "foreign_keys = ON", "cache_size = -65536"):
            self.db.execute(f"PRAGMA {pragma}")

    @property
    def trips(self) -> int:
        return self.db.trips

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        return self.db.execute(sql, params).fetchall()

    def empty(self, *tables: str) -> None:
        for table in tables:
            self.db.execute(f"DELETE FROM {self.t[table]}")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def settle(self) -> None:
        self.db.execute("ANALYZE")

    def _write(self, sql: str, rows: Any) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            self.db.executemany(sql, rows)
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    INSERT = "INSERT INTO {} (sensor, reading_id, quality, value_uv, taken_on) VALUES (?, ?, ?, ?, ?)"

    def insert_readings(self, rows: Sequence[Record]) -> None:
        iso = date.isoformat
        self._write(
            self.INSERT.format(self.t["Reading"]),
            [(r["sensor"], r["reading_id"], r["quality"], r["value_uv"], iso(r["taken_on"])) for r in rows],
        )

    def insert_frame(self, frame: pd.DataFrame) -> None:
        days = map(date.isoformat, frame["taken_on"].tolist())
        columns = [frame[n].tolist() for n in ("sensor", "reading_id", "quality", "value_uv")]
        self._write(self.INSERT.format(self.t["Reading"]), zip(*columns, days, strict=True))

    def insert_arrays(self, arrays: Sequence[np.ndarray]) -> None:
        self._write(
            f"INSERT INTO {self.t['RawRecording']} (recording_id, trace) VALUES (?, ?)",
            ((number, packed(array)) for number, array in enumerate(arrays)),
        )

    def readings(self) -> list[Row]:
        parse = date.fromisoformat
        found = self.db.execute(self.SELECT.format(self.t["Reading"]))
        return [(a, b, c, d, parse(e)) for a, b, c, d, e in found]

    def dicts(self) -> list[Record]:
        parse = date.fromisoformat
        return [
            {"sensor": a, "reading_id": b, "quality": c, "value_uv": d, "taken_on": parse(e)}
            for a, b, c, d, e in self.db.execute(self.SELECT.format(self.t["Reading"]))
        ]

    def arrays(self) -> list[np.ndarray]:
        found = self.db.execute(self.SELECT.format(self.t["Reading"])).fetchall()
        sensor, number, quality, value, day = zip(*found, strict=True)
        return [
            np.array(sensor, dtype=object),
            np.array(number, dtype=np.int32),
            np.array(quality, dtype=object),
            np.array(value, dtype=np.float64),
            np.array(list(map(date.fromisoformat, day)), dtype=object),
        ]

    def keyed(self, keys: Sequence[Record]) -> list[Record]:
        marks = ", ".join(["(?, ?)"] * len(keys))
        flat = [value for key in keys for value in (key["sensor"], key["reading_id"])]
        sql = (
            f"WITH k(sensor, reading_id) AS (VALUES {marks}) "
            "SELECT r.sensor, r.reading_id, r.quality, r.value_uv, r.taken_on FROM k "
            f"JOIN {self.t['Reading']} r ON r.sensor = k.sensor AND r.reading_id = k.reading_id"
        )
        parse = date.fromisoformat
        return [
            {"sensor": a, "reading_id": b, "quality": c, "value_uv": d, "taken_on": parse(e)}
            for a, b, c, d, e in self.db.execute(sql, flat)
        ]

    def day(self, value: Any) -> Any:
        return date.fromisoformat(value)

    def of_sessions(self, since: Any) -> list[Record]:
        return super().of_sessions(since.isoformat())

    def delete_levels(self) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        for level in reversed(range(LEVELS)):
            self.db.execute(f"DELETE FROM {self.t[f'Level{level}']} WHERE a0 = ?", (0,))
        self.db.execute("COMMIT")

    def run_all(self, statements: Sequence[Any]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        for text, params in statements:
            self.db.execute(text, params)
        self.db.execute("COMMIT")

    def read_catalogue(self, schemas: Sequence[str]) -> object:
        columns = self.rows(
            'SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM sqlite_master m, '
            "pragma_table_info(m.name) c WHERE m.type = 'table' AND "
            "substr(m.name, 1, instr(m.name, '.') - 1) IN (SELECT value FROM json_each(?))",
            (json.dumps(schemas),),
        )
        keys = self.rows(
            "SELECT m.name, k.* FROM sqlite_master m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table' "
            "AND substr(m.name, 1, instr(m.name, '.') - 1) IN (SELECT value FROM json_each(?))",
            (json.dumps(schemas),),
        )
        return columns, keys
