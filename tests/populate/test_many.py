"""Several tables together, workers, executors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

import fascicle as fc
from fascicle.errors import PluginError
from fascicle.populate import many
from fascicle.populate.many import populate_tables, work


@pytest.fixture
def chain(schema: fc.Schema, subject: Any) -> SimpleNamespace:
    made: list[tuple[str, int]] = []
    state = SimpleNamespace(fail=None, seconds=0.0)

    def make(self: Any, key: dict[str, Any]) -> None:
        made.append((type(self).__name__, key["subject_id"]))
        time.sleep(state.seconds)
        if (type(self).__name__, key["subject_id"]) == state.fail:
            raise ValueError("no")
        self.insert1(key)

    @schema
    class First(fc.Computed):
        definition = "-> Subject"

    @schema
    class Second(fc.Computed):
        definition = "-> First"

    @schema
    class Third(fc.Computed):
        definition = "-> Second"

    for table in (First, Second, Third):
        table.make = make
    return SimpleNamespace(tables=(Third, First, Second), made=made, state=state, Third=Third, Second=Second)


@pytest.mark.parametrize("reserve", [False, True])
def test_all_tables_are_populated_in_order(chain: SimpleNamespace, reserve: bool) -> None:
    summaries = populate_tables(chain.tables, reserve_jobs=reserve)
    assert [type(table).__name__ for table in summaries] == ["First", "Second", "Third"]
    assert [summary.success_count for summary in summaries.values()] == [5, 5, 5]
    assert len(chain.made) == 15
    again = populate_tables(chain.tables, reserve_jobs=reserve)
    assert all(summary.why_nothing_ran for summary in again.values())


def test_children_do_not_wait_for_all_parents(
    chain: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "TURN_S", 0.05)
    chain.state.seconds = 0.03
    populate_tables(chain.tables, reserve_jobs=True)
    names = [name for name, _ in chain.made]
    assert names.index("Third") < len(names) - 1 - names[::-1].index("First")
    assert len(names) == 15


@pytest.mark.parametrize("reserve", [False, True])
def test_a_failed_key_is_tried_once_and_stops_only_its_children(
    chain: SimpleNamespace, reserve: bool
) -> None:
    chain.state.fail = ("Second", 2)
    summaries = populate_tables(chain.tables, reserve_jobs=reserve, suppress_errors=True)
    assert [summary.success_count for summary in summaries.values()] == [5, 4, 4]
    assert chain.made.count(("Second", 2)) == 1
    assert sum(summary.errors for summary in summaries.values()) == 1


def test_a_worker_goes_on_until_told_to_stop(chain: SimpleNamespace, subject: Any, connection: Any) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(chain.tables,), kwargs={"stop": stop})
    thread.start()
    try:
        wait_for(lambda: len(chain.Third) == 5)
        subject.insert1((50, 1.0))
        wait_for(lambda: len(chain.Third) == 6)
    finally:
        stop.set()
        thread.join(timeout=20)
    assert not thread.is_alive()


def wait_for(condition: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.backends("sqlite")
def test_a_worker_process_ends_on_sigterm(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_URL", backend.url)
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_SCHEMA", backend.schema_name("p"))
    text = (
        "from tests.populate.pipeline import Made, Subject\n"
        "from fascicle.populate.many import work\n"
        "Subject.insert([(i,) for i in range(5)])\n"
        "work([Made])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    import importlib

    sys.modules.pop("tests.populate.pipeline", None)
    pipeline = importlib.import_module("tests.populate.pipeline")
    wait_for(lambda: len(pipeline.Made) == 5)
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGTERM)
    said, _ = process.communicate(timeout=20)
    assert "5 keys made, 0 failed" in said
    assert process.returncode == 0
    pipeline.connection.close()
    sys.modules.pop("tests.populate.pipeline", None)


@pytest.mark.backends("sqlite")
def test_executors_are_chosen_by_name(chain: SimpleNamespace) -> None:
    table = chain.tables[1]
    assert table.populate(executor="inline")["success_count"] == 5
    with pytest.raises(PluginError, match="cluster"):
        table.populate(executor="cluster")
