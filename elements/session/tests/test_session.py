"""What is particular to sessions: clocks, identifiers, local times, folders."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import fascicle as fc
from fascicle.errors import SchemaError
from fascicle_session import Session


@pytest.fixture
def animals(backend: Any) -> Any:
    schema = fc.Schema(backend.schema_name("zoo"), connection=backend.connect())

    @schema
    class Animal(fc.Manual):
        definition = """
        house : varchar(8)
        number : int16
        ---
        birthday = null : date
        """

    Animal.insert([("north", 1, "2025-01-01"), ("north", 2, None)])
    return Animal


@pytest.fixture
def session(backend: Any, animals: Any) -> Session:
    links = {"Subject": fc.link(animals, born_on="birthday"), "data_roots": lambda: {"raw": "/data"}}
    return Session(backend.schema_name("session"), links=links, connection=animals.connection).activate()


def row(**more: Any) -> dict[str, Any]:
    return {
        "house": "north",
        "number": 1,
        "session_id": 1,
        "start_utc": dt.datetime(2026, 7, 1, 9, 30, 0, 250000),
        "time_zone": "Europe/Amsterdam",
        **more,
    }


def test_a_session_gets_its_clock_and_identifier(session: Session) -> None:
    session.Session.insert([row(), row(session_id=2, start_utc="2026-07-02 09:30:00")])
    clocks = session.Clock.to_dicts(order_by="KEY")
    assert [clock["clock"] for clock in clocks] == ["session", "session"]
    assert clocks[0]["zero_utc"] == row()["start_utc"]
    uids = session.Session.to_arrays("uid")
    assert len(set(uids)) == 2
    session.Session.insert1(row(number=2))
    assert len(session.Clock) == 3


def test_two_sessions_of_a_subject_do_not_start_at_once(session: Session) -> None:
    session.Session.insert1(row())
    with pytest.raises(fc.DuplicateError):
        session.Session.insert1(row(session_id=2))
    session.Session.insert1(row(number=2))
    assert len(session.Clock) == 2


def test_aware_moments_become_utc_and_local_again(session: Session) -> None:
    start = dt.datetime(2026, 7, 1, 11, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    session.Session.insert1(row(start_utc=start))
    assert session.Session.fetch1("start_utc") == dt.datetime(2026, 7, 1, 9, 30)
    (local,) = session.Session.local_starts()
    assert local["start"] == start
    assert local["start"].hour == 11
    with pytest.raises(fc.ValidationError, match="is not an IANA time zone"):
        session.Session.insert1(row(session_id=5, time_zone="Amsterdam time"))


def test_folders_are_below_roots(session: Session) -> None:
    session.Session.insert1(row())
    key = {"house": "north", "number": 1, "session_id": 1}
    session.Session.Directory.insert(
        [{**key, "root": "raw", "path": "2026\\07\\a"}, {**key, "root": "raw", "path": "b/./c"}]
    )
    assert session.Session.Directory.folders() == [Path("/data/2026/07/a"), Path("/data/b/c")]
    for path in ("/etc", "../up", "a/../../b", "C:/x"):
        with pytest.raises(fc.ValidationError, match="is no path below a root"):
            session.Session.Directory.insert1({**key, "root": "raw", "path": path})
    session.Session.Directory.insert1({**key, "root": "scratch", "path": "x"})
    with pytest.raises(SchemaError, match="there is no root 'scratch'"):
        session.Session.Directory.folders()


def test_epochs_do_not_run_backwards(session: Session) -> None:
    session.Session.insert1(row())
    key = {"house": "north", "number": 1, "session_id": 1}
    with pytest.raises(fc.ValidationError, match="before it starts"):
        session.Epoch.insert1({**key, "epoch_id": 1, "start_s": 5.0, "stop_s": 1.0, "label": "task"})
    session.Epoch.insert1({**key, "epoch_id": 1, "start_s": 1.0, "stop_s": 5.0, "label": "task"})


def test_ages_come_from_the_role_that_was_linked(session: Session, animals: Any) -> None:
    session.Session.insert([row(), row(number=2)])
    born = session.roles("Subject")["born_on"]
    aged = (session.Session * animals.proj(born=born)).proj(age_days="datediff(start_utc, born)")
    assert [entry["age_days"] for entry in aged.to_dicts(order_by="KEY")] == [546, None]


@pytest.mark.backends("sqlite")
def test_local_times_in_csv_files(session: Session, tmp_path: Path) -> None:
    session.templates(tmp_path)
    header = "house,number,session_id,start_utc,time_zone\n"
    lines = [
        "north,1,1,2026-07-01 11:30,Europe/Amsterdam",
        "north,1,2,2026-03-29 02:30,Europe/Amsterdam",
        "north,1,3,2026-10-25 02:30,Europe/Amsterdam",
        "north,1,4,2026-10-25 02:30+01:00,Europe/Amsterdam",
    ]
    (tmp_path / "Session.csv").write_text(header + "\n".join(lines))
    report = session.ingest(tmp_path, dry_run=True, time_zone="Europe/Amsterdam")
    assert [(fault.line, fault.column) for fault in report.faults] == [(3, "start_utc"), (4, "start_utc")]
    assert "never was" in report.faults[0].reason
    assert "was twice" in report.faults[1].reason
    assert all("no offset" in fault.reason for fault in session.ingest(tmp_path, dry_run=True).faults)
    (tmp_path / "Session.csv").write_text(header + lines[0] + "\n" + lines[3])
    assert session.ingest(tmp_path, time_zone="Europe/Amsterdam").inserted
    starts = session.Session.to_arrays("start_utc", order_by="KEY").tolist()
    assert [str(start)[:16] for start in starts] == ["2026-07-01 09:30", "2026-10-25 01:30"]
