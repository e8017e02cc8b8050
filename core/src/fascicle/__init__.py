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

import sys
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from fascicle import errors
from fascicle._default import Connection, connect
from fascicle._public import (
    FreeTable,
    Instance,
    Schema,
    conn,
    create_virtual_module,
    get_codec,
    key,
    list_codecs,
    list_schemas,
    schema,
    virtual_schema,
)
from fascicle._public import PublicVirtualModule as VirtualModule
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
    ThreadSafetyError,
    UnknownAttributeError,
    ValidationError,
)
from fascicle.populate import AutoPopulated, Computed, Imported
from fascicle.query import ALL, SQL, AndList, NamesakeWarning, Not, Top, U
from fascicle.table import DriftWarning, Lookup, Manual, Part, QueryExpression, Table, ValidationResult

if TYPE_CHECKING:
    from logging import Logger

    from fascicle._elements import Element, Pipeline
    from fascicle.codecs.mym import MatCell, MatStruct
    from fascicle.codecs.refs import NpyRef, ObjectRef
    from fascicle.diagram import Diagram
    from fascicle.element import FunctionPort, TablePort, TableSlot, link
    from fascicle.populate.jobs.table import JobTable as Job

    Di = ERD = Diagram
    config: Config
    logger: Logger
    __version__: str

__all__ = [
    "ALL",
    "ERD",
    "SQL",
    "AccessError",
    "AndList",
    "AutoPopulate",
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
    "Element",
    "Entry",
    "FascicleError",
    "FreeTable",
    "FunctionPort",
    "Imported",
    "Ingest",
    "Instance",
    "IntegrityError",
    "Job",
    "LineageError",
    "Lookup",
    "LostConnectionError",
    "Manual",
    "MatCell",
    "MatStruct",
    "MissingAttributeError",
    "MissingParentError",
    "MissingTableError",
    "NamesakeWarning",
    "Not",
    "NpyRef",
    "ObjectRef",
    "Part",
    "PartIntegrityError",
    "Pipeline",
    "QueryError",
    "QueryExpression",
    "QuerySyntaxError",
    "Schema",
    "Table",
    "TablePort",
    "TableSlot",
    "ThreadSafetyError",
    "Top",
    "U",
    "UnknownAttributeError",
    "ValidationError",
    "ValidationResult",
    "VirtualModule",
    "config",
    "conn",
    "connect",
    "create_virtual_module",
    "errors",
    "gc",
    "get_codec",
    "key",
    "link",
    "list_codecs",
    "list_schemas",
    "logger",
    "schema",
    "virtual_schema",
]

__author__ = "The Fascicle developers"

# The tiers' names of DataJoint 2.3.4 and later, and the published name of the tiers' common base.
Entry = Manual
Ingest = Imported
Compute = Computed
AutoPopulate = AutoPopulated

# What costs time is imported when it is asked for: name to module and attribute, or to a module as it is.
_LATER = MappingProxyType(
    {
        "Diagram": ("fascicle.diagram", "Diagram"),
        "Di": ("fascicle.diagram", "Diagram"),
        "ERD": ("fascicle.diagram", "Diagram"),
        "Job": ("fascicle.populate.jobs.table", "JobTable"),
        "Element": ("fascicle._elements", "Element"),
        "FunctionPort": ("fascicle.element", "FunctionPort"),
        "NpyRef": ("fascicle.codecs.refs", "NpyRef"),
        "ObjectRef": ("fascicle.codecs.refs", "ObjectRef"),
        "MatCell": ("fascicle.codecs.mym", "MatCell"),
        "MatStruct": ("fascicle.codecs.mym", "MatStruct"),
        "Pipeline": ("fascicle._elements", "Pipeline"),
        "TablePort": ("fascicle.element", "TablePort"),
        "TableSlot": ("fascicle.element", "TableSlot"),
        "link": ("fascicle.element", "link"),
        "expression": ("fascicle.table.expression", None),
        "hash": ("fascicle.hash", None),
        "utils": ("fascicle.utils", None),
    }
)


class _Package(ModuleType):
    """The package as a module whose ``config`` is the settings, although a subpackage has that name."""

    @property
    def config(self) -> Config:
        """Settings of the program."""
        from fascicle import _default

        return _default.settings_for_all()

    @config.setter
    def config(self, value: object) -> None:
        # Python binds each subpackage here once it is imported; anybody else means to change the settings.
        if not isinstance(value, ModuleType):
            raise AttributeError(
                "fascicle.config is not replaced: set config['name'], or make a fascicle.Instance"
            )


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in _LATER:
        module, attribute = _LATER[name]
        found = import_module(module)
        return found if attribute is None else getattr(found, attribute)
    if name == "logger":
        from logging import getLogger

        return getLogger("fascicle")
    if name == "gc":
        from fascicle.table import garbage

        return garbage
    if name == "__version__":
        from importlib.metadata import version

        return version("fascicle")
    raise AttributeError(f"module 'fascicle' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
