"""Restriction: every kind of condition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fascicle as dj


def ids(query: Any) -> list[tuple[int, ...]]:
    return [tuple(row.values()) for row in query.keys(order_by="KEY")]


@pytest.mark.parity("query & 'condition'", "condition text", "query - condition")
def test_text(lab: Any) -> None:
    assert ids(lab.Session & "weight > 20.6") == [(1, 3), (2, 1)]
    assert ids(lab.Session & "session_date between '2026-01-02' and '2026-01-31'") == [(1, 2), (1, 3)]
    assert ids(lab.Session & "notes like 'g%'" & "subject_id in (1, 2)") == [(1, 1)]
    assert ids(lab.Session - "subject_id = 1") == [(2, 1)]
    assert ids(lab.Session - "weight > 20.6") == [(1, 1)]  # unknown is not false
    with pytest.raises(dj.errors.UnknownAttributeError, match="weight"):
        lab.Session & "wieght > 1"
    assert ids(lab.Session & dj.SQL("session_id % 2 = ?", 0)) == [(1, 2)]


@pytest.mark.parity("query & dict", "query & dict with None", "query & record", "query & dict: unknown names")
def test_dict_and_record(lab: Any) -> None:
    assert ids(lab.Session & {"subject_id": 1, "session_id": 2}) == [(1, 2)]
    assert ids(lab.Session & {"subject_id": 2, "rig": "A"}) == [(2, 1)]
    assert ids(lab.Session & {"weight": None}) == [(1, 2)]
    assert ids(lab.Session & {"session_date": "2026-01-03"}) == [(1, 3)]
    record = np.array([(1, 3)], dtype=[("subject_id", "i4"), ("session_id", "i2")])
    assert ids(lab.Session & record[0]) == [(1, 3)]
    assert ids(lab.Session - {"subject_id": 1}) == [(2, 1)]
    assert len(lab.Session & {}) == 4
    with pytest.raises(dj.errors.UnknownAttributeError):
        lab.Session & {"rig": "A"}
    with pytest.raises(dj.errors.UnknownAttributeError, match="session_id"):
        lab.Session & {"subject_id": 1, "sesion_id": 1}


@pytest.mark.parity("query & query", "query & TableClass", "query - query with NULLs")
def test_queries(lab: Any) -> None:
    assert ids(lab.Subject & lab.Session) == [(1,), (2,)]
    assert ids(lab.Subject - lab.Session) == [(3,)]
    assert ids(lab.Session & (lab.Subject & "sex = 'M'")) == [(2, 1)]
    assert ids(lab.Session & (lab.Subject & {"species": "rat"})) == []
    # NULL in the other side's attributes takes nothing away.
    assert ids(lab.Subject - (lab.Session & "weight is null")) == [(2,), (3,)]

    @lab.schema
    class Visit(dj.Manual):
        definition = """
        visit_id : int32
        ---
        -> [nullable] lab.Subject
        """

    Visit.insert([(1, 1), (2, None)])
    assert ids(lab.Subject - Visit) == [(2,), (3,)]
    assert ids(Visit - lab.Subject) == [(2,)]


@pytest.mark.parity("plain namesakes")
def test_plain_namesakes(lab: Any) -> None:
    @lab.schema
    class Weighing(dj.Manual):
        definition = """
        -> lab.Subject
        day : date
        ---
        notes = '' : varchar(80)    # nothing to do with the notes of a session
        """

    Weighing.insert1((1, "2026-01-01", "fat"))
    with pytest.warns(dj.NamesakeWarning, match="notes"):
        assert len(lab.Session & Weighing) == 3
    with pytest.warns(dj.NamesakeWarning, match="proj"):
        joined = lab.Session * Weighing
    assert {"notes", "weighing_notes"} <= set(joined.heading.names)
    assert (joined & "session_id = 1").fetch1("notes", "weighing_notes") == ("good", "fat")


@pytest.mark.parity(
    "query & [or, list]", "query & DataFrame", "query & []", "query & AndList", "AndList.append"
)
def test_several_conditions(lab: Any) -> None:
    pd = pytest.importorskip("pandas")
    assert ids(lab.Session & ["session_id = 3", {"subject_id": 2}]) == [(1, 3), (2, 1)]
    assert ids(lab.Session & [{"subject_id": 1, "session_id": n} for n in (1, 2)]) == [(1, 1), (1, 2)]
    assert ids(lab.Session & []) == []
    assert len(lab.Session - []) == 4
    frame = pd.DataFrame({"subject_id": [1, 2], "session_id": [3, 1]})
    assert ids(lab.Session & frame) == [(1, 3), (2, 1)]
    both = dj.AndList(["subject_id = 1"])
    both.append("session_id > 1")
    assert ids(lab.Session & both) == [(1, 2), (1, 3)]
    assert len(lab.Session & dj.AndList()) == 4
    assert len(lab.Session & (n for n in ["session_id = 1"])) == 2


@pytest.mark.parity("query & True", "query & False", "query & None", "query & Not", "query & U")
def test_constants(lab: Any) -> None:
    assert len(lab.Session & True) == 4
    assert len(lab.Session & False) == 0
    assert len(lab.Session & None) == 0
    assert len(lab.Session - True) == 0
    assert len(lab.Session - False) == 4
    assert ids(lab.Session & dj.Not("subject_id = 1")) == [(2, 1)]
    assert ids(lab.Session & dj.Not(lab.Subject & "sex = 'M'")) == ids(lab.Session & "subject_id = 1")
    assert len(lab.Session & dj.U("session_date")) == 4
    assert ids(lab.Session & [dj.Not({"subject_id": 1}), "session_id = 3"]) == [(1, 3), (2, 1)]


@pytest.mark.parity(
    "query & Top",
    "Top.limit",
    "Top.order_by",
    "Top.offset",
    "Top(limit=)",
    "Top(order_by=)",
    "Top(offset=)",
    "dj.Top",
)
def test_top(lab: Any) -> None:
    assert ids(lab.Session & dj.Top()) == [(1, 1)]
    assert ids(lab.Session & dj.Top(limit=2, order_by="session_date DESC")) == [(1, 3), (2, 1)]
    assert ids(lab.Session & dj.Top(2, offset=1)) == [(1, 2), (1, 3)]
    assert ids(lab.Session & dj.Top(limit=None, offset=3)) == [(2, 1)]
    assert ids(lab.Session & dj.Top(3) & dj.Top(2, order_by=None, offset=1)) == [(1, 2), (1, 3)]
    assert ids((lab.Session & dj.Top(3)) & "session_id = 1") == [(1, 1)]
    top = dj.Top(limit=2, order_by=["weight DESC", "KEY"], offset=0)
    assert (top.limit, list(top.order_by), top.offset) == (2, ["weight DESC", "KEY"], 0)
    assert ids(lab.Session & top) == [(1, 3), (2, 1)]
    assert bool(lab.Session & dj.Top(1, offset=10)) is False


@pytest.mark.parity("query & 'json.path'")
def test_json(schema: dj.Schema) -> None:
    @schema
    class Device(dj.Manual):
        definition = """
        device : int32
        ---
        setup = null : json
        """

    Device.insert(
        [(1, {"rate": 30, "site": {"lab": "A"}}), (2, {"rate": 20, "site": {"lab": "B"}}), (3, None)]
    )
    assert ids(Device & {"setup.rate:unsigned": 30}) == [(1,)]
    assert ids(Device & {"setup.site.lab": "B"}) == [(2,)]
    assert ids(Device & "setup.rate > 25") == [(1,)]
    assert Device.proj(rate="setup.rate:float").to_arrays("rate", order_by="KEY").tolist()[:2] == [30.0, 20.0]


@pytest.mark.parity(
    "Query.restrict", "Query.restrict(semantic_check=)", "key in query", "dj.Not", "dj.AndList"
)
def test_methods(lab: Any) -> None:
    assert ids(lab.Session.restrict("subject_id = 2")) == [(2, 1)]
    assert ids(lab.Session.restrict(lab.Subject & "sex = 'M'", semantic_check=False)) == [(2, 1)]
    by_notes = lab.Subject.proj("remarks", session_id="subject_id")
    with pytest.raises(dj.errors.DataJointError, match="session_id"):
        lab.Session & by_notes
    assert len(lab.Session.restrict(by_notes, semantic_check=False)) == 4
    assert {"subject_id": 1, "session_id": 3} in lab.Session
    assert {"subject_id": 3, "session_id": 3} not in lab.Session
    assert {"subject_id": 1} in lab.Session()
