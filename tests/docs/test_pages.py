"""Links lead somewhere, samples parse, and the README's first screen runs as printed."""

import ast
import os
import re
import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT, tracked_files

PAGES = [path for path in tracked_files() if path.suffix == ".md" and "changes" not in path.parts]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+\s+(.*?)\s*$", re.MULTILINE)


def anchors(text):
    """Return the anchors of a page's headings, as a forge makes them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text)}


def page_id(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page):
    text = page.read_text("utf-8")
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        goal = (page.parent / name).resolve() if name else page
        assert goal.exists(), f"{page_id(page)} links to {target}"
        if anchor and goal.suffix == ".md":
            assert anchor in anchors(goal.read_text("utf-8")), f"{page_id(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_samples_parse(page):
    for sample in FENCE.findall(page.read_text("utf-8")):
        ast.parse(sample)


def test_the_sample_of_the_readme_runs_as_printed(tmp_path):
    sample = FENCE.findall((ROOT / "README.md").read_text("utf-8"))[0]
    program = tmp_path / "sample.py"
    program.write_text(sample, encoding="utf-8")
    command = [sys.executable, "-W", "error", program]
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "m1" in done.stdout
