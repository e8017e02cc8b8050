"""Atlases, brain regions and frames of coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import fascicle as fc
from fascicle.element.vocabulary import binomial
from fascicle.table.dual import dualmethod

CCF = "CCFv3"

# Acronym, enclosing region, number in the atlas, name: the large divisions of the mouse brain and regions often named.
_CCF_REGIONS = """
root||997|root
grey|root|8|Basic cell groups and regions
CH|grey|567|Cerebrum
CTX|CH|688|Cerebral cortex
CTXpl|CTX|695|Cortical plate
Isocortex|CTXpl|315|Isocortex
MOp|Isocortex|985|Primary motor area
MOs|Isocortex|993|Secondary motor area
SSp|Isocortex|322|Primary somatosensory area
VISp|Isocortex|385|Primary visual area
AUD|Isocortex|247|Auditory areas
ACA|Isocortex|31|Anterior cingulate area
RSP|Isocortex|254|Retrosplenial area
PTLp|Isocortex|22|Posterior parietal association areas
OLF|CTXpl|698|Olfactory areas
HPF|CTXpl|1089|Hippocampal formation
CA1|HPF|382|Field CA1
CA3|HPF|463|Field CA3
DG|HPF|726|Dentate gyrus
CTXsp|CTX|703|Cortical subplate
CNU|CH|623|Cerebral nuclei
STR|CNU|477|Striatum
PAL|CNU|803|Pallidum
BS|grey|343|Brain stem
IB|BS|1129|Interbrain
TH|IB|549|Thalamus
HY|IB|1097|Hypothalamus
MB|BS|313|Midbrain
HB|BS|1065|Hindbrain
P|HB|771|Pons
MY|HB|354|Medulla
CB|grey|512|Cerebellum
fiber tracts|root|1009|fiber tracts
VS|root|73|ventricular systems
"""


def ccf_regions() -> Iterator[tuple[str, str, str, str | None, int]]:
    """Yield the regions that are entered from the start."""
    for line in _CCF_REGIONS.strip().splitlines():
        acronym, parent, number, name = line.split("|")
        yield CCF, acronym, name, parent or None, int(number)


class Atlas(fc.Lookup):
    """Atlases in which brain regions are named."""

    definition = """
    # atlas of a brain
    atlas : varchar(32)
    ---
    name : varchar(255)
    species : varchar(64)          # Latin name
    url = '' : varchar(255)
    """
    checks: ClassVar = {"species": binomial}
    contents = (
        (
            CCF,
            "Allen Mouse Brain Common Coordinate Framework, 2017",
            "Mus musculus",
            "https://atlas.brain-map.org",
        ),
        (
            "WHSSD",
            "Waxholm Space atlas of the Sprague Dawley rat",
            "Rattus norvegicus",
            "https://www.nitrc.org",
        ),
    )


class BrainRegion(fc.Lookup):
    """Brain regions of an atlas; the large divisions of the mouse brain are there from the start."""

    definition = """
    # region of a brain in an atlas
    -> Atlas
    acronym : varchar(32)
    ---
    name : varchar(255)
    parent = null : varchar(32)    # acronym of the enclosing region in the same atlas
    atlas_id = null : int64        # number of the region in the atlas
    """
    contents = tuple(ccf_regions())

    @dualmethod
    def within(self, atlas: str, acronym: str) -> list[str]:
        """Return the acronyms of a region and of all regions that lie in it.

        Parameters
        ----------
        atlas, acronym : str

        Returns
        -------
        list of str
            The region itself first; empty if it is unknown.
        """
        rows = (self & {"atlas": atlas}).to_dicts("acronym", "parent")
        children: dict[str | None, list[str]] = {}
        for row in rows:
            children.setdefault(row["parent"], []).append(row["acronym"])
        found = [row["acronym"] for row in rows if row["acronym"] == acronym]
        for region in found:
            found.extend(name for name in children.get(region, []) if name not in found)
        return found


class CoordinateFrame(fc.Lookup):
    """Frames of coordinates: where zero is, and which way is up."""

    definition = """
    # frame of coordinates
    frame : varchar(32)
    ---
    origin : varchar(255)          # where all coordinates are zero
    ap_positive : enum('anterior', 'posterior')
    ml_positive : enum('right', 'left', 'away from the midline')
    dv_positive : enum('dorsal', 'ventral')
    unit = 'um' : enum('um', 'mm')
    """
    contents = (
        ("bregma", "bregma, on the skull", "anterior", "right", "dorsal", "um"),
        ("lambda", "lambda, on the skull", "anterior", "right", "dorsal", "um"),
        (
            "ccf",
            "corner of the Allen CCF volume: anterior, dorsal, left",
            "posterior",
            "right",
            "ventral",
            "um",
        ),
    )
