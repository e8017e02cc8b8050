"""``import fascicle`` stays cheap: counted in modules, which do not depend on the machine's mood."""

import subprocess
import sys

import pytest

HEAVY = (
    "numpy",
    "networkx",
    "pluggy",
    "pandas",
    "polars",
    "pyarrow",
    "pymysql",
    "psycopg",
    "importlib_metadata",
)
MOST_MODULES = 400


def modules_after(statement):
    """Return the names of the modules that `statement` loads beyond those of an empty interpreter."""
    probe = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.fixture(scope="module")
def loaded():
    return modules_after("import fascicle")


@pytest.mark.parametrize("name", HEAVY)
def test_import_loads_no_heavy_package(loaded, name):
    assert [module for module in loaded if module.split(".")[0] == name] == []


def test_import_loads_few_modules(loaded):
    assert len(loaded) <= MOST_MODULES


def test_the_count_sees_a_heavy_package():
    assert "numpy" in modules_after("import numpy")
