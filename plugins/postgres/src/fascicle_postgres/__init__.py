"""The PostgreSQL backend of Fascicle."""

from fascicle_postgres.backend import PostgresBackend

BACKEND = PostgresBackend()

__all__ = ["BACKEND", "PostgresBackend"]
