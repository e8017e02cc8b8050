"""Tables: declared from classes, filled, queried, changed and removed."""

from fascicle.table.base import Table
from fascicle.table.expression import QueryExpression
from fascicle.table.remove.plan import DeletePlan, PartFault, PlanEntry
from fascicle.table.runtime import Runtime, runtime_of
from fascicle.table.schema import DriftWarning, Schema, list_schemas
from fascicle.table.spawn import VirtualModule
from fascicle.table.tiers import FreeTable, Lookup, Manual, Part
from fascicle.table.write.checks import Fault
from fascicle.table.write.validation import ValidationResult

__all__ = [
    "DeletePlan",
    "DriftWarning",
    "Fault",
    "FreeTable",
    "Lookup",
    "Manual",
    "Part",
    "PartFault",
    "PlanEntry",
    "QueryExpression",
    "Runtime",
    "Schema",
    "Table",
    "ValidationResult",
    "VirtualModule",
    "list_schemas",
    "runtime_of",
]
