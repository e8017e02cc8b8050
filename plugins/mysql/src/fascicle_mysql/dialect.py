"""The dialect of MySQL and MariaDB."""

from __future__ import annotations

from fascicle.sql.dialect import Capability
from fascicle_mysql.scalars import ScalarDialect
from fascicle_mysql.statements import MysqlStatements


class MysqlDialect(ScalarDialect, MysqlStatements):
    """Text and types of MySQL and MariaDB; stateless."""

    capabilities = Capability.COMMENTS | Capability.SCHEMAS | Capability.SKIP_LOCKED

    def clock(self) -> str:
        """Text of the present moment."""
        return "UTC_TIMESTAMP(3)"

    def clock_after(self) -> str:
        """Text of the moment so many seconds from now."""
        return "(UTC_TIMESTAMP(3) + INTERVAL %s SECOND)"


DIALECT = MysqlDialect()
