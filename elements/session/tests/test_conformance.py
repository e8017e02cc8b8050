"""The Element conforms to what every Element must do, on every database."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

import fascicle as fc
from fascicle.testing.element_suite import ElementSuite
from fascicle_session import Session


class TestSession(ElementSuite):
    """The suite, with upstream tables whose names and keys nobody would guess."""

    element = Session
    functions: ClassVar = {"data_roots": lambda: {"raw": "raw", "video": "video"}}

    @pytest.fixture
    def connection(self, backend: Any) -> fc.Connection:
        return backend.connect()

    @pytest.fixture
    def prefix(self, backend: Any) -> str:
        return backend.prefix
