from __future__ import annotations

from typing import Any

import pytest

import fascicle as fc


@pytest.fixture
def connection(backend: Any) -> Any:
    found = backend.connect()
    found.runtime.config = fc.Config()  # settings that a test changes are its own
    return found


@pytest.fixture
def schema(backend: Any, connection: Any) -> fc.Schema:
    return fc.Schema(backend.schema_name(), connection=connection)


@pytest.fixture
def subject(schema: fc.Schema) -> Any:
    @schema
    class Subject(fc.Manual):
        definition = """
        subject_id : int32
        ---
        weight : float64
        """

    Subject.insert([(i, i * 1.5) for i in range(5)])
    return Subject
