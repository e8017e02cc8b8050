"""The Element: ports and slots only."""

from __future__ import annotations

from pathlib import Path

import fascicle as fc
from fascicle_subject.tables import animals, breeding, genotyping


class Subject(fc.Element):
    """Animals: species, lines, genotypes, breeding, housing, weights, and their end."""

    stability = "alpha"
    distribution = "fascicle-subject"

    Person = fc.TablePort("people who look after animals and weigh them", optional=True)
    Protocol = fc.TablePort("protocols under which animals are kept", optional=True)

    Species = fc.TableSlot(animals.Species)
    Source = fc.TableSlot(animals.Source)
    Strain = fc.TableSlot(animals.Strain)
    Allele = fc.TableSlot(animals.Allele)
    Line = fc.TableSlot(animals.Line)
    Subject = fc.TableSlot(animals.Subject)
    Weighing = fc.TableSlot(animals.Weighing)
    SubjectEnd = fc.TableSlot(animals.SubjectEnd)
    BreedingGroup = fc.TableSlot(breeding.BreedingGroup)
    Litter = fc.TableSlot(breeding.Litter)
    Offspring = fc.TableSlot(breeding.Offspring)
    Weaning = fc.TableSlot(breeding.Weaning)
    Cage = fc.TableSlot(breeding.Cage)
    CageStay = fc.TableSlot(breeding.CageStay)
    Sequence = fc.TableSlot(genotyping.Sequence, switch="genotyping")
    GenotypeTest = fc.TableSlot(genotyping.GenotypeTest, switch="genotyping")
    GenotypeRule = fc.TableSlot(genotyping.GenotypeRule, switch="genotyping")
    ZygosityCall = fc.TableSlot(genotyping.ZygosityCall, switch="genotyping")
    ZygosityOverride = fc.TableSlot(genotyping.ZygosityOverride, switch="genotyping")

    def synthetic(self, folder: Path, *, seed: int = 0) -> None:
        """Enter a colony of 200 mice over five generations, through the CSV templates, and call their zygosity."""
        from fascicle_subject.synthetic import enter_colony

        enter_colony(self, folder, seed)
