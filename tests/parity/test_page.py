"""The committed page lists exactly the registered names, their tests and good results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.parity.registry import Claim, Name, problems
from tools.parity import PAGE, ROOT, marked_files


def test_the_page_is_what_the_tests_say(tmp_path: Path) -> None:
    target = tmp_path / "parity.md"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--collect-only",
        "--parity-report",
        str(target),
        *marked_files(),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert PAGE.read_text("utf-8") == target.read_text("utf-8"), "python tools/parity.py writes the page anew"


def test_what_is_missing_is_found() -> None:
    names = {
        "a": Name("a", "g"),
        "b": Name("b", "g", left_out="because"),
        "c": Name("c", "g", strict="differs"),
    }
    both = ("one", "two")
    good = [Claim("t", ("a", "c"), {"one", "two"})]
    assert problems(names, good, both) == []
    assert problems(names, [Claim("t", ("a", "c"), {"one"})], both) == [
        "'a' has no test on two, and no reason",
        "'c' has no test on two, and no reason",
    ]
    [unknown] = problems(names, [*good, Claim("u", ("x",), {"one"})], both)
    assert "'x'" in unknown
    [left_out] = problems(names, [*good, Claim("u", ("b",), {"one"})], both)
    assert "left out" in left_out
    [homeless] = problems(names, [*good, Claim("u", ("a",))], both)
    assert "does not take" in homeless
