"""Who may import whom: the contracts in pyproject.toml, and what holds for distributions not yet written."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, distributions, imported_names

LIBRARIES = {"fascicle_ophys"}  # shared by Elements, and no Element itself


def test_contracts_of_import_linter_hold():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_of_the_core_imports_its_own_public_names():
    core = distributions()[0]
    public = {path.stem for path in (core.folder / "src/fascicle").iterdir()}
    for path in core.modules:
        if path.parent.name != "fascicle":
            names = imported_names(path)
            roots = {name.split(".")[1] for name in names if name.startswith("fascicle.")}
            assert "fascicle" not in names or roots <= public, f"{path} imports the package's own __init__"


@pytest.mark.parametrize("distribution", distributions(), ids=lambda d: d.place)
def test_distributions_know_only_what_is_below_them(distribution):
    """The core knows neither plugins nor Elements, plugins no Element, and no two of a kind one another."""
    forbidden = set()
    for other in distributions():
        below = other.kind == "core" or (distribution.kind == "elements" and other.kind == "plugins")
        if other is not distribution and not below and other.package not in LIBRARIES:
            forbidden.add(other.package)
    for path in distribution.modules:
        roots = {name.split(".")[0] for name in imported_names(path)}
        assert not roots & forbidden, f"{path} imports {sorted(roots & forbidden)}"


def test_every_layer_of_the_core_is_in_the_contract():
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    layers = next(c for c in settings["contracts"] if c["id"] == "layers")["layers"]
    named = {part.strip(" ()") for layer in layers for part in layer.split("|")}
    package = ROOT / "core/src/fascicle"
    found = {path.stem for path in package.iterdir() if _is_layer(path)}
    assert found <= named, f"place {sorted(found - named)} in the layers of pyproject.toml"


def _is_layer(path: Path) -> bool:
    if path.stem in {"__init__", "__main__", "testing", "hooks"}:
        return False
    return path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))
