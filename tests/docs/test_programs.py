"""Tutorials and how-to pages run as they are printed, and print what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

PAGES = sorted([*ROOT.glob("docs/tutorials/*.md"), *ROOT.glob("docs/how-to/*.md")])
# A comment before a fence says why it is not run; a text fence after one says what it prints.
BLOCK = re.compile(
    r"(?P<skip><!-- not run[^\n]*-->\n+)?^```python\n(?P<code>.*?)^```\n(?:\n*^```text\n(?P<text>.*?)^```)?",
    re.MULTILINE | re.DOTALL,
)
MARK = "-- next piece of the page --"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_page_runs(page: Path, tmp_path: Path) -> None:
    pieces = [match for match in BLOCK.finditer(page.read_text("utf-8")) if not match["skip"]]
    assert pieces, "the page has no program"
    program = tmp_path / "page.py"
    program.write_text(f"print({MARK!r})\n".join(piece["code"] + "\n" for piece in pieces), "utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, program.name],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.split(MARK + "\n")
    for piece, output in zip(pieces, printed, strict=True):
        if piece["text"] is not None:
            assert output.strip() == piece["text"].strip(), piece["code"]
