"""What all parts of the backend suite share: the fixtures and how to find a session to cut off."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from fascicle.backend.connect import connect
from fascicle.backend.connection import Connection
from fascicle.testing.backend.bench import Bench


class BackendFixtures:
    """Fixtures of the suite; a subclass gives ``url``."""

    @pytest.fixture
    def url(self) -> str:
        """URL of a database in which schemas may be made and dropped."""
        raise NotImplementedError("a subclass of BackendSuite gives the fixture `url`")

    @pytest.fixture
    def connection(self, url: str) -> Iterator[Connection]:
        """An open connection."""
        with connect(url) as connection:
            yield connection

    @pytest.fixture
    def bench(self, connection: Connection) -> Iterator[Bench]:
        """A connection with an empty schema of its own, dropped at the end."""
        schema = f"fascicle_suite_{secrets.token_hex(4)}"
        connection.execute_script(connection.dialect.create_schema(schema))
        bench = Bench(connection, schema)
        yield bench
        while connection.in_transaction:
            connection.cancel_transaction()
        bench.drop_all()

    def cut_off(self, connection: Connection) -> None:
        """Make every idle session useless, as a restart of the server does."""
        for session in connection.pool.idle_sessions:
            session.close()

    def cut_off_transaction(self, connection: Connection) -> None:
        """Make the session of this thread's transaction useless."""
        connection.transactions.required().session.close()
