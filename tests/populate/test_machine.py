"""Workers as a state machine: whatever happens to them, each key is committed at most once, and in the end once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import fascicle as fc
from fascicle.populate.jobs.claims import Claim, Claims, LeaseLost
from fascicle.populate.jobs.consumer import Consumer
from fascicle.populate.maker import Maker
from fascicle.populate.options import PopulateOptions
from fascicle.populate.signals import Interrupts

WORKERS = st.integers(0, 2)
KEYS = st.integers(0, 5)
PARTS = 2


class Workers(RuleBasedStateMachine):
    """Three workers on one table; what is lost of a worker is what a process would lose."""

    table: Any = None
    parent: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.parent.delete(prompt=False)
        self.table.jobs.delete()
        Consumer(self.table.jobs).full()
        self.claims = [Claims(self.table.jobs) for _ in range(3)]
        self.held: list[list[Claim]] = [[], [], []]
        self.commits: dict[int, int] = {}
        self.present: set[int] = set()
        self.failing: set[int] = set()

    # the world ---------------------------------------------------------------------------------------------
    @rule(key=KEYS)
    def insert_upstream(self, key: int) -> None:
        if key not in self.present:
            self.parent.insert1((key,))
            self.present.add(key)
            self.commits[key] = 0

    @rule(key=KEYS)
    def delete_upstream(self, key: int) -> None:
        (self.parent & {"parent_id": key}).delete(prompt=False)
        self.present.discard(key)
        self.commits.pop(key, None)

    @rule(key=KEYS)
    def delete_result(self, key: int) -> None:
        if (self.table & {"parent_id": key}).delete(prompt=False):
            self.commits[key] = 0

    @rule(key=KEYS)
    def toggle_failing(self, key: int) -> None:
        self.failing ^= {key}

    @rule()
    def look_for_keys(self) -> None:
        Consumer(self.table.jobs).advance()

    @rule()
    def leases_run_out(self) -> None:
        jobs = self.table.jobs
        past = "2001-01-01 00:00:00.000"
        jobs.connection.query(
            f"UPDATE {jobs.full_table_name} SET _lease_until = '{past}' WHERE status = 'reserved'"
        )

    @rule()
    def retry(self) -> None:
        self.table.jobs.errors.retry()

    @rule()
    def release(self) -> None:
        self.table.jobs.reserved.release()

    # workers -----------------------------------------------------------------------------------------------
    @rule(worker=WORKERS, count=st.integers(1, 3))
    def claim(self, worker: int, count: int) -> None:
        self.held[worker] += self.claims[worker].take(count)

    @rule(worker=WORKERS)
    def heartbeat(self, worker: int) -> None:
        self.claims[worker].prolong()

    @rule(worker=WORKERS)
    def kill(self, worker: int) -> None:
        self.held[worker].clear()
        self.claims[worker] = Claims(self.table.jobs)

    @rule(worker=WORKERS, choice=st.integers(0, 10))
    def make(self, worker: int, choice: int) -> None:
        if not self.held[worker]:
            return
        claim = self.held[worker].pop(choice % len(self.held[worker]))
        self.finish(self.claims[worker], claim)

    @rule(worker=WORKERS, choice=st.integers(0, 10))
    def make_and_remember(self, worker: int, choice: int) -> None:
        """A worker that is unsure whether its commit arrived does the same again."""
        if self.held[worker]:
            self.finish(self.claims[worker], self.held[worker][choice % len(self.held[worker])])

    def finish(self, claims: Claims, claim: Claim) -> None:
        key = claim.key["parent_id"]
        self.table.fail = key in self.failing
        maker = Maker(self.table(), PopulateOptions())
        try:
            made = maker.make(claim.key, Interrupts(), (claims.fence(claim, 0.0),))
        except LeaseLost:
            return
        except (ValueError, fc.MissingParentError) as error:
            claims.fail(claim, error, None)
            return
        if made:
            self.commits[key] += 1

    # what must hold ----------------------------------------------------------------------------------------
    @invariant()
    def each_key_at_most_once_and_whole(self) -> None:
        assert all(count <= 1 for count in self.commits.values())
        made = {row["parent_id"] for row in self.table.keys()}
        assert made == {key for key, count in self.commits.items() if count}
        parts = [row["parent_id"] for row in self.table.Item.keys()]
        assert sorted(parts) == sorted(list(made) * PARTS)

    def teardown(self) -> None:
        self.failing.clear()
        self.release()
        self.retry()
        self.table.fail = False
        self.table.populate(reserve_jobs=True)
        assert {row["parent_id"] for row in self.table.keys()} == self.present
        assert len(self.table.Item) == PARTS * len(self.present)
        assert len(self.table.jobs) == 0


@pytest.mark.timeout(600)
def test_workers(schema: fc.Schema) -> None:
    @schema
    class Parent(fc.Manual):
        definition = "parent_id : int32"

    @schema
    class Made(fc.Computed):
        definition = "-> Parent"
        fail = False

        class Item(fc.Part):
            definition = """
            -> master
            item : int32
            """

        def make(self, key: dict[str, Any]) -> None:
            if type(self).fail:
                raise ValueError("asked to fail")
            self.insert1(key)
            self.Item.insert([dict(key, item=item) for item in range(PARTS)])

    Workers.table, Workers.parent = Made, Parent
    run_state_machine_as_test(
        Workers,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
