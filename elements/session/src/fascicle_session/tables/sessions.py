"""Sessions, with experimenters and directories; their clocks, epochs and notes."""

from __future__ import annotations

import uuid
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import fascicle as fc
from fascicle.element.times import to_local
from fascicle.element.vocabulary import time_zone
from fascicle.table.dual import dualmethod

DEFAULT_CLOCK = "session"


def relative_path(value: str) -> str:
    """Check a path below a root: relative, with forward slashes, and never upwards."""
    text = value.strip().replace("\\", "/")
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or text[1:2] == ":" or not path.parts:
        raise ValueError(f"{value!r} is no path below a root: it is relative, and never goes upwards")
    return str(path)


def stops_after(start: float | None, stop: float | None) -> str | None:
    """Say what is wrong with an epoch, ``None`` if nothing is."""
    if start is None or stop is None or stop >= start:
        return None
    return f"it stops ({stop}) before it starts ({start})"


class Session(fc.Manual):
    """Sessions: one visit of a subject to a rig.

    Every session gets a clock named ``session`` that shows zero at its start.
    """

    definition = """
    # experimental session
    -> Subject
    session_id : int32             # counts sessions of the subject
    ---
    start_utc : datetime(6)        # instant, in UTC
    time_zone : varchar(64)        # IANA zone of the place, in which people remember it
    description = '' : varchar(1024)
    -> [nullable] Project
    -> [nullable] Protocol
    -> [nullable] Setup
    uid : uuid                     # identifies the session everywhere; made when it is entered
    unique index(Subject, start_utc)
    unique index(uid)
    """
    checks: ClassVar = {"time_zone": time_zone}
    fills: ClassVar = {"uid": uuid.uuid4}

    class Experimenter(fc.Part):
        """People who ran a session."""

        definition = """
        # person who ran a session
        -> master
        -> Person
        """

    class Directory(fc.Part):
        """Folders with the data of a session, below the roots that the lab names."""

        definition = """
        # folder with data of a session
        -> master
        root : varchar(64)         # name of a root, which each computer has in its own place
        path : varchar(255)        # below the root, with forward slashes
        ---
        role = 'raw' : varchar(64) # what is in it: raw, processed, video...
        """
        checks: ClassVar = {"path": relative_path}

        @dualmethod
        def folders(self) -> list[Path]:
            """Return where these folders are on this computer.

            Returns
            -------
            list of Path
                Ordered by key.

            Raises
            ------
            SchemaError
                If no function ``data_roots`` is linked, or it does not know a root.
            """
            roots = self.element.data_roots
            if roots is None:
                raise fc.errors.SchemaError(
                    "nobody says where the roots of data are",
                    where=f"{self.element.name}.data_roots",
                    try_="links={'data_roots': function} with a function that returns {name: folder}",
                )
            return [
                _below(roots(), row["root"], row["path"])
                for row in self.to_dicts("root", "path", order_by="KEY")
            ]

    @dualmethod
    def insert(self, rows: Any, *args: Any, **options: Any) -> None:
        """Insert sessions, and with them their clocks; see `fascicle.Table.insert`."""
        with self.connection.transaction:
            super().insert(rows, *args, **options)
            clocks = self.element.Clock
            bare = self.element.Session - (clocks & {"clock": DEFAULT_CLOCK})
            made = bare.proj(clock=f"'{DEFAULT_CLOCK}'", zero_utc="start_utc")
            clocks.insert(made, ignore_extra_fields=True)

    @dualmethod
    def local_starts(self) -> list[dict[str, Any]]:
        """Return the key of each session with ``start``, a moment with the offset of its time zone.

        Returns
        -------
        list of dict
            Ordered by key.
        """
        rows = self.to_dicts(*self.primary_key, "start_utc", "time_zone", order_by="KEY")
        return [
            {name: row[name] for name in self.primary_key}
            | {"start": to_local(row["start_utc"], row["time_zone"])}
            for row in rows
        ]


def _below(roots: dict[str, Any], root: str, path: str) -> Path:
    if root not in roots:
        raise fc.errors.SchemaError(
            f"there is no root {root!r}",
            why=f"the roots are {', '.join(roots) or 'none'}",
            try_="add it to what data_roots returns on this computer",
        )
    return Path(roots[root]) / path


class Clock(fc.Manual):
    """Clocks on which times of a session are given, each with the instant at which it showed zero."""

    definition = """
    # clock of a session
    -> Session
    clock : varchar(32)
    ---
    -> [nullable] ClockKind
    zero_utc = null : datetime(6)  # instant at which it showed zero, as far as it is known
    """


class Epoch(fc.Manual):
    """Named stretches of a session, in seconds on its clock ``session``."""

    definition = """
    # stretch of a session
    -> Session
    epoch_id : int16
    ---
    start_s : float64              # since the start of the session
    stop_s : float64
    label : varchar(64)
    """
    agreements: ClassVar = {("start_s", "stop_s"): stops_after}


class Note(fc.Manual):
    """Notes about a session."""

    definition = """
    # note about a session
    -> Session
    note_id : int16
    ---
    written_utc : datetime
    text : varchar(4000)
    -> [nullable] Person
    """
