"""A pipeline as DataJoint users write them, on each database, through the default connection."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import fascicle as dj
from fascicle import _default


@pytest.fixture
def settings(backend: Any) -> Iterator[dj.Config]:
    """Settings that name the database; programs of the test see them as ``dj.config``."""
    config = dj.Config(read_files=False, environ={})
    config["database.url"] = backend.url
    config["safemode"] = False
    token = _default.use(_default.Default(config))
    yield config
    if _default.current().connection is not None:
        _default.current().connection.close()
    _default.restore(token)


@pytest.fixture
def schema(backend: Any, settings: dj.Config) -> dj.Schema:
    """An empty schema on the default connection."""
    return dj.Schema(backend.schema_name("lab"))


def declare_lab(schema: dj.Schema) -> SimpleNamespace:
    """Declare a small laboratory: lookups, subjects, sessions, an imported master with a part, a computed table."""

    @schema
    class Species(dj.Lookup):
        definition = """
        # species that we keep
        species : varchar(24)
        ---
        latin_name : varchar(40)
        """
        contents = (("mouse", "Mus musculus"), ("rat", "Rattus norvegicus"))

    @schema
    class Subject(dj.Manual):
        definition = """
        # animals
        subject_id : int32          # number on the ear tag
        ---
        -> Species
        sex = 'U' : enum('F', 'M', 'U')
        date_of_birth = null : date
        remarks = '' : varchar(255)
        """

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session_id : int16
        ---
        session_date : date
        weight = null : float64     # grams
        notes = '' : varchar(255)
        index (session_date)
        """

    @schema
    class Recording(dj.Imported):
        definition = """
        -> Session
        ---
        rate : float64
        """

        class Channel(dj.Part):
            definition = """
            -> master
            channel : int16
            ---
            gain : float64
            """

        def make(self, key):
            self.insert1({**key, "rate": 1000.0 * key["session_id"]})
            self.Channel.insert({**key, "channel": n, "gain": 0.5 * n} for n in range(3))

    @schema
    class Threshold(dj.Lookup):
        definition = """
        threshold_id : int16
        ---
        level : float64
        """
        contents = ((1, 0.1), (2, 0.9))

    @schema
    class Detection(dj.Computed):
        definition = """
        -> Recording
        -> Threshold
        ---
        n_above : int32
        """

        def make(self, key):
            level = (Threshold & key).fetch1("level")
            gains = (Recording.Channel & key).to_arrays("gain")
            self.insert1({**key, "n_above": int((gains > level).sum())})

    return SimpleNamespace(
        schema=schema,
        Species=Species,
        Subject=Subject,
        Session=Session,
        Recording=Recording,
        Channel=Recording.Channel,
        Threshold=Threshold,
        Detection=Detection,
    )


def fill_lab(lab: SimpleNamespace) -> None:
    """Insert three subjects and four sessions."""
    lab.Subject.insert(
        [
            {"subject_id": 1, "species": "mouse", "sex": "F", "date_of_birth": "2025-01-31"},
            {"subject_id": 2, "species": "mouse", "sex": "M"},
            {"subject_id": 3, "species": "rat", "remarks": "new"},
        ]
    )
    lab.Session.insert(
        [
            {"subject_id": 1, "session_id": 1, "session_date": "2026-01-01", "weight": 20.5, "notes": "good"},
            {"subject_id": 1, "session_id": 2, "session_date": "2026-01-02", "weight": None},
            {"subject_id": 1, "session_id": 3, "session_date": "2026-01-03", "weight": 21.0},
            {"subject_id": 2, "session_id": 1, "session_date": "2026-02-01", "weight": 24.0},
        ]
    )


def fill_recordings(lab: SimpleNamespace) -> None:
    """Insert what ``make`` of Recording would insert."""
    rows = [{**key, "rate": 1000.0 * key["session_id"]} for key in lab.Session.keys(order_by="KEY")]
    lab.Recording.insert(rows, allow_direct_insert=True)
    lab.Channel.insert(
        {"subject_id": r["subject_id"], "session_id": r["session_id"], "channel": n, "gain": 0.5 * n}
        for r in rows
        for n in range(3)
    )


@pytest.fixture
def empty_lab(schema: dj.Schema) -> SimpleNamespace:
    """The laboratory's tables with nothing but the lookups in them."""
    return declare_lab(schema)


@pytest.fixture
def lab(empty_lab: SimpleNamespace) -> SimpleNamespace:
    """The laboratory with subjects and sessions."""
    fill_lab(empty_lab)
    return empty_lab


@pytest.fixture
def recorded(lab: SimpleNamespace) -> SimpleNamespace:
    """The laboratory with recordings and their channels."""
    fill_recordings(lab)
    return lab
