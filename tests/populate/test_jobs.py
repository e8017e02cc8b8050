"""Jobs: claimed by workers, leased, fenced, retried, looked at."""

from __future__ import annotations

import threading
import time
from typing import Any, ClassVar

import pytest

import fascicle as fc
from fascicle.populate.jobs.claims import Claims, LeaseLost
from fascicle.populate.maker import Maker
from fascicle.populate.options import PopulateOptions
from fascicle.populate.signals import Interrupts

Make = Any


@pytest.fixture
def table(schema: fc.Schema, subject: Any) -> Any:
    class Doubled(fc.Computed):
        definition = """
        -> Subject
        ---
        twice : float64
        """
        fail: ClassVar[set[int]] = set()
        seen: ClassVar[list[int]] = []

        class Item(fc.Part):
            definition = """
            -> master
            item : int16
            """

        def make(self, key: dict[str, Any]) -> None:
            self.seen.append(key["subject_id"])
            if key["subject_id"] in self.fail:
                raise ValueError(f"cannot do {key['subject_id']}")
            self.insert1(dict(key, twice=0.0))
            self.Item.insert1(dict(key, item=1))

    Doubled.fail, Doubled.seen = set(), []
    return schema(Doubled, context={"Subject": subject})


def test_refresh_adds_what_lacks_row_and_job(table: Any, subject: Any) -> None:
    assert table.jobs.refresh()["added"] == 5
    assert table.jobs.refresh()["added"] == 0
    subject.insert1((7, 1.0))
    assert table.jobs.refresh("subject_id > 5")["added"] == 1
    assert table.jobs.progress() == {
        "pending": 6, "reserved": 0, "success": 0, "error": 0, "ignore": 0, "total": 6
    }  # fmt: skip
    (subject & "subject_id = 7").delete(prompt=False)
    assert table.jobs.refresh()["removed"] == 1
    assert len(table.jobs.pending) == 5


def test_populate_with_jobs(table: Any) -> None:
    summary = table.populate(reserve_jobs=True)
    assert summary["success_count"] == 5
    assert len(table) == 5
    assert len(table.Item) == 5
    assert len(table.jobs) == 0
    assert table.progress() == (0, 5)


def test_completed_jobs_may_be_kept_and_come_back(table: Any, connection: Any) -> None:
    connection.runtime.config["jobs.keep_completed"] = True
    table.populate(reserve_jobs=True)
    assert len(table.jobs.completed) == 5
    assert all(row["completed_time"] is not None for row in table.jobs.to_dicts())
    (table & "subject_id = 1").delete(prompt=False)
    assert table.jobs.refresh()["re_pended"] == 1
    assert table.populate(reserve_jobs=True)["success_count"] == 1


def test_errors_are_kept_with_their_traceback_and_grouped(table: Any) -> None:
    table.fail.update({1, 3})
    summary = table.populate(reserve_jobs=True, suppress_errors=True)
    assert summary["success_count"] == 3
    assert {key["subject_id"] for key, _ in summary["error_list"]} == {1, 3}
    failed = table.jobs.errors.to_dicts(order_by="KEY")
    assert [row["subject_id"] for row in failed] == [1, 3]
    assert failed[0]["error_message"] == "ValueError: cannot do 1"
    assert "raise ValueError" in failed[0]["error_stack"]
    assert failed[0]["host"]
    assert failed[0]["pid"]
    assert table.jobs.causes() == [
        {"cause": "ValueError: cannot do *", "count": 2, "example": "ValueError: cannot do 1"}
    ]
    assert table.populate(reserve_jobs=True, suppress_errors=True).calls == 0
    table.fail.clear()
    assert table.jobs.errors.retry() == 2
    assert table.populate(reserve_jobs=True)["success_count"] == 2
    assert len(table.jobs) == 0


def test_an_error_that_passes_through_is_kept_too(table: Any) -> None:
    table.fail.add(0)
    with pytest.raises(ValueError, match="cannot do 0"):
        table.populate(reserve_jobs=True)
    assert table.jobs.progress()["error"] == 1
    assert table.jobs.progress()["reserved"] == 0
    assert table.jobs.progress()["pending"] == 4


def test_failures_are_retried_with_growing_delay(table: Any, connection: Any) -> None:
    connection.runtime.config["jobs.retries"] = 2
    connection.runtime.config["jobs.retry_delay"] = 0.05
    table.fail.add(1)
    deadline = time.monotonic() + 10
    while not len(table.jobs.errors) and time.monotonic() < deadline:
        table.populate(reserve_jobs=True, suppress_errors=True)
        time.sleep(0.05)
    assert table.seen.count(1) == 3
    assert len(table) == 4


def test_restrictions_priority_schedule_and_ignore(table: Any) -> None:
    jobs = table.jobs
    jobs.refresh()
    jobs.set_priority(1, "subject_id = 3")
    jobs.ignore({"subject_id": 4})
    jobs.schedule(3600, "subject_id = 2")
    assert table.populate(reserve_jobs=True, priority=1)["success_count"] == 1
    assert table.keys() == [{"subject_id": 3}]
    table.populate("subject_id > 0", reserve_jobs=True)
    assert table.seen == [3, 1]
    table.populate(reserve_jobs=True)
    assert table.seen == [3, 1, 0]
    summary = table.populate(reserve_jobs=True)
    assert "held back" in str(summary.why_nothing_ran)
    jobs.schedule(0)
    jobs.ignored.retry()
    table.populate(reserve_jobs=True)
    assert sorted(table.seen) == [0, 1, 2, 3, 4]


def test_keys_limit_and_max_calls(table: Any) -> None:
    assert table.populate(reserve_jobs=True, keys=[{"subject_id": 2}])["success_count"] == 1
    assert table.populate(reserve_jobs=True, max_calls=1)["success_count"] == 1
    assert table.populate(reserve_jobs=True, limit=1, order="reverse")["success_count"] == 1
    assert table.seen == [2, 0, 4]


def test_one_job_is_claimed_by_one_worker(table: Any) -> None:
    jobs = table.jobs
    jobs.refresh()
    assert jobs.reserve({"subject_id": 1})
    assert not jobs.reserve({"subject_id": 1})
    assert len(jobs.reserved) == 1
    jobs.complete({"subject_id": 1})
    assert not jobs.exists({"subject_id": 1})


def test_many_workers_share_the_keys(table: Any, subject: Any, backend: Any) -> None:
    subject.insert([(i, 0.0) for i in range(10, 90)])
    table.jobs.refresh()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            table.populate(reserve_jobs=True, refresh=False)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(table.seen) == sorted([*range(5), *range(10, 90)])
    assert len(table) == 85
    assert len(table.jobs) == 0


def make_with(claims: Claims, claim: Any) -> bool:
    maker = Maker(claims.jobs.target, PopulateOptions())
    return maker.make(claim.key, Interrupts(), (claims.fence(claim, 0.0),))


def test_a_worker_that_was_away_too_long_commits_nothing(table: Any, connection: Any) -> None:
    connection.runtime.config["jobs.lease"] = 0.2
    jobs = table.jobs
    jobs.refresh()
    slow, quick = Claims(jobs), Claims(jobs)
    (claim,) = slow.take(1)
    time.sleep(0.4)
    assert slow.prolong() == 0
    with pytest.raises(LeaseLost, match="no longer ours"):
        make_with(slow, claim)
    assert len(table) == 0
    taken = quick.take(10)
    assert claim.key in [other.key for other in taken]
    with pytest.raises(LeaseLost):
        make_with(slow, claim)
    assert make_with(quick, next(other for other in taken if other.key == claim.key))
    assert not make_with(slow, claim)
    assert len(table) == 1


def test_the_heartbeat_keeps_a_lease(table: Any, connection: Any) -> None:
    connection.runtime.config["jobs.lease"] = 0.6

    def make(self: Any, key: dict[str, Any]) -> None:
        if key["subject_id"] == 0:
            time.sleep(1.5)
            assert Claims(self.jobs).take(1, keys=[key]) == []
        self.insert1(dict(key, twice=0.0))

    table.make = make
    assert table.populate(reserve_jobs=True)["success_count"] == 5


def test_a_released_job_is_lost_to_its_worker(table: Any) -> None:
    jobs = table.jobs
    jobs.refresh()
    claims = Claims(jobs)
    (claim,) = claims.take(1)
    assert jobs.reserved.release() == 1
    with pytest.raises(LeaseLost):
        make_with(claims, claim)
    assert not claims.fail(claim, ValueError("late"), None)


def test_jobs_reserved_by_other_clients_are_left_alone(table: Any, connection: Any) -> None:
    jobs = table.jobs
    jobs.refresh()
    connection.query(
        f"UPDATE {jobs.full_table_name} SET status = 'reserved', reserved_time = '2020-01-01 00:00:00.000' "
        "WHERE subject_id = 2"
    )
    assert table.populate(reserve_jobs=True)["success_count"] == 4
    assert jobs.foreign == [{"subject_id": 2}]
    assert jobs.refresh(orphan_timeout=60)["orphaned"] == 1
    assert table.populate(reserve_jobs=True)["success_count"] == 1


def test_trips_of_a_trivial_make(table: Any, subject: Any, connection: Any) -> None:
    subject.insert([(i, 0.0) for i in range(5, 405)])
    table.populate(reserve_jobs=True, max_calls=1)
    before = connection.round_trips
    assert table.populate(reserve_jobs=True)["success_count"] == 404
    assert (connection.round_trips - before) / 404 <= 3.5
