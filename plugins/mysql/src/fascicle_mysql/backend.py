"""The backend: driver, dialect and catalogue together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from fascicle.backend.protocol import Session
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import FascicleError
from fascicle.model import Catalog, TableName
from fascicle.sql.statement import Sql
from fascicle_mysql import catalog, errors
from fascicle_mysql.dialect import DIALECT, MysqlDialect
from fascicle_mysql.session import MysqlSession

if TYPE_CHECKING:
    from fascicle.backend.protocol import Backend


class MysqlBackend:
    """MySQL and MariaDB by PyMySQL."""

    name = "mysql"
    schemes = ("mysql", "mariadb")
    dialect: MysqlDialect = DIALECT

    def open(self, url: DatabaseUrl) -> Session:
        """Open one session."""
        return MysqlSession(url)

    def translate(self, error: Exception, sql: Sql | None) -> FascicleError:
        """Turn a driver's error into one of our tree."""
        return errors.translate(error, sql)

    def is_retryable(self, error: BaseException) -> bool:
        """Whether the error is a deadlock or serialization failure."""
        return errors.is_retryable(error)

    def read_catalog(self, session: Session, schemas: Sequence[str]) -> Catalog:
        """Read every table of the schemas, those they refer to included."""
        return catalog.read_catalog(cast(MysqlSession, session), schemas)

    def list_schemas(self, session: Session) -> list[str]:
        """Names of the databases that are not the server's own."""
        return catalog.list_schemas(cast(MysqlSession, session))

    def user(self, session: Session) -> str:
        """Who the server takes us for, ``name@host``."""
        return str(session.execute(Sql("SELECT USER()")).rows[0][0])

    def size_of(self, session: Session, name: TableName) -> int:
        """Bytes that a table and its indexes take up, as the server estimates."""
        table = self.dialect.table(name)
        renew = [Sql("SET SESSION information_schema_stats_expiry = 0")] if _caches_sizes(session) else []
        if not session.in_transaction:  # counting anew would end the transaction
            renew.append(Sql(f"ANALYZE NO_WRITE_TO_BINLOG TABLE {table}"))
        size = Sql(
            "SELECT COALESCE(data_length, 0) + COALESCE(index_length, 0) FROM information_schema.tables "
            "WHERE table_schema = %s AND table_name = %s",
            (name.schema, name.table),
        )
        found = session.execute_script([*renew, size])[-1].rows
        return int(found[0][0]) if found else 0


def _caches_sizes(session: Session) -> bool:
    return not cast(MysqlSession, session).is_mariadb and cast(MysqlSession, session).version >= (8,)


if TYPE_CHECKING:
    _: Backend = MysqlBackend()
