"""Whether the installed core is one that a plugin asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

_REQUIREMENT: Final = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?")
_CLAUSE: Final = re.compile(r"(~=|==|!=|<=|>=|<|>)\s*([\w.*+!-]+)")

Release = tuple[int, ...]


def release(version: str) -> Release:
    """Return the numbers of a version, trailing zeros dropped: ``"1.10.0rc1"`` is ``(1, 10)``."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    numbers = [int(number) for number in found.group(1).split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _compatible(have: Release, wanted: str) -> bool:
    head = release(wanted.rpartition(".")[0])
    return have >= release(wanted) and have[: len(head)] == head


def _equal(have: Release, wanted: str) -> bool:
    if wanted.endswith(".*"):
        head = release(wanted[:-2])
        return have[: len(head)] == head
    return have == release(wanted)


_TESTS: Final[Mapping[str, Callable[[Release, str], bool]]] = MappingProxyType(
    {
        "~=": _compatible,
        "==": _equal,
        "!=": lambda have, wanted: not _equal(have, wanted),
        "<=": lambda have, wanted: have <= release(wanted),
        ">=": lambda have, wanted: have >= release(wanted),
        "<": lambda have, wanted: have < release(wanted),
        ">": lambda have, wanted: have > release(wanted),
    }
)


def unmet(requirements: Iterable[str], distribution: str, installed: str) -> str | None:
    """Say which requirement on a distribution an installed version does not meet.

    Parameters
    ----------
    requirements : iterable of str
        As a package's metadata lists them.
    distribution : str
        Name of the distribution to look for; requirements of extras do not count.
    installed : str
        Its version.

    Returns
    -------
    str or None
        The clauses, such as ``">=2,<3"``; ``None`` if they are met.
    """
    for text in requirements:
        found = _REQUIREMENT.match(text)
        if found is None or found.group(1).lower().replace("_", "-") != distribution:
            continue
        if "extra" in (found.group(3) or ""):
            continue
        clauses = _CLAUSE.findall(found.group(2))
        if not all(_TESTS[sign](release(installed), wanted) for sign, wanted in clauses):
            return found.group(2).strip()
    return None
