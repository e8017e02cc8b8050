"""SQLite passes the suite that every backend must pass."""

import pytest

from fascicle.testing.backend_suite import BackendSuite


class TestSqliteFile(BackendSuite):
    @pytest.fixture
    def url(self, tmp_path):
        return f"sqlite:///{tmp_path}/suite.db"
