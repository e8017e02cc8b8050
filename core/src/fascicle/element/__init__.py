"""Elements: parts of a pipeline that install alone and are linked to one another."""

from fascicle.element.element import Element
from fascicle.element.installed import ELEMENTS, InstalledElement, installed_elements
from fascicle.element.pipeline import Pipeline
from fascicle.element.ports import FunctionPort, Link, TablePort, link
from fascicle.element.problems import Plan, PlannedTable, Problem
from fascicle.element.slots import TableSlot
from fascicle.element.status import PipelineStatus, PipelineSummary, TableStatus

__all__ = [
    "ELEMENTS",
    "Element",
    "FunctionPort",
    "InstalledElement",
    "Link",
    "Pipeline",
    "PipelineStatus",
    "PipelineSummary",
    "Plan",
    "PlannedTable",
    "Problem",
    "TablePort",
    "TableSlot",
    "TableStatus",
    "installed_elements",
    "link",
]
