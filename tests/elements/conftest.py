"""Connections and lab tables for the tests of Elements."""

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
    """The lab's own schema."""
    return fc.Schema(backend.schema_name("lab"), connection=db)


@pytest.fixture
def lab(schema: fc.Schema) -> SimpleNamespace:
    """Tables of a lab that names everything in its own way, with rows."""

    @schema
    class Beast(fc.Manual):
        definition = """
        house : varchar(16)
        number : int32
        ---
        called : varchar(32)
        mass = null : float64
        """

    @schema
    class Helper(fc.Manual):
        definition = """
        badge : int32
        ---
        full_name : varchar(32)
        """

    Beast.insert([("north", 1, "Ida", 0.5), ("north", 2, "Otto", None), ("south", 1, "Maximilian", 0.25)])
    Helper.insert([(7, "Ann"), (8, "Bo")])
    return SimpleNamespace(schema=schema, Beast=Beast, Helper=Helper)
