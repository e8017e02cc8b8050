"""The dependency graph: tables, the foreign keys between them, and questions about both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from fascicle.errors import DependencyError
from fascicle.graph.edge import Edge, TableNode
from fascicle.graph.order import sorted_with_parts
from fascicle.graph.plans import CascadePlan, TracePlan, plan_cascade, plan_trace
from fascicle.model import TableName, TableSpec, nearest


class DependencyGraph:
    """Tables and their foreign keys, immutable.

    Parameters
    ----------
    nodes : iterable of TableNode
        A later node replaces an earlier one of the same name.
    edges : iterable of Edge
        A table that only an edge names becomes a node about which nothing else is known.
    """

    def __init__(self, nodes: Iterable[TableNode] = (), edges: Iterable[Edge] = ()) -> None:
        known = {node.name: node for node in nodes}
        unique = dict.fromkeys(edges)
        up: dict[TableName, list[Edge]] = {name: [] for name in known}
        down: dict[TableName, list[Edge]] = {name: [] for name in known}
        for edge in unique:
            for name in (edge.parent, edge.child):
                if name not in known:
                    known[name] = TableNode(name, name.master)
                    up[name], down[name] = [], []
            up[edge.child].append(edge)
            down[edge.parent].append(edge)
        self._nodes = known
        self._edges = tuple(unique)
        self._up = {name: tuple(found) for name, found in up.items()}
        self._down = {name: tuple(found) for name, found in down.items()}

    @classmethod
    def from_specs(cls, specs: Iterable[TableSpec]) -> DependencyGraph:
        """Make the graph of declared tables."""
        tables = tuple(specs)
        nodes = (TableNode(s.name, s.name.master, tuple(s.heading.primary_key)) for s in tables)
        edges = (Edge.of(s.name, key) for s in tables for key in s.foreign_keys)
        return cls(nodes, edges)

    # -- contents -----------------------------------------------------------------------------

    @property
    def nodes(self) -> Mapping[TableName, TableNode]:
        """Every table by name, read-only."""
        return MappingProxyType(self._nodes)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Every foreign key."""
        return self._edges

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[TableName]:
        """Iterate over table names, parents first."""
        return iter(self.topological_sort())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DependencyGraph):
            return NotImplemented
        return self._nodes == other._nodes and set(self._edges) == set(other._edges)

    def __hash__(self) -> int:
        return hash((frozenset(self._nodes.values()), frozenset(self._edges)))

    def __or__(self, other: DependencyGraph) -> DependencyGraph:
        """Union; where both know a table, the one that knows its key speaks."""
        if other is self:
            return self
        merged = dict(self._nodes)
        for name, node in other._nodes.items():
            if name not in merged or node.primary_key or node.master:
                merged[name] = node
        return DependencyGraph(merged.values(), (*self._edges, *other._edges))

    def __repr__(self) -> str:
        return f"<DependencyGraph: {len(self._nodes)} tables, {len(self._edges)} foreign keys>"

    def known(self, names: Iterable[TableName]) -> tuple[TableName, ...]:
        """Return `names` without repeats, sure that each is a table of this graph.

        Raises
        ------
        DependencyError
            If one is not.
        """
        found = tuple(dict.fromkeys(names))
        for name in found:
            if name not in self._nodes:
                close = nearest(str(name), [str(n) for n in self._nodes])
                raise DependencyError(
                    f"the table {name} is not among the {len(self._nodes)} tables known here",
                    why="it is not declared, or its schema has not been opened",
                    try_=f"did you mean {' or '.join(close)}?" if close else "open its schema first",
                )
        return found

    # -- neighbours ---------------------------------------------------------------------------

    def parent_edges(self, name: TableName, *, primary: bool | None = None) -> tuple[Edge, ...]:
        """Foreign keys of the table; only those in (or outside) its primary key if asked."""
        return _filtered(self._up[self.known((name,))[0]], primary)

    def child_edges(self, name: TableName, *, primary: bool | None = None) -> tuple[Edge, ...]:
        """Foreign keys that refer to the table; only those in the child's key if asked."""
        return _filtered(self._down[self.known((name,))[0]], primary)

    def parents(self, name: TableName, *, primary: bool | None = None) -> tuple[TableName, ...]:
        """Tables that the table refers to, each once."""
        return tuple(dict.fromkeys(e.parent for e in self.parent_edges(name, primary=primary)))

    def children(self, name: TableName, *, primary: bool | None = None) -> tuple[TableName, ...]:
        """Tables that refer to the table, each once."""
        return tuple(dict.fromkeys(e.child for e in self.child_edges(name, primary=primary)))

    def ancestors(self, name: TableName, *, depth: int | None = None) -> dict[TableName, int]:
        """Tables upstream, each with its distance; the table itself is not among them.

        Parameters
        ----------
        name : TableName
        depth : int, optional
            Farthest distance to include; all by default.

        Returns
        -------
        dict of TableName to int
            Fewest foreign keys between the two, nearest first.
        """
        found = self.reach((name,), downstream=False, depth=depth)
        del found[name]
        return found

    def descendants(self, name: TableName, *, depth: int | None = None) -> dict[TableName, int]:
        """Tables downstream, each with its distance; see `ancestors`."""
        found = self.reach((name,), downstream=True, depth=depth)
        del found[name]
        return found

    def reach(
        self, seeds: Iterable[TableName], *, downstream: bool, depth: int | None = None
    ) -> dict[TableName, int]:
        """Distance from the nearest of `seeds` (at 0) to every table reached, nearest first."""
        frontier = list(self.known(seeds))
        found = dict.fromkeys(frontier, 0)
        distance = 0
        while frontier and (depth is None or distance < depth):
            distance += 1
            following: list[TableName] = []
            for name in frontier:
                near = (
                    [e.child for e in self._down[name]] if downstream else [e.parent for e in self._up[name]]
                )
                for neighbour in near:
                    if neighbour not in found:
                        found[neighbour] = distance
                        following.append(neighbour)
            frontier = following
        return found

    def neighbourhood(
        self, seeds: Iterable[TableName], *, down: int = 0, up: int = 0
    ) -> frozenset[TableName]:
        """Tables at most `down` foreign keys below and `up` above the seeds, seeds included."""
        start = self.known(seeds)
        return frozenset(self.reach(start, downstream=True, depth=down)) | frozenset(
            self.reach(start, downstream=False, depth=up)
        )

    # -- masters and parts --------------------------------------------------------------------

    def master_of(self, name: TableName) -> TableName | None:
        """The master of a part, ``None`` for any other table and for a master not known here."""
        node = self._nodes.get(name)
        master = node.master if node else None
        return master if master in self._nodes else None

    @cached_property
    def _parts(self) -> dict[TableName, tuple[TableName, ...]]:
        found: dict[TableName, list[TableName]] = {}
        for name in sorted(self._nodes):
            master = self.master_of(name)
            if master is not None:
                found.setdefault(master, []).append(name)
        return {name: tuple(parts) for name, parts in found.items()}

    def parts_of(self, name: TableName) -> tuple[TableName, ...]:
        """The parts of a master, by name."""
        return self._parts.get(name, ())

    def chain(self, start: TableName, goal: TableName) -> tuple[Edge, ...]:
        """The shortest chain of foreign keys from `start` up to `goal`; empty if there is none."""
        trail: dict[TableName, tuple[Edge, ...]] = {start: ()}
        queue = [start]
        for name in queue:
            if name == goal:
                return trail[name]
            for edge in self._up[name]:
                if edge.parent not in trail:
                    trail[edge.parent] = (*trail[name], edge)
                    queue.append(edge.parent)
        return ()

    # -- keys ---------------------------------------------------------------------------------

    def introduces_key(self, name: TableName) -> bool:
        """Whether some key attribute comes from no parent: the table opens a new dimension."""
        inherited = {a for e in self.parent_edges(name, primary=True) for a in e.child_attributes}
        return any(attribute not in inherited for attribute in self._nodes[name].primary_key)

    def is_one_to_one(self, edge: Edge) -> bool:
        """Whether the foreign key is the child's whole primary key."""
        key = self._nodes[edge.child].primary_key
        return edge.primary and bool(key) and set(key) <= set(edge.child_attributes)

    # -- order and plans ----------------------------------------------------------------------

    def topological_sort(self, names: Collection[TableName] | None = None) -> tuple[TableName, ...]:
        """Order tables so that parents come first and parts directly follow masters.

        Parameters
        ----------
        names : collection of TableName, optional
            Only these; all by default. Order between two of them also holds through tables left out.

        Raises
        ------
        DependencyError
            If the references form a cycle; the message spells it out.
        """
        if names is None:
            return self._sorted
        wanted = set(self.known(names))
        if len(wanted) == len(self._nodes):
            return self._sorted
        parents = self._direct_parents()
        bridged = {name: _through(name, parents, wanted) for name in wanted}
        return sorted_with_parts(bridged, self._masters())

    @cached_property
    def _sorted(self) -> tuple[TableName, ...]:
        return sorted_with_parts(self._direct_parents(), self._masters())

    def _direct_parents(self) -> dict[TableName, set[TableName]]:
        return {name: {e.parent for e in edges} for name, edges in self._up.items()}

    def _masters(self) -> dict[TableName, TableName]:
        return {part: master for master, parts in self._parts.items() for part in parts}

    def subgraph(self, names: Iterable[TableName]) -> DependencyGraph:
        """The tables named and the foreign keys among them."""
        kept = set(self.known(names))
        return DependencyGraph(
            (node for name, node in self._nodes.items() if name in kept),
            (edge for edge in self._edges if edge.child in kept and edge.parent in kept),
        )

    def cascade(self, seeds: TableName | Iterable[TableName]) -> CascadePlan:
        """Plan how rows of `seeds` pull down rows of every descendant.

        Raises
        ------
        DependencyError
            If a seed is unknown or the reached tables form a cycle.
        """
        return plan_cascade(self, _several(seeds))

    def trace(self, seeds: TableName | Iterable[TableName]) -> TracePlan:
        """Plan which rows of every ancestor the rows of `seeds` rest upon.

        Raises
        ------
        DependencyError
            If a seed is unknown or the reached tables form a cycle.
        """
        return plan_trace(self, _several(seeds))

    def to_networkx(self) -> Any:
        """Return a ``networkx.MultiDiGraph``, edges from parent to child, each with its ``edge``."""
        import networkx as nx  # costs tens of milliseconds, so only when asked for

        graph: Any = nx.MultiDiGraph()
        for name, node in self._nodes.items():
            graph.add_node(name, node=node)
        for edge in self._edges:
            graph.add_edge(edge.parent, edge.child, edge=edge)
        return graph


def _several(seeds: TableName | Iterable[TableName]) -> tuple[TableName, ...]:
    return (seeds,) if isinstance(seeds, TableName) else tuple(seeds)


def _filtered(edges: tuple[Edge, ...], primary: bool | None) -> tuple[Edge, ...]:
    return edges if primary is None else tuple(edge for edge in edges if edge.primary is primary)


def _through(
    name: TableName, parents: Mapping[TableName, set[TableName]], wanted: set[TableName]
) -> set[TableName]:
    """The nearest wanted tables upstream of `name`, looking through unwanted ones."""
    found: set[TableName] = set()
    seen: set[TableName] = set()
    stack = list(parents[name])
    while stack:
        parent = stack.pop()
        if parent in seen:
            continue
        seen.add(parent)
        if parent in wanted:
            found.add(parent)
        else:
            stack.extend(parents[parent])
    return found
