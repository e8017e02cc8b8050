"""Run the tests of public names on every database and write ``docs/reference/parity.md``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
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
    """Run pytest, with further arguments; the page is replaced if every test passes."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / PAGE.name
        command = [sys.executable, "-m", "pytest", "-q", "-m", "parity", "--parity-report", str(report)]
        status = subprocess.run([*command, *marked_files(), *arguments], cwd=ROOT, check=False).returncode
        if status == 0:
            PAGE.write_text(report.read_text("utf-8"), "utf-8")
        else:
            print(f"{PAGE.relative_to(ROOT)} is left as it was: not every test passed")
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
