"""The diagram that users meet: algebra, collapsing, outputs."""

import pickle
import shutil
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from fascicle.diagram import CatalogSource, Diagram, DiagramSource, NodeKind, Style, Svg
from fascicle.errors import ConfigError, DependencyError, FascicleError
from fascicle.model import Attribute, Catalog, CoreType, ForeignKey, TableName, TableSpec

SVG = "{http://www.w3.org/2000/svg}"


def spec(full: str, own: str, *parents: str, comment: str = "") -> TableSpec:
    """A table with its own key attributes and foreign keys (``!`` outside the key, ``x=a.b.y`` renamed)."""
    schema, table = full.split(".")
    attributes = [Attribute(n, CoreType("int32"), in_key=True) for n in own.split()]
    keys = []
    for parent in parents:
        new, _, target = parent.lstrip("!").rpartition("=")
        parent_schema, parent_table, column = target.split(".")
        in_key = not parent.startswith("!")
        attributes.append(Attribute(new or column, CoreType("int32"), in_key=in_key))
        keys.append(
            ForeignKey(TableName(parent_schema, parent_table), ((new or column, column),), in_key=in_key)
        )
    attributes.sort(key=lambda a: not a.in_key)
    return TableSpec(TableName(schema, table), tuple(attributes), tuple(keys), comment=comment)


CATALOG = Catalog().with_tables(
    spec("lab.#strain", "strain"),
    spec("lab.subject", "subject", "!lab.#strain.strain", comment="A mouse <b>"),
    spec("lab.session", "session", "lab.subject.subject"),
    spec("lab.session__note", "note", "lab.session.session"),
    spec("ephys._recording", "", "lab.session.session"),
    spec("ephys._recording__channel", "channel", "ephys._recording.session"),
    spec("ephys.__spikes", "", "ephys._recording.session"),
    spec("lab.pair", "pair", "!dam=lab.subject.subject", "!sire=lab.subject.subject"),
    spec("lab.~log", "id"),
)


@pytest.fixture
def source() -> CatalogSource:
    return CatalogSource(CATALOG)


def names(diagram: Diagram) -> set[str]:
    return {name.table for name in diagram.shown}


def of(source: DiagramSource, *wanted: str) -> Diagram:
    return Diagram(list(wanted), via=source)


# -- what is shown ----------------------------------------------------------------------------


def test_a_schema_shows_its_tables_and_no_hidden_ones(source: CatalogSource) -> None:
    diagram = of(source, "lab")
    assert names(diagram) == {"#strain", "subject", "session", "session__note", "pair"}
    assert len(diagram) == 5
    assert diagram


def test_iteration_is_topological(source: CatalogSource) -> None:
    diagram = of(source, "lab", "ephys")
    order = [n.table for n in diagram]
    assert order.index("subject") < order.index("session") == order.index("session__note") - 1
    assert order.index("_recording") + 1 == order.index("_recording__channel")
    assert [n.table for n in reversed(diagram)] == order[::-1]
    assert diagram.topological_sort() == list(diagram)


def test_membership(source: CatalogSource) -> None:
    diagram = of(source, "lab")
    assert TableName("lab", "session") in diagram
    assert "lab.session" in diagram
    assert "Session" in diagram
    assert "Session.Note" in diagram
    assert "ephys.__spikes" not in diagram
    assert [TableName("lab", "session"), "lab.subject"] in diagram
    assert 3 not in diagram


def test_repr_names_tables(source: CatalogSource) -> None:
    assert repr(of(source, "lab.subject")) == "<Diagram of 1 table: Subject>"
    assert "8 tables: " in repr(of(source, "lab", "ephys"))


def test_unknown_sources_are_refused(source: CatalogSource) -> None:
    with pytest.raises(DependencyError, match="neither a schema nor a table"):
        of(source, "labb")
    with pytest.raises(DependencyError, match="cannot be made of 3"):
        Diagram(3)
    with pytest.raises(DependencyError, match="cannot be made of a int"):
        Diagram(3, via=source)
    with pytest.raises(DependencyError, match="not among"):
        Diagram(TableName("lab", "nothing_of_the_kind"), via=source)


class Offering:
    """An object of the table layer, as far as a diagram sees it: it offers a catalogue and its tables."""

    def __init__(self, source: CatalogSource, *wanted: str) -> None:
        self.source, self.wanted = source, wanted

    def __diagram_catalog__(self) -> tuple[Catalog, set[TableName]]:
        return self.source.catalog, self.source.nodes_for(self.wanted)


def test_objects_offer_their_tables(source: CatalogSource) -> None:
    diagram = Diagram(Offering(source, "lab.subject"), {"ignored": 1})
    assert names(diagram) == {"subject"}
    assert names(diagram + 1) == {"subject", "session", "pair"}


def test_classes_offer_their_tables(source: CatalogSource) -> None:
    class Session:
        @classmethod
        def __diagram_catalog__(cls) -> tuple[Catalog, list[TableName]]:
            return source.catalog, [TableName("lab", "session")]

    assert names(Diagram(Session) - 1) == {"subject", "session"}
    module = ModuleType("mylab")
    module.Session = Session  # type: ignore[attr-defined]
    assert names(Diagram(module)) == {"session"}
    # a schema speaks for the whole module, whatever tables it imports from others
    module.schema = Offering(source, "ephys")  # type: ignore[attr-defined]
    assert names(Diagram(module)) == {"_recording", "_recording__channel", "__spikes"}
    assert names(Diagram(Session) + module) == {"session", "_recording", "_recording__channel", "__spikes"}


def test_a_module_may_hold_schemas_of_several_databases(source: CatalogSource) -> None:
    module = ModuleType("mylab")
    module.one = Offering(source, "lab.subject")  # type: ignore[attr-defined]
    other = CatalogSource(Catalog().with_tables(spec("z.far", "id")))
    module.two = Offering(other, "z")  # type: ignore[attr-defined]
    assert names(Diagram(module)) == {"subject", "far"}
    with pytest.raises(DependencyError):
        Diagram(ModuleType("empty"))


def test_operands_are_turned_into_diagrams(source: CatalogSource) -> None:
    diagram = Diagram(Offering(source, "lab.subject"))
    assert names(diagram + Offering(source, "lab.session")) == {"subject", "session"}
    assert Offering(source, "lab.subject") in diagram
    assert Offering(source, "lab.session") not in diagram
    assert names(of(source, "lab.subject") + "lab.session") == {"subject", "session"}
    assert names(of(source, "lab") - "lab.session") == {"#strain", "subject", "session__note", "pair"}


# -- algebra ----------------------------------------------------------------------------------


def test_levels_down_and_up(source: CatalogSource) -> None:
    subject = of(source, "lab.subject")
    assert names(subject + 0) == {"subject"}
    assert names(subject + 1) == {"subject", "session", "pair"}
    assert names(subject + 2) == {"subject", "session", "pair", "session__note", "_recording"}
    assert names(subject - 1) == {"subject", "#strain"}
    assert names(subject - 9) == {"subject", "#strain"}
    assert names(of(source, "ephys.__spikes") - 10) == {
        "__spikes",
        "_recording",
        "session",
        "subject",
        "#strain",
    }


def test_order_of_growing_matters(source: CatalogSource) -> None:
    spikes = of(source, "ephys.__spikes")
    assert names(spikes - 1 + 1) == {"__spikes", "_recording", "_recording__channel"}
    assert names(spikes + 1 - 1) == {"__spikes", "_recording"}


@pytest.mark.parametrize("levels", [-1, True])
def test_levels_must_be_whole_numbers(source: CatalogSource, levels: int) -> None:
    with pytest.raises(DependencyError, match="cannot grow by"):
        of(source, "lab.subject") + levels
    with pytest.raises(DependencyError, match="cannot grow by"):
        of(source, "lab.subject") - levels


def test_set_operators(source: CatalogSource) -> None:
    lab, around = of(source, "lab"), of(source, "lab.session") + 1 - 1
    assert names(lab + around) == names(lab) | names(around)
    assert names(lab - around) == names(lab) - names(around)
    assert names(lab * around) == names(lab) & names(around) == {"session", "subject", "session__note"}
    assert lab + lab == lab * lab == lab
    assert hash(lab + lab) == hash(lab)
    assert lab != around
    assert len(lab - lab) == 0
    assert not lab - lab


def test_diagrams_are_not_changed_by_operators(source: CatalogSource) -> None:
    lab = of(source, "lab")
    before = lab.shown
    _ = lab + 3 - 2 - of(source, "lab.subject")
    _ = lab.collapse().add_parts()
    assert lab.shown == before
    assert lab.collapsed == set()


def test_from_sequence_and_sum(source: CatalogSource) -> None:
    both = Diagram.from_sequence(["lab", "ephys.__spikes"], via=source)
    assert names(both) == names(of(source, "lab")) | {"__spikes"}
    assert sum([of(source, "lab"), of(source, "ephys.__spikes")]) == both
    assert Diagram.from_sequence([both]) == both
    assert Diagram(both) == both
    with pytest.raises(DependencyError, match="of nothing"):
        Diagram.from_sequence([])


def test_union_of_different_sources() -> None:
    lab = CatalogSource(Catalog({n: s for n, s in CATALOG.tables.items() if n.schema == "lab"}))
    ephys = CatalogSource(Catalog({n: s for n, s in CATALOG.tables.items() if n.schema == "ephys"}))
    both = of(lab, "lab") + of(ephys, "ephys")
    assert names(of(lab, "lab.session") + 1) == {"session", "session__note"}
    assert "_recording" in names(both.only({TableName("lab", "session")}) + 1)
    tips = {n.key: n.tooltip for n in both.drawing.nodes}
    assert "session : int32" in tips["ephys.__spikes"]
    assert "A mouse <b>" in tips["lab.subject"]
    assert both == of(CatalogSource(CATALOG), "lab", "ephys")


def test_add_parts(source: CatalogSource) -> None:
    assert names(of(source, "lab.session", "ephys._recording").add_parts()) == {
        "session",
        "session__note",
        "_recording",
        "_recording__channel",
    }


def test_only(source: CatalogSource) -> None:
    some = of(source, "lab").only([TableName("lab", "subject")])
    assert names(some) == {"subject"}
    assert names(some + 1) == {"subject", "session", "pair"}
    with pytest.raises(DependencyError):
        some.only([TableName("lab", "none_such")])


# -- collapsing -------------------------------------------------------------------------------


def test_a_collapsed_schema_is_one_node(source: CatalogSource) -> None:
    diagram = of(source, "lab") + of(source, "ephys").collapse()
    drawing = diagram.drawing
    (node,) = [n for n in drawing.nodes if n.kind is NodeKind.SCHEMA]
    assert (node.label, node.note) == ("ephys", "3 tables")
    assert "Recording.Channel" in node.tooltip
    assert len(drawing.nodes) == 6
    (edge,) = [e for e in drawing.edges if e.child == node.key]
    assert (edge.parent, edge.primary, edge.one_to_one) == ("lab.session", True, False)
    assert edge.tooltip == "ephys._recording -> lab.session (session)"
    assert len(diagram) == 8


def test_expanded_wins(source: CatalogSource) -> None:
    for diagram in (
        of(source, "ephys.__spikes") + of(source, "ephys").collapse(),
        of(source, "ephys").collapse() + of(source, "ephys.__spikes"),
    ):
        labels = {n.label: n.note for n in diagram.drawing.nodes}
        assert labels == {"Spikes": "", "ephys": "2 tables"}
        assert diagram.collapsed == {
            TableName("ephys", "_recording"),
            TableName("ephys", "_recording__channel"),
        }


def test_collapsed_stays_so_through_differences_and_products(source: CatalogSource) -> None:
    folded = of(source, "ephys").collapse()
    assert (folded - of(source, "ephys.__spikes")).collapsed == folded.shown - {
        TableName("ephys", "__spikes")
    }
    assert (folded * of(source, "ephys").collapse()).collapsed == folded.shown
    assert (folded * of(source, "ephys")).collapsed == set()


def test_growing_shows_new_tables_expanded(source: CatalogSource) -> None:
    grown = of(source, "lab").collapse() + 1
    assert {n.label for n in grown.drawing.nodes} == {"lab", "Recording"}
    assert of(source, "ephys").collapse().add_parts().collapsed == of(source, "ephys").shown


def test_schemas_collapsed_around_one_another_can_be_drawn() -> None:
    catalog = Catalog().with_tables(spec("a.x", "x"), spec("b.y", "", "a.x.x"), spec("a.z", "", "b.y.x"))
    diagram = Diagram(["a", "b"], via=CatalogSource(catalog)).collapse()
    assert [(e.parent, e.child) for e in diagram.drawing.edges] == [
        ("schema a", "schema b"),
        ("schema b", "schema a"),
    ]
    root = ElementTree.fromstring(diagram.make_svg())
    assert len([p for p in root.iter(f"{SVG}path") if p.get("data-parent")]) == 2


# -- drawing ----------------------------------------------------------------------------------


def test_drawing_tells_keys_and_references(source: CatalogSource) -> None:
    drawing = of(source, "lab", "ephys").drawing
    nodes = {n.key: n for n in drawing.nodes}
    opens = {key for key, node in nodes.items() if node.distinguished}
    assert opens == {
        "lab.#strain",
        "lab.subject",
        "lab.session",
        "lab.session__note",
        "lab.pair",
        "ephys._recording__channel",
    }
    assert nodes["ephys.__spikes"].kind is NodeKind.COMPUTED
    assert nodes["lab.session__note"].label == "Session.Note"
    looks = {(e.parent, e.child): (e.primary, e.one_to_one, e.renamed) for e in drawing.edges}
    assert looks["lab.#strain", "lab.subject"] == (False, False, False)
    assert looks["lab.subject", "lab.session"] == (True, False, False)
    assert looks["ephys._recording", "ephys.__spikes"] == (True, True, False)
    dams = [e.tooltip for e in drawing.edges if e.child == "lab.pair"]
    assert dams == ["lab.pair -> lab.subject (dam = subject)", "lab.pair -> lab.subject (sire = subject)"]


def test_notes_are_second_lines(source: CatalogSource) -> None:
    diagram = of(source, "lab").with_notes({TableName("lab", "session"): 12}) + of(source, "ephys")
    assert {n.label: n.note for n in diagram.drawing.nodes if n.note} == {"Session": "12"}


def test_tooltips_have_comment_and_attributes(source: CatalogSource) -> None:
    (node,) = of(source, "lab.subject").drawing.nodes
    assert node.tooltip == "lab.subject\nA mouse <b>\n\nsubject : int32\n---\nstrain : int32"


def test_tables_beyond_the_catalogue_are_drawn_by_name() -> None:
    catalog = Catalog().with_tables(spec("a.x", "", "elsewhere._lab_scan.scan"))
    diagram = Diagram("a", via=CatalogSource(catalog)) - 1
    labels = {n.label: (n.kind, n.tooltip) for n in diagram.drawing.nodes}
    assert labels["LabScan"] == (NodeKind.IMPORTED, "elsewhere._lab_scan")


# -- pictures ---------------------------------------------------------------------------------


def test_svg_shows_every_table(source: CatalogSource) -> None:
    made = of(source, "lab", "ephys").make_svg()
    assert isinstance(made, Svg)
    assert made.data == made == made._repr_svg_()
    tables = {g.get("data-table") for g in ElementTree.fromstring(made).iter(f"{SVG}g")} - {None}
    assert tables == {str(n) for n in of(source, "lab", "ephys").shown}


def test_identifiers_differ_between_renderings_but_not_between_files(
    source: CatalogSource, tmp_path: Path
) -> None:
    diagram = of(source, "lab")
    assert diagram.svg != diagram.svg
    files = [diagram.save(tmp_path / f"{i}.svg").read_text() for i in range(2)]
    assert files[0] == files[1]
    assert diagram.make_svg(prefix="same") == diagram.make_svg(prefix="same")


def test_notebook_representations(source: CatalogSource) -> None:
    diagram = of(source, "lab")
    bundle = diagram._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert bundle["text/plain"] == repr(diagram)
    assert set(diagram._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    assert set(diagram._repr_mimebundle_(exclude=["text/plain"])) == {"image/svg+xml"}
    assert ElementTree.fromstring(diagram._repr_svg_()).tag == f"{SVG}svg"
    assert ElementTree.fromstring(diagram._repr_html_())[0].tag == f"{SVG}svg"


def test_styles(source: CatalogSource) -> None:
    diagram = of(source, "lab", "ephys")
    dark = diagram.with_style(theme="dark", direction="LR", legend=True)
    assert dark == diagram
    assert "#16191e" in dark.svg
    assert "one to one" in dark.svg
    assert "flowchart LR" in dark.mermaid
    assert "rankdir=LR" in dark.dot
    assert "#16191e" not in (dark + 1).make_svg(theme="light")
    assert "#16191e" in (dark + 1).svg
    assert "cluster" not in diagram.make_dot(group=False)
    assert Diagram(dark, style=Style(direction="LR")).mermaid == diagram.make_mermaid(direction="LR")
    with pytest.raises(ConfigError, match="no diagram theme"):
        diagram.make_svg(theme="sepia")
    with pytest.raises(ConfigError, match="no diagram direction"):
        diagram.with_style(direction="up")
    with pytest.raises(ConfigError, match="no setting 'colour'"):
        diagram.make_svg(colour="red")


@pytest.mark.parametrize(
    ("name", "chosen", "begin"),
    [
        ("p.svg", None, "<svg"),
        ("p.SVG", None, "<svg"),
        ("p.mmd", None, "flowchart TB"),
        ("p.mermaid", None, "flowchart TB"),
        ("p.dot", None, "digraph"),
        ("p.gv", None, "digraph"),
        ("p.txt", "mermaid", "flowchart TB"),
        ("p.svg", "dot", "digraph"),
    ],
)
def test_saving(source: CatalogSource, tmp_path: Path, name: str, chosen: str | None, begin: str) -> None:
    path = of(source, "lab").save(str(tmp_path / name), chosen)
    assert path == tmp_path / name
    assert path.read_text(encoding="utf-8").startswith(begin)


def test_saving_wrongly(source: CatalogSource, tmp_path: Path) -> None:
    diagram = of(source, "lab")
    with pytest.raises(ConfigError, match=r"does not tell"):
        diagram.save(tmp_path / "p.jpg")
    with pytest.raises(ConfigError, match=r"no format 'jpg'"):
        diagram.save(tmp_path / "p.svg", format="jpg")
    with pytest.raises(FascicleError, match="cannot be written"):
        diagram.save(tmp_path / "missing" / "p.svg")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine on which nothing makes pixels."""
    monkeypatch.setenv("PATH", "")
    for module in ("cairosvg", "matplotlib", "matplotlib.image", "matplotlib.pyplot", "IPython"):
        monkeypatch.setitem(sys.modules, module, None)
    return monkeypatch


def test_pixels_without_a_converter(source: CatalogSource, bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    diagram = of(source, "lab")
    for make in (diagram.make_png, diagram.make_image, lambda: diagram.save(tmp_path / "p.png")):
        with pytest.raises(FascicleError, match="nothing installed that turns a diagram into PNG") as caught:
            make()
        assert "cairosvg" in (caught.value.try_ or "")
    with pytest.raises(FascicleError, match="nowhere to show"):
        diagram.draw()


def test_a_failing_converter_is_reported(
    source: CatalogSource, bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho 'out of ink' >&2\nexit 3\n")
    program.chmod(0o755)
    bare.setenv("PATH", str(tmp_path))
    with pytest.raises(FascicleError, match="could not draw") as caught:
        of(source, "lab").make_png()
    assert caught.value.why == "out of ink"


@pytest.mark.parametrize("program", ["rsvg-convert", "dot"])
def test_png_by_a_program(
    source: CatalogSource, bare: pytest.MonkeyPatch, tmp_path: Path, program: str
) -> None:
    bare.undo()
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}")
    (tmp_path / program).symlink_to(found)
    bare.setenv("PATH", str(tmp_path))
    bare.setitem(sys.modules, "cairosvg", None)
    assert_png(of(source, "lab").make_png().getvalue())


def test_png_by_cairosvg(source: CatalogSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cairosvg")
    monkeypatch.setenv("PATH", "")
    path = of(source, "lab").save(tmp_path / "p.png")
    assert_png(path.read_bytes())


def assert_png(data: bytes) -> None:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(data[i : i + 4], "big") for i in (16, 20))
    assert width > 200
    assert height > 200


def test_diagrams_survive_pickling(source: CatalogSource) -> None:
    diagram = of(source, "lab").collapse().with_style(theme="dark") + of(source, "ephys")
    again = pickle.loads(pickle.dumps(diagram))
    assert again == diagram
    assert again.make_svg(prefix="p") == diagram.make_svg(prefix="p")
