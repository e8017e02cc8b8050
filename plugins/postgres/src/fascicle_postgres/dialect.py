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


DIALECT = PostgresDialect()
