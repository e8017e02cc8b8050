"""What is particular to labs: vocabularies, rigs over time, regions within regions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import fascicle as fc
from fascicle_lab import Lab


@pytest.fixture
def lab(backend: Any) -> Lab:
    return Lab(backend.schema_name("lab"), connection=backend.connect()).activate()


def test_identifiers_are_checked_and_normalised(lab: Lab) -> None:
    lab.Institution.insert1(
        {"institution": "caltech", "name": "Caltech", "ror_id": "https://ror.org/05dxps055"}
    )
    assert lab.Institution.fetch1("ror_id") == "05dxps055"
    lab.Lab.insert1({"lab": "a", "name": "A", "time_zone": "europe/amsterdam", "institution": "caltech"})
    assert lab.Lab.fetch1("time_zone") == "Europe/Amsterdam"
    person = {"person": "ada", "family_name": "Okafor", "given_name": "Ada"}
    lab.Person.insert1({**person, "orcid": "https://orcid.org/0000-0002-1694-233x"})
    assert lab.Person.fetch1("orcid") == "0000-0002-1694-233X"


@pytest.mark.parametrize(
    ("table", "row", "message"),
    [
        ("Institution", {"institution": "x", "name": "X", "ror_id": "05dxps056"}, "check digits are wrong"),
        ("Lab", {"lab": "x", "name": "X", "time_zone": "Europe/Amstrdam"}, "did you mean Europe/Amsterdam"),
        (
            "Person",
            {"person": "x", "family_name": "X", "given_name": "X", "email": "x"},
            "is no mail address",
        ),
        (
            "Person",
            {"person": "x", "family_name": "X", "given_name": "X", "orcid": "0000-0002-1825-0098"},
            "check digit is wrong",
        ),
        (
            "Project",
            {"project": "x", "title": "", "description": "", "license": "CC-BY-40"},
            "did you mean CC-BY-4.0",
        ),
        (
            "Project",
            {
                "project": "x",
                "title": "",
                "description": "",
                "start_on": "2026-02-01",
                "end_on": "2026-01-01",
            },
            "it ends .2026-01-01. before it starts",
        ),
    ],
)
def test_bad_values_are_refused(lab: Lab, table: str, row: dict[str, Any], message: str) -> None:
    with pytest.raises(fc.ValidationError, match=message):
        getattr(lab, table).insert1(row)
    assert len(lab.tables[table]) == 0


def test_parts_are_checked_too(lab: Lab) -> None:
    lab.Project.insert1({"project": "x", "title": "", "description": ""})
    with pytest.raises(fc.ValidationError, match="is no DOI"):
        lab.Project.Publication.insert1(("x", "doi:11.1/x"))
    lab.Project.Publication.insert1(("x", "https://doi.org/10.1234/x.1"))
    assert lab.Project.Publication.fetch1("doi") == "10.1234/x.1"
    with pytest.raises(fc.ValidationError, match="did you mean dcite:DataCollector"):
        lab.Project.Member.insert1(("x", "nobody", "dcite:DataColector"))


def test_devices_move_between_rigs(lab: Lab, tmp_path: Any) -> None:
    lab.synthetic(tmp_path)
    before, after = dt.datetime(2025, 1, 1), dt.datetime(2026, 1, 1)
    camera = {"device": "camera-1"}
    assert (lab.Setup.devices_at(before) & camera).fetch1("setup") == "rig1"
    assert (lab.Setup.devices_at(after) & camera).fetch1("setup") == "rig2"
    second = lab.Setup & {"setup": "rig2"}
    assert len(second.devices_at(after)) == len(second.devices_at(before)) + 1
    assert len(lab.Setup.devices_at(dt.datetime(2020, 1, 1))) == 0


def test_regions_lie_within_regions(lab: Lab) -> None:
    assert lab.BrainRegion.within("CCFv3", "HPF") == ["HPF", "CA1", "CA3", "DG"]
    assert len(lab.BrainRegion.within("CCFv3", "root")) == len(lab.BrainRegion)
    assert lab.BrainRegion.within("CCFv3", "nowhere") == []
