"""What hand-written programs share on the three databases: the SQL itself."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

Row = tuple[Any, ...]
Record = dict[str, Any]


class ByHand(ABC):
    """The hand-written side of one database.

    Parameters
    ----------
    names : dict
        Quoted table names by class name.
    """

    def __init__(self, names: dict[str, str]) -> None:
        self.t = names

    @property
    @abstractmethod
    def trips(self) -> int:
        """Round trips so far."""

    @abstractmethod
    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """All rows of a SELECT as tuples, values decoded by the driver as far as it does."""

    @abstractmethod
    def empty(self, *tables: str) -> None:
        """Remove all rows, children first."""

    @abstractmethod
    def settle(self) -> None:
        """Let the database gather its statistics."""

    @abstractmethod
    def insert_readings(self, rows: Sequence[Record]) -> None:
        """Insert dicts in one transaction."""

    @abstractmethod
    def insert_frame(self, frame: pd.DataFrame) -> None:
        """Insert a DataFrame in one transaction."""

    @abstractmethod
    def insert_arrays(self, arrays: Sequence[np.ndarray]) -> None:
        """Insert arrays, numbered, in one transaction."""

    @abstractmethod
    def keyed(self, keys: Sequence[Record]) -> list[Record]:
        """Rows of the readings whose keys are given."""

    @abstractmethod
    def delete_levels(self) -> None:
        """Delete the one row of level 0 and all below it in one transaction."""

    @abstractmethod
    def run_all(self, statements: Sequence[Any]) -> None:
        """Run statements that declare one table."""

    @abstractmethod
    def read_catalogue(self, schemas: Sequence[str]) -> object:
        """Columns and foreign keys of every table of some schemas."""

    # fetching ----------------------------------------------------------------------------------------------
    SELECT = "SELECT sensor, reading_id, quality, value_uv, taken_on FROM {}"

    def readings(self) -> list[Row]:
        """All readings as tuples of final values."""
        return self.rows(self.SELECT.format(self.t["Reading"]))

    def dicts(self) -> list[Record]:
        """All readings as dicts."""
        return [
            {"sensor": a, "reading_id": b, "quality": c, "value_uv": d, "taken_on": e}
            for a, b, c, d, e in self.readings()
        ]

    def arrays(self) -> list[np.ndarray]:
        """All readings as one array a column."""
        sensor, number, quality, value, day = zip(*self.readings(), strict=True)
        return [
            np.array(sensor, dtype=object),
            np.array(number, dtype=np.int32),
            np.array(quality, dtype=object),
            np.array(value, dtype=np.float64),
            np.array(day, dtype=object),
        ]

    def frame(self) -> pd.DataFrame:
        """All readings as a DataFrame by key."""
        names = ("sensor", "reading_id", "quality", "value_uv", "taken_on")
        data = dict(zip(names, self.arrays(), strict=True))
        return pd.DataFrame(data).set_index(["sensor", "reading_id"])

    def stored_arrays(self) -> list[np.ndarray]:
        """The arrays of all recordings."""
        found = self.rows(f"SELECT trace FROM {self.t['RawRecording']} ORDER BY recording_id")
        return [np.load(io.BytesIO(cell), allow_pickle=False) for (cell,) in found]

    # queries -----------------------------------------------------------------------------------------------
    def aggregate(self) -> list[Record]:
        """Join three tables, restrict, and count and average for each session."""
        sql = (
            f"SELECT s.subject_id, s.session_id, s.session_date, count(t.trial_id), avg(t.response_s) "
            f"FROM {self.t['Session']} s JOIN {self.t['Subject']} u ON u.subject_id = s.subject_id "
            f"JOIN {self.t['Trial']} t ON t.subject_id = s.subject_id AND t.session_id = s.session_id "
            f"WHERE t.outcome = {self.mark} AND u.species = {self.mark} "
            "GROUP BY s.subject_id, s.session_id, s.session_date"
        )
        found = self.rows(sql, ("hit", "Mus musculus"))
        return [
            {"subject_id": a, "session_id": b, "session_date": self.day(c), "n": d, "mean_s": e}
            for a, b, c, d, e in found
        ]

    TRIAL = "t.subject_id, t.session_id, t.trial_id, t.outcome, t.response_s"
    mark = "%s"

    def day(self, value: Any) -> Any:
        """A date as the driver gives it, made a `datetime.date`."""
        return value

    def trials(self, sql: str, params: Sequence[Any]) -> list[Record]:
        """Trials as dicts."""
        return [
            {"subject_id": a, "session_id": b, "trial_id": c, "outcome": d, "response_s": e}
            for a, b, c, d, e in self.rows(sql, params)
        ]

    def of_sessions(self, since: Any) -> list[Record]:
        """Trials of late sessions, by a subquery."""
        return self.trials(
            f"SELECT {self.TRIAL} FROM {self.t['Trial']} t WHERE (t.subject_id, t.session_id) IN "
            f"(SELECT subject_id, session_id FROM {self.t['Session']} WHERE session_date >= {self.mark})",
            (since,),
        )

    def unflagged(self) -> list[Record]:
        """Trials without a flag."""
        return self.trials(
            f"SELECT {self.TRIAL} FROM {self.t['Trial']} t WHERE NOT EXISTS (SELECT 1 FROM {self.t['Flag']} f "
            "WHERE f.subject_id = t.subject_id AND f.session_id = t.session_id AND f.trial_id = t.trial_id)",
            (),
        )


def packed(array: np.ndarray) -> bytes:
    """An array as `numpy.save` writes it."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
