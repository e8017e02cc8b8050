"""Fascicle: a scientific pipeline that is a database schema.

Tables are the steps, foreign keys the dependencies, ``populate()`` the engine::

    import fascicle as fc

    schema = fc.Schema("tutorial", connection=fc.connect("sqlite:///lab.db"))

    @schema
    class Subject(fc.Manual):
        definition = \"\"\"
        subject_id : varchar(32)
        ---
        species    : varchar(64)
        \"\"\"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fascicle import errors
from fascicle._default import connect
from fascicle._public import (
    Instance,
    Schema,
    conn,
    create_virtual_module,
    key,
    list_schemas,
    schema,
    virtual_schema,
)
from fascicle._public import PublicVirtualModule as VirtualModule
from fascicle.backend.connection import Connection
from fascicle.codecs import Codec
from fascicle.config import Config
from fascicle.errors import (
    AccessError,
    ConfirmationRequired,
    DataJointError,
    DefinitionError,
    DuplicateError,
    FascicleError,
    IntegrityError,
    LineageError,
    LostConnectionError,
    MissingAttributeError,
    MissingParentError,
    MissingTableError,
    PartIntegrityError,
    QueryError,
    QuerySyntaxError,
    UnknownAttributeError,
    ValidationError,
)
from fascicle.populate import Computed, Imported
from fascicle.query import ALL, SQL, AndList, NamesakeWarning, Not, Top, U
from fascicle.table import DriftWarning, FreeTable, Lookup, Manual, Part, QueryExpression, Table

if TYPE_CHECKING:
    from fascicle.diagram import Diagram

    Di = ERD = Diagram
    config: Config
    __version__: str

__all__ = [
    "ALL",
    "ERD",
    "SQL",
    "AccessError",
    "AndList",
    "Codec",
    "Compute",
    "Computed",
    "Config",
    "ConfirmationRequired",
    "Connection",
    "DataJointError",
    "DefinitionError",
    "Di",
    "Diagram",
    "DriftWarning",
    "DuplicateError",
    "Entry",
    "FascicleError",
    "FreeTable",
    "Imported",
    "Ingest",
    "Instance",
    "IntegrityError",
    "LineageError",
    "Lookup",
    "LostConnectionError",
    "Manual",
    "MissingAttributeError",
    "MissingParentError",
    "MissingTableError",
    "NamesakeWarning",
    "Not",
    "Part",
    "PartIntegrityError",
    "QueryError",
    "QueryExpression",
    "QuerySyntaxError",
    "Schema",
    "Table",
    "Top",
    "U",
    "UnknownAttributeError",
    "ValidationError",
    "VirtualModule",
    "config",
    "conn",
    "connect",
    "create_virtual_module",
    "errors",
    "key",
    "list_schemas",
    "schema",
    "virtual_schema",
]

# The tiers' names of DataJoint 2.3.4 and later.
Entry = Manual
Ingest = Imported
Compute = Computed


def __getattr__(name: str) -> Any:
    # What costs time or depends on the context is looked up when it is asked for.
    if name == "config":
        from fascicle import _default

        return _default.current().config
    if name in ("Diagram", "Di", "ERD"):
        from fascicle.diagram import Diagram

        return Diagram
    if name == "__version__":
        from importlib_metadata import version

        return version("fascicle")
    raise AttributeError(f"module 'fascicle' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
