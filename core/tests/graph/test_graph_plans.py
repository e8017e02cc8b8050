"""Plans of cascades and traces: orders, diamonds, renamed keys and exposed parts."""

import pytest

from fascicle.errors import DependencyError
from fascicle.graph import DependencyGraph, Edge, TableNode
from fascicle.model import TableName


def name(table: str) -> TableName:
    return TableName("lab", table)


def edge(child: str, parent: str, *columns: str, primary: bool = True) -> Edge:
    pairs = tuple((c.split("=")[0], c.split("=")[-1]) for c in columns)
    return Edge(name(child), name(parent), pairs, primary=primary)


def graph_of(*edges: Edge) -> DependencyGraph:
    return DependencyGraph((), edges)


def test_cascade_is_children_first() -> None:
    graph = graph_of(edge("b", "a", "a"), edge("c", "b", "a"), edge("other", "z", "z"))
    plan = graph.cascade(name("a"))
    assert [n.table for n in plan.tables] == ["c", "b", "a"]
    assert [s.table.table for s in plan.parents_first] == ["a", "b", "c"]
    assert [(s.table.table, s.depth) for s in plan] == [("c", 2), ("b", 1), ("a", 0)]
    assert plan[name("a")].edges == ()
    assert name("other") not in plan
    assert len(plan) == 3


def test_a_diamond_arrives_by_both_ways() -> None:
    graph = graph_of(edge("l", "a", "a"), edge("r", "a", "a"), edge("d", "l", "a"), edge("d", "r", "a"))
    plan = graph.cascade(name("a"))
    assert plan.tables[0] == name("d")
    assert {e.parent.table for e in plan[name("d")].edges} == {"l", "r"}
    assert plan[name("d")].depth == 2


def test_edges_from_outside_the_plan_are_left_out() -> None:
    graph = graph_of(edge("d", "a", "a"), edge("d", "elsewhere", "e"))
    assert [e.parent.table for e in graph.cascade(name("a"))[name("d")].edges] == ["a"]


def test_each_renamed_key_is_its_own_way() -> None:
    graph = graph_of(edge("pair", "mouse", "dam=mouse"), edge("pair", "mouse", "sire=mouse"))
    ways = graph.cascade(name("mouse"))[name("pair")].edges
    assert [e.columns for e in ways] == [(("dam", "mouse"),), (("sire", "mouse"),)]
    assert all(e.renamed for e in ways)


def test_several_seeds_at_once() -> None:
    graph = graph_of(edge("b", "a", "a"), edge("c", "b", "a"), edge("c", "z", "z"))
    plan = graph.cascade([name("b"), name("z"), name("b")])
    assert plan.seeds == (name("b"), name("z"))
    assert plan.tables[0] == name("c")
    assert {e.parent.table for e in plan[name("c")].edges} == {"b", "z"}


def test_a_part_reached_past_its_master_is_exposed() -> None:
    graph = graph_of(edge("m__p", "m", "m"), edge("m__p", "x", "x", primary=False))
    (exposed,) = graph.cascade(name("x")).exposed
    assert (exposed.part, exposed.master) == (name("m__p"), name("m"))
    assert [e.parent.table for e in exposed.edges] == ["x"]
    assert [e.parent.table for e in exposed.chain] == ["m"]


def test_a_part_reached_through_its_master_is_not() -> None:
    graph = graph_of(edge("m", "x", "x"), edge("m__p", "m", "x"))
    assert graph.cascade(name("x")).exposed == ()


def test_a_part_reached_both_ways_is_exposed_by_the_other() -> None:
    graph = graph_of(edge("m", "x", "x"), edge("m__p", "m", "x"), edge("m__p", "x", "y=x"))
    (exposed,) = graph.cascade(name("x")).exposed
    assert [e.columns for e in exposed.edges] == [(("y", "x"),)]


def test_a_part_as_seed_is_exposed() -> None:
    graph = graph_of(edge("m__p", "m", "m"), edge("m__q", "m__p", "m", "p"))
    plan = graph.cascade(name("m__p"))
    by_part = {x.part.table: x for x in plan.exposed}
    assert set(by_part) == {"m__p", "m__q"}
    assert by_part["m__p"].edges == ()
    # the second part has no foreign key of its own to the master: the chain leads over its sibling
    assert [e.parent.table for e in by_part["m__q"].chain] == ["m__p", "m"]


def test_a_sibling_of_the_same_master_row_is_no_other_way() -> None:
    same = graph_of(edge("m__p", "m", "m"), edge("m__q", "m", "m"), edge("m__q", "m__p", "m", "p"))
    assert same.cascade(name("m")).exposed == ()


def test_a_sibling_of_another_master_row_is() -> None:
    crossed = graph_of(edge("m__p", "m", "m"), edge("m__q", "m", "m"), edge("m__q", "m__p", "n=m", "p"))
    (exposed,) = crossed.cascade(name("m")).exposed
    assert exposed.part == name("m__q")


def test_trace_goes_up_children_first() -> None:
    graph = graph_of(edge("b", "a", "a"), edge("c", "b", "a"), edge("c", "lookup", "k"), edge("d", "c", "a"))
    plan = graph.trace(name("c"))
    assert [n.table for n in plan.tables] == ["c", "lookup", "b", "a"]
    assert [e.child.table for e in plan[name("a")].edges] == ["b"]
    assert plan[name("c")].edges == ()
    assert name("d") not in plan
    assert plan.parents_first[0].table == name("a")


def test_trace_of_a_diamond_has_both_ways() -> None:
    graph = graph_of(edge("l", "a", "a"), edge("r", "a", "b=a"), edge("d", "l", "a"), edge("d", "r", "b"))
    assert {e.child.table for e in graph.trace(name("d"))[name("a")].edges} == {"l", "r"}


def test_a_cycle_within_reach_is_an_error_and_elsewhere_is_not() -> None:
    graph = graph_of(edge("x", "y", "k"), edge("y", "x", "k"), edge("y", "a", "a"), edge("c", "b", "b"))
    with pytest.raises(DependencyError, match="in a circle"):
        graph.cascade(name("a"))
    assert graph.cascade(name("b")).tables == (name("c"), name("b"))


def test_unknown_seed_and_step() -> None:
    graph = DependencyGraph([TableNode(name("a"))])
    with pytest.raises(DependencyError, match="not among the 1 tables"):
        graph.cascade(name("nothing_like_it"))
    with pytest.raises(KeyError):
        graph.cascade(name("a"))[name("b")]
