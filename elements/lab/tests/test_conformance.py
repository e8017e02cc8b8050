"""The Element conforms to what every Element must do, on every database."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as fc
from fascicle.testing.element_suite import ElementSuite
from fascicle_lab import Lab


class TestLab(ElementSuite):
    """The suite, with upstream tables whose names and keys nobody would guess."""

    element = Lab

    @pytest.fixture
    def connection(self, backend: Any) -> fc.Connection:
        return backend.connect()

    @pytest.fixture
    def prefix(self, backend: Any) -> str:
        return backend.prefix
