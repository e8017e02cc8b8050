"""Functions of at most 50 lines, their docstrings not counted, and modules of at most 500: one idea each."""

import ast

import pytest

from tests.architecture.tree import ROOT, parsed, source_modules

LONGEST_FUNCTION = 50
LONGEST_MODULE = 500
NO_EXCEPTION_ABOVE = 800

# Modules that may be longer, each with the reason why it is not cut; the list only shrinks.
LONG_MODULES: dict[str, str] = {}


def length(function):
    """Lines of a function without its docstring: a long list of parameters explained is not long code."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        text = function.body[0]
        lines -= text.end_lineno - text.lineno + 1
    return lines


@pytest.mark.parametrize("path", source_modules(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_sizes(path):
    name = path.relative_to(ROOT).as_posix()
    lines = path.read_text("utf-8").count("\n")
    limit = NO_EXCEPTION_ABOVE if name in LONG_MODULES else LONGEST_MODULE
    assert lines <= limit, f"{name} has {lines} lines: cut it by idea"
    long = [
        f"{node.name} ({length(node)} lines)"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > LONGEST_FUNCTION
    ]
    assert not long, f"{name}: {', '.join(long)}"


def test_exceptions_are_still_needed():
    for name in LONG_MODULES:
        assert (ROOT / name).read_text("utf-8").count("\n") > LONGEST_MODULE
