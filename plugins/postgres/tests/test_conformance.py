"""The backend conforms to what every backend must do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest

from fascicle.backend.connect import connect
from fascicle.backend.connection import Connection
from fascicle.backend.protocol import Session
from fascicle.sql.statement import Sql
from fascicle.testing.backend_suite import BackendSuite
from fascicle_postgres.session import PostgresSession
from tests.servers import Unavailable
from tests.servers.fixtures import ServerPool


class TestPostgres(BackendSuite):
    """The suite on a private server, sessions being ended by the server."""

    @pytest.fixture
    def url(self, server_pool: ServerPool) -> str:
        try:
            return server_pool.url("postgres")
        except Unavailable as error:
            pytest.skip(f"postgres: {error}")

    def cut_off(self, connection: Connection) -> None:
        self.end(connection, connection.pool.idle_sessions)

    def cut_off_transaction(self, connection: Connection) -> None:
        self.end(connection, [connection.transactions.required().session])

    def end(self, connection: Connection, sessions: Iterable[Session]) -> None:
        """End sessions by a command to the server."""
        with connect(connection.url) as other:
            for session in sessions:
                number = cast(PostgresSession, session).connection_id
                other.execute(Sql(f"SELECT pg_terminate_backend({number})"))
