"""The version of a pipeline's code: the release of its package, or the commit of the repository that holds it."""

from __future__ import annotations

import contextlib
import inspect
import subprocess
from functools import lru_cache
from pathlib import Path

PATIENCE_S = 10


def code_version(cls: type, method: str | None) -> str:
    """Return the version of the code that defines a class, as the setting ``jobs.version_method`` says.

    Parameters
    ----------
    cls : type
    method : {"git", "none"} or None
        Where the version comes from.

    Returns
    -------
    str
        The commit, with ``-dirty`` behind it where files are changed; empty where there is none.
    """
    folder = _folder_of(cls)
    return git_version(folder) if method == "git" and folder is not None else ""


def describe_code(cls: type) -> str:
    """Say which code defines a class: package and version where it is installed, and commit where there is one."""
    import importlib_metadata

    found = []
    top = cls.__module__.partition(".")[0]
    with contextlib.suppress(importlib_metadata.PackageNotFoundError, ValueError):
        found.append(f"{top} {importlib_metadata.version(top)}")
    folder = _folder_of(cls)
    commit = git_version(folder) if folder is not None else ""
    return ", ".join([*found, *([f"git {commit}"] if commit else [])])


def _folder_of(cls: type) -> Path | None:
    try:
        return Path(inspect.getfile(cls)).resolve().parent
    except (TypeError, OSError):
        return None


@lru_cache(maxsize=64)
def git_version(folder: Path) -> str:
    """Return the commit of the repository that holds a folder, empty where there is none."""
    if not any((above / ".git").exists() for above in (folder, *folder.parents)):
        return ""
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
