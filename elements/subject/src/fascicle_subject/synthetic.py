"""A colony that does not exist: 200 mice of two lines over five generations, whose true genotypes are known."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import fascicle as fc
    from fascicle_subject.element import Subject

Rows = dict[str, list[dict[str, Any]]]

START: Final = dt.date(2024, 1, 15)
GENERATION_DAYS: Final = 100
WEANED_AFTER: Final = 21
TESTED_AFTER: Final = 25
ENDED_AFTER: Final = 160
GENERATIONS: Final = 5
FOUNDERS_PER_LINE: Final = 8
LITTERS: Final = (6, 6, 6, 5)  # two trios of a sire and two dams: a litter for each dam
LINES: Final = {"PVAi32": ("Pvalb-Cre", "Ai32"), "ThyGC": ("Thy1-GCaMP6s",)}
TRANSGENES: Final = ("Thy1-GCaMP6s",)
SUBJECTS: Final = len(LINES) * (FOUNDERS_PER_LINE + (GENERATIONS - 1) * sum(LITTERS))


@dataclass
class Mouse:
    """An animal with its true genotype: for each allele, how many copies it has."""

    name: str
    line: str
    sex: str
    born_on: dt.date
    generation: int
    copies: dict[str, int]
    weaned_on: dt.date = START
    cage: str = ""

    def zygosity(self, allele: str) -> str:
        """Zygosity in words."""
        return ("absent", "het", "hom")[self.copies[allele]]


@dataclass
class Colony:
    """Animals, and the rows of every table that tells of them.

    Attributes
    ----------
    mice : dict of str to Mouse
        The truth.
    rows : dict of str to list of dict
        What a colony manager would have entered.
    """

    rng: random.Random
    mice: dict[str, Mouse] = field(default_factory=dict)
    rows: Rows = field(default_factory=dict)

    def add(self, table: str, **row: Any) -> None:
        """Add a row to a table."""
        self.rows.setdefault(table, []).append(row)


def make_colony(seed: int = 0) -> Colony:
    """Make a colony; the same seed gives the same one.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Colony
        200 mice; half of each line in one of two trios a generation breed on.
    """
    colony = Colony(random.Random(seed))  # noqa: S311  (no secret is made here)
    _lookups(colony)
    for line in LINES:
        parents = _founders(colony, line)
        for generation in range(1, GENERATIONS):
            parents = _breed(colony, line, generation, parents)
    for mouse in colony.mice.values():
        _house(colony, mouse)
        _test(colony, mouse)
        _weigh(colony, mouse)
        if mouse.generation < GENERATIONS - 1 or colony.rng.random() < 0.2:
            _end(colony, mouse)
    return colony


def _lookups(colony: Colony) -> None:
    add = colony.add
    add(
        "Source", source="Jackson", name="The Jackson Laboratory", contact="orders", url="https://www.jax.org"
    )
    add("Source", source="own", name="bred in the lab")
    add(
        "Strain",
        strain="B6J",
        binomial="Mus musculus",
        standard_name="C57BL/6J",
        stock_number="000664",
        source="Jackson",
        description="black 6",
    )
    for allele, name, gene in (
        ("Pvalb-Cre", "B6;129P2-Pvalb<tm1(cre)Arbr>/J", "Pvalb"),
        ("Ai32", "B6;129S-Gt(ROSA)26Sor<tm32(CAG-COP4*H134R/EYFP)Hze>/J", "Gt(ROSA)26Sor"),
        ("Thy1-GCaMP6s", "C57BL/6J-Tg(Thy1-GCaMP6s)GP4.3Dkim/J", "Thy1"),
    ):
        add("Allele", allele=allele, standard_name=name, gene=gene, source="Jackson")
    for line, alleles in LINES.items():
        add(
            "Line",
            line=line,
            binomial="Mus musculus",
            strain="B6J",
            description=f"carries {' and '.join(alleles)}",
        )
        for allele in alleles:
            add("Line.Allele", line=line, allele=allele)
            _rules(colony, line, allele)
    for allele in sorted({allele for alleles in LINES.values() for allele in alleles}):
        for kind, length in (("mut", 250), ("wt", 400)):
            if kind == "mut" or allele not in TRANSGENES:
                text = "transgene" if kind == "mut" else "wild type"
                add(
                    "Sequence",
                    sequence=f"{allele} {kind}",
                    allele=allele,
                    base_pairs=length,
                    description=text,
                )


def _rules(colony: Colony, line: str, allele: str) -> None:
    mut, wild = f"{allele} mut", f"{allele} wt"
    rules: list[tuple[str, dict[str, Any]]] = [("absent", {"tests": {mut: "absent"}})]
    if allele in TRANSGENES:
        # A test for a transgene alone does not tell how many copies there are.
        rules.append(("present", {"tests": {mut: "present"}}))
    else:
        rules.append(("het", {"tests": {mut: "present", wild: "present"}}))
        rules.append(("hom", {"tests": {mut: "present", wild: "absent"}}))
    rules += [
        ("hom", {"parents": ["hom", "hom"]}),
        ("het", {"parents": ["absent", "hom"]}),
        ("absent", {"parents": ["absent", "absent"]}),
    ]
    for rule_id, (zygosity, conditions) in enumerate(rules, 1):
        colony.add(
            "GenotypeRule",
            line=line,
            allele=allele,
            rule_id=rule_id,
            conditions=conditions,
            zygosity=zygosity,
        )


def _mouse(colony: Colony, mouse: Mouse) -> Mouse:
    colony.mice[mouse.name] = mouse
    source = "Jackson" if mouse.generation == 0 else "own"
    colony.add(
        "Subject",
        subject_id=mouse.name,
        binomial="Mus musculus",
        sex=mouse.sex,
        born_on=mouse.born_on,
        birth_precision="week" if mouse.generation == 0 else "day",
        strain="B6J",
        line=mouse.line,
        source=source,
        nickname=f"{mouse.line[0]}{len(colony.mice)}",
        description=f"generation {mouse.generation}",
    )
    return mouse


def _founders(colony: Colony, line: str) -> list[Mouse]:
    found = []
    for number in range(FOUNDERS_PER_LINE):
        copies = {allele: colony.rng.choice((0, 1, 1, 2, 2)) for allele in LINES[line]}
        sex = "M" if number < FOUNDERS_PER_LINE // 2 else "F"
        born = START - dt.timedelta(days=70)
        mouse = Mouse(f"{line}-0-{number + 1:02d}", line, sex, born, 0, copies, weaned_on=START)
        found.append(_mouse(colony, mouse))
    return found


def _breed(colony: Colony, line: str, generation: int, parents: list[Mouse]) -> list[Mouse]:
    """Breed two trios, a litter for each dam; returns the pups."""
    started = START + dt.timedelta(days=GENERATION_DAYS * (generation - 1))
    born = started + dt.timedelta(days=GENERATION_DAYS - 75)
    sires = [mouse for mouse in parents if mouse.sex == "M"]
    dams = [mouse for mouse in parents if mouse.sex == "F"]
    pups: list[Mouse] = []
    for trio in (0, 1):
        group = f"{line}-T{2 * generation - 1 + trio}"
        mothers = dams[2 * trio : 2 * trio + 2]
        _group(colony, group, line, started, (sires[trio], *mothers))
        for litter_id, dam in enumerate(mothers, 1):
            size = LITTERS[2 * trio + litter_id - 1]
            day = born + dt.timedelta(days=3 * litter_id)
            # Somebody forgot to write down the dam of a litter now and then.
            known = dam.name if (generation + litter_id) % 3 else None
            colony.add(
                "Litter",
                group_id=group,
                litter_id=litter_id,
                born_on=day,
                n_pups=size,
                dam=known,
                notes="dam not seen" if known is None else "",
            )
            pups += _litter(
                colony, (group, litter_id, day), (sires[trio], dam), (generation, len(pups), size)
            )
    return pups


def _group(colony: Colony, group: str, line: str, started: dt.date, members: tuple[Mouse, ...]) -> None:
    ended = started + dt.timedelta(days=60)
    colony.add("BreedingGroup", group_id=group, line=line, started_on=started, ended_on=ended, notes="trio")
    for mouse in members:
        role = "sire" if mouse.sex == "M" else "dam"
        colony.add("BreedingGroup.Parent", group_id=group, subject_id=mouse.name, role=role)


def _litter(
    colony: Colony,
    litter: tuple[str, int, dt.date],
    parents: tuple[Mouse, Mouse],
    place: tuple[int, int, int],
) -> Iterator[Mouse]:
    group, litter_id, born = litter
    generation, first, size = place
    line = parents[0].line
    weaned = born + dt.timedelta(days=WEANED_AFTER)
    pups = []
    for number in range(size):
        copies = {a: sum(_passes(colony.rng, parent.copies[a]) for parent in parents) for a in LINES[line]}
        name = f"{line}-{generation}-{first + number + 1:02d}"
        sex = "MF"[(first + number) % 2]
        pup = _mouse(colony, Mouse(name, line, sex, born, generation, copies, weaned_on=weaned))
        colony.add("Offspring", subject_id=pup.name, group_id=group, litter_id=litter_id)
        pups.append(pup)
    males = sum(pup.sex == "M" for pup in pups)
    colony.add(
        "Weaning", group_id=group, litter_id=litter_id, weaned_on=weaned, n_male=males, n_female=size - males
    )
    yield from pups


def _passes(rng: random.Random, copies: int) -> int:
    """Whether a parent with so many copies passes one on."""
    return int(rng.random() < copies / 2)


def _house(colony: Colony, mouse: Mouse) -> None:
    """Put an animal into a cage of its sex at weaning, and move it once."""
    cages = colony.rows.setdefault("Cage", [])
    names = {row["cage"] for row in cages}
    stays = (f"{mouse.line}-{mouse.generation}-{mouse.sex}", f"rig-{mouse.line}-{mouse.sex}")
    moved = _at(mouse.weaned_on + dt.timedelta(days=14), 15)
    times = ((_at(mouse.weaned_on, 10), moved), (moved, None))
    for stay_id, (cage, (entered, left)) in enumerate(zip(stays, times, strict=True), 1):
        if cage not in names:
            cages.append({"cage": cage, "room": "A1", "description": f"{mouse.sex} of {mouse.line}"})
            names.add(cage)
        colony.add(
            "CageStay", subject_id=mouse.name, stay_id=stay_id, cage=cage, entered_utc=entered, left_utc=left
        )


def _test(colony: Colony, mouse: Mouse) -> None:
    """Test founders and most others; a tenth of the results are unclear, and repeated."""
    if mouse.generation > 0 and colony.rng.random() < 0.35:
        return
    day = mouse.born_on + dt.timedelta(days=TESTED_AFTER)
    for allele, copies in mouse.copies.items():
        results = {f"{allele} mut": copies > 0}
        if allele not in TRANSGENES:
            results[f"{allele} wt"] = copies < 2
        for sequence, present in results.items():
            test_id = 1
            if colony.rng.random() < 0.1:
                _result(colony, mouse, sequence, test_id, day, "unclear")
                test_id = 2
            _result(colony, mouse, sequence, test_id, day, "present" if present else "absent")


def _result(colony: Colony, mouse: Mouse, sequence: str, test_id: int, day: dt.date, result: str) -> None:
    row = {"subject_id": mouse.name, "sequence": sequence, "test_id": test_id}
    colony.add("GenotypeTest", **row, tested_on=day + dt.timedelta(days=test_id), result=result)


def _weigh(colony: Colony, mouse: Mouse) -> None:
    adult = 26.0 if mouse.sex == "M" else 21.0
    for week in range(3):
        grown = adult * (0.45 + 0.2 * week) + colony.rng.gauss(0, 0.6)
        colony.add(
            "Weighing",
            subject_id=mouse.name,
            weighing_id=week + 1,
            measured_utc=_at(mouse.weaned_on + dt.timedelta(days=7 * week), 8, colony.rng.randrange(60)),
            weight_g=round(grown, 1),
        )


def _end(colony: Colony, mouse: Mouse) -> None:
    died = colony.rng.random() < 0.15
    day = mouse.born_on + dt.timedelta(days=ENDED_AFTER + colony.rng.randrange(30))
    colony.add(
        "SubjectEnd",
        subject_id=mouse.name,
        ended_utc=_at(day, 11),
        kind="died" if died else colony.rng.choice(("culled", "perfused")),
        method="" if died else "pentobarbital",
        reason="found in the cage" if died else "end of the experiment",
    )


def _at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute))


# entering it ---------------------------------------------------------------------------------------------------
PEOPLE_IN: Final = ("Weighing", "SubjectEnd", "CageStay")


def enter_colony(element: Subject, folder: Path, seed: int) -> Colony:
    """Enter a colony through the CSV templates, with people and protocols from upstream where they are linked.

    Parameters
    ----------
    element : Subject
        Active; its tables empty.
    folder : Path
        Where the CSV files are written.
    seed : int

    Returns
    -------
    Colony
        The truth about it.
    """
    colony = make_colony(seed)
    people = _keys(element, "Person")
    protocols = _keys(element, "Protocol")
    tables: dict[str, Any] = {
        "Weighing": element.Weighing,
        "SubjectEnd": element.SubjectEnd,
        "CageStay": element.CageStay,
    }
    for name, table in tables.items():
        for number, row in enumerate(colony.rows[name]):
            row.update(_reference(element, table, "Person", people, number))
    for number, mouse in enumerate(colony.mice.values()):
        if protocols:
            row = _reference(element, element.Subject.Protocol, "Protocol", protocols, number)
            colony.add("Subject.Protocol", subject_id=mouse.name, **row)
        if people:
            row = _reference(element, element.Subject.Caretaker, "Person", people, number)
            to_on = mouse.weaned_on + dt.timedelta(days=200) if mouse.generation < GENERATIONS - 1 else None
            colony.add(
                "Subject.Caretaker", subject_id=mouse.name, **row, from_on=mouse.weaned_on, to_on=to_on
            )
    known = set(element.table_names())
    element.fill(folder, {name: rows for name, rows in colony.rows.items() if name in known})
    if "ZygosityCall" in known:
        _correct(element, folder / "corrections", colony, people)
    return colony


def _correct(element: Subject, folder: Path, colony: Colony, people: list[dict[str, Any]]) -> None:
    """Call zygosity, and let people correct the first calls that found nothing."""
    element.ZygosityCall.populate()
    unknown = (element.ZygosityCall & "zygosity = 'unknown'").keys(order_by="KEY", limit=3)
    table = element.ZygosityOverride
    rows = [
        {
            **key,
            "zygosity": colony.mice[key["subject_id"]].zygosity(key["allele"]),
            "reason": "test crosses",
            **_reference(element, table, "Person", people, number),
        }
        for number, key in enumerate(unknown)
    ]
    element.fill(folder, {"ZygosityOverride": rows})


def _keys(element: Subject, port: str) -> list[dict[str, Any]]:
    table = element.linked(port)
    return [] if table is None else list(table.keys(order_by="KEY"))


def _reference(
    element: Subject, table: type[fc.Table], port: str, keys: list[dict[str, Any]], number: int
) -> dict[str, Any]:
    """Attributes of a row that refer to one of the upstream keys."""
    if not keys:
        return {}
    names = element.columns(table, element.linked(port))
    key = keys[number % len(keys)]
    return {mine: key[theirs] for theirs, mine in names.items()}
