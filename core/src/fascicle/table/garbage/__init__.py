"""Garbage collection: objects in stores that no row refers to are found, reported, and removed on request."""

from __future__ import annotations

from fascicle.table.garbage.collector import DAY_S, GarbageCollector
from fascicle.table.garbage.report import GarbageReport

__all__ = ["DAY_S", "GarbageCollector", "GarbageReport"]
