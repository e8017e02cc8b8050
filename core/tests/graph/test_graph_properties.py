"""Properties of orders and plans on random graphs."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from fascicle.graph import DependencyGraph, Edge, TableNode
from fascicle.model import TableName


def name(number: int, part: int | None = None) -> TableName:
    return TableName("s", f"t{number}" if part is None else f"t{number}__p{part}")


@st.composite
def graphs(draw: st.DrawFn) -> DependencyGraph:
    """Acyclic graphs: tables refer to lower ranks only; some have parts that refer anywhere below."""
    count = draw(st.integers(1, 12))
    ranks = draw(st.permutations(range(count)))  # names tell nothing about depth
    tables: list[TableName] = []
    edges: list[Edge] = []
    for i in range(count):
        master = draw(st.sampled_from(tables)) if tables and draw(st.booleans()) else None
        if master is not None and master.master is None:
            table = TableName("s", f"{master.table}__p{ranks[i]}")
            edges.append(Edge(table, master, (("k", "k"),), primary=True))
        else:
            table = name(ranks[i])
        for parent in draw(st.lists(st.sampled_from(tables), max_size=3)) if tables else ():
            edges.append(Edge(table, parent, ((f"x{len(edges)}", "k"),), primary=draw(st.booleans())))
        tables.append(table)
    return DependencyGraph([TableNode(t, t.master) for t in tables], edges)


def assert_parents_first(order: Iterable[TableName], edges: Iterable[Edge]) -> None:
    place = {table: i for i, table in enumerate(order)}
    for edge in edges:
        if edge.parent in place and edge.child in place:
            assert place[edge.parent] < place[edge.child]


@given(graphs())
def test_every_table_once_and_parents_first(graph: DependencyGraph) -> None:
    order = graph.topological_sort()
    assert sorted(order) == sorted(graph.nodes)
    assert_parents_first(order, graph.edges)


@given(graphs())
def test_a_part_follows_its_master_unless_its_parents_need_the_master(graph: DependencyGraph) -> None:
    order = graph.topological_sort()
    for part in order:
        master = graph.master_of(part)
        if master is None:
            continue
        free = all(
            parent == master or master not in graph.ancestors(parent) for parent in graph.parents(part)
        )
        # other parts of the same master may stand between, and parents may be held up in turn
        between = order[order.index(master) + 1 : order.index(part)]
        if free and not any(graph.parts_of(t) for t in graph.nodes if t != master):
            assert all(graph.master_of(t) == master for t in between)


@given(graphs(), st.data())
def test_order_of_a_choice_respects_distant_ancestors(graph: DependencyGraph, data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.sampled_from(sorted(graph.nodes))))
    order = graph.topological_sort(chosen)
    assert set(order) == chosen
    for i, table in enumerate(order):
        assert not set(order[i + 1 :]) & set(graph.ancestors(table))


@given(graphs(), st.data())
def test_cascade_holds_the_seed_and_all_descendants(graph: DependencyGraph, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(sorted(graph.nodes)))
    plan = graph.cascade(seed)
    assert set(plan.tables) == {seed, *graph.descendants(seed)}
    assert_parents_first(reversed(plan.tables), graph.edges)
    seen: set[TableName] = set()
    for step in plan.parents_first:
        assert {e.parent for e in step.edges} <= seen
        assert bool(step.edges) == (step.table != seed)
        seen.add(step.table)
    arriving = {e for step in plan for e in step.edges}
    assert arriving == {e for e in graph.edges if e.parent in seen}


@given(graphs(), st.data())
def test_trace_mirrors_cascade(graph: DependencyGraph, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(sorted(graph.nodes)))
    plan = graph.trace(seed)
    assert set(plan.tables) == {seed, *graph.ancestors(seed)}
    for table in plan.tables:
        assert seed in graph.cascade(table)
    for i, step in enumerate(plan):
        assert {e.child for e in step.edges} <= set(plan.tables[:i])


@given(graphs(), st.data())
def test_exposed_parts_are_those_with_another_way(graph: DependencyGraph, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(sorted(graph.nodes)))
    plan = graph.cascade(seed)
    exposed = {x.part for x in plan.exposed}
    for step in plan:
        master = graph.master_of(step.table)
        if master is None:
            assert step.table not in exposed
            continue
        strangers = [e for e in step.edges if e.parent != master and graph.master_of(e.parent) != master]
        if step.table == seed or master not in plan or strangers:
            assert step.table in exposed


@given(graphs(), st.integers(0, 4), st.data())
def test_distances_are_shortest(graph: DependencyGraph, depth: int, data: st.DataObject) -> None:
    import networkx as nx

    seed = data.draw(st.sampled_from(sorted(graph.nodes)))
    expected = nx.single_source_shortest_path_length(graph.to_networkx(), seed, cutoff=depth)
    assert {seed: 0, **graph.descendants(seed, depth=depth)} == dict(expected)
