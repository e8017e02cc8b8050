"""The distributions of this repository, as the tests of its shape see them."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Distribution:
    """One folder with a pyproject.toml that builds something."""

    folder: Path
    project: dict[str, Any]

    @property
    def place(self) -> str:
        """The folder as the README names it: ``core``, ``plugins/mysql``."""
        return self.folder.relative_to(ROOT).as_posix()

    @property
    def kind(self) -> str:
        return self.place.split("/", maxsplit=1)[0]

    @property
    def package(self) -> str:
        return str(self.project["name"]).replace("-", "_")

    @property
    def modules(self) -> list[Path]:
        return sorted((self.folder / "src").rglob("*.py"))


@cache
def distributions() -> tuple[Distribution, ...]:
    files = [ROOT / "core/pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
    files += sorted(ROOT.glob("elements/*/pyproject.toml"))
    return tuple(Distribution(f.parent, tomllib.loads(f.read_text("utf-8"))["project"]) for f in files)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imported_names(path: Path) -> set[str]:
    """Return the dotted names that a module imports, wherever in it; relative ones start with dots."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return names


def source_modules() -> list[Path]:
    return [path for distribution in distributions() for path in distribution.modules]


def tracked_files() -> list[Path]:
    """Return the files that git tracks or would track; all files where this is no checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]
