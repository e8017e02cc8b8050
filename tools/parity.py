"""Run the tests of public names on every database and write ``docs/reference/parity.md``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "parity.md"


def marked_files() -> list[str]:
    """Return the test files that claim public names, as paths relative to the repository."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "mark.parity(" in path.read_text("utf-8")
    ]


def main(arguments: list[str]) -> int:
    """Run pytest; arguments go to it."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "parity",
        *marked_files(),
        "--parity-report",
        str(PAGE),
        *arguments,
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
