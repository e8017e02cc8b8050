"""A lab that does not exist: rows of every table that people fill."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

Rows = dict[str, list[dict[str, Any]]]

ZONE = "Europe/Amsterdam"
PEOPLE = (
    ("ada", "Okafor", "Ada", "0000-0002-1825-0097", "head"),
    ("bruno", "Silva", "Bruno", "0000-0001-5109-3700", "postdoc"),
    ("chen", "Li", "Chen", "0000-0002-1694-233X", "postdoc"),
    ("dora", "Nagy", "Dóra", None, "student"),
    ("emil", "Lind", "Emil", None, "student"),
    ("fatma", "Yildiz", "Fatma", None, "technician"),
)
MODELS = (
    ("Imec", "Neuropixels 1.0", "probe"),
    ("Bruker", "Ultima 2Pplus", "microscope"),
    ("Basler", "acA1300-60gm", "camera"),
    ("National Instruments", "PXIe-6341", "acquisition board"),
)


def make_lab(seed: int = 0) -> Rows:
    """Make the rows of a lab; the same seed gives the same lab.

    Parameters
    ----------
    seed : int

    Returns
    -------
    dict of str to list of dict
        Rows by table.
    """
    return {**_people(), **_projects(), **_rigs(random.Random(seed))}  # noqa: S311  (no secret is made here)


def _people() -> Rows:
    return {
        "Institution": [
            {"institution": "IIN", "name": "Imaginary Institute of Neuroscience", "ror_id": "05dxps055"},
            {"institution": "Guest", "name": "Guest University"},
        ],
        "Lab": [
            {"lab": "okafor", "name": "Okafor lab", "institution": "IIN", "time_zone": ZONE},
            {"lab": "core", "name": "Imaging core", "institution": "IIN", "time_zone": ZONE},
        ],
        "Person": [
            {
                "person": person,
                "family_name": family,
                "given_name": given,
                "orcid": orcid,
                "email": f"{person}@lab.example",
            }
            for person, family, given, orcid, _ in PEOPLE
        ],
        "Person.Affiliation": [{"person": person, "institution": "IIN"} for person, *_ in PEOPLE],
        "Person.Membership": [
            {"person": person, "lab": "okafor", "position": position} for person, *_, position in PEOPLE
        ],
        "Protocol": [
            {
                "protocol": "AVD-2024-017",
                "kind": "animal use",
                "description": "Breeding and housing of transgenic mice",
                "expires_on": dt.date(2029, 12, 31),
            },
            {
                "protocol": "AVD-2025-003",
                "kind": "experiment",
                "description": "Recording from awake, head-fixed mice",
                "expires_on": dt.date(2030, 6, 30),
            },
            {"protocol": "SOP-12", "kind": "surgery", "description": "Head plate and craniotomy"},
        ],
    }


def _projects() -> Rows:
    projects = (("maze", "How mice learn a maze"), ("whisk", "Whisking and the thalamus"))
    roles = ("dcite:ProjectLeader", "dcite:DataCollector", "dcite:DataCurator")
    return {
        "Project": [
            {
                "project": name,
                "title": title,
                "description": f"{title}: recordings from cortex and thalamus of behaving mice.",
                "license": "CC-BY-4.0",
                "start_on": dt.date(2024, 1, 1),
                "end_on": dt.date(2027, 12, 31),
            }
            for name, title in projects
        ],
        "Project.Keyword": [
            {"project": name, "keyword": word} for name, _ in projects for word in (name, "mouse", "cortex")
        ],
        "Project.Publication": [{"project": name, "doi": f"10.1234/{name}.2025"} for name, _ in projects],
        "Project.Member": [
            {"project": name, "person": person, "role": role}
            for name, _ in projects
            for (person, *_), role in zip(PEOPLE, roles, strict=False)
        ],
        "Project.Funding": [
            {"project": name, "award": f"IRC-{number}", "funder": "Imaginary Research Council"}
            for number, (name, _) in enumerate(projects, 101)
        ],
    }


def _rigs(rng: random.Random) -> Rows:
    devices = [
        {
            "device": f"{kind.split()[-1]}-{number}",
            "manufacturer": maker,
            "model": model,
            "serial": f"{rng.randrange(10**8):08d}",
            "lab_note": "calibrated at delivery",
        }
        for maker, model, kind in MODELS
        for number in (1, 2)
    ]
    start = dt.datetime(2024, 1, 8, 9)
    moved = dt.datetime(2025, 3, 3, 9)
    installations = []
    for device in devices:
        setup = f"rig{device['device'][-1]}"
        row = {
            "setup": setup,
            "device": device["device"],
            "installation": 1,
            "installed_utc": start,
            "place": "table",
        }
        installations.append(row)
    # One camera moved from the first rig to the second.
    camera = next(row for row in installations if row["device"] == "camera-1")
    camera["removed_utc"] = moved
    installations.append({**camera, "setup": "rig2", "installed_utc": moved, "removed_utc": None})
    return {
        "DeviceModel": [
            {"manufacturer": maker, "model": model, "kind": kind, "description": f"{kind} by {maker}"}
            for maker, model, kind in MODELS
        ],
        "Device": devices,
        "Setup": [
            {"setup": f"rig{n}", "lab": "okafor", "room": f"B{100 + n}", "description": f"head-fixed rig {n}"}
            for n in (1, 2)
        ],
        "Installation": installations,
    }
