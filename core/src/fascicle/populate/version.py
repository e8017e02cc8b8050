"""The version of a pipeline's code: the commit of the repository that holds it."""

from __future__ import annotations

import inspect
import subprocess
from functools import lru_cache
from pathlib import Path

PATIENCE_S = 10


def code_version(cls: type, method: str | None) -> str:
    """Return the version of the code that defines a class.

    Parameters
    ----------
    cls : type
    method : {"git", "none"} or None
        Where the version comes from.

    Returns
    -------
    str
        The abbreviated commit, with ``-dirty`` behind it where files are changed; empty where there is none.
    """
    if method != "git":
        return ""
    try:
        folder = Path(inspect.getfile(cls)).resolve().parent
    except (TypeError, OSError):
        return ""
    return git_version(folder)


@lru_cache(maxsize=64)
def git_version(folder: Path) -> str:
    """Return the commit of the repository that holds a folder, empty where there is none."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()[:64] if done.returncode == 0 else ""
