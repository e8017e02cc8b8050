"""The job table."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as dj


def key_of(subject: int, session: int) -> dict[str, int]:
    return {"subject_id": subject, "session_id": session}


@pytest.mark.parity(
    "Computed.populate(reserve_jobs=)",
    "Computed.populate(priority=)",
    "Computed.populate(refresh=)",
    "Computed.jobs",
    "dj.Job",
    "Schema.jobs",
    "jobs.target",
    "jobs.table_name",
    "jobs.progress",
    "jobs.drop",
)
def test_populating_with_jobs(lab: Any) -> None:
    assert lab.schema.jobs == []
    jobs = lab.Recording.jobs
    assert isinstance(jobs, dj.Job)
    assert jobs.target.full_table_name == lab.Recording.full_table_name
    assert jobs.table_name == "~~recording"
    assert lab.Recording.populate(reserve_jobs=True, refresh=False)["success_count"] == 0
    lab.Recording.jobs.refresh("subject_id = 1", priority=3)
    lab.Recording.jobs.refresh("subject_id = 2", priority=7)
    assert lab.Recording.jobs.progress()["pending"] == 4
    urgent = lab.Recording.populate(reserve_jobs=True, priority=3, refresh=False)
    assert urgent["success_count"] == 3
    assert lab.Recording.populate(reserve_jobs=True, refresh=True)["success_count"] == 1
    assert lab.Recording.jobs.progress()["total"] == 0
    assert [job.table_name for job in lab.schema.jobs] == ["~~recording"]
    assert "~~recording" not in lab.schema.list_tables()
    jobs.drop()
    assert lab.schema.jobs == []


@pytest.mark.parity(
    "jobs.pending",
    "jobs.reserved",
    "jobs.errors",
    "jobs.ignored",
    "jobs.completed",
    "jobs.refresh",
    "jobs.refresh(delay=)",
    "jobs.refresh(priority=)",
    "jobs.refresh(stale_timeout=)",
    "jobs.refresh(orphan_timeout=)",
    "jobs.reserve",
    "jobs.complete",
    "jobs.complete(duration=)",
    "jobs.error",
    "jobs.error(error_stack=)",
    "jobs.ignore",
    "jobs.delete",
    "jobs: leases",
)
def test_the_life_of_a_job(lab: Any) -> None:
    jobs = lab.Recording.jobs
    counts = jobs.refresh("subject_id = 1", delay=0, priority=2, stale_timeout=3600, orphan_timeout=None)
    assert counts == {"added": 3, "removed": 0, "orphaned": 0, "re_pended": 0}
    assert jobs.refresh(delay=3600)["added"] == 1
    assert len(jobs.pending) == 4
    assert jobs.reserve(key_of(1, 1))
    assert not jobs.reserve(key_of(1, 1))
    assert not jobs.reserve(key_of(2, 1))  # not before its time
    assert jobs.reserved.keys() == [key_of(1, 1)]
    jobs.complete(key_of(1, 1), duration=0.5)
    jobs.reserve(key_of(1, 2))
    jobs.error(key_of(1, 2), "no such file", error_stack="line 1")
    assert jobs.errors.fetch1("error_message", "priority") == ("no such file", 2)
    jobs.ignore(key_of(1, 3))
    assert jobs.ignored.keys() == [key_of(1, 3)]
    assert lab.Recording.populate(reserve_jobs=True, refresh=False)["success_count"] == 0
    with dj.config.override(jobs__keep_completed=True):
        jobs.error(key_of(1, 1), "broken")
        jobs.complete(key_of(1, 1), duration=0.5)
        assert jobs.completed.fetch1("duration") == 0.5
    assert (jobs & "status = 'error'").delete() == 1
    jobs.delete()
    assert len(jobs) == 0
    lab.Session.delete()
    assert jobs.refresh()["added"] == 0
