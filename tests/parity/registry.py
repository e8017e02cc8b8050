"""The names that programs use, as ``names.toml`` lists them, and what tests claim about them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAMES = HERE / "names.toml"


@dataclass(frozen=True)
class Name:
    """One name, argument or operator.

    Attributes
    ----------
    name : str
        E.g. ``"Table.insert(replace=)"``; a name that ends with ``.*`` stands for all that begin so.
    group : str
        Section of the page.
    strict : str
        What differs on purpose; such a name is tested like any other.
    left_out : str
        Why there is no test: the name is not here, or not yet.
    """

    name: str
    group: str
    strict: str = ""
    left_out: str = ""


@dataclass
class Claim:
    """What one test function says it shows.

    Attributes
    ----------
    test : str
        Path and function, without the parameters.
    names : tuple of str
        Names of the registry.
    backends : set of str
        Databases on which it is collected.
    outcomes : dict of str to str
        Outcome by database, once it has run.
    """

    test: str
    names: tuple[str, ...]
    backends: set[str] = field(default_factory=set)
    outcomes: dict[str, str] = field(default_factory=dict)


def load(path: Path = NAMES) -> dict[str, Name]:
    """Read the registry.

    Raises
    ------
    ValueError
        If a name is listed twice, or left out without a reason.
    """
    found: dict[str, Name] = {}
    for group in tomllib.loads(path.read_text("utf-8"))["group"]:
        entries = [Name(name, group["title"]) for name in group.get("names", ())]
        entries += [Name(name, group["title"], strict=why) for name, why in group.get("strict", {}).items()]
        entries += [Name(name, group["title"], left_out=why) for name, why in group.get("out", {}).items()]
        for entry in entries:
            if entry.name in found:
                raise ValueError(f"{entry.name!r} is listed twice")
            if entry.name not in group.get("names", ()) and not (entry.strict or entry.left_out).strip():
                raise ValueError(f"{entry.name!r} has no reason")
            found[entry.name] = entry
    return found


def covers(names: Mapping[str, Name], name: str) -> bool:
    """Tell whether the registry has a name, itself or through a ``.*`` that it begins with."""
    return name in names or any(
        entry.endswith(".*") and name.startswith((entry[:-1], entry[:-2] + "(")) for entry in names
    )


def problems(names: Mapping[str, Name], claims: Iterable[Claim], backends: Iterable[str]) -> list[str]:
    """Say what is wrong: names without a test on every database, tests of unknown names."""
    wanted = set(backends)
    reached: dict[str, set[str]] = {}
    found: list[str] = []
    for claim in claims:
        if not claim.backends:
            found.append(f"{claim.test} claims names and does not take `backend`")
        for name in claim.names:
            if name not in names:
                found.append(f"{claim.test} claims {name!r}, which names.toml lacks")
            elif names[name].left_out:
                found.append(f"{claim.test} tests {name!r}, which names.toml says is left out")
            reached.setdefault(name, set()).update(claim.backends)
    for name, entry in names.items():
        missing = wanted - reached.get(name, set())
        if missing and not entry.left_out:
            found.append(f"{name!r} has no test on {', '.join(sorted(missing))}, and no reason")
    return found


def claims_of(items: Iterable[Any]) -> dict[str, Claim]:
    """Gather the claims of collected tests, by test."""
    claims: dict[str, Claim] = {}
    for item in items:
        names = tuple(name for mark in item.iter_markers("parity") for name in mark.args)
        if not names:
            continue
        test = item.nodeid.partition("[")[0]
        claim = claims.setdefault(test, Claim(test, names))
        backend = backend_of(item)
        if backend:
            claim.backends.add(backend)
    return claims


def backend_of(item: Any) -> str | None:
    """Return the database of a collected test, if it takes one."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("backend") if callspec else None
