"""Zygosity of one allele, told from tests and parents by rules that are data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

RESULTS: Final = ("present", "absent")
ZYGOSITIES: Final = ("absent", "present", "het", "hom")
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class Rule:
    """How evidence is read.

    Parameters
    ----------
    rule_id : int
    zygosity : str
        What the rule concludes.
    tests : mapping of str to str
        Results, by sequence, all of which are needed; empty for a rule about parents.
    parents : tuple of str
        Zygosities of the two parents, in any order; empty for a rule about tests.
    """

    rule_id: int
    zygosity: str
    tests: Mapping[str, str] = field(default_factory=dict)
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Animal:
    """What is known of one animal.

    Parameters
    ----------
    results : mapping of str to set of str
        Results of tests, by sequence.
    sires, dams : tuple of str
        Animals that may be its father and its mother.
    rules : sequence of Rule
        Rules of its line for the allele.
    correction : str or None
        What a person says.
    """

    results: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sires: tuple[str, ...] = ()
    dams: tuple[str, ...] = ()
    rules: Sequence[Rule] = ()
    correction: str | None = None


@dataclass(frozen=True)
class Call:
    """A conclusion and what it rests on."""

    zygosity: str
    evidence: str
    rule_id: int | None = None


NOTHING: Final = Call(UNKNOWN, "none")


def check_conditions(value: Any) -> Any:
    """Check the conditions of a rule; raises `ValueError` saying what they should be."""
    if isinstance(value, dict) and set(value) == {"tests"}:
        tests = value["tests"]
        if isinstance(tests, dict) and tests and all(result in RESULTS for result in tests.values()):
            return value
    if isinstance(value, dict) and set(value) == {"parents"}:
        parents = value["parents"]
        if (
            isinstance(parents, list)
            and len(parents) == 2
            and all(zygosity in ZYGOSITIES for zygosity in parents)
        ):
            return value
    raise ValueError(
        f'{value!r} is no condition: {{"tests": {{"sequence": "present or absent", ...}}}}, '
        f'or {{"parents": [two of {", ".join(ZYGOSITIES)}]}}'
    )


def make_rule(rule_id: int, zygosity: str, conditions: Mapping[str, Any]) -> Rule:
    """Make a rule of a row."""
    return Rule(rule_id, zygosity, conditions.get("tests", {}), tuple(conditions.get("parents", ())))


def infer(subject: str, pedigree: Mapping[str, Animal]) -> Call:
    """Tell the zygosity of an animal: by its tests, else by its parents, else it is unknown.

    Parameters
    ----------
    subject : str
    pedigree : mapping of str to Animal
        The animal and its ancestors; those that are missing are unknown.

    Returns
    -------
    Call
        Corrections of the animal itself make no difference; those of its ancestors do.
    """
    return _Inference(pedigree).call(subject)


class _Inference:
    def __init__(self, pedigree: Mapping[str, Animal]) -> None:
        self._pedigree = pedigree
        self._known: dict[str, str] = {}

    def call(self, subject: str) -> Call:
        animal = self._pedigree.get(subject)
        if animal is None:
            return NOTHING
        tested = by_tests(animal)
        if tested is not None:
            return tested
        return self._by_parents(animal)

    def effective(self, subject: str) -> str:
        """Zygosity of an ancestor, with people's corrections."""
        if subject not in self._known:
            self._known[subject] = UNKNOWN  # an animal that is its own ancestor is a slip of somebody's pen
            animal = self._pedigree.get(subject)
            correction = animal.correction if animal is not None else None
            self._known[subject] = correction or self.call(subject).zygosity
        return self._known[subject]

    def _by_parents(self, animal: Animal) -> Call:
        """Conclude from the parents, if all that may be the parents lead to the same."""
        couples = {
            tuple(sorted((self.effective(sire), self.effective(dam))))
            for sire, dam in product(animal.sires, animal.dams)
        }
        matched = [_matching(animal.rules, couple) for couple in couples]
        if not matched or None in matched:
            return NOTHING
        rules = [rule for rule in matched if rule is not None]
        if len({rule.zygosity for rule in rules}) != 1:
            return NOTHING
        return Call(rules[0].zygosity, "parentage", min(rule.rule_id for rule in rules))


def _matching(rules: Iterable[Rule], couple: tuple[str, ...]) -> Rule | None:
    return next((rule for rule in rules if rule.parents and tuple(sorted(rule.parents)) == couple), None)


def by_tests(animal: Animal) -> Call | None:
    """Conclude from tests; ``None`` if no rule applies, unknown if they contradict one another."""
    clear = {sequence: results & frozenset(RESULTS) for sequence, results in animal.results.items()}
    if any(len(results) > 1 for results in clear.values()):
        return Call(UNKNOWN, "test")
    found = {sequence: next(iter(results)) for sequence, results in clear.items() if results}
    fitting = [
        rule
        for rule in animal.rules
        if rule.tests and all(found.get(sequence) == result for sequence, result in rule.tests.items())
    ]
    if not fitting:
        return None
    if len({rule.zygosity for rule in fitting}) > 1:
        return Call(UNKNOWN, "test")
    return Call(fitting[0].zygosity, "test", min(rule.rule_id for rule in fitting))
