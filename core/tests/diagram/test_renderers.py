"""SVG, Mermaid and DOT of small pictures, read back."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fascicle.diagram import DARK, LIGHT, DiagramEdge, DiagramGraph, DiagramNode, NodeKind
from fascicle.diagram.dot import render_dot
from fascicle.diagram.mermaid import render_mermaid
from fascicle.diagram.outline import label_of, size_of
from fascicle.diagram.style import SvgOptions
from fascicle.diagram.svg import plan_layout, render_svg
from fascicle.diagram.text import escape, number, text_width

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "<script>alert(\"x\")</script> & 'quoted' \\N [b] {c} #1; --> %% \u2028 \x00 \x1b"


def small() -> DiagramGraph:
    return DiagramGraph.of(
        [
            DiagramNode("lab.subject", "Subject", NodeKind.MANUAL, "lab", "lab.subject\nA mouse", True),
            DiagramNode("lab.#strain", "Strain", NodeKind.LOOKUP, "lab", "", True),
            DiagramNode("lab._scan", "Scan", NodeKind.IMPORTED, "lab", note="12/40"),
            DiagramNode("lab.__rate", "Rate", NodeKind.COMPUTED, "lab", href="/tables/lab/rate?x=1&y=2"),
            DiagramNode("lab._scan__field", "Scan.Field", NodeKind.PART, "lab", distinguished=True),
        ],
        [
            DiagramEdge("lab.#strain", "lab.subject", primary=False, tooltip="lab.subject -> lab.#strain"),
            DiagramEdge("lab.subject", "lab._scan"),
            DiagramEdge("lab._scan", "lab.__rate", one_to_one=True),
            DiagramEdge("lab._scan", "lab._scan__field", renamed=True),
        ],
    )


def parsed(graph: DiagramGraph, **options: object) -> ElementTree.Element:
    return ElementTree.fromstring(render_svg(graph, SvgOptions(**options)))  # type: ignore[arg-type]


def node_of(root: ElementTree.Element, key: str) -> ElementTree.Element:
    (found,) = [g for g in root.iter(f"{SVG}g") if g.get("data-table") == key]
    return found


def line_of(root: ElementTree.Element, parent: str, child: str) -> ElementTree.Element:
    (found,) = [
        p for p in root.iter(f"{SVG}path") if (p.get("data-parent"), p.get("data-child")) == (parent, child)
    ]
    return found


def test_every_kind_has_a_shape_of_its_own() -> None:
    root = parsed(small())
    shapes = {}
    for node in small().nodes:
        shape = node_of(root, node.key)[-2 if not node.note else -3]
        paint = LIGHT.kinds[node.kind]
        assert (shape.get("fill"), shape.get("stroke")) == (paint.fill, paint.stroke)
        corners = len((shape.get("points") or "").split())
        shapes[node.kind] = (shape.tag, shape.get("rx"), corners)
    assert len(set(shapes.values())) == 5
    assert shapes[NodeKind.COMPUTED] == (f"{SVG}polygon", None, 6)


def test_labels_underlines_notes_and_tooltips() -> None:
    root = parsed(small())
    subject = node_of(root, "lab.subject")
    assert subject.findtext(f"{SVG}text") == "Subject"
    assert subject.findtext(f"{SVG}title") == "lab.subject\nA mouse"
    underlined = {
        g.get("data-table")
        for g in root.iter(f"{SVG}g")
        for t in g.iter(f"{SVG}text")
        if t.get("text-decoration")
    }
    assert underlined - {None} == {"lab.subject", "lab.#strain", "lab._scan__field"}
    assert {t.text for t in node_of(root, "lab._scan").iter(f"{SVG}text")} == {"Scan", "12/40"}


def test_underlines_can_be_lines() -> None:
    plain, ruled = parsed(small()), parsed(small(), ruled=True)
    assert not [t for t in ruled.iter(f"{SVG}text") if t.get("text-decoration")]
    assert len(list(node_of(ruled, "lab.subject").iter(f"{SVG}path"))) == 1
    assert not list(node_of(ruled, "lab._scan").iter(f"{SVG}path"))
    assert not list(node_of(plain, "lab.subject").iter(f"{SVG}path"))


def test_line_styles() -> None:
    root = parsed(small())
    dashed = line_of(root, "lab.#strain", "lab.subject")
    assert dashed.get("stroke-dasharray")
    assert dashed.findtext(f"{SVG}title") == "lab.subject -> lab.#strain"
    solid = line_of(root, "lab.subject", "lab._scan")
    assert solid.get("stroke-dasharray") is None
    thick = line_of(root, "lab._scan", "lab.__rate")
    assert float(thick.get("stroke-width", "")) >= 2 * float(solid.get("stroke-width", ""))
    renamed = line_of(root, "lab._scan", "lab._scan__field")
    assert renamed.get("stroke") == LIGHT.renamed != solid.get("stroke")
    (dot,) = root.iter(f"{SVG}circle")
    assert dot.get("fill") == LIGHT.renamed


def test_links_lead_to_safe_addresses_only() -> None:
    (link,) = parsed(small()).iter(f"{SVG}a")
    assert link.get("href") == "/tables/lab/rate?x=1&y=2"
    for href in (
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "data:text/html,x",
        "java\nscript:x",
        "vbscript:x",
    ):
        graph = DiagramGraph.of([DiagramNode("a", "A", NodeKind.MANUAL, href=href)], [])
        assert not list(parsed(graph).iter(f"{SVG}a")), href
    for href in ("https://lab.org/a:b", "http://x", "page.html", "?q=a:b", "#n1"):
        graph = DiagramGraph.of([DiagramNode("a", "A", NodeKind.MANUAL, href=href)], [])
        assert [a.get("href") for a in parsed(graph).iter(f"{SVG}a")] == [href]


def test_identifiers_begin_with_the_prefix_and_are_unique() -> None:
    found = [e.get("id") for e in parsed(small(), prefix="p1").iter() if e.get("id")]
    assert len(found) == len(set(found)) == 5
    assert all(i.startswith("p1-") for i in found if i)


def test_no_style_sheets_classes_or_scripts() -> None:
    root = parsed(small(), legend=True)
    assert not {e.tag for e in root.iter()} & {f"{SVG}style", f"{SVG}script", f"{SVG}foreignObject"}
    assert not [e for e in root.iter() if e.get("class") or e.get("style")]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_background_fills_the_view(theme: object) -> None:
    root = parsed(small(), theme=theme)
    width, height = map(float, (root.get("viewBox") or "").split()[2:])
    assert (float(root.get("width", "")), float(root.get("height", ""))) == (width, height)
    background = root[0]
    assert background.get("fill") == theme.background  # type: ignore[attr-defined]
    assert float(background.get("width", "")) == pytest.approx(width - 1)
    assert float(background.get("height", "")) == pytest.approx(height - 1)


def test_parents_stand_left_when_sideways() -> None:
    layout = plan_layout(small(), sideways=True)
    subject, scan = layout.boxes[0], layout.boxes[2]
    assert subject.right < scan.left
    root = parsed(small(), sideways=True)
    assert float(root.get("width", "")) > float(root.get("height", ""))


def test_the_legend_tells_what_is_there_and_no_more() -> None:
    texts = [t.text for t in parsed(small(), legend=True).iter(f"{SVG}text")]
    for word in (
        "manual",
        "lookup",
        "imported",
        "computed",
        "part",
        "one to one",
        "renamed",
        "adds to the key",
    ):
        assert word in texts
    assert "schema, collapsed" not in texts
    lone = DiagramGraph.of([DiagramNode("a", "A", NodeKind.MANUAL)], [])
    assert [t.text for t in parsed(lone, legend=True).iter(f"{SVG}text")] == ["A", "manual"]


def test_schemas_get_areas_only_if_there_are_several() -> None:
    two = DiagramGraph.of(
        [
            DiagramNode("a.x", "X", NodeKind.MANUAL, "a"),
            DiagramNode("b.y", "Y", NodeKind.MANUAL, "b"),
            DiagramNode("schema c", "c", NodeKind.SCHEMA, "c", note="3 tables"),
        ],
        [DiagramEdge("a.x", "b.y"), DiagramEdge("b.y", "schema c")],
    )
    fills = [r.get("fill") for r in parsed(two).iter(f"{SVG}rect")]
    assert fills.count(LIGHT.group_fill) == 2
    captions = [t.text for t in parsed(two).iter(f"{SVG}text") if t.get("text-anchor") == "start"]
    assert captions == ["a", "b"]
    assert LIGHT.group_fill not in [r.get("fill") for r in parsed(two, group=False).iter(f"{SVG}rect")]
    assert LIGHT.group_fill not in [r.get("fill") for r in parsed(small()).iter(f"{SVG}rect")]


def test_shared_ways_are_drawn_once() -> None:
    nodes = [DiagramNode(k, k, NodeKind.MANUAL) for k in "abcde"]
    edges = [DiagramEdge(p, c) for p, c in ("ab", "bc", "cd", "ce", "ad", "ae")]
    root = parsed(DiagramGraph.of(nodes, edges))
    begins = [line_of(root, "a", c).get("d", "").split("C")[0] for c in "de"]
    pieces = [line_of(root, "a", c).get("d", "").count("C") for c in "de"]
    assert begins[0] != begins[1]
    assert pieces[0] > pieces[1]


def test_nothing_to_show_is_said() -> None:
    root = parsed(DiagramGraph())
    assert [t.text for t in root.iter(f"{SVG}text")] == ["no tables"]


def test_hostile_text_is_escaped_everywhere() -> None:
    graph = DiagramGraph.of(
        [DiagramNode(NASTY, NASTY, NodeKind.MANUAL, NASTY, NASTY, True, NASTY, "/" + NASTY[:20])],
        [DiagramEdge(NASTY, NASTY, tooltip=NASTY)],
    )
    text = render_svg(graph, SvgOptions(prefix='"><script>'))
    assert "<script" not in text
    root = ElementTree.fromstring(text)
    shown = node_of(root, NASTY.replace("\x00", "\ufffd").replace("\x1b", "\ufffd"))
    assert (shown.findtext(f"{SVG}title") or "").startswith("<script>alert")


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_makes_well_formed_svg(label: str, tooltip: str) -> None:
    graph = DiagramGraph.of([DiagramNode("k", label, NodeKind.PART, "s", tooltip, note=label[::-1])], [])
    root = ElementTree.fromstring(render_svg(graph))
    assert len(list(root.iter(f"{SVG}g"))) == 2


@given(st.text())
def test_escaped_text_has_no_markup(text: str) -> None:
    safe = escape(text)
    assert not set(safe) & set("<>\"'")
    assert not re.search(r"&(?!amp;|lt;|gt;|quot;|#39;)", safe)


def test_long_labels_are_cut_and_wide_letters_counted() -> None:
    node = DiagramNode("k", "x" * 200, NodeKind.MANUAL)
    assert len(label_of(node)) == 40
    assert label_of(node).endswith("\u2026")
    assert text_width("漢字", 10.0) == 20.0
    assert text_width("e\u0301", 10.0) == text_width("e", 10.0)
    assert text_width("WWW", 10.0) > text_width("iii", 10.0)
    assert (
        size_of(DiagramNode("k", "Session", NodeKind.MANUAL, note="3"))[1]
        > size_of(DiagramNode("k", "Session", NodeKind.MANUAL))[1]
    )


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (1.25, "1.2"), (-0.04, "0"), (-3.14, "-3.1"), (100.0, "100")]
)
def test_numbers_are_brief(value: float, text: str) -> None:
    assert number(value) == text


def test_mermaid() -> None:
    assert render_mermaid(small()).splitlines() == [
        "flowchart TB",
        "    classDef manual fill:#dcf2e9,stroke:#009e73,color:#06402f",
        "    classDef lookup fill:#eceef1,stroke:#858d99,color:#343a43",
        "    classDef imported fill:#dcecf8,stroke:#0072b2,color:#07395a",
        "    classDef computed fill:#fde6d9,stroke:#d55e00,color:#5f2a00",
        "    classDef part fill:#ffffff,stroke:#b3bac4,color:#4a525e",
        '    subgraph s0["lab"]',
        '        t0["<u>Subject</u>"]:::manual',
        '        t1[/"<u>Strain</u>"/]:::lookup',
        '        t2(["Scan<br/>12#47;40"]):::imported',
        '        t3{{"Rate"}}:::computed',
        '        t4("<u>Scan.Field</u>"):::part',
        "    end",
        "    t1 -.-> t0",
        "    t0 --> t2",
        "    t2 ==> t3",
        "    t2 --> t4",
        "    linkStyle 3 stroke:#d98200",
    ]


def test_mermaid_collapsed_sideways_and_hostile() -> None:
    graph = DiagramGraph.of(
        [DiagramNode("schema s", NASTY, NodeKind.SCHEMA, "s", note="3 tables")],
        [DiagramEdge("x", "schema s")],
    )
    text = render_mermaid(graph, sideways=True, theme=DARK)
    assert text.startswith("flowchart LR\n")
    assert "<script" not in text
    (line,) = [row for row in text.splitlines() if row.endswith(":::schema")]
    assert re.fullmatch(r'    t0\[\["[^"\[\]{}<>&\']*<br/>3 tables"\]\]:::schema', line)


def test_dot() -> None:
    lines = render_dot(small()).splitlines()
    assert lines[0] == "digraph fascicle {"
    assert lines[-1] == "}"
    assert any(
        r.strip().startswith('t0 [label=<<u>Subject</u>> tooltip="lab.subject\\nA mouse"') for r in lines
    )
    assert '  t1 -> t0 [style=dashed tooltip="lab.subject -> lab.#strain"];' in lines
    assert "  t2 -> t3 [penwidth=2.6];" in lines
    assert '  t2 -> t4 [color="#d98200"];' in lines
    assert not [r for r in lines if "cluster" in r]
    assert "rankdir=LR" in render_dot(small(), sideways=True)


def test_dot_draws_a_cluster_per_schema() -> None:
    graph = DiagramGraph.of(
        [
            DiagramNode("a.x", "X", NodeKind.MANUAL, "a"),
            DiagramNode("b.y", "Y", NodeKind.MANUAL, "b"),
            DiagramNode("schema c", "c", NodeKind.SCHEMA, "c"),
        ],
        [],
    )
    assert render_dot(graph).count("subgraph cluster_") == 2
    assert "cluster" not in render_dot(graph, group=False)


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz (apt-get install graphviz)")
def test_graphviz_reads_our_dot() -> None:
    hostile = DiagramGraph.of(
        [
            DiagramNode(NASTY, NASTY, NodeKind.PART, NASTY, NASTY, True, NASTY),
            DiagramNode("o", "", NodeKind.LOOKUP, "other"),
        ],
        [DiagramEdge(NASTY, "o", tooltip=NASTY)],
    )
    for graph in (small(), hostile):
        done = subprocess.run(
            ["dot", "-Tsvg"], input=render_dot(graph).encode(), capture_output=True, check=True
        )
        titles = [t.text for t in ElementTree.fromstring(done.stdout).iter(f"{SVG}title")]
        assert {f"t{i}" for i in range(len(graph.nodes))} <= set(titles)
