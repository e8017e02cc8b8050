"""What every backend must do, as tests that a backend's author subclasses.

Examples
--------
::

    class TestMyDatabase(BackendSuite):
        @pytest.fixture
        def url(self):
            return "mydb://user@localhost/scratch"
"""

from __future__ import annotations

from fascicle.testing.backend.declarations import DeclarationTests
from fascicle.testing.backend.faults import FaultTests
from fascicle.testing.backend.sessions import SessionTests
from fascicle.testing.backend.streams import StreamTests
from fascicle.testing.backend.transactions import TransactionTests
from fascicle.testing.backend.values import ValueTests


class BackendSuite(SessionTests, TransactionTests, StreamTests, ValueTests, DeclarationTests, FaultTests):
    """Conformance tests of a backend.

    A subclass gives the fixture ``url``: a database in which the suite may make schemas named
    ``fascicle_suite_...`` and drop them again.  A server's subclass overrides `cut_off` and `cut_off_transaction`
    to end sessions on the server's side.
    """


__all__ = ["BackendSuite"]
