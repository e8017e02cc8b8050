"""Zygosity told from tests and parents, by rules; without a database."""

from __future__ import annotations

import pytest

from fascicle_subject.compute.zygosity import Animal, Call, Rule, check_conditions, infer

RULES = (
    Rule(1, "absent", {"mut": "absent"}),
    Rule(2, "het", {"mut": "present", "wt": "present"}),
    Rule(3, "hom", {"mut": "present", "wt": "absent"}),
    Rule(4, "hom", parents=("hom", "hom")),
    Rule(5, "het", parents=("absent", "hom")),
    Rule(6, "absent", parents=("absent", "absent")),
)


def animal(**results: str) -> Animal:
    return Animal({name: frozenset(value.split()) for name, value in results.items()}, rules=RULES)


HOM, HET, NONE = (
    animal(mut=m, wt=w) for m, w in (("present", "absent"), ("present", "present"), ("absent", "present"))
)


@pytest.mark.parametrize(
    ("given", "call"),
    [
        (animal(mut="present", wt="present"), Call("het", "test", 2)),
        (animal(mut="present", wt="absent"), Call("hom", "test", 3)),
        (animal(mut="absent"), Call("absent", "test", 1)),
        (animal(mut="present"), Call("unknown", "none")),
        (animal(mut="unclear present", wt="absent"), Call("hom", "test", 3)),
        (animal(mut="unclear"), Call("unknown", "none")),
        (animal(mut="present absent"), Call("unknown", "test")),
        (Animal(rules=RULES), Call("unknown", "none")),
        (Animal({"mut": frozenset({"present"})}), Call("unknown", "none")),
    ],
)
def test_tests_are_read_by_rules(given: Animal, call: Call) -> None:
    assert infer("a", {"a": given}) == call


def test_rules_that_contradict_one_another_say_nothing() -> None:
    rules = (Rule(1, "hom", {"mut": "present"}), Rule(2, "het", {"mut": "present"}))
    assert infer("a", {"a": Animal({"mut": frozenset({"present"})}, rules=rules)}) == Call("unknown", "test")


def child(*dams: str) -> Animal:
    return Animal(sires=("sire",), dams=dams, rules=RULES)


def test_parents_decide_where_there_is_no_test() -> None:
    assert infer("c", {"c": child("dam"), "sire": HOM, "dam": HOM}) == Call("hom", "parentage", 4)
    assert infer("c", {"c": child("dam"), "sire": NONE, "dam": HOM}) == Call("het", "parentage", 5)
    assert infer("c", {"c": child("dam"), "sire": HET, "dam": HOM}) == Call("unknown", "none")
    assert infer("c", {"c": child("dam"), "sire": HOM}) == Call("unknown", "none")


def test_of_a_trio_both_dams_must_lead_to_the_same() -> None:
    pedigree = {"c": child("one", "two"), "sire": HOM, "one": HOM, "two": HOM}
    assert infer("c", pedigree) == Call("hom", "parentage", 4)
    assert infer("c", {**pedigree, "two": NONE}) == Call("unknown", "none")


def test_a_test_comes_before_parents() -> None:
    mouse = Animal(HET.results, ("sire",), ("dam",), RULES)
    assert infer("c", {"c": mouse, "sire": HOM, "dam": HOM}) == Call("het", "test", 2)


def test_grandparents_count_and_corrections_too() -> None:
    untested = Animal(sires=("sire",), dams=("dam",), rules=RULES)
    pedigree = {
        "c": Animal(sires=("p",), dams=("q",), rules=RULES),
        "p": untested,
        "q": untested,
        "sire": HOM,
        "dam": HOM,
    }
    assert infer("c", pedigree).zygosity == "hom"
    corrected = Animal(sires=("sire",), dams=("dam",), rules=RULES, correction="absent")
    assert infer("c", {**pedigree, "p": corrected}).zygosity == "het"
    assert infer("p", {**pedigree, "p": corrected}).zygosity == "hom"


def test_a_circle_in_the_pedigree_ends() -> None:
    assert infer("a", {"a": Animal(sires=("a",), dams=("a",), rules=RULES)}) == Call("unknown", "none")


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"tests": {}},
        {"tests": {"a": "maybe"}},
        {"parents": ["hom"]},
        {"parents": ["hom", "x"]},
        {"test": {}},
    ],
)
def test_malformed_conditions_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is no condition"):
        check_conditions(value)
