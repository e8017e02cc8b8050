"""What is particular to animals: the colony and its truth, corrections, species, stays."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest

import fascicle as fc
from fascicle_subject import Subject
from fascicle_subject.synthetic import GENERATIONS, make_colony


@pytest.fixture
def subject(backend: Any) -> Subject:
    return Subject(backend.schema_name("subject"), connection=backend.connect()).activate()


def test_the_colony_is_what_it_should_be() -> None:
    colony = make_colony(7)
    assert len(colony.mice) == 200
    assert {mouse.generation for mouse in colony.mice.values()} == set(range(GENERATIONS))
    assert set(Counter(mouse.line for mouse in colony.mice.values()).values()) == {100}
    trios = Counter(row["group_id"] for row in colony.rows["BreedingGroup.Parent"])
    assert set(trios.values()) == {3}
    for row in colony.rows["BreedingGroup.Parent"]:
        assert (colony.mice[row["subject_id"]].sex == "M") == (row["role"] == "sire")
    assert {row["stay_id"] for row in colony.rows["CageStay"]} == {1, 2}
    assert {row["kind"] for row in colony.rows["SubjectEnd"]} == {"died", "culled", "perfused"}
    assert make_colony(7).rows == colony.rows
    assert make_colony(8).rows != colony.rows


def test_calls_agree_with_the_truth(subject: Subject, tmp_path: Any) -> None:
    subject.synthetic(tmp_path)
    truth = make_colony().mice
    calls = subject.ZygosityCall.to_dicts()
    evidence = Counter(row["evidence"] for row in calls)
    assert len(calls) == 300
    assert set(evidence) == {"test", "parentage", "none"}
    for row in calls:
        true = truth[row["subject_id"]].zygosity(row["allele"])
        if row["zygosity"] == "present":
            assert true != "absent"
        elif row["zygosity"] != "unknown":
            assert row["zygosity"] == true
    corrected = (subject.ZygosityCall.with_corrections() & "correction is not null").to_dicts()
    assert {row["zygosity"] for row in corrected} == {"unknown"}
    for row in corrected:
        assert row["effective"] == truth[row["subject_id"]].zygosity(row["allele"])


@pytest.mark.backends("sqlite")
def test_a_correction_counts_for_offspring(subject: Subject, tmp_path: Any) -> None:
    subject.synthetic(tmp_path)
    call = subject.ZygosityCall
    child = (call & "evidence = 'parentage'").keys(order_by="KEY")[-1]
    litter = (subject.Offspring & {"subject_id": child["subject_id"]}).fetch1()
    sire = (subject.BreedingGroup.Parent & {"group_id": litter["group_id"], "role": "sire"}).fetch1(
        "subject_id"
    )
    was = (call & child).fetch1("zygosity")
    wrong = {"hom": "absent", "absent": "hom", "het": "het"}[was]
    row = {"subject_id": sire, "allele": child["allele"], "zygosity": wrong, "reason": "labels were swapped"}
    subject.ZygosityOverride.insert1(row, replace=True)
    (call & child).delete(prompt=False)
    call.populate()
    assert (call & child).fetch1("zygosity") != was


def test_species_and_their_numbers_agree(subject: Subject) -> None:
    with pytest.raises(fc.ValidationError, match="10090 is Mus musculus in the NCBI taxonomy"):
        subject.Species.insert1({"binomial": "Mus spretus", "ncbi_taxon": 10090})
    with pytest.raises(fc.ValidationError, match="is no Latin name"):
        subject.Species.insert1({"binomial": "mouse", "ncbi_taxon": 10096})
    subject.Species.insert1({"binomial": "Mus spretus", "ncbi_taxon": 10096, "common_name": "Algerian mouse"})
    assert len(subject.Species & "ncbi_taxon = 10096") == 1


def test_an_unknown_birth_is_admitted_and_a_bad_weight_is_not(subject: Subject) -> None:
    subject.Subject.insert1({"subject_id": "w1", "binomial": "Mus musculus", "sex": "U"})
    assert subject.Subject.fetch1("born_on") is None
    with pytest.raises(fc.ValidationError, match="is not above zero"):
        subject.Weighing.insert1(("w1", 1, "2026-01-01 10:00", -3))


def test_who_lived_where_and_was_alive(subject: Subject, tmp_path: Any) -> None:
    subject.synthetic(tmp_path)
    moment = dt.datetime(2024, 2, 15, 12)
    assert len(subject.CageStay.at(moment) & "subject_id like 'PVAi32-0-%'") == 8
    early, late = (
        subject.Subject.alive_at(dt.datetime(2024, 1, 20)),
        subject.Subject.alive_at(dt.datetime(2030, 1, 1)),
    )
    assert len(early) == 16
    assert len(late) == 200 - len(subject.SubjectEnd)


def test_genotyping_can_be_left_out(backend: Any, tmp_path: Any) -> None:
    plain = Subject(backend.schema_name("plain"), connection=backend.connect(), genotyping=False).activate()
    absent = {"Sequence", "GenotypeTest", "GenotypeRule", "ZygosityCall", "ZygosityOverride"}
    assert not absent & set(plain.tables)
    assert not [name for name in plain.schema.list_tables() if "zygosity" in name or "genotype" in name]
    plain.synthetic(tmp_path)
    assert len(plain.Subject) == 200
