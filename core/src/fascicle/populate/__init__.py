"""Populate: tables that compute their own rows."""

from fascicle.populate.summary import PopulateSummary
from fascicle.populate.tiers import AutoPopulated, Computed, Imported

__all__ = ["AutoPopulated", "Computed", "Imported", "PopulateSummary"]
