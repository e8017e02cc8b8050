"""Orders in which parents precede children and parts follow their masters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from fascicle.errors import DependencyError
from fascicle.model import TableName

Parents = Mapping[TableName, Collection[TableName]]


def sorted_with_parts(parents: Parents, masters: Mapping[TableName, TableName]) -> tuple[TableName, ...]:
    """Sort tables so that parents come first and parts right after their master.

    Parameters
    ----------
    parents : mapping
        Each table to the tables that it refers to; every table is a key.
    masters : mapping
        Each part to its master; masters that are no key of `parents` count for nothing.

    Returns
    -------
    tuple of TableName
        Ties are broken by name, so equal input gives equal output. A part follows its master
        directly unless one of its other parents itself needs the master.

    Raises
    ------
    DependencyError
        If the references form a cycle.
    """
    plain = _kahn(parents, parents)
    contracted, attached = _contract(parents, plain, masters)
    members: dict[TableName, list[TableName]] = {}
    for part in plain:
        if part in attached:
            members.setdefault(masters[part], []).append(part)
    ordered: list[TableName] = []
    for name in _kahn(contracted, contracted):
        ordered.append(name)
        ordered.extend(members.get(name, ()))
    return tuple(ordered)


def _kahn(names: Iterable[TableName], parents: Parents) -> list[TableName]:
    import networkx as nx  # costs tens of milliseconds, so only when an order is asked for

    graph = _digraph(names, parents)
    try:
        return list(nx.lexicographical_topological_sort(graph))
    except nx.NetworkXUnfeasible:
        raise cycle_error(graph) from None


def _digraph(names: Iterable[TableName], parents: Parents) -> Any:
    import networkx as nx

    graph: Any = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from((parent, child) for child in names for parent in parents[child])
    return graph


def cycle_error(graph: Any) -> DependencyError:
    """Describe one cycle of a networkx graph whose edges run from parent to child."""
    import networkx as nx

    walk = [edge[0] for edge in nx.find_cycle(graph)]
    start = walk.index(min(walk))
    # edges run parent to child; people read references, so the loop is told child first
    loop = [*walk[start:], *walk[: start + 1]][::-1]
    told = " -> ".join(str(name) for name in loop)
    return DependencyError(
        f"tables refer to one another in a circle: {told}",
        where=str(loop[0]),
        why="each table must exist before those that refer to it, and rows are inserted parents first",
        try_="drop one of these foreign keys, or move it into an association table that refers to both",
        cycle=tuple(loop[:-1]),
    )


def _contract(
    parents: Parents, plain: Iterable[TableName], masters: Mapping[TableName, TableName]
) -> tuple[dict[TableName, set[TableName]], set[TableName]]:
    """Fold parts into their masters where that leaves the graph free of cycles.

    A folded part hands its other parents to its master. Parts are tried in topological order;
    one whose parents depend on the master already cannot be folded and stays a table of its own.
    """
    folded: dict[TableName, TableName] = {}
    needs: dict[TableName, set[TableName]] = {name: set(parents[name]) for name in parents}

    def home(name: TableName) -> TableName:
        return folded.get(name, name)

    for part in plain:
        master = masters.get(part)
        if master is None or master == part or master not in needs or home(master) != master:
            continue
        outside = {home(parent) for parent in parents[part]} - {master}
        if any(_reaches(parent, master, needs, home) for parent in outside):
            continue
        if _reaches(master, part, needs, home):  # a part that its own master refers to
            continue
        folded[part] = master
        needs[master] |= outside
    contracted = {
        name: {home(parent) for parent in needs[name]} - {name} for name in needs if name not in folded
    }
    return contracted, set(folded)


def _reaches(
    start: TableName,
    goal: TableName,
    needs: Mapping[TableName, set[TableName]],
    home: Callable[[TableName], TableName],
) -> bool:
    """Whether `goal` is `start` or lies upstream of it."""
    seen, stack = {start}, [start]
    while stack:
        name = stack.pop()
        if name == goal:
            return True
        fresh = {home(parent) for parent in needs[name]} - seen
        seen |= fresh
        stack.extend(fresh)
    return False
