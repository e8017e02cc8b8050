"""Reading what is known of an animal and its ancestors."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from fascicle_subject.compute.zygosity import Animal, Rule, make_rule

if TYPE_CHECKING:
    from fascicle_subject.element import Subject

Parents = dict[str, tuple[list[str], list[str]]]


def read_parents(element: Subject, subject: str) -> Parents:
    """Read who may be the parents of an animal and of its ancestors, a generation at a time.

    Parameters
    ----------
    element : Subject
    subject : str

    Returns
    -------
    dict of str to (list of str, list of str)
        Possible sires and dams of each animal; founders have none.
    """
    found: Parents = {}
    generation = {subject}
    while generation:
        found.update({animal: ([], []) for animal in generation})
        keys = [{"subject_id": animal} for animal in sorted(generation)]
        litters = (element.Offspring & keys) * element.Litter.proj("dam")
        born = litters.to_dicts("subject_id", "group_id", "dam")
        parents: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"sire": [], "dam": []})
        groups = [{"group_id": group} for group in sorted({row["group_id"] for row in born})]
        if groups:
            for row in (element.BreedingGroup.Parent & groups).to_dicts():
                parents[row["group_id"]][row["role"]].append(row["subject_id"])
        for row in born:
            couple = parents[row["group_id"]]
            dams = [row["dam"]] if row["dam"] is not None else couple["dam"]
            found[row["subject_id"]] = (couple["sire"], dams)
        generation = {p for row in born for side in found[row["subject_id"]] for p in side} - set(found)
    return found


def read_pedigree(element: Subject, subject: str, allele: str) -> dict[str, Animal]:
    """Read the evidence about one allele for an animal and all of its ancestors.

    Parameters
    ----------
    element : Subject
    subject, allele : str

    Returns
    -------
    dict of str to Animal
    """
    parents = read_parents(element, subject)
    keys = [{"subject_id": animal} for animal in sorted(parents)]
    lines = {
        row["subject_id"]: row["line"] for row in (element.Subject & keys).to_dicts("subject_id", "line")
    }
    tests = _read_tests(element, keys, allele)
    rules = _read_rules(element, allele)
    ours = (element.ZygosityOverride & keys) & {"allele": allele}
    corrections = {row["subject_id"]: row["zygosity"] for row in ours.to_dicts("subject_id", "zygosity")}
    return {
        animal: Animal(
            {sequence: frozenset(results) for sequence, results in tests[animal].items()},
            tuple(sires),
            tuple(dams),
            rules[lines[animal]],
            corrections.get(animal),
        )
        for animal, (sires, dams) in parents.items()
    }


def _read_tests(element: Subject, keys: list[dict[str, Any]], allele: str) -> dict[str, dict[str, set[str]]]:
    tests: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    query = (element.GenotypeTest & keys) & (element.Sequence & {"allele": allele})
    for row in query.to_dicts("subject_id", "sequence", "result"):
        tests[row["subject_id"]][row["sequence"]].add(row["result"])
    return tests


def _read_rules(element: Subject, allele: str) -> dict[str | None, list[Rule]]:
    rules: dict[str | None, list[Rule]] = defaultdict(list)
    for row in (element.GenotypeRule & {"allele": allele}).to_dicts(order_by="KEY"):
        rules[row["line"]].append(make_rule(row["rule_id"], row["zygosity"], row["conditions"]))
    return rules
