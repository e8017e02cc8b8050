"""The dialect of PostgreSQL."""

from __future__ import annotations

from fascicle.sql.dialect import Capability
from fascicle_postgres.scalars import ScalarDialect
from fascicle_postgres.statements import PostgresStatements


class PostgresDialect(ScalarDialect, PostgresStatements):
    """Text and types of PostgreSQL; stateless."""

    capabilities = (
        Capability.TRANSACTIONAL_DDL
        | Capability.RETURNING
        | Capability.SKIP_LOCKED
        | Capability.COMMENTS
        | Capability.SCHEMAS
        | Capability.NULLS_FIRST_CLAUSE
        | Capability.PIPELINE
    )

    def clock(self) -> str:
        """Text of the present moment; CURRENT_TIMESTAMP stands still within a transaction."""
        return "(clock_timestamp() AT TIME ZONE 'UTC')::timestamp(3)"

    def clock_after(self) -> str:
        """Text of the moment so many seconds from now."""
        return "((clock_timestamp() AT TIME ZONE 'UTC')::timestamp(3) + %s::float8 * interval '1 second')"


DIALECT = PostgresDialect()
