"""What make may read and write, and the ways to its upstream."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import pytest

import fascicle as fc
from fascicle.errors import ContractError, MakeError, MissingTableError
from fascicle.populate.contract import ContractWarning
from fascicle.populate.static import check_make


@pytest.fixture
def lab(schema: fc.Schema) -> SimpleNamespace:
    @schema
    class Person(fc.Manual):
        definition = "person : varchar(20)"

    @schema
    class Subject(fc.Manual):
        definition = """
        subject_id : int32
        ---
        -> Person
        """

    @schema
    class Session(fc.Manual):
        definition = """
        -> Subject
        session : int32
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
        factor : float64
        """
        contents = (("a", 2.0), ("b", 3.0))

    @schema
    class Other(fc.Manual):
        definition = """
        other : int32
        ---
        factor : float64
        """

    @schema
    class Curation(fc.Manual):
        definition = """
        -> Session
        ---
        verdict : varchar(20)
        """

    Person.insert([("ann",), ("bob",)])
    Subject.insert([(1, "ann"), (2, "bob")])
    Session.insert([(1, 1), (1, 2), (2, 1)])
    Session.Channel.insert([(s, n, c, 10.0 * s + n) for s, n in ((1, 1), (1, 2), (2, 1)) for c in (0, 1)])
    Other.insert1((1, 5.0))
    return SimpleNamespace(**{k: v for k, v in locals().items() if isinstance(v, type)}, schema=schema)


def declare(lab: SimpleNamespace, make: Any, **members: Any) -> Any:
    class Result(fc.Computed):
        definition = """
        -> Session
        -> Method
        ---
        value : float64
        """

    Result.make = make
    for name, member in members.items():
        setattr(Result, name, member)
    return lab.schema(Result, context=vars(lab))


def test_upstream_by_class_and_name(lab: SimpleNamespace) -> None:
    seen: list[Any] = []

    def make(self: Any, key: dict[str, Any]) -> None:
        up = self.upstream
        seen.append(up[lab.Person].fetch1("person"))
        assert up["Person"].fetch1("person") == seen[-1]
        assert up[lab.Session].fetch1("KEY") == {k: key[k] for k in ("subject_id", "session")}
        assert len(up[lab.Session.Channel]) == len(up["Session.Channel"]) == 2
        factor = up["Method"].fetch1("factor")
        gain = max(up[lab.Session.Channel].to_arrays("gain"))
        assert sorted(up) == ["Method", "Person", "Session", "Session.Channel", "Subject"]
        assert "Other" not in up
        self.insert1(dict(key, value=factor * gain))

    table = declare(lab, make, contract="error")
    assert table.populate()["success_count"] == 6
    assert sorted(seen) == ["ann"] * 4 + ["bob"] * 2
    rows = table.to_dicts(order_by="KEY")
    assert rows[0] == {"subject_id": 1, "session": 1, "method": "a", "value": 22.0}
    people = (table & "subject_id = 2").upstream["Person"]
    assert people.keys() == [{"person": "bob"}]
    with pytest.raises(MakeError, match="needs a key"):
        _ = table.upstream
    with pytest.raises(MissingTableError, match="not upstream"):
        _ = (table & "subject_id = 2").upstream["Persn"]


def test_upstream_costs_nothing_when_unused(lab: SimpleNamespace, connection: Any) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        _ = self.upstream
        self.insert1(dict(key, value=0.0))

    table = declare(lab, make)
    table.populate(max_calls=1)
    before = connection.round_trips
    table.populate()
    assert connection.round_trips - before <= 4 + 5


def test_upstream_through_renamed_foreign_keys(lab: SimpleNamespace) -> None:
    found: list[Any] = []

    class Pair(fc.Computed):
        definition = """
        -> Subject.proj(one='subject_id')
        -> Subject.proj(other='subject_id')
        """

        def make(self, key: dict[str, Any]) -> None:
            found.append((key, self.upstream["Subject"].to_dicts(order_by="KEY")))
            self.insert1(key)

    lab.schema(Pair, context=vars(lab))
    Pair.populate("one = 1", "other = 2")
    assert [row["subject_id"] for row in found[0][1]] == [1, 2]
    assert [row["person"] for row in found[0][1]] == ["ann", "bob"]


def outside_read(lab: SimpleNamespace) -> Any:
    def make(self: Any, key: dict[str, Any]) -> None:
        factor = (lab.Other & "other = 1").fetch1("factor")
        self.insert1(dict(key, value=factor))

    return make


def test_reading_outside_is_told_once(lab: SimpleNamespace) -> None:
    table = declare(lab, outside_read(lab))
    with pytest.warns(ContractWarning, match="outside its upstream") as caught:
        table.populate()
    assert len(caught) == 1
    assert len(table) == 6


def test_reading_outside_is_refused(lab: SimpleNamespace) -> None:
    table = declare(lab, outside_read(lab), contract="error")
    with pytest.raises(ContractError, match=r"reads .*other.* outside its upstream") as caught:
        table.populate()
    assert "foreign key" in str(caught.value)
    assert len(table) == 0


def test_the_contract_may_be_off_by_class_or_setting(lab: SimpleNamespace, connection: Any) -> None:
    table = declare(lab, outside_read(lab), contract="off")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table.populate(max_calls=1)
        table.contract = None
        connection.runtime.config["contract"] = "off"
        table.populate(max_calls=1)
    table.contract = "perhaps"
    with pytest.raises(ContractError, match="no contract"):
        table.populate()


def test_a_subquery_counts_as_reading(lab: SimpleNamespace) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        n = len(lab.Session & key & lab.Curation)
        self.insert1(dict(key, value=n))

    with pytest.raises(ContractError, match="curation"):
        declare(lab, make, contract="error").populate()


def test_writing_outside_is_refused_unless_declared(lab: SimpleNamespace) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        lab.Curation.insert1(dict(key, verdict="new"), ignore_extra_fields=True, skip_duplicates=True)
        self.insert1(dict(key, value=0.0))

    table = declare(lab, make, contract="error")
    with pytest.raises(ContractError, match=r"inserts into .*curation.* outside its own table") as caught:
        table.populate()
    assert "writes = (Curation,)" in str(caught.value)
    assert len(lab.Curation) == len(table) == 0
    table.writes = (lab.Curation,)
    table.populate()
    assert len(lab.Curation) == 3


def test_declared_writes_share_the_transaction(lab: SimpleNamespace) -> None:
    def make(self: Any, key: dict[str, Any]) -> None:
        lab.Curation.insert1(dict(key, verdict="new"), ignore_extra_fields=True, skip_duplicates=True)
        raise ValueError("afterwards")

    table = declare(lab, make, contract="error", writes=(lab.Curation,))
    with pytest.raises(ValueError, match="afterwards"):
        table.populate()
    assert len(lab.Curation) == 0


@pytest.mark.parametrize("phase", ["fetch", "compute"])
def test_only_the_last_phase_writes(lab: SimpleNamespace, phase: str) -> None:
    def write(self: Any, key: dict[str, Any], *_: Any) -> Any:
        self.insert1(dict(key, value=0.0))
        return ()

    def nothing(self: Any, key: dict[str, Any], *_: Any) -> Any:
        return ()

    members = {f"make_{name}": write if name == phase else nothing for name in ("fetch", "compute", "insert")}

    class Result(fc.Computed):
        definition = """
        -> Session
        ---
        value : float64
        """

    for name, member in members.items():
        setattr(Result, name, member)
    table = lab.schema(Result, context=vars(lab))
    with pytest.raises(MakeError, match=f"make_{phase} tried to insert"):
        table.populate()
    assert len(table) == 0


def test_the_static_check_names_what_the_code_touches(lab: SimpleNamespace) -> None:
    def helper(key: dict[str, Any]) -> float:
        return float((lab_other & "other = 1").fetch1("factor"))

    lab_other, lab_curation, session = lab.Other, lab.Curation, lab.Session

    def make(self: Any, key: dict[str, Any]) -> None:
        gains = (session.Channel & key).to_arrays("gain")
        lab_curation.insert1(dict(key, verdict="new"))
        self.insert1(dict(key, value=helper(key) * sum(gains)))

    table = declare(lab, make)
    found = [(str(f.other).rpartition(".")[2], f.verb) for f in check_make(table())]
    assert found == [("curation", "reads"), ("other", "reads")]
    table.writes = (lab.Curation,)
    assert [str(f.other).rpartition(".")[2] for f in check_make(table())] == ["other"]
    assert "refer to it by a foreign key" in str(check_make(table())[0])


def test_the_static_check_finds_nothing_wrong(lab: SimpleNamespace) -> None:
    session, method = lab.Session, lab.Method

    def make(self: Any, key: dict[str, Any]) -> None:
        n = len(session.Channel & key) * (method & key).fetch1("factor")
        self.insert1(dict(key, value=n))

    assert check_make(declare(lab, make)()) == []
