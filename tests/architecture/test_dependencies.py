"""The README's table of dependencies against the files that declare them."""

import re
import tomllib

import pytest

from tests.architecture.tree import ROOT, distributions, imported_names

CHOSEN = (
    *("pluggy", "importlib-metadata", "pymysql", "numpy", "networkx", "spikeinterface", "suite2p", "caiman"),
    *("pynwb", "boto3", "pytest", "tox"),
)
MOST_OF_THE_CORE = 10
NOWHERE = "not yet"
TOOLS = "requirements/test.txt"
HEADER = "| dependency | declared by | serves |"


def requirement_name(text):
    return re.split(r"[\s\[<>=~!;]", text.strip(), maxsplit=1)[0].lower()


def runtime(distribution):
    """Return the names that a distribution needs, those of its extras included, our own left out."""
    texts = list(distribution.project.get("dependencies", []))
    for extra in distribution.project.get("optional-dependencies", {}).values():
        texts += extra
    ours = {d.project["name"] for d in distributions()}
    return {name for name in map(requirement_name, texts) if name not in ours}


def declared_places():
    """Return, for each dependency, the files' folders that declare it."""
    places = {}
    for distribution in distributions():
        for name in runtime(distribution):
            places.setdefault(name, set()).add(distribution.place)
    for line in (ROOT / TOOLS).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith(("#", "-")):
            places.setdefault(requirement_name(line), set()).add(TOOLS)
    return places


def table():
    """Return the rows of the README's table: name -> (places, text)."""
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    start = lines.index(HEADER) + 2
    rows = {}
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        name, places, text = (cell.strip() for cell in line.strip("|").split("|"))
        rows[name] = ({p.strip().strip("`") for p in places.split(",")}, text)
    return rows


@pytest.mark.parametrize("name", CHOSEN)
def test_each_chosen_dependency_has_a_row(name):
    assert name in table()


@pytest.mark.parametrize("name", sorted(table()))
def test_rows_say_what_the_files_say(name):
    places, text = table()[name]
    assert places == declared_places().get(name, {NOWHERE}), f"correct the row of {name} in README.md"
    assert len(text) > 20, "say where it serves, or why not"


def test_every_run_time_dependency_has_a_row():
    wanted = {name for distribution in distributions() for name in runtime(distribution)}
    assert wanted <= set(table())


@pytest.mark.parametrize("distribution", distributions(), ids=lambda d: d.place)
def test_what_is_declared_is_imported(distribution):
    """A distribution asks for nothing that its sources do not use."""
    used = {name.split(".")[0].lower() for path in distribution.modules for name in imported_names(path)}
    unused = {name for name in runtime(distribution) if name.replace("-", "_") not in used}
    assert unused == set()


def test_the_core_has_few_direct_dependencies():
    core = tomllib.loads((ROOT / "core/pyproject.toml").read_text("utf-8"))["project"]
    assert len(core["dependencies"]) <= MOST_OF_THE_CORE
