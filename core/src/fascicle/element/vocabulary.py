"""Identifiers and vocabularies that tables check their values against.

Every function returns the value in its canonical spelling, or raises `ValueError` saying what is wrong; they are made
for the ``checks`` of table classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Final

from fascicle.model import nearest

_ORCID: Final = re.compile(r"(?:https?://orcid\.org/)?(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dXx])")
_ROR: Final = re.compile(r"(?:https?://)?(?:ror\.org/)?(0[a-hj-km-np-tv-z0-9]{6}\d{2})", re.IGNORECASE)
_DOI: Final = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_BINOMIAL: Final = re.compile(r"[A-Z][a-z]+ [a-z][a-z-]+(?: [a-z][a-z-]+)?")
_BASE32: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # without i, l, o and u, which are easily misread

#: Licences under which data and code are commonly shared, by their SPDX identifiers.
LICENCES: Final = frozenset(
    """0BSD AFL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear
    BSL-1.0 CC-BY-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-BY-NC-1.0 CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0
    CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0 CC-BY-ND-3.0 CC-BY-ND-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0
    CC-PDDC CC0-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 CDLA-Sharing-1.0 ECL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2
    GFDL-1.3-only GFDL-1.3-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC LGPL-2.1-only
    LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MIT MIT-0 MPL-2.0 MS-PL MS-RL NCSA ODC-By-1.0 ODbL-1.0 OFL-1.1
    OSL-3.0 PDDL-1.0 PostgreSQL Python-2.0 Unlicense Zlib""".split()
)

#: What people contribute, in the words of the DANDI archive (those of DataCite and CRediT).
ROLES: Final = frozenset(
    f"dcite:{role}"
    for role in """Affiliation Author Conceptualization ContactPerson DataCollector DataCurator DataManager
    EthicsApproval FormalAnalysis Funder FundingAcquisition Investigation Maintainer Methodology Other Producer
    ProjectAdministration ProjectLeader ProjectManager ProjectMember Researcher Resources Software Sponsor
    StudyParticipant Supervision Validation Visualization""".split()
)


def one_of(words: Collection[str], what: str) -> Callable[[str], str]:
    """Make a check that admits the members of a vocabulary, naming the nearest one of others.

    Parameters
    ----------
    words : collection of str
    what : str
        What a member is, in messages: ``"an SPDX licence"``.
    """
    by_lower = {word.lower(): word for word in words}

    def check(value: str) -> str:
        found = by_lower.get(value.strip().lower())
        if found is None:
            close = nearest(value, words)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            raise ValueError(f"{value!r} is not {what}{hint}")
        return found

    return check


spdx_licence = one_of(LICENCES, "an SPDX licence identifier that is known here")
contributor_role = one_of(ROLES, "a contributor's role of the DANDI archive")


@cache
def _zones() -> frozenset[str]:
    from zoneinfo import available_timezones  # reads many files, and only where a zone is checked

    return frozenset(available_timezones())


def time_zone(value: str) -> str:
    """Check the name of an IANA time zone, such as ``Europe/Amsterdam``."""
    return one_of(_zones(), "an IANA time zone")(value)


def orcid(value: str) -> str:
    """Check an ORCID iD with its check digit; returns it with hyphens and without the address."""
    found = _ORCID.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"{value!r} is no ORCID iD: four groups of four digits, the last of which may be X")
    digits = "".join(found.groups()).upper()
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if digits[-1] != ("X" if check == 10 else str(check)):
        raise ValueError(f"{value!r} is no ORCID iD: its check digit is wrong, so a digit is mistyped")
    return "-".join(found.groups()).upper()


def ror(value: str) -> str:
    """Check a ROR identifier with its check digits; returns the nine characters alone."""
    found = _ROR.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"{value!r} is no ROR identifier: 0, six letters or digits, two digits")
    text = found.group(1).lower()
    number = 0
    for character in text[:7]:
        number = number * 32 + _BASE32.index(character)
    if int(text[7:]) != 98 - (number * 100) % 97:
        raise ValueError(
            f"{value!r} is no ROR identifier: its check digits are wrong, so a character is mistyped"
        )
    return text


def doi(value: str) -> str:
    """Check the form of a DOI; returns it without the address in front."""
    found = _DOI.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"{value!r} is no DOI: it starts with 10., a number and a slash")
    return found.group(1)


def email(value: str) -> str:
    """Check the form of a mail address."""
    if not _EMAIL.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is no mail address")
    return value.strip()


def binomial(value: str) -> str:
    """Check the form of a species' Latin name: ``Mus musculus``."""
    text = " ".join(value.split())
    if not _BINOMIAL.fullmatch(text):
        raise ValueError(f"{value!r} is no Latin name of a species, such as 'Mus musculus'")
    return text


def ncbi_taxon(value: int) -> int:
    """Check a number of the NCBI taxonomy."""
    if value < 1:
        raise ValueError(f"{value} is no NCBI taxonomy number: they are positive")
    return value


def not_negative(value: float) -> float:
    """Check that a number is not below zero."""
    if value < 0:
        raise ValueError(f"{value} is negative")
    return value


def positive(value: float) -> float:
    """Check that a number is above zero."""
    if value <= 0:
        raise ValueError(f"{value} is not above zero")
    return value
