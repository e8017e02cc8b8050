"""A small pipeline on each database: what most tests of tables need."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import fascicle as fc


@pytest.fixture
def db(backend: Any) -> Iterator[fc.Connection]:
    """A connection to an empty place on the backend."""
    connection = backend.connect()
    connection.runtime.config["safemode"] = False
    yield connection
    connection.close()


@pytest.fixture
def schema(backend: Any, db: fc.Connection) -> fc.Schema:
    """An empty schema."""
    return fc.Schema(backend.schema_name("lab"), connection=db)


def declare_lab(schema: fc.Schema) -> SimpleNamespace:
    """Declare subjects, sessions, a lookup, a master with a part, and a table that refers to the part."""

    @schema
    class Subject(fc.Manual):
        definition = """
        # animal
        subject_id : varchar(32)
        ---
        species = 'Mus musculus' : varchar(64)
        born_on = null : date
        notes = '' : varchar(200)
        """

    @schema
    class Session(fc.Manual):
        definition = """
        -> Subject
        session_id : int32
        ---
        session_date : date
        weight_g = null : float64
        notes = '' : varchar(200)
        """

    @schema
    class Method(fc.Lookup):
        definition = """
        method : varchar(16)
        ---
        threshold : float64
        """
        contents = (("fast", 1.5), ("slow", 2.5))

    @schema
    class Scan(fc.Manual):
        definition = """
        -> Session
        ---
        depth_um : float64
        """

        class Field(fc.Part):
            definition = """
            -> master
            field : int16
            ---
            label = null : varchar(16)
            """

    @schema
    class Note(fc.Manual):
        definition = """
        note_id : int32
        ---
        -> [nullable] Scan.Field
        text : varchar(100)
        """

    return SimpleNamespace(
        schema=schema, Subject=Subject, Session=Session, Method=Method, Scan=Scan, Field=Scan.Field, Note=Note
    )


def fill_lab(lab: SimpleNamespace) -> SimpleNamespace:
    """Insert three subjects, five sessions, four scans with fields, and notes."""
    lab.Subject.insert(
        [
            {"subject_id": "m1", "born_on": "2025-01-31"},
            {"subject_id": "m2", "species": "Rattus norvegicus"},
            {"subject_id": "m3", "notes": "escaped"},
        ]
    )
    lab.Session.insert(
        [
            {"subject_id": "m1", "session_id": 1, "session_date": "2026-01-01", "weight_g": 20.5},
            {"subject_id": "m1", "session_id": 2, "session_date": "2026-01-02", "weight_g": None},
            {"subject_id": "m1", "session_id": 3, "session_date": "2026-01-03", "weight_g": 21.0},
            {"subject_id": "m2", "session_id": 1, "session_date": "2026-01-01", "weight_g": 250.0},
            {"subject_id": "m2", "session_id": 2, "session_date": "2026-02-01", "weight_g": 260.0},
        ]
    )
    keys = [("m1", 1), ("m1", 2), ("m2", 1), ("m2", 2)]
    lab.Scan.insert({"subject_id": s, "session_id": n, "depth_um": 100.0 * n} for s, n in keys)
    lab.Field.insert(
        {"subject_id": s, "session_id": n, "field": f, "label": "left" if f else None}
        for s, n in keys
        for f in (0, 1)
    )
    lab.Note.insert(
        [
            {"note_id": 1, "subject_id": "m1", "session_id": 1, "field": 0, "text": "bright"},
            {"note_id": 2, "subject_id": "m2", "session_id": 1, "field": 1, "text": "dim"},
            {"note_id": 3, "text": "unrelated"},
        ]
    )
    return lab


@pytest.fixture
def empty_lab(schema: fc.Schema) -> SimpleNamespace:
    """The lab's tables without rows."""
    return declare_lab(schema)


@pytest.fixture
def lab(empty_lab: SimpleNamespace) -> SimpleNamespace:
    """The lab's tables with rows."""
    return fill_lab(empty_lab)
