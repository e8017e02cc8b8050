"""Breeding groups, litters, weaning; cages and who lived in them."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import fascicle as fc
from fascicle.element.vocabulary import not_negative
from fascicle.table.dual import dualmethod
from fascicle_subject.tables.checks import ends_after


class BreedingGroup(fc.Manual):
    """Animals that breed together: pairs, trios or more."""

    definition = """
    # animals that breed together
    group_id : varchar(64)
    ---
    -> Line
    started_on : date
    ended_on = null : date
    notes = '' : varchar(1024)
    """
    agreements: ClassVar = {("started_on", "ended_on"): ends_after}

    class Parent(fc.Part):
        """Animals of a breeding group."""

        definition = """
        # animal of a breeding group
        -> master
        -> Subject
        ---
        role : enum('sire', 'dam')
        """


class Litter(fc.Manual):
    """Litters."""

    definition = """
    # litter of a breeding group
    -> BreedingGroup
    litter_id : int16              # counts litters of the group
    ---
    born_on : date
    n_pups : int16
    -> [nullable] Subject.proj(dam='subject_id')
    notes = '' : varchar(1024)
    """
    checks: ClassVar = {"n_pups": not_negative}


class Offspring(fc.Manual):
    """Which animal comes from which litter."""

    definition = """
    # litter from which an animal comes
    -> Subject
    ---
    -> Litter
    """


class Weaning(fc.Manual):
    """Weaning of litters."""

    definition = """
    # weaning of a litter
    -> Litter
    ---
    weaned_on : date
    n_male : int16
    n_female : int16
    """
    checks: ClassVar = {"n_male": not_negative, "n_female": not_negative}


class Cage(fc.Lookup):
    """Cages."""

    definition = """
    # cage
    cage : varchar(64)
    ---
    room = '' : varchar(64)
    description = '' : varchar(255)
    """


class CageStay(fc.Manual):
    """Cages in which animals lived, one stay after another."""

    definition = """
    # stay of an animal in a cage
    -> Subject
    stay_id : int16                # counts stays of the animal
    ---
    -> Cage
    entered_utc : datetime
    left_utc = null : datetime     # null while it is there
    -> [nullable] Person
    """
    agreements: ClassVar = {("entered_utc", "left_utc"): ends_after}

    @dualmethod
    def at(self, moment: dt.datetime) -> Any:
        """Return the stays that went on at a moment.

        Parameters
        ----------
        moment : datetime
            UTC.

        Returns
        -------
        CageStay
        """
        text = moment.isoformat(" ")
        return self & f"entered_utc <= '{text}' and (left_utc is null or left_utc > '{text}')"
