"""A database with the tables of the workloads, and both ways to reach them."""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import fascicle as fc
from benchmarks import tables
from benchmarks.places import Place


class Bench:
    """Tables on one place.

    Parameters
    ----------
    place : Place
    n_rows : int
        Rows of the large tables.
    """

    def __init__(self, place: Place, n_rows: int) -> None:
        self.place = place
        self.n_rows = n_rows
        self.connection = place.connect()
        self.connection.runtime.config["safemode"] = False
        self.prefix = f"bench{os.getpid()}{'c' if place.counted else 't'}"
        self.schema = fc.Schema(self.prefix, connection=self.connection)
        self.Reading = tables.declare_readings(self.schema)
        self.lab: SimpleNamespace = tables.declare_lab(self.schema)
        self.levels = tables.declare_levels(self.schema)
        self.Recording, raw = tables.declare_recordings(self.schema)
        classes: list[Any] = [self.Reading, self.Recording, raw, *vars(self.lab).values(), *self.levels]
        dialect: Any = self.connection.dialect
        self.hand = place.by_hand({c.__name__: dialect.table(c().table_id) for c in classes})

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """As many rows of `Reading` as the workloads ask for."""
        return tables.readings(self.n_rows)

    def filled_readings(self) -> None:
        """See to it that `Reading` holds all rows."""
        if len(self.Reading()) != self.n_rows:
            self.hand.empty("Reading")
            self.Reading.insert(self.rows)
            self.hand.settle()

    def filled_lab(self) -> None:
        """See to it that the lab holds rows."""
        if not self.lab.Subject():
            tables.fill_lab(self.lab, self.n_rows)
            self.hand.settle()

    def our_trips(self) -> int:
        """Our trips so far."""
        return self.place.our_trips(self.connection)

    def close(self) -> None:
        """Drop what was made."""
        with contextlib.suppress(fc.FascicleError):
            self.schema.drop(prompt=False)
        self.connection.close()
