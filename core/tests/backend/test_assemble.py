"""Raw rows of a catalogue become specifications."""

from __future__ import annotations

from typing import Any

from fascicle.backend.assemble import RawColumn, RawKey, RawTable, assemble
from fascicle.backend.repeats import in_key_order, without_repeats
from fascicle.model import REQUIRED, Attribute, CodecRef, CoreType, ForeignKey, Index, TableName, TableSpec

INT, LONG = CoreType("int32"), CoreType("int64")
PARENT, CHILD, GRANDCHILD = (TableName("lab", name) for name in ("parent", "child", "_grandchild"))


def column(name: str, native: str = "int", type_: CoreType | CodecRef = INT, **properties: Any) -> RawColumn:
    return RawColumn(name, native, type_, properties.pop("nullable", False), **properties)


def build(
    *tables: RawTable, lineage: dict[TableName, dict[str, str]] | None = None
) -> dict[TableName, TableSpec]:
    return dict(assemble(tables, lineage or {}, lambda raw, type_: (raw, type_)).tables)


def parent(*columns: RawColumn) -> RawTable:
    return RawTable(PARENT, "", [column("id", in_key=True, comment=":int32:number"), *columns])


def test_the_key_goes_first_and_keeps_its_order() -> None:
    table = RawTable(
        PARENT, "c", [column("a"), column("k2", in_key=True), column("b"), column("k1", in_key=True)]
    )
    spec = build(table)[PARENT]
    assert [a.name for a in spec.attributes] == ["k2", "k1", "a", "b"]
    assert spec.comment == "c"


def test_types_come_from_marker_then_parent_then_column() -> None:
    flag = column("flag", "tinyint", CoreType("int8"), in_key=True, comment=":bool:yes or no")
    child = RawTable(
        CHILD,
        "",
        [
            column("id", in_key=True),
            column("truth", "tinyint", CoreType("int8"), comment="told again"),
            column("wider", "bigint", LONG),
            column("odd", comment=":nonsense type here:text"),
            column("trace", "longblob", CodecRef("blob")),
            column("meta", "longtext", CoreType("native", ("longtext",)), comment=":<blob@raw>:x"),
        ],
        [RawKey(PARENT, (("truth", "flag"), ("id", "id")))],
    )
    heading = build(child, parent(flag))[CHILD].full_heading
    assert heading["truth"].type == CoreType("bool")
    assert (heading["truth"].comment, heading["id"].comment) == ("told again", "number")
    assert heading["wider"].type == LONG
    assert (heading["odd"].type, heading["odd"].comment) == (INT, ":nonsense type here:text")
    assert (heading["trace"].type, heading["trace"].codec) == (CoreType("bytes"), CodecRef("blob"))
    assert (heading["meta"].type, heading["meta"].codec) == (CoreType("json"), CodecRef("blob", "raw"))


def test_a_key_column_of_another_type_keeps_its_own() -> None:
    child = RawTable(
        CHILD, "", [column("id", "bigint", LONG, in_key=True)], [RawKey(PARENT, (("id", "id"),))]
    )
    assert build(parent(), child)[CHILD].full_heading["id"].type == LONG


def test_foreign_keys() -> None:
    child = RawTable(
        CHILD,
        "",
        [column("a", in_key=True), column("b", in_key=True), column("c", nullable=True), column("d")],
        [
            RawKey(PARENT, (("b", "k"), ("a", "id"))),
            RawKey(PARENT, (("c", "id"), ("d", "k"))),
            RawKey(TableName("elsewhere", "t"), (("d", "x"),)),
        ],
        [
            Index(("b", "a")),
            Index(("c", "d"), unique=True, name="u"),
            Index(("d",), name="support"),
            Index(("a", "d"), name="own"),
        ],
    )
    spec = build(child, parent(column("k", in_key=True)))[CHILD]
    assert spec.foreign_keys == (
        ForeignKey(PARENT, (("a", "id"), ("b", "k")), in_key=True),
        ForeignKey(PARENT, (("c", "id"), ("d", "k")), nullable=True, unique=True),
        ForeignKey(TableName("elsewhere", "t"), (("d", "x"),)),
    )
    assert spec.indexes == (Index(("b", "a")), Index(("a", "d")))


def test_lineage_follows_the_keys() -> None:
    child = RawTable(
        CHILD, "", [column("pid", in_key=True), column("n", in_key=True)], [RawKey(PARENT, (("pid", "id"),))]
    )
    last = RawTable(
        GRANDCHILD,
        "",
        [column("x", in_key=True), column("y"), column("z"), column("far")],
        [
            RawKey(CHILD, (("x", "pid"), ("y", "n"))),
            RawKey(TableName("elsewhere", "t"), (("far", "id"),)),
        ],
    )
    found = build(last, child, parent())[GRANDCHILD].full_heading
    assert [found[name].lineage for name in ("x", "y", "z", "far")] == [
        "lab.parent.id",
        "lab.child.n",
        None,
        "elsewhere.t.id",
    ]


def test_a_lineage_table_has_the_last_word() -> None:
    found = build(parent(), lineage={PARENT: {"id": "old.origin.id"}})[PARENT].full_heading
    assert found["id"].lineage == "old.origin.id"
    assert build(parent(), RawTable(TableName("lab", "~lineage"))).keys() == {PARENT}


def test_cycles_and_long_chains_end() -> None:
    names = [TableName("lab", f"t{i}") for i in range(3000)]
    tables = [
        RawTable(
            name, "", [column("id", in_key=True)], [RawKey(names[(i + 1) % len(names)], (("id", "id"),))]
        )
        for i, name in enumerate(names)
    ]
    assert len(build(*tables)) == 3000
    myself = RawTable(PARENT, "", [column("id", in_key=True)], [RawKey(PARENT, (("id", "id"),))])
    assert build(myself)[PARENT].full_heading["id"].lineage == "lab.parent.id"


def test_defaults() -> None:
    heading = build(
        parent(
            column("none"),
            column("null", nullable=True),
            column("given", default="raw"),
            column("numbered", default="raw", autoincrement=True),
        )
    )[PARENT].full_heading
    assert heading["none"].default is REQUIRED
    assert heading["null"].default is None
    assert heading["given"].default == ("raw", INT)
    assert heading["numbered"].default is REQUIRED
    assert heading["numbered"].has_default


def test_of_repeated_rows_the_last_stays() -> None:
    spec = TableSpec(PARENT, (Attribute("id", INT, in_key=True), Attribute("v", INT)))
    assert without_repeats(spec, ("v", "id"), [(1, 7), (2, 8), (3, 7)]) == [(3, 7), (2, 8)]
    rows = [(1, 7), (2, 8)]
    assert without_repeats(spec, ("v", "id"), rows) is rows
    numbered = spec.evolve(
        attributes=(Attribute("id", INT, in_key=True, autoincrement=True), spec.attributes[1])
    )
    assert without_repeats(numbered, ("v",), [(1,), (1,)]) == [(1,), (1,)]


def test_rows_that_may_exist_are_locked_in_one_order() -> None:
    spec = TableSpec(PARENT, (Attribute("id", INT, in_key=True), Attribute("v", INT)))
    assert in_key_order(spec, ("v", "id"), [(1, 7), (2, 3)]) == [(2, 3), (1, 7)]
    odd = [(1, "a"), (2, 3)]
    assert in_key_order(spec, ("v", "id"), odd) is odd
    assert in_key_order(spec, ("v",), odd) is odd
