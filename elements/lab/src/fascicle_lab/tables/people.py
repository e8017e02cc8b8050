"""Institutions, labs, people, protocols and projects."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import fascicle as fc
from fascicle.element.vocabulary import contributor_role, doi, email, orcid, ror, spdx_licence, time_zone


def in_order(start: dt.date | None, end: dt.date | None) -> str | None:
    """Say what is wrong with a span of days, ``None`` if nothing is."""
    if start is None or end is None or end >= start:
        return None
    return f"it ends ({end}) before it starts ({start})"


class Institution(fc.Lookup):
    """Universities, institutes and companies."""

    definition = """
    # institution to which labs and people belong
    institution : varchar(64)      # short name
    ---
    name : varchar(255)            # full name
    ror_id = null : varchar(9)     # identifier of the Research Organization Registry
    """
    checks: ClassVar = {"ror_id": ror}


class Lab(fc.Lookup):
    """Labs, with the time zone in which their clocks run."""

    definition = """
    # laboratory
    lab : varchar(64)              # short name
    ---
    name : varchar(255)            # full name
    -> [nullable] Institution
    time_zone : varchar(64)        # IANA time zone, such as Europe/Amsterdam
    """
    checks: ClassVar = {"time_zone": time_zone}


class Person(fc.Lookup):
    """People, with their affiliations and the labs that they work in."""

    definition = """
    # person who works, or worked, with the lab
    person : varchar(64)           # short name
    ---
    family_name : varchar(128)
    given_name : varchar(128)
    email = null : varchar(255)
    orcid = null : varchar(19)     # ORCID iD, with hyphens
    unique index(orcid)
    """
    checks: ClassVar = {"email": email, "orcid": orcid}

    class Affiliation(fc.Part):
        """Institutions of a person."""

        definition = """
        # institution of a person
        -> master
        -> Institution
        """

    class Membership(fc.Part):
        """Labs in which a person works."""

        definition = """
        # lab in which a person works
        -> master
        -> Lab
        ---
        position : varchar(64)     # such as student, postdoc, technician, head
        """


class Protocol(fc.Lookup):
    """Approved procedures."""

    definition = """
    # approved procedure
    protocol : varchar(64)         # number or short name under which it was approved
    ---
    kind : enum('animal use', 'surgery', 'experiment', 'analysis', 'other')
    description : varchar(1024)
    expires_on = null : date
    """


class Project(fc.Manual):
    """Projects: what a publication or a data set is about."""

    definition = """
    # project
    project : varchar(64)          # short name
    ---
    title : varchar(255)
    description : varchar(4000)
    license = null : varchar(64)   # SPDX identifier of the licence under which data are shared
    start_on = null : date
    end_on = null : date
    """
    checks: ClassVar = {"license": spdx_licence}
    agreements: ClassVar = {("start_on", "end_on"): in_order}

    class Keyword(fc.Part):
        """Keywords of a project."""

        definition = """
        # keyword of a project
        -> master
        keyword : varchar(64)
        """

    class Publication(fc.Part):
        """Publications of a project."""

        definition = """
        # publication of a project
        -> master
        doi : varchar(255)         # without the address in front
        """
        checks: ClassVar = {"doi": doi}

    class Member(fc.Part):
        """People of a project, with what they contribute."""

        definition = """
        # contribution of a person to a project
        -> master
        -> Person
        role : varchar(64)         # word of the DANDI archive, such as dcite:DataCollector
        """
        checks: ClassVar = {"role": contributor_role}

    class Funding(fc.Part):
        """Awards of a project."""

        definition = """
        # award of a project
        -> master
        award : varchar(64)        # number of the award
        ---
        funder : varchar(255)
        """
