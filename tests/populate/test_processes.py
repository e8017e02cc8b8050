"""populate in several processes, each of which imports the pipeline afresh."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import pytest

import fascicle as fc
from fascicle.errors import MakeError

NAME = "tests.populate.pipeline"


@pytest.fixture
def pipeline(backend: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_URL", backend.url)
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_SCHEMA", backend.schema_name("p"))
    sys.modules.pop(NAME, None)
    module = importlib.import_module(NAME)
    module.Subject.insert([(i,) for i in range(20)])
    yield module
    module.connection.close()
    sys.modules.pop(NAME, None)


@pytest.mark.parity("Computed.populate(processes=)")
@pytest.mark.parametrize("reserve", [False, True])
def test_processes_share_the_keys(pipeline: Any, reserve: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_SLEEP", "0.01")
    summary = pipeline.Made.populate(processes=2, reserve_jobs=reserve)
    assert summary["success_count"] == 20
    assert len(pipeline.Made) == 20
    assert len(pipeline.Made.Item) == 60
    pids = set(pipeline.Made.to_arrays("pid").tolist())
    assert os.getpid() not in pids
    assert pipeline.Made.progress() == (0, 20)


def test_restrictions_keys_and_max_calls(pipeline: Any) -> None:
    assert pipeline.Made.populate("subject_id < 4", processes=2)["success_count"] == 4
    assert pipeline.Made.populate(processes=2, max_calls=3)["success_count"] == 3
    assert pipeline.Made.populate(processes=2, keys=[{"subject_id": 19}])["success_count"] == 1
    assert len(pipeline.Made) == 8


@pytest.mark.backends("sqlite")
def test_errors_come_home(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_FAIL", "7")
    summary = pipeline.Made.populate(processes=2, suppress_errors=True, return_exception_objects=True)
    assert summary["success_count"] == 19
    ((key, error),) = summary["error_list"]
    assert key == {"subject_id": 7}
    assert isinstance(error, ValueError)
    assert "in a worker process" in error.__notes__[0]
    with pytest.raises(ValueError, match="asked to fail"):
        pipeline.Made.populate(processes=2)


@pytest.mark.backends("sqlite")
def test_a_worker_that_dies_is_reported(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_DIE", "7")
    with pytest.raises(MakeError, match="died with exit code 9"):
        pipeline.Made.populate(processes=2)
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_DIE", "-1")
    pipeline.Made.populate(processes=2)
    assert len(pipeline.Made) == 20
    assert len(pipeline.Made.Item) == 60


@pytest.mark.backends("sqlite")
def test_a_class_that_cannot_be_imported_is_refused(schema: fc.Schema, subject: Any) -> None:
    @schema
    class Local(fc.Computed):
        definition = "-> Subject"

        def make(self, key: dict[str, Any]) -> None:
            self.insert1(key)

    with pytest.raises(MakeError, match="cannot be populated by other processes") as caught:
        Local.populate(processes=2)
    assert "inside a function" in str(caught.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("reserve", [False, True])
@pytest.mark.backends("sqlite")
def test_signals_end_all_processes(
    pipeline: Any, number: int, reserve: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_SLEEP", "0.2")
    text = f"""
    from {NAME} import Made
    if __name__ == "__main__":
        Made.populate(processes=2, reserve_jobs={reserve})
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(text)], stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not len(pipeline.Made) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert process.returncode not in (0, None)
    assert "interrupted" in said
    made = len(pipeline.Made)
    assert 0 < made < 20
    assert len(pipeline.Made.Item) == 3 * made
    if reserve:
        assert pipeline.Made.jobs.progress()["reserved"] == 0
    time.sleep(0.5)
    assert len(pipeline.Made) == made
