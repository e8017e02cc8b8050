"""From query nodes and table specifications to statements of one dialect."""

from fascicle.sql.compiler import Compiled, compile_count, compile_exists, compile_select
from fascicle.sql.dialect import Capability, Dialect
from fascicle.sql.modify import compile_delete, compile_insert_select, compile_update
from fascicle.sql.statement import Sql

__all__ = [
    "Capability",
    "Compiled",
    "Dialect",
    "Sql",
    "compile_count",
    "compile_delete",
    "compile_exists",
    "compile_insert_select",
    "compile_select",
    "compile_update",
]
