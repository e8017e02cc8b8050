"""The page of public names: each with its test, its result on each database, or the reason it has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.parity.registry import Claim, Name

COLUMNS = {"sqlite": "SQLite", "mariadb": "MariaDB", "postgres": "PostgreSQL"}
WORDS = {"passed": "passes", "failed": "**fails**", "skipped": "not run", "not run": "not run"}
HEAD = """\
# Public names and their tests

Every name, argument and operator of DataJoint's published interface (2.3), with the test that shows it here and the
test's result on each database. `tools/parity.py` writes this page from a run of the tests; a name with neither a
test on all three databases nor a reason stops the build. What differs on purpose is explained, with code, in
[Coming from DataJoint](../how-to/coming-from-datajoint.md).
"""


def render(names: Mapping[str, Name], claims: Iterable[Claim]) -> str:
    """Return the page as Markdown."""
    by_name: dict[str, list[Claim]] = {}
    for claim in claims:
        for name in claim.names:
            by_name.setdefault(name, []).append(claim)
    tested = [entry for entry in names.values() if not entry.left_out]
    lines = [HEAD, summary(names, by_name), ""]
    for group in dict.fromkeys(entry.group for entry in names.values()):
        lines += section(group, [entry for entry in names.values() if entry.group == group], by_name)
    assert tested, "the registry holds no tested name"
    return "\n".join(lines).rstrip() + "\n"


def summary(names: Mapping[str, Name], by_name: Mapping[str, list[Claim]]) -> str:
    """Count in one sentence."""
    tested = [entry for entry in names.values() if not entry.left_out]
    strict = sum(bool(entry.strict) for entry in names.values())
    later = sum(entry.left_out.startswith("not built yet") for entry in names.values())
    out = len(names) - len(tested) - later
    tests = len({claim.test for claims in by_name.values() for claim in claims})
    return (
        f"{len(tested)} names are shown by {tests} tests, {strict} of them differ on purpose; "
        f"{later} are not built yet; {out} are left out for a reason."
    )


def section(group: str, entries: list[Name], by_name: Mapping[str, list[Claim]]) -> list[str]:
    """Return the lines of one group."""
    lines = [f"## {group}", ""]
    shown = [entry for entry in entries if not entry.left_out]
    if shown:
        lines += [
            f"| name | test | {' | '.join(COLUMNS.values())} |",
            "| --- | --- |" + " --- |" * len(COLUMNS),
        ]
        lines += [row(entry, by_name.get(entry.name, [])) for entry in shown]
        lines.append("")
    notes = [entry for entry in entries if entry.strict]
    if notes:
        lines += ["Different on purpose:", "", *(f"- {code(e.name)}: {e.strict}" for e in notes), ""]
    apart = [entry for entry in entries if entry.left_out]
    if apart:
        lines += ["Without a test:", "", *(f"- {code(e.name)}: {e.left_out}" for e in apart), ""]
    return lines


def row(entry: Name, claims: list[Claim]) -> str:
    """Return the line of one name."""
    links = ", ".join(f"[{short(c.test)}](../../{c.test.partition('::')[0]})" for c in claims)
    cells = [result(claims, backend) for backend in COLUMNS]
    return f"| {code(entry.name)} | {links} | {' | '.join(cells)} |"


def result(claims: list[Claim], backend: str) -> str:
    """Return the word for the outcome of several tests on one database."""
    outcomes = [claim.outcomes.get(backend, "not run") for claim in claims if backend in claim.backends]
    for worst in ("failed", "not run", "skipped"):
        if worst in outcomes:
            return WORDS[worst]
    return WORDS["passed"] if outcomes else WORDS["not run"]


def short(test: str) -> str:
    """Return a test's function without its path."""
    return test.rpartition("::")[2]


def code(name: str) -> str:
    """Return a name as code in a Markdown table."""
    return f"`{name}`".replace("|", "\\|")
