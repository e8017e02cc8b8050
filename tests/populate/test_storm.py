"""Workers killed and stopped at random: no key lost, doubled or partial, and nothing to repair by hand."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
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
