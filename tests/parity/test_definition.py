"""Definitions: classes, grammar, types."""

from __future__ import annotations

import datetime as dt
import uuid
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import fascicle as dj


def declare(
    schema: dj.Schema, definition: str, tier: Any = dj.Manual, name: str = "Thing", **context: Any
) -> Any:
    return schema(type(tier)(name, (tier,), {"definition": definition}), context=context)


@pytest.mark.parity(
    "dj.Manual",
    "dj.Entry",
    "dj.Lookup",
    "dj.Imported",
    "dj.Ingest",
    "dj.Computed",
    "dj.Compute",
    "dj.Part",
    "dj.Table",
    "dj.AutoPopulate",
    "CamelCase class names",
    "nested parts",
    "Lookup.contents",
    "queries on the class itself",
    "-> Master (in a part)",
)
def test_tiers(recorded: Any, backend: Any) -> None:
    assert dj.Entry is dj.Manual
    assert dj.Ingest is dj.Imported
    assert dj.Compute is dj.Computed
    for table in (
        recorded.Species,
        recorded.Subject,
        recorded.Recording,
        recorded.Channel,
        recorded.Detection,
    ):
        assert issubclass(table, dj.Table)
    assert issubclass(recorded.Recording, dj.AutoPopulate)
    assert recorded.Species.table_name == "#species"
    assert recorded.Subject.table_name == "subject"
    assert recorded.Recording.table_name == "_recording"
    assert recorded.Channel.table_name == "_recording__channel"
    assert recorded.Detection.table_name == "__detection"
    assert len(recorded.Species) == 2

    @recorded.schema
    class ProcessedEMG(dj.Manual):
        definition = """
        emg : int32
        """

        class Burst(dj.Part):
            definition = """
            -> ProcessedEMG
            burst : int16
            """

    assert ProcessedEMG.table_name == "processed_e_m_g"
    ProcessedEMG.insert1((1,))
    ProcessedEMG.Burst.insert1((1, 1))
    assert len(ProcessedEMG & {"emg": 1}) == 1
    assert [row["burst"] for row in ProcessedEMG.Burst] == [1]
    with pytest.raises(dj.DataJointError, match="CamelCase"):
        declare(recorded.schema, "a : int32", name="lower_case")
    with pytest.raises(dj.DataJointError, match="part"):
        recorded.schema(type(dj.Part)("Alone", (dj.Part,), {"definition": "-> master"}))


@pytest.mark.parity(
    "Table.definition",
    "# table comment",
    "--- divider",
    "name : type",
    "name = default : type",
    "name = null : type",
    "name : type # comment",
    "CURRENT_TIMESTAMP",
)
def test_attributes(schema: dj.Schema) -> None:
    Thing = declare(
        schema,
        """
        # things we own
        thing : int32                  # number
        ---
        # a line that says nothing
        name = "none" : varchar(20)    # what it's called
        half = 0.5 : float64
        flag = true : bool
        kind = "a" : enum("a", "b")
        weight = null : float64
        seen = NULL : datetime
        made = CURRENT_TIMESTAMP : datetime
        """,
    )
    assert Thing.heading.primary_key == ["thing"]
    assert Thing.heading.comment == "things we own"
    assert Thing.heading["name"].comment == "what it's called"
    Thing.insert1({"thing": 1})
    row = Thing.fetch1()
    made = row.pop("made")
    assert row == {
        "thing": 1,
        "name": "none",
        "half": 0.5,
        "flag": True,
        "kind": "a",
        "weight": None,
        "seen": None,
    }
    assert abs(made - dt.datetime.now(dt.UTC).replace(tzinfo=None)) < dt.timedelta(hours=26)


@pytest.mark.parity(
    "-> Parent",
    "-> [nullable] Parent",
    "-> [unique] Parent",
    "-> Parent.proj(new='old')",
    "-> master",
)
def test_foreign_keys(lab: Any) -> None:
    Thing = declare(
        lab.schema,
        """
        -> Subject
        -> Subject.proj(mate='subject_id')
        ---
        -> [nullable] Species
        -> [unique] Threshold
        """,
        Subject=lab.Subject,
        Species=lab.Species,
        Threshold=lab.Threshold,
    )
    assert Thing.primary_key == ["subject_id", "mate"]
    Thing.insert1({"subject_id": 1, "mate": 2, "threshold_id": 1})
    assert Thing.fetch1("species") is None
    with pytest.raises(dj.errors.IntegrityError):
        Thing.insert1({"subject_id": 1, "mate": 9, "threshold_id": 2})
    with pytest.raises(dj.errors.DuplicateError):
        Thing.insert1({"subject_id": 2, "mate": 1, "threshold_id": 1})
    assert (lab.Subject.proj(mate="subject_id") * Thing).primary_key == ["subject_id", "mate"]
    assert len(lab.Channel.heading.primary_key) == 3


@pytest.mark.parity("index(a, b)", "unique index(a, b)", "singleton tables", "heading.indexes")
def test_indexes_and_singletons(schema: dj.Schema) -> None:
    Thing = declare(
        schema,
        """
        a : int32
        ---
        b : int32
        c : int32
        index (b, c)
        unique index (c)
        """,
    )
    assert Thing.heading.indexes == {("b", "c"): {"unique": False}, ("c",): {"unique": True}}
    Thing.insert1((1, 1, 1))
    with pytest.raises(dj.errors.DuplicateError):
        Thing.insert1((2, 1, 1))
    Settings = declare(schema, "---\ncolour : varchar(8)", name="Settings")
    Settings.insert1({"colour": "red"})
    with pytest.raises(dj.errors.DuplicateError):
        Settings.insert1({"colour": "blue"})
    assert Settings.fetch1("colour") == "red"
    assert Settings.primary_key == []


@pytest.mark.parity("Lookup.contents: any iterable")
def test_contents_of_any_kind(schema: dj.Schema) -> None:
    definition = """
    letter : char(1)
    ---
    number = 0 : int16
    """

    def numbered() -> Any:
        yield from ({"letter": letter} for letter in "ab")

    for name, contents in {
        "Zipped": zip("abc", range(3), strict=True),
        "Made": numbered(),
        "Listed": [("a", 1)],
    }.items():
        table = schema(type(dj.Lookup)(name, (dj.Lookup,), {"definition": definition, "contents": contents}))
        assert (table & {"letter": "a"}).fetch1("letter") == "a"
    assert schema["Zipped"].to_arrays("number", order_by="KEY").tolist() == [0, 1, 2]


@pytest.mark.parity("no declaration inside a transaction", "Computed: wholly foreign key")
def test_refused_declarations(lab: Any) -> None:
    with pytest.raises(dj.DataJointError, match="transaction"), dj.conn().transaction:
        declare(lab.schema, "a : int32")
    with pytest.raises(dj.DataJointError, match="own"):
        declare(lab.schema, "-> Subject\nown : int32", dj.Computed, Subject=lab.Subject)
    with dj.config.override(jobs__allow_new_pk_fields_in_computed_tables=True):
        Thing = declare(lab.schema, "-> Subject\nown : int32", dj.Computed, Subject=lab.Subject)
    assert Thing.primary_key == ["subject_id", "own"]


VALUES = {
    "type int8": ("int8", -128),
    "type int16": ("int16", 32767),
    "type int32": ("int32", -(2**31)),
    "type int64": ("int64", 2**63 - 1),
    "type float32": ("float32", 0.25),
    "type float64": ("float64", 0.1),
    "type bool": ("bool", True),
    "type decimal(p,s)": ("decimal(6,2)", Decimal("1234.50")),
    "type char(n)": ("char(3)", "abc"),
    "type varchar(n)": ("varchar(20)", "Å 'quoted' 日本"),
    "type enum(...)": ("enum('left', 'right')", "right"),
    "type date": ("date", dt.date(2026, 2, 28)),
    "type datetime(n)": ("datetime(6)", dt.datetime(2026, 2, 28, 12, 30, 15, 123456)),
    "type json": ("json", {"a": [1, None, {"b": "c"}]}),
    "type uuid": ("uuid", uuid.UUID("12345678-1234-5678-1234-567812345678")),
    "type bytes": ("bytes", b"\x00\xff"),
    "type <blob>": ("<blob>", {"array": [1, 2.5, "x"], "none": None}),
}


@pytest.mark.parity(*VALUES)
def test_types(schema: dj.Schema) -> None:
    names = {name: f"v{number}" for number, name in enumerate(VALUES)}
    lines = [f"{names[name]} = null : {text}" for name, (text, _) in VALUES.items()]
    Thing = declare(schema, "\n".join(["thing : int32", "---", *lines]))
    row = {names[name]: value for name, (_, value) in VALUES.items()}
    Thing.insert([{"thing": 1, **row}, {"thing": 2}])
    fetched = (Thing & "thing = 1").fetch1()
    assert {name: fetched[name] for name in row} == row
    empty = (Thing & "thing = 2").fetch1()
    assert all(empty[name] is None for name in row)
    for name, (text, value) in VALUES.items():
        if text not in ("json", "<blob>", "bytes"):
            assert len(Thing & {names[name]: value}) == 1, name
    assert Thing.describe().count(":") >= len(VALUES)


@pytest.mark.parity("types of older pipelines")
def test_older_types(schema: dj.Schema) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Thing = declare(
            schema,
            """
            a : int
            b : smallint unsigned
            ---
            c : float
            d : double
            e : tinyint
            f : boolean
            g : longblob
            h = CURRENT_TIMESTAMP : timestamp
            """,
        )
    Thing.insert1({"a": 1, "b": 40000, "c": 0.5, "d": 0.1, "e": 7, "f": True, "g": np.arange(3)})
    row = Thing.fetch1()
    assert (row["b"], row["c"], row["d"], row["e"], bool(row["f"])) == (40000, 0.5, 0.1, 7, True)
    assert row["g"].tolist() == [0, 1, 2]


@pytest.mark.parity("definition strictness")
@pytest.mark.parametrize(
    "definition",
    [
        "a : int33",
        "a int32",
        "a : int32\n---\na : int32",
        "a = null : int32",
        "a : int32\n---\n-> Nothing",
        "2a : int32",
    ],
)
def test_strict_definitions(schema: dj.Schema, definition: str) -> None:
    with pytest.raises(dj.DataJointError) as caught:
        declare(schema, definition)
    assert "line" in str(caught.value)


@pytest.mark.parity("drift warnings")
def test_drift(lab: Any) -> None:
    schema = dj.Schema(lab.schema.name)
    with pytest.warns(dj.DriftWarning, match="latin_name"):
        declare(schema, "species : varchar(24)\n---\ncommon_name : varchar(40)", dj.Lookup, "Species")
