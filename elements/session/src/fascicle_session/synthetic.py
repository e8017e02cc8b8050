"""Sessions that never were, with the subjects, people, projects and rigs that are upstream."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import fascicle as fc
    from fascicle_session.element import Session

Rows = dict[str, list[dict[str, Any]]]

SESSIONS: Final = 300
PER_SUBJECT: Final = 3
FIRST: Final = dt.date(2025, 1, 6)
ADULT_DAYS: Final = 70
ZONE: Final = "Europe/Amsterdam"
EPOCHS: Final = (("baseline", 0.0, 300.0), ("task", 300.0, 2700.0), ("wash-out", 2700.0, 3000.0))


def make_sessions(element: Session, seed: int = 0, count: int = SESSIONS) -> Rows:
    """Make the rows of sessions; the same seed and upstream give the same ones.

    Parameters
    ----------
    element : Session
        Active; its upstream holds subjects.
    seed : int
    count : int
        Number of sessions.

    Returns
    -------
    dict of str to list of dict
        Rows by table.
    """
    return _Sessions(element, random.Random(seed)).make(count)  # noqa: S311  (no secret is made here)


class _Sessions:
    def __init__(self, element: Session, rng: random.Random) -> None:
        self.element = element
        self.rng = rng
        self.rows: Rows = {}
        ports = ("Person", "Project", "Protocol", "Setup", "ClockKind")
        self.keys = {port: self._upstream(port) for port in ports}
        self.written = set(element.table_names())

    def _upstream(self, port: str) -> list[dict[str, Any]]:
        table = self.element.linked(port)
        return [] if table is None else list(table.keys(order_by="KEY"))

    def _add(self, table: str, **row: Any) -> None:
        if table in self.written:
            self.rows.setdefault(table, []).append(row)

    def _refer(self, table: type[fc.Table], port: str, number: int) -> dict[str, Any]:
        """Attributes of a row that refer to one of the upstream keys; none where the port is not linked."""
        if not self.keys[port]:
            return {}
        names = self.element.columns(table, self.element.linked(port))
        key = self.keys[port][number % len(self.keys[port])]
        return {mine: key[theirs] for theirs, mine in names.items()}

    def make(self, count: int) -> Rows:
        subject = self.element.linked("Subject")
        born = self.element.roles("Subject")["born_on"]
        upstream = subject.to_dicts(order_by="KEY")
        # Spread over all subjects, so that every line and litter has some.
        upstream = upstream[:: max(1, len(upstream) * PER_SUBJECT // count)]
        names = self.element.columns(self.element.Session, subject)
        for number in range(count):
            row = upstream[number // PER_SUBJECT % len(upstream)]
            key = {mine: row[theirs] for theirs, mine in names.items()}
            turn = number % PER_SUBJECT + PER_SUBJECT * (number // (PER_SUBJECT * len(upstream)))
            day = FIRST if born is None or row[born] is None else row[born] + dt.timedelta(days=ADULT_DAYS)
            self._session({**key, "session_id": turn + 1}, day + dt.timedelta(days=3 * turn), number)
        return self.rows

    def _session(self, key: dict[str, Any], day: dt.date, number: int) -> None:
        element, refer = self.element, self._refer
        start = dt.datetime.combine(day, dt.time(8 + number % 8, self.rng.randrange(60)))
        links = [refer(element.Session, port, number) for port in ("Project", "Protocol", "Setup")]
        merged = {name: value for link in links for name, value in link.items()}
        about = f"training day {key['session_id']}"
        self._add("Session", **key, start_utc=start, time_zone=ZONE, description=about, **merged)
        if self.keys["Person"]:
            person = refer(element.Session.Experimenter, "Person", number)
            self._add("Session.Experimenter", **key, **person)
        place = f"{start:%Y/%m/%d}/{number:04d}"
        self._add("Session.Directory", **key, root="raw", path=place, role="raw")
        self._add("Session.Directory", **key, root="video", path=place, role="video")
        zero = start + dt.timedelta(milliseconds=self.rng.randrange(5000))
        kind = refer(element.Clock, "ClockKind", number)
        self._add("Clock", **key, clock="acquisition", zero_utc=zero, **kind)
        for epoch_id, (label, begin, end) in enumerate(EPOCHS, 1):
            self._add("Epoch", **key, epoch_id=epoch_id, start_s=begin, stop_s=end, label=label)
        if number % 4 == 0:
            text = self.rng.choice(("calm throughout", "licked little", "camera restarted after 5 min"))
            person = refer(element.Note, "Person", number)
            self._add(
                "Note", **key, note_id=1, written_utc=start + dt.timedelta(hours=1), text=text, **person
            )
