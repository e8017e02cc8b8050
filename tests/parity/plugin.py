"""Pytest plugin: every public name has a test on every database, or a reason.

``@pytest.mark.parity("Table.insert(replace=)", ...)`` on a test that takes `backend` says which names it shows.
When all tests that carry the marker are collected, a name without a test on each database and without a reason
ends the run before it begins. ``--parity-report PAGE`` writes the page of results
(of results hoped for, with ``--collect-only``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.parity import page, registry
from tests.servers.fixtures import EMBEDDED, SERVERS

ROOT = Path(__file__).resolve().parents[2]
_CLAIMS = pytest.StashKey[dict[str, registry.Claim]]()
_OUTCOMES = pytest.StashKey[dict[str, str]]()
DATABASES = (EMBEDDED, *SERVERS)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--parity-report", metavar="PAGE", help="write the page of public names and results")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "parity(*names): shows public names of the data model, see tests/parity"
    )
    config.stash[_CLAIMS] = {}
    config.stash[_OUTCOMES] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    claims = registry.claims_of(session.items)
    session.config.stash[_CLAIMS] = claims
    if not is_complete(session):
        return
    found = registry.problems(registry.load(), claims.values(), DATABASES)
    if found:
        raise pytest.UsageError("\n".join(["public names and their tests disagree:", *found]))


def is_complete(session: pytest.Session) -> bool:
    """Whether every test that carries the marker is among those collected."""
    config = session.config
    if config.option.keyword or any("::" in str(argument) for argument in config.args):
        return False
    here = Path(__file__)
    marked = {
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != here and "mark.parity(" in path.read_text("utf-8")
    }
    return bool(marked) and marked <= {Path(item.path) for item in session.items}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    # A set-up or tear-down that goes well says nothing about the test itself.
    if report.when == "call" or report.outcome != "passed":
        outcomes = item.config.stash[_OUTCOMES]
        if outcomes.get(item.nodeid, "passed") == "passed":
            outcomes[item.nodeid] = report.outcome
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    target = session.config.getoption("--parity-report")
    if not target:
        return
    claims = session.config.stash[_CLAIMS]
    for item in session.items:
        claim = claims.get(item.nodeid.partition("[")[0])
        backend = registry.backend_of(item)
        if claim is None or backend is None:
            continue
        assumed = "passed" if session.config.option.collectonly else "not run"
        outcome = session.config.stash[_OUTCOMES].get(item.nodeid, assumed)
        if claim.outcomes.get(backend, "passed") == "passed":
            claim.outcomes[backend] = outcome
    text = page.render(registry.load(), claims.values())
    Path(target).write_text(text, encoding="utf-8")
