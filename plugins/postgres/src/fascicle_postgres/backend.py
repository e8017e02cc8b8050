"""The backend: driver, dialect and catalogue together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fascicle.backend.protocol import Session
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import FascicleError
from fascicle.model import Catalog, TableName
from fascicle.sql.statement import Sql
from fascicle_postgres import catalog, errors
from fascicle_postgres.dialect import DIALECT, PostgresDialect
from fascicle_postgres.session import PostgresSession

if TYPE_CHECKING:
    from fascicle.backend.protocol import Backend


class PostgresBackend:
    """PostgreSQL by psycopg."""

    name = "postgresql"
    schemes = ("postgresql", "postgres")
    dialect: PostgresDialect = DIALECT

    def open(self, url: DatabaseUrl) -> Session:
        """Open one session."""
        return PostgresSession(url)

    def translate(self, error: Exception, sql: Sql | None) -> FascicleError:
        """Turn a driver's error into one of our tree."""
        return errors.translate(error, sql)

    def is_retryable(self, error: BaseException) -> bool:
        """Whether the error is a deadlock or serialization failure."""
        return errors.is_retryable(error)

    def read_catalog(self, session: Session, schemas: Sequence[str]) -> Catalog:
        """Read every table of the schemas, those they refer to included."""
        return catalog.read_catalog(session, schemas)

    def list_schemas(self, session: Session) -> list[str]:
        """Names of the schemas that are not the server's own."""
        return catalog.list_schemas(session)

    def user(self, session: Session) -> str:
        """Who the server takes us for, ``name@host``."""
        host = "SELECT current_user::text || '@' || coalesce(host(inet_client_addr()), 'localhost')"
        return str(session.execute(Sql(host)).rows[0][0])

    def size_of(self, session: Session, name: TableName) -> int:
        """Bytes that a table takes up, its indexes and large values included."""
        size = Sql(
            "SELECT coalesce(pg_total_relation_size(to_regclass(%s)), 0)", (_bare(DIALECT.table(name)),)
        )
        return int(session.execute(size).rows[0][0])


def _bare(text: str) -> str:
    return text.replace("%%", "%")


if TYPE_CHECKING:
    _: Backend = PostgresBackend()
