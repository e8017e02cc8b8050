"""Staleness: one thing changed at a time makes exactly the rows stale that rest on it."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

import fascicle as fc

# What makes call, so that a test can change it.
TOOLS = SimpleNamespace()


def helper(value: float, factor: float = 2.0) -> float:
    return factor * value


def changed_helper(value: float, factor: float = 2.0) -> float:
    return factor * value + 1


@pytest.fixture
def lab(schema: fc.Schema) -> SimpleNamespace:
    @schema
    class Colony(fc.Manual):
        definition = """
        colony : int32
        ---
        strain : varchar(20)
        notes = '' : varchar(20)
        """

    @schema
    class Subject(fc.Manual):
        definition = """
        -> Colony
        subject : int32
        """

    @schema
    class Session(fc.Manual):
        definition = """
        -> Subject
        session : int32
        ---
        trace : <blob>
        """

        class Channel(fc.Part):
            definition = """
            -> master
            channel : int32
            ---
            gain : float64
            """

    @schema
    class Method(fc.Lookup):
        definition = """
        method : varchar(8)
        ---
        threshold : float64
        """
        contents = (("low", 1.0), ("high", 5.0))

    @schema
    class Filtered(fc.Computed):
        definition = """
        -> Session
        -> Method
        ---
        value : float64
        """

        def make(self, key: dict[str, Any]) -> None:
            strain = self.upstream["Colony"].fetch1("strain")
            trace = (Session & key).fetch1("trace")
            gains = (Session.Channel & key).to_arrays("gain")
            threshold = (Method & key).fetch1("threshold")
            value = helper(sum(trace) + sum(gains) + threshold + len(strain))
            self.insert1(dict(key, value=value))

    @schema
    class Report(fc.Computed):
        definition = """
        -> Filtered
        ---
        text : varchar(80)
        """

        def make(self, key: dict[str, Any]) -> None:
            self.insert1(dict(key, text=str((Filtered & key).fetch1("value"))))

    @schema
    class Empty(fc.Computed):
        definition = """
        -> Session
        """

        def make(self, key: dict[str, Any]) -> None:
            self.insert1(key)

    Colony.insert([(1, "a", ""), (2, "bb", "")])
    Subject.insert([(1, 1), (1, 2), (2, 1)])
    Session.insert([(c, s, n, [float(c), float(s)]) for c, s in ((1, 1), (1, 2), (2, 1)) for n in (1, 2)])
    Session.Channel.insert([(*key.values(), c, 1.0) for key in Session.proj().to_dicts() for c in (0, 1)])
    tables = {k: v for k, v in locals().items() if isinstance(v, type)}
    for table in (Filtered, Report, Empty):
        table.populate()
    return SimpleNamespace(**tables)


def stale(table: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(key.values()) for key in table.stale().to_dicts(*table.primary_key))


def everything(table: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(key.values()) for key in table.to_dicts(*table.primary_key))


def test_nothing_is_stale_at_first(lab: SimpleNamespace) -> None:
    for table in (lab.Filtered, lab.Report, lab.Empty):
        assert stale(table) == []
        assert table.stale(why=True) == []
        assert table.stale(verify=True).keys() == []


def test_a_value_three_tables_upstream(lab: SimpleNamespace) -> None:
    lab.Colony.update1({"colony": 2, "strain": "ccc"})
    expected = [(2, 1, n, m) for n in (1, 2) for m in ("high", "low")]
    assert stale(lab.Filtered) == expected
    assert stale(lab.Report) == expected
    assert stale(lab.Empty) == []
    why = lab.Filtered.stale(why=True)
    assert why[0]["why"] == ["input: rows of Colony were updated"]
    assert lab.Report.stale(why=True)[0]["why"] == ["input: rows of Filtered are stale themselves"]


def test_an_array(lab: SimpleNamespace) -> None:
    lab.Session.update1({"colony": 1, "subject": 2, "session": 1, "trace": [9.0]})
    assert stale(lab.Filtered) == [(1, 2, 1, "high"), (1, 2, 1, "low")]


def test_a_part_row_added_or_gone(lab: SimpleNamespace) -> None:
    lab.Session.Channel.insert1((1, 1, 2, 7, 4.0))
    assert stale(lab.Filtered) == [(1, 1, 2, "high"), (1, 1, 2, "low")]
    (lab.Session.Channel & {"colony": 2, "subject": 1, "session": 1, "channel": 0}).delete(
        prompt=False, part_integrity="ignore"
    )
    assert stale(lab.Filtered)[2:] == [(2, 1, 1, "high"), (2, 1, 1, "low")]


def test_a_lookup_parameter(lab: SimpleNamespace) -> None:
    lab.Method.update1({"method": "low", "threshold": 1.5})
    assert stale(lab.Filtered) == [key for key in everything(lab.Filtered) if key[-1] == "low"]


def test_rows_that_were_not_read(lab: SimpleNamespace) -> None:
    lab.Method.insert1(("new", 3.0))
    lab.Subject.insert1((2, 9))
    lab.Colony.insert1((3, "d", ""))
    lab.Session.insert1((2, 9, 1, [1.0]))
    assert stale(lab.Filtered) == []
    assert lab.Filtered.progress() == (
        8 - 1 + 2,
        12 + 9,
    )  # six old sessions by a new method, one new by three


def test_a_helper_in_another_function(lab: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "helper", changed_helper)
    assert stale(lab.Filtered) == everything(lab.Filtered)
    assert stale(lab.Report) == everything(lab.Report)
    assert stale(lab.Empty) == []
    said = lab.Filtered.stale(why=True)[0]["why"]
    assert any("changed_helper is new" in line for line in said)


def test_make_kwargs(lab: SimpleNamespace) -> None:
    assert stale(lab.Empty) == []
    assert len(lab.Empty.stale(make_kwargs={"x": 1})) == len(lab.Empty)
    assert len(lab.Empty.stale(make_kwargs={})) == 0


def test_what_other_clients_write_is_seen_by_verifying(lab: SimpleNamespace, connection: Any) -> None:
    name = connection.dialect.table(lab.Method.table_id).replace("%%", "%")
    connection.query(f"UPDATE {name} SET threshold = 7 WHERE method = 'high'")
    assert stale(lab.Filtered) == []
    found = lab.Filtered.stale(verify=True)
    assert sorted(tuple(k.values()) for k in found.to_dicts(*found.primary_key)) == [
        key for key in everything(lab.Filtered) if key[-1] == "high"
    ]
    why = lab.Filtered.stale({"method": "high"}, verify=True, why=True)
    assert why[0]["why"] == ["input: reading it again gives other rows"]


def test_restrictions_limit_the_search(lab: SimpleNamespace) -> None:
    lab.Method.update1({"method": "low", "threshold": 1.5})
    assert len(lab.Filtered.stale("colony = 2")) == 2
    assert len((lab.Filtered & "session = 1").stale()) == 3


def test_made_again_is_fresh_again(lab: SimpleNamespace) -> None:
    lab.Method.update1({"method": "low", "threshold": 1.5})
    lab.Filtered.stale().delete(prompt=False)
    lab.Filtered.populate()
    lab.Report.populate()
    assert stale(lab.Filtered) == stale(lab.Report) == []


def test_provenance_says_who_when_and_what(lab: SimpleNamespace, connection: Any, schema: fc.Schema) -> None:
    rows = fc.FreeTable(connection, f"{schema.name}.~provenance__filtered").to_dicts()
    assert len(rows) == 12
    row = rows[0]
    assert re.fullmatch(r"[0-9a-f]{32}", row["code"])
    assert re.fullmatch(r"[0-9a-f]{32}", row["inputs"])
    assert row["duration"] > 0
    assert row["peak_memory"] > 1 << 20
    assert row["host"]
    assert "git" in row["version"]
    read = {table.rpartition(".")[2] for table, _ in row["reads"]}
    assert {"colony", "session", "session__channel", "#method"} <= read
    code = fc.FreeTable(connection, f"{schema.name}.~code").to_dicts()
    assert any("helper" in name for entry in code for name in entry["pieces"])
    assert sys.modules[__name__].TOOLS is TOOLS


def test_lineage_as_prov_json(lab: SimpleNamespace, schema: fc.Schema) -> None:
    import json

    document = json.loads(
        json.dumps((lab.Report & {"colony": 2, "session": 1, "method": "low"}).export_prov())
    )
    report = f"fascicle:{schema.name}.__report?colony=2&subject=1&session=1&method=low"
    assert report in document["entity"]
    activity = document["activity"][report.replace("fascicle:", "fascicle:make/", 1)]
    assert re.fullmatch(r"[0-9a-f]{32}", activity["fascicle:code"])
    used = {link["prov:entity"].rpartition(".")[2] for link in document["used"].values()}
    assert "__filtered?colony=2&subject=1&session=1&method=low" in used
    assert "colony?colony=2" in used
    assert "#method?method=low" in used
    assert all(link["prov:entity"] in document["entity"] for link in document["used"].values())
    made = {link["prov:entity"] for link in document["wasGeneratedBy"].values()}
    assert report in made
    assert len(document["agent"]) == 1
