"""Plans: which tables a restriction reaches, in what order, and by which foreign keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fascicle.graph.edge import Edge
from fascicle.model import TableName

if TYPE_CHECKING:
    from fascicle.graph.dependency import DependencyGraph


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One table of a plan.

    Parameters
    ----------
    table : TableName
    depth : int
        Fewest foreign keys between this table and the nearest seed; 0 for a seed.
    edges : tuple of Edge
        Foreign keys by which the restriction arrives, each from another table of the plan. A row
        belongs to the plan if any one of them brings it (diamonds and several foreign keys to one
        parent are OR). Empty for a seed that no other seed reaches.
    """

    table: TableName
    depth: int
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class PartExposure:
    """A part that a cascade reaches by another way than through its master.

    Its rows could go while their master stays, so the rows must be compared.

    Parameters
    ----------
    part, master : TableName
    edges : tuple of Edge
        The ways that do not lead through the master; empty if the part is itself a seed.
    chain : tuple of Edge
        Foreign keys from the part up to its master, the part's own first; empty where no chain exists.
    """

    part: TableName
    master: TableName
    edges: tuple[Edge, ...]
    chain: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class CascadePlan:
    """What a restriction on the seeds reaches downstream.

    Parameters
    ----------
    seeds : tuple of TableName
    steps : tuple of PlanStep
        Children first: the order in which rows can be deleted and tables dropped.
    exposed : tuple of PartExposure
        Parts whose integrity must be checked by row.
    """

    seeds: tuple[TableName, ...]
    steps: tuple[PlanStep, ...]
    exposed: tuple[PartExposure, ...] = ()

    @property
    def parents_first(self) -> tuple[PlanStep, ...]:
        """The steps in the order in which the restriction travels."""
        return self.steps[::-1]

    @property
    def tables(self) -> tuple[TableName, ...]:
        """Table names, children first."""
        return tuple(step.table for step in self.steps)

    def __getitem__(self, table: TableName) -> PlanStep:
        return _step(self.steps, table)

    def __iter__(self) -> Iterator[PlanStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __contains__(self, table: object) -> bool:
        return any(step.table == table for step in self.steps)


@dataclass(frozen=True, slots=True)
class TracePlan:
    """What rows of the seeds rest upon, upstream.

    Parameters
    ----------
    seeds : tuple of TableName
    steps : tuple of PlanStep
        Children first: the order in which the restriction travels up; the edges of a step come from
        children within the plan.
    """

    seeds: tuple[TableName, ...]
    steps: tuple[PlanStep, ...]

    @property
    def parents_first(self) -> tuple[PlanStep, ...]:
        """The steps from the most distant ancestor down to the seeds."""
        return self.steps[::-1]

    @property
    def tables(self) -> tuple[TableName, ...]:
        """Table names, children first."""
        return tuple(step.table for step in self.steps)

    def __getitem__(self, table: TableName) -> PlanStep:
        return _step(self.steps, table)

    def __iter__(self) -> Iterator[PlanStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __contains__(self, table: object) -> bool:
        return any(step.table == table for step in self.steps)


def _step(steps: Iterable[PlanStep], table: TableName) -> PlanStep:
    for step in steps:
        if step.table == table:
            return step
    raise KeyError(table)


def plan_cascade(graph: DependencyGraph, seeds: Iterable[TableName]) -> CascadePlan:
    """Plan how a restriction on `seeds` reaches all their descendants.

    Raises
    ------
    DependencyError
        If a seed is unknown or the reached tables refer to one another in a circle.
    """
    start = graph.known(seeds)
    depths = graph.reach(start, downstream=True)
    order = graph.topological_sort(depths)
    steps = tuple(
        PlanStep(name, depths[name], tuple(e for e in graph.parent_edges(name) if e.parent in depths))
        for name in reversed(order)
    )
    return CascadePlan(start, steps, _exposures(graph, steps, start))


def plan_trace(graph: DependencyGraph, seeds: Iterable[TableName]) -> TracePlan:
    """Plan how a restriction on `seeds` reaches all their ancestors.

    Raises
    ------
    DependencyError
        If a seed is unknown or the reached tables refer to one another in a circle.
    """
    start = graph.known(seeds)
    depths = graph.reach(start, downstream=False)
    order = graph.topological_sort(depths)
    steps = tuple(
        PlanStep(name, depths[name], tuple(e for e in graph.child_edges(name) if e.child in depths))
        for name in reversed(order)
    )
    return TracePlan(start, steps)


def _exposures(
    graph: DependencyGraph, steps: tuple[PlanStep, ...], seeds: tuple[TableName, ...]
) -> tuple[PartExposure, ...]:
    found: dict[TableName, PartExposure] = {}
    for step in reversed(steps):  # parents first, so that a sibling's exposure is known before
        master = graph.master_of(step.table)
        if master is None:
            continue
        ways = tuple(e for e in step.edges if not _guarded(graph, e, master, found))
        # a whole seed table beside its own master in the seeds is no threat of its own
        if ways or (step.table in seeds and master not in seeds):
            found[step.table] = PartExposure(step.table, master, ways, graph.chain(step.table, master))
    return tuple(found.values())


def _guarded(
    graph: DependencyGraph, edge: Edge, master: TableName, exposed: Mapping[TableName, PartExposure]
) -> bool:
    """Whether rows that arrive by `edge` always lose their master with them."""
    if edge.parent == master:
        return True
    if graph.master_of(edge.parent) != master or edge.parent in exposed:
        return False
    # A part that refers to a sibling part is safe only if both name the same master row.
    sibling = dict(edge.columns)
    own, other = _link(graph, edge.child, master), _link(graph, edge.parent, master)
    return (
        own is not None
        and other is not None
        and all(
            sibling.get(attr) is not None and other.get(sibling[attr]) == key for attr, key in own.items()
        )
    )


def _link(graph: DependencyGraph, part: TableName, master: TableName) -> dict[str, str] | None:
    for edge in graph.parent_edges(part):
        if edge.parent == master:
            return dict(edge.columns)
    return None
