"""Genotype tests, the rules by which they are read, zygosity calls and their corrections."""

from __future__ import annotations

from typing import Any, ClassVar

import fascicle as fc
from fascicle.table.dual import dualmethod
from fascicle_subject.compute.zygosity import check_conditions, infer
from fascicle_subject.pedigree import read_pedigree


class Sequence(fc.Lookup):
    """Stretches of DNA that a test looks for."""

    definition = """
    # stretch of DNA that a test looks for
    sequence : varchar(64)
    ---
    -> Allele
    base_pairs = null : int32      # length of the product
    description = '' : varchar(255)
    """


class GenotypeTest(fc.Manual):
    """Results of single tests: raw evidence, which stays."""

    definition = """
    # result of a test for a stretch of DNA
    -> Subject
    -> Sequence
    test_id : int16                # counts tests of the animal for this sequence
    ---
    tested_on : date
    result : enum('present', 'absent', 'unclear')
    """


class GenotypeRule(fc.Lookup):
    """How test results and parents are read, line by line: rules are rows, and can be added to."""

    definition = """
    # rule by which zygosity is told from tests or parents
    -> Line
    -> Allele
    rule_id : int16
    ---
    conditions : json              # {"tests": {sequence: result}} or {"parents": [zygosity, zygosity]}
    zygosity : enum('absent', 'present', 'het', 'hom')
    """
    checks: ClassVar = {"conditions": check_conditions}


class ZygosityCall(fc.Computed):
    """Zygosity of every allele of an animal's line: by test, else by parentage, else unknown."""

    definition = """
    # zygosity of an animal for an allele of its line
    -> Subject
    -> Allele
    ---
    zygosity : enum('absent', 'present', 'het', 'hom', 'unknown')
    evidence : enum('test', 'parentage', 'none')
    rule_id = null : int16         # rule that decided
    """
    # Tests and pedigree are no parents of a call: an animal without either has one too. They are recorded reads.
    contract = "off"

    @property
    def key_source(self) -> Any:
        """Animals of a line, with each allele that the line carries."""
        return self.element.Subject.proj("line") * self.element.Line.Allele

    def make(self, key: dict[str, Any]) -> None:
        """Read the tests of the animal and of its ancestors, and tell its zygosity from them."""
        pedigree = read_pedigree(self.element, key["subject_id"], key["allele"])
        call = infer(key["subject_id"], pedigree)
        self.insert1({**key, "zygosity": call.zygosity, "evidence": call.evidence, "rule_id": call.rule_id})

    @dualmethod
    def with_corrections(self) -> Any:
        """Return the calls with the attribute ``effective``: a person's correction where there is one.

        Returns
        -------
        QueryExpression
        """
        corrections = self.element.ZygosityOverride.proj(correction="zygosity")
        return self.join(corrections, left=True).proj(..., effective="coalesce(correction, zygosity)")


class ZygosityOverride(fc.Manual):
    """Corrections of calls by people; they count for the animal and, by parentage, for its offspring."""

    definition = """
    # correction of a zygosity call
    -> ZygosityCall
    ---
    zygosity : enum('absent', 'present', 'het', 'hom')
    -> [nullable] Person
    reason : varchar(1024)
    """
