"""Packages say what is public: an ``__all__`` that is sorted, complete and true."""

import ast
import importlib

import pytest

from tests.architecture.tree import ROOT, distributions, parsed

INITS = [path for d in distributions() for path in d.modules if path.name == "__init__.py"]


def declared(path):
    """Return the names in the ``__all__`` of a module, or None where it has none."""
    for node in parsed(path).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__":
            return ast.literal_eval(node.value)
    return None


def by_kind(name):
    """Sort as the linter does: constants, then classes, then the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


@pytest.mark.parametrize("path", INITS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_all_is_sorted_and_true(path):
    names = declared(path)
    package = path.parent.relative_to(next(p for p in path.parents if p.name == "src"))
    module = importlib.import_module(package.as_posix().replace("/", "."))
    if names is None:
        return
    assert list(names) == sorted(set(names), key=by_kind)
    assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.parametrize("distribution", distributions(), ids=lambda d: d.place)
def test_every_distribution_says_what_is_public(distribution):
    assert declared(distribution.folder / "src" / distribution.package / "__init__.py")
    assert (distribution.folder / "src" / distribution.package / "py.typed").exists()
