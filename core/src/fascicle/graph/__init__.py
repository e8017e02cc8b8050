"""The pure dependency graph: foreign keys in, orders and plans out; no database, no drawing."""

from fascicle.graph.dependency import DependencyGraph
from fascicle.graph.edge import Edge, TableNode
from fascicle.graph.plans import CascadePlan, PartExposure, PlanStep, TracePlan

__all__ = [
    "CascadePlan",
    "DependencyGraph",
    "Edge",
    "PartExposure",
    "PlanStep",
    "TableNode",
    "TracePlan",
]
