"""The Element for animals: species, strains and lines, genotypes, breeding, housing, weights, and their end."""

from fascicle_subject.element import Subject

__all__ = ["Subject"]
