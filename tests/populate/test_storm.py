"""Workers killed and stopped at random: no key lost, doubled or partial, and nothing to repair by hand."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from typing import Any

import pytest

NAME = "tests.populate.pipeline"
# The long storm is for runs that ask for it.
KILLS = int(os.environ.get("FASCICLE_TEST_KILLS", "40"))


@pytest.mark.timeout(600)
def test_kill_storm(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = 10 * KILLS
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_URL", backend.url)
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_SCHEMA", backend.schema_name("p"))
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_LEASE", "1.0")
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_SLEEP", "0.01")
    sys.modules.pop(NAME, None)
    pipeline = importlib.import_module(NAME)
    pipeline.Subject.insert([(i,) for i in range(keys)])
    pipeline.Made.jobs.refresh()
    done = subprocess.run(
        [sys.executable, "-m", "tests.populate.storm", str(KILLS), "7"],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    print(done.stdout, done.stderr)
    assert f"killed={KILLS}" in done.stdout
    assert "failed=0" in done.stdout
    made = pipeline.Made
    assert len(made) == keys
    assert len(made.Item) == 3 * keys
    assert len(made - made.Item) == 0
    assert len(made.jobs) == 0
    assert made.progress() == (0, keys)
    pipeline.connection.close()
    sys.modules.pop(NAME, None)


@pytest.mark.backends("sqlite")
@pytest.mark.timeout(300)
def test_two_workers_and_a_reader_share_one_file(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = float(os.environ.get("FASCICLE_TEST_SHARED_SECONDS", "6"))
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_URL", backend.url)
    monkeypatch.setenv("FASCICLE_TEST_POPULATE_SCHEMA", backend.schema_name("p"))
    worker = (
        "import sys, time\n"
        "from tests.populate.pipeline import Made\n"
        f"end = time.monotonic() + {seconds}\n"
        "made = 0\n"
        "while time.monotonic() < end:\n"
        "    made += Made.populate(reserve_jobs=True)['success_count']\n"
        "print(made)\n"
    )
    reader = (
        "import time\n"
        "from tests.populate.pipeline import Made\n"
        f"end = time.monotonic() + {seconds}\n"
        "reads = 0\n"
        "while time.monotonic() < end:\n"
        "    rows, items = len(Made), len(Made.Item)\n"
        "    assert items >= 3 * rows\n"
        "    reads += 1\n"
        "print(reads)\n"
    )
    sys.modules.pop(NAME, None)
    pipeline = importlib.import_module(NAME)
    everyone = [
        subprocess.Popen(
            [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for text in (worker, worker, reader)
    ]
    added = 0
    while any(process.poll() is None for process in everyone):
        pipeline.Subject.insert([(added + i,) for i in range(20)])
        added += 20
        time.sleep(0.05)
    counts = []
    for process in everyone:
        said, complaint = process.communicate(timeout=30)
        assert process.returncode == 0, complaint
        counts.append(int(said))
    assert all(counts)
    pipeline.Made.populate(reserve_jobs=True)
    assert len(pipeline.Made) == added
    assert len(pipeline.Made.Item) == 3 * added
    pipeline.connection.close()
    sys.modules.pop(NAME, None)
