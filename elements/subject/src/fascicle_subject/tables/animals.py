"""Species, strains, alleles, lines, sources; the animals themselves, their weights and their end."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import fascicle as fc
from fascicle.element.vocabulary import binomial, ncbi_taxon, positive
from fascicle.table.dual import dualmethod
from fascicle_subject.tables.checks import ends_after

_KNOWN = (
    ("Mus musculus", 10090, "house mouse"),
    ("Rattus norvegicus", 10116, "brown rat"),
    ("Macaca mulatta", 9544, "rhesus macaque"),
    ("Callithrix jacchus", 9483, "common marmoset"),
    ("Danio rerio", 7955, "zebrafish"),
    ("Drosophila melanogaster", 7227, "fruit fly"),
    ("Mustela putorius furo", 9669, "ferret"),
    ("Taeniopygia guttata", 59729, "zebra finch"),
    ("Caenorhabditis elegans", 6239, "roundworm"),
    ("Homo sapiens", 9606, "human"),
)
_TAXA = {name: taxon for name, taxon, _ in _KNOWN}


def taxon_agrees(name: str | None, taxon: int | None) -> str | None:
    """Say what is wrong with a species whose taxonomy number is another one's, ``None`` if nothing is."""
    known = _TAXA.get(name or "")
    if taxon is not None and known is not None and known != taxon:
        return f"{name} is {known} in the NCBI taxonomy, not {taxon}"
    owner = next((other for other, number in _TAXA.items() if number == taxon), name)
    return None if owner == name else f"{taxon} is {owner} in the NCBI taxonomy, not {name}"


class Species(fc.Lookup):
    """Species, by their Latin names."""

    definition = """
    # species
    binomial : varchar(64)         # Latin name
    ---
    ncbi_taxon : int32             # number in the NCBI taxonomy
    common_name = '' : varchar(64)
    unique index(ncbi_taxon)
    """
    checks: ClassVar = {"binomial": binomial, "ncbi_taxon": ncbi_taxon}
    agreements: ClassVar = {("binomial", "ncbi_taxon"): taxon_agrees}
    contents = _KNOWN


class Source(fc.Lookup):
    """Breeders, collections and other labs from which animals come."""

    definition = """
    # where animals and genes come from
    source : varchar(64)
    ---
    name : varchar(255)
    contact = '' : varchar(255)
    url = '' : varchar(255)
    """


class Strain(fc.Lookup):
    """Inbred and outbred strains."""

    definition = """
    # strain
    strain : varchar(64)
    ---
    -> Species
    standard_name : varchar(255)   # as nomenclature has it
    stock_number = null : varchar(64)
    -> [nullable] Source
    description = '' : varchar(1024)
    """


class Allele(fc.Lookup):
    """Alleles and transgenes."""

    definition = """
    # allele or transgene
    allele : varchar(64)
    ---
    standard_name : varchar(255)   # as nomenclature has it
    gene = '' : varchar(64)        # symbol of the gene
    -> [nullable] Source
    description = '' : varchar(1024)
    """


class Line(fc.Lookup):
    """Lines that are bred, with the alleles that they carry."""

    definition = """
    # line of animals
    line : varchar(64)
    ---
    -> Species
    -> [nullable] Strain
    description = '' : varchar(1024)
    target_phenotype = '' : varchar(255)
    is_active = true : bool        # whether it is being bred
    """

    class Allele(fc.Part):
        """Alleles of a line."""

        definition = """
        # allele that a line carries
        -> master
        -> Allele
        """


class Subject(fc.Manual):
    """Animals."""

    definition = """
    # animal
    subject_id : varchar(64)
    ---
    -> Species
    sex : enum('M', 'F', 'U', 'O') # U: unknown, O: other
    born_on = null : date
    birth_precision = 'day' : enum('day', 'week', 'month', 'year')  # how well the date of birth is known
    -> [nullable] Strain
    -> [nullable] Line
    -> [nullable] Source
    nickname = '' : varchar(64)
    description = '' : varchar(1024)
    """

    class Protocol(fc.Part):
        """Protocols under which an animal is kept."""

        definition = """
        # protocol under which an animal is kept
        -> master
        -> Protocol
        """

    class Caretaker(fc.Part):
        """People who look after an animal."""

        definition = """
        # person who looks after an animal
        -> master
        -> Person
        from_on : date
        ---
        to_on = null : date        # null while it goes on
        """
        agreements: ClassVar = {("from_on", "to_on"): ends_after}

    @dualmethod
    def alive_at(self, moment: dt.datetime) -> Any:
        """Return the animals that were born and not at their end at a moment.

        Parameters
        ----------
        moment : datetime
            UTC.

        Returns
        -------
        Subject
        """
        born = f"born_on is null or born_on <= '{moment.date()}'"
        return (self & born) - (self.element.SubjectEnd & f"ended_utc <= '{moment.isoformat(' ')}'")


class Weighing(fc.Manual):
    """Weights of animals over time."""

    definition = """
    # weight of an animal
    -> Subject
    weighing_id : int32            # counts weighings of the animal
    ---
    measured_utc : datetime
    weight_g : float64
    -> [nullable] Person
    """
    checks: ClassVar = {"weight_g": positive}


class SubjectEnd(fc.Manual):
    """How and when an animal left the colony."""

    definition = """
    # end of an animal in the colony
    -> Subject
    ---
    ended_utc : datetime
    kind : enum('died', 'culled', 'perfused', 'transferred', 'released')
    method = '' : varchar(255)
    reason = '' : varchar(1024)
    -> [nullable] Person
    """
