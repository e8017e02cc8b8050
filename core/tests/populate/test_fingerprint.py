"""The fingerprint of code: what changes it, and what does not."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fascicle.populate.provenance.code import CodeFingerprint, fingerprint_code

HELPERS = """
GAIN = 3

def smooth(trace, width=5):
    return [value * GAIN for value in trace][:width]

def unused(x):
    return x
"""

PIPELINE = """
import math
import fascicle as fc
import numpy as np
from {package} import helpers

LIMIT = 10
TABLE = {{"a": 1}}

def local_helper(values, power=2):
    total = 0
    for value in values:
        total += value ** power
    return total

class Result(fc.Computed):
    definition = "-> Subject"
    threshold = 0.5

    def make(self, key):
        '''Make a row.'''
        trace = [1, 2, 3]
        smoothed = helpers.smooth(trace)
        value = local_helper(smoothed) + LIMIT + math.sqrt(2) + np.sum(trace)
        if value > self.threshold:
            value = self.scaled(value)
        self.insert1(dict(key, value=value, **TABLE))

    def scaled(self, value):
        return value / 2

    def never(self):
        return 1
"""


@pytest.fixture
def fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., CodeFingerprint]]:
    """Write the two modules with something replaced, import them afresh, and take the fingerprint."""
    monkeypatch.syspath_prepend(tmp_path)
    count = iter(range(1000))
    made: list[str] = []

    def take(*changes: tuple[str, str], helpers: tuple[tuple[str, str], ...] = ()) -> CodeFingerprint:
        text, other = textwrap.dedent(PIPELINE), HELPERS
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        for old, new in helpers:
            assert old in other
            other = other.replace(old, new)
        package = "pipe"
        for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
            del sys.modules[name]
        folder = tmp_path / str(next(count))
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text("")
        (folder / package / "helpers.py").write_text(other)
        (folder / package / "tables.py").write_text(text.format(package=package))
        monkeypatch.syspath_prepend(folder)
        importlib.invalidate_caches()
        made.append(package)
        module: Any = importlib.import_module(f"{package}.tables")
        return fingerprint_code(module.Result)

    yield take
    for name in [name for name in sys.modules if name == "pipe" or name.startswith("pipe.")]:
        del sys.modules[name]


Take = Callable[..., CodeFingerprint]


def test_the_same_code_has_the_same_fingerprint(fingerprint: Take) -> None:
    first, second = fingerprint(), fingerprint()
    assert first.digest == second.digest
    assert first.differences(second.pieces) == []
    assert "package numpy" in first.pieces


@pytest.mark.parametrize(
    "change",
    [
        ("trace = [1, 2, 3]", "trace = [1, 2, 3]  # a comment"),
        ("'''Make a row.'''", "'''Make one row, at last.'''"),
        ("total = 0", "total  =  0"),
        ("value ** power", "(value ** power)"),
        ("return 1", "return 2"),
        ("    definition =", "    comment = 'unused'\n    definition ="),
    ],
)
def test_what_does_not_matter(fingerprint: Take, change: tuple[str, str]) -> None:
    assert fingerprint(change).digest == fingerprint().digest


def test_local_names_do_not_matter(fingerprint: Take) -> None:
    renamed = fingerprint(("total", "summed"), ("smoothed", "s"), ("trace", "signal"))
    assert renamed.digest == fingerprint().digest


def test_helpers_that_are_not_called_do_not_matter(fingerprint: Take) -> None:
    assert fingerprint(helpers=(("return x", "return 2 * x"),)).digest == fingerprint().digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("trace = [1, 2, 3]", "trace = [1, 2, 4]"), "Result.make changed"),
        (("value ** power", "value * power"), "local_helper changed"),
        (("power=2", "power=3"), "local_helper changed"),
        (("LIMIT = 10", "LIMIT = 11"), "constant LIMIT: 10 is now 11"),
        (('"a": 1', '"a": 2'), "constant TABLE"),
        (("threshold = 0.5", "threshold = 0.6"), "Result.threshold: 0.5 is now 0.6"),
        (("return value / 2", "return value / 3"), "Result.scaled changed"),
        (("np.sum", "np.mean"), "Result.make changed"),
    ],
)
def test_what_matters(fingerprint: Take, change: tuple[str, str], said: str) -> None:
    old, new = fingerprint(), fingerprint(change)
    assert new.digest != old.digest
    assert any(said in line for line in new.differences(old.pieces))


@pytest.mark.parametrize(
    "change", [("value * GAIN", "value + GAIN"), ("width=5", "width=6"), ("GAIN = 3", "GAIN = 4")]
)
def test_helpers_in_another_module_matter(fingerprint: Take, change: tuple[str, str]) -> None:
    assert fingerprint(helpers=(change,)).digest != fingerprint().digest


def test_the_version_of_a_package_matters(fingerprint: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy

    old = fingerprint()
    monkeypatch.setattr(numpy, "__version__", "99.0")
    new = fingerprint()
    assert new.digest != old.digest
    assert new.differences(old.pieces) == [f"package numpy: {old.pieces['package numpy']} is now 99.0"]


def test_swapped_locals_are_not_the_same(fingerprint: Take) -> None:
    changed = fingerprint(("local_helper(smoothed)", "local_helper(trace)"))
    assert changed.digest != fingerprint().digest
