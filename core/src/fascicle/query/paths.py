"""Paths into JSON: ``attribute.key[0]."odd key":type`` and ``'$.key[0]'``."""

from __future__ import annotations

import re

from fascicle.query.tokens import syntax_error

Steps = tuple[str | int, ...]
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_$]*)|\.\"((?:[^\"\\]|\\.)*)\"|\[\s*(\d+)\s*\]")


def parse_dollar(path: str, text: str, position: int) -> Steps:
    """Parse ``$.key[0]."odd key"``.

    Parameters
    ----------
    path : str
        The path.
    text, position
        The whole text and where the path starts in it, for errors.

    Raises
    ------
    QuerySyntaxError
        If it is no such path; wildcards and negative positions are not portable.
    """
    if not path.startswith("$"):
        # PostgreSQL habit: attribute -> 'key'
        return (path,)
    at = 1
    steps: list[str | int] = []
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise syntax_error(
                text,
                position + at,
                "this is no path into JSON",
                expected='.key, ."odd key" or [0]',
                advice="wildcards, ranges and negative positions are not portable"
                if path[at] in ".[*"
                else None,
            )
        at = found.end()
        if found[3] is not None:
            steps.append(int(found[3]))
        else:
            steps.append(found[1] if found[1] is not None else re.sub(r"\\(.)", r"\1", found[2]))
    return tuple(steps)


def dollar(steps: Steps) -> str:
    """Print steps as ``$."key"[0]``, the form that MySQL and SQLite read."""
    out = ["$"]
    for step in steps:
        if isinstance(step, int):
            out.append(f"[{step}]")
        else:
            out.append('."' + step.replace("\\", "\\\\").replace('"', '\\"') + '"')
    return "".join(out)
