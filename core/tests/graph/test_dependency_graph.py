"""The dependency graph on small pipelines whose answers can be read off by eye."""

import pickle
import subprocess
import sys

import pytest

from fascicle.errors import DependencyError
from fascicle.graph import DependencyGraph, Edge, TableNode
from fascicle.model import ForeignKey, TableName


def name(table: str) -> TableName:
    return TableName("lab", table)


def edge(child: str, parent: str, *columns: str, primary: bool = True) -> Edge:
    pairs = tuple((c.split("=")[0], c.split("=")[-1]) for c in columns)
    return Edge(name(child), name(parent), pairs, primary=primary)


def graph_of(*edges: Edge, **keys: tuple[str, ...]) -> DependencyGraph:
    nodes = [TableNode(name(table), name(table).master, key) for table, key in keys.items()]
    return DependencyGraph(nodes, edges)


@pytest.fixture
def pipeline() -> DependencyGraph:
    """Subject > Session > Scan (part Scan.Field) > _Ingest; Session > _Spikes > __Rates (both from Scan too)."""
    return graph_of(
        edge("session", "subject", "subject_id"),
        edge("scan", "session", "subject_id", "session_id"),
        edge("scan__field", "scan", "subject_id", "session_id", "scan_id"),
        edge("_spikes", "session", "subject_id", "session_id"),
        edge("__rates", "_spikes", "subject_id", "session_id"),
        edge("__rates", "scan", "subject_id", "session_id", "scan_id"),
        edge("session", "person", "experimenter=person_id", primary=False),
        person=("person_id",),
        subject=("subject_id",),
        session=("subject_id", "session_id"),
        scan=("subject_id", "session_id", "scan_id"),
        scan__field=("subject_id", "session_id", "scan_id", "field"),
        _spikes=("subject_id", "session_id"),
        __rates=("subject_id", "session_id", "scan_id"),
    )


def test_neighbours(pipeline: DependencyGraph) -> None:
    assert pipeline.parents(name("session")) == (name("subject"), name("person"))
    assert pipeline.parents(name("session"), primary=True) == (name("subject"),)
    assert pipeline.parents(name("session"), primary=False) == (name("person"),)
    assert set(pipeline.children(name("session"))) == {name("scan"), name("_spikes")}


def test_several_foreign_keys_to_one_parent_are_one_parent() -> None:
    twice = graph_of(edge("pair", "mouse", "a=id"), edge("pair", "mouse", "b=id"))
    assert twice.parents(name("pair")) == (name("mouse"),)
    assert len(twice.parent_edges(name("pair"))) == 2


def test_distances(pipeline: DependencyGraph) -> None:
    assert pipeline.ancestors(name("__rates")) == {
        name("_spikes"): 1,
        name("scan"): 1,
        name("session"): 2,
        name("subject"): 3,
        name("person"): 3,
    }
    assert pipeline.descendants(name("session"), depth=1) == {name("scan"): 1, name("_spikes"): 1}
    assert name("session") not in pipeline.descendants(name("session"))


def test_neighbourhood(pipeline: DependencyGraph) -> None:
    around = pipeline.neighbourhood([name("scan")], up=1, down=1)
    assert around == {name(t) for t in ("session", "scan", "scan__field", "__rates")}
    assert pipeline.neighbourhood([name("scan")]) == {name("scan")}


def test_keys(pipeline: DependencyGraph) -> None:
    opens = {str(n.table) for n in pipeline if pipeline.introduces_key(n)}
    assert opens == {"person", "subject", "session", "scan", "scan__field"}
    whole = [e for e in pipeline.edges if pipeline.is_one_to_one(e)]
    assert {(e.child.table, e.parent.table) for e in whole} == {("_spikes", "session"), ("__rates", "scan")}


def test_renamed_edges() -> None:
    assert edge("session", "person", "experimenter=person_id").renamed
    assert not edge("session", "person", "person_id").renamed
    made = Edge.of(name("session"), ForeignKey(name("person"), (("a", "b"),), in_key=True, nullable=True))
    assert (made.primary, made.nullable, made.unique, made.renamed) == (True, True, False, True)


def test_sort_puts_parts_after_their_master(pipeline: DependencyGraph) -> None:
    order = [n.table for n in pipeline.topological_sort()]
    assert order.index("scan__field") == order.index("scan") + 1
    assert order[0] in {"person", "subject"}
    assert order[-1] == "__rates"


def test_master_waits_for_what_its_parts_need() -> None:
    graph = graph_of(edge("a__p", "a", "a"), edge("a__p", "z", "z"))
    assert [n.table for n in graph.topological_sort()] == ["z", "a", "a__p"]


def test_a_part_that_cannot_follow_comes_when_it_can() -> None:
    graph = graph_of(
        edge("a__late", "a", "a"), edge("a__near", "a", "a"), edge("b", "a", "a"), edge("a__late", "b", "b")
    )
    assert [n.table for n in graph.topological_sort()] == ["a", "a__near", "b", "a__late"]


def test_order_of_a_choice_holds_through_tables_left_out(pipeline: DependencyGraph) -> None:
    chosen = [name("__rates"), name("subject")]
    assert pipeline.topological_sort(chosen) == (name("subject"), name("__rates"))


def test_cycle_is_spelled_out() -> None:
    graph = graph_of(edge("a", "c", "x"), edge("b", "a", "x"), edge("c", "b", "x"))
    with pytest.raises(DependencyError, match=r"lab\.a -> lab\.c -> lab\.b -> lab\.a") as caught:
        graph.topological_sort()
    assert set(caught.value.details["cycle"]) == {name("a"), name("b"), name("c")}
    assert caught.value.try_
    assert graph.ancestors(name("a")) == {name("c"): 1, name("b"): 2}


def test_self_reference_is_a_cycle() -> None:
    with pytest.raises(DependencyError, match=r"lab\.tree -> lab\.tree"):
        graph_of(edge("tree", "tree", "up=id")).topological_sort()


def test_unknown_table_names_the_nearest(pipeline: DependencyGraph) -> None:
    with pytest.raises(DependencyError, match=r"did you mean lab\.session"):
        pipeline.parents(name("sesion"))


def test_subgraph_and_union(pipeline: DependencyGraph) -> None:
    upper = pipeline.subgraph([name("subject"), name("session")])
    assert len(upper) == 2
    assert [e.parent.table for e in upper.edges] == ["subject"]
    assert upper | pipeline == pipeline
    assert pipeline | upper == pipeline


def test_union_keeps_the_better_known_node() -> None:
    bare = graph_of(edge("session", "subject", "subject_id"))
    known = graph_of(subject=("subject_id",))
    assert (bare | known).nodes[name("subject")].primary_key == ("subject_id",)
    assert (known | bare).nodes[name("subject")].primary_key == ("subject_id",)


def test_values_survive_pickling(pipeline: DependencyGraph) -> None:
    again = pickle.loads(pickle.dumps(pipeline))
    assert again == pipeline
    assert hash(again) == hash(pipeline)


def test_nodes_are_read_only(pipeline: DependencyGraph) -> None:
    with pytest.raises(TypeError):
        pipeline.nodes[name("x")] = TableNode(name("x"))  # type: ignore[index]


def test_to_networkx_keeps_every_foreign_key() -> None:
    twice = graph_of(edge("pair", "mouse", "a=id"), edge("pair", "mouse", "b=id"))
    made = twice.to_networkx()
    assert made.number_of_edges(name("mouse"), name("pair")) == 2


def test_import_needs_no_networkx() -> None:
    code = "import sys, fascicle.graph, fascicle.diagram; sys.exit('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
