"""The MySQL and MariaDB backend of Fascicle."""

from fascicle_mysql.backend import MysqlBackend

BACKEND = MysqlBackend()

__all__ = ["BACKEND", "MysqlBackend"]
