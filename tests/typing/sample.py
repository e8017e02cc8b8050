"""What users write, as a type checker and an editor see it: checked, never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

import numpy as np

import fascicle as fc

db = fc.connect("sqlite:///lab.db")
schema = fc.Schema("lab", connection=db)


@schema
class Subject(fc.Manual):
    definition = """
    subject_id : int32
    ---
    species : varchar(24)
    """


@schema
class Session(fc.Manual):
    definition = """
    -> Subject
    session_id : int16
    ---
    weight = null : float64
    """

    class Trial(fc.Part):
        definition = """
        -> master
        trial : int16
        """

    def heaviest(self) -> float:
        """Methods of one's own stay visible on restrictions."""
        return max(float(row["weight"]) for row in self)


@schema
class Statistic(fc.Computed):
    definition = """
    -> Session
    ---
    mean : float64
    """

    def make(self, key: dict[str, Any]) -> None:
        weights: np.ndarray = (Session & key).to_arrays("weight")
        self.insert1({**key, "mean": float(weights.mean())})


@schema
class Staged(fc.Computed):
    definition = """
    -> Session
    """

    def make_fetch(self, key: dict[str, Any]) -> tuple[float]:
        return ((Session & key).fetch1("weight"),)

    def make_compute(self, key: dict[str, Any], weight: float) -> tuple[float]:
        return (2 * weight,)

    def make_insert(self, key: dict[str, Any], double: float) -> None:
        self.insert1({**key, "double": double})


class IntervalCodec(fc.Codec):
    name = "interval"

    def get_dtype(self, is_store: bool) -> str:
        return "json"

    def encode(self, value: Any, *, key: Any = None, store_name: str | None = None) -> Any:
        return list(value)

    def decode(self, stored: Any, *, key: Any = None) -> tuple[float, float]:
        return (stored[0], stored[1])


key = {"subject_id": 1, "session_id": 1}


def writing() -> None:
    Subject.insert([{"subject_id": 1, "species": "mouse"}], skip_duplicates=True)
    Subject.insert1({"subject_id": 2, "species": "rat"})
    Session.Trial.insert(({**key, "trial": n} for n in range(3)), chunk_size=10)
    Session.update1({**key, "weight": 20.0})
    with db.transaction:
        Session().insert1({**key, "weight": None})
    with db.transaction(isolation="serializable", read_only=True):
        len(Session)
    assert_type(Session.validate([{}]), fc.ValidationResult)
    assert_type((Session & key).delete(prompt=False), int)
    assert_type((Session.Trial & key).delete(part_integrity="cascade"), int)
    assert_type(Session.drop(prompt=False), list[str])


def asking() -> None:
    restricted = Session & key
    assert_type(restricted, Session)
    assert_type(Session & "weight > 3" & [key] & fc.Top(3, "weight DESC"), Session)
    assert_type(Session - Subject, Session)
    restricted.heaviest()
    assert_type(Session * Subject, fc.QueryExpression)
    assert_type(Session + Subject, fc.QueryExpression)
    assert_type(Session.proj("weight", n="session_id"), fc.QueryExpression)
    assert_type(Subject.aggr(Session, n="count(*)") & "n > 1", fc.QueryExpression)
    assert_type(Session.join(Subject, left=True), fc.QueryExpression)
    assert_type(Session.extend(Subject), fc.QueryExpression)
    assert_type(len(Session), int)
    assert_type(len(restricted), int)
    assert_type(bool(restricted), bool)
    assert_type(key in Session, bool)
    assert_type(Session.primary_key, list[str])
    for row in Session:
        assert_type(row, dict[str, Any])
    for row in restricted:
        assert_type(row, dict[str, Any])


def fetching() -> None:
    assert_type(Session.to_dicts(), list[dict[str, Any]])
    assert_type((Session & key).to_dicts(order_by="KEY", limit=3, offset=1), list[dict[str, Any]])
    assert_type(Session.keys(), list[dict[str, Any]])
    assert_type(Session.head(3), list[dict[str, Any]])
    assert_type(Session.make_sql(), str)
    weight: float = (Session & key).fetch1("weight")
    weights, keys = Session.to_arrays("weight", "session_id", order_by="KEY")
    Session.to_pandas().head()
    Session.to_polars().head()
    print(Session.to_arrow().num_rows)
    Session.fetch(as_dict=True, order_by="KEY")
    assert_type(Session.cursor(as_dict=True), Iterator[Any])
    print(weight, weights, keys)


def computing() -> None:
    summary = Statistic.populate(key, reserve_jobs=False, display_progress=True)
    assert_type(summary.success_count, int)
    summary["error_list"]
    assert_type(Statistic.progress(), tuple[int, int])


def looking() -> None:
    assert_type(Session.describe(), str)
    assert_type(Session.heading["weight"].nullable, bool)
    assert_type(Session.full_table_name, str)
    assert_type(schema.list_tables(), list[str])
    assert_type(fc.config["safemode"], Any)
    with fc.config.override(safemode=False):
        Session.parents(as_objects=True)
    diagram = fc.Diagram(schema) + 1 - fc.Diagram(Session)
    diagram.save("lab.svg")
    fc.Connection("localhost", "user", "password", use_tls=True).close()
    with fc.Instance("sqlite:///own.db", safemode=False) as own:
        assert_type(own.Schema("s"), fc.Schema)
    connection: fc.Connection = fc.conn()
    module = fc.VirtualModule("lab", "lab", connection=connection)
    len(module.Session & key)
    try:
        Session.fetch1()
    except fc.DataJointError as error:
        print(error.what, error.try_)
