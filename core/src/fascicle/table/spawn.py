"""Classes for tables that exist without a class in code; virtual modules."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fascicle.model import TableName, TableSpec, Tier
from fascicle.table.base import Table
from fascicle.table.binding import Binding, bind
from fascicle.table.declare import describe_table
from fascicle.table.relatives import graph_of
from fascicle.table.runtime import runtime_of
from fascicle.table.tiers import Lookup, Manual, Part

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection

PLAIN: dict[Tier, type[Table]] = {Tier.MANUAL: Manual, Tier.LOOKUP: Lookup, Tier.PART: Part}


def make_classes(connection: Connection, schema: str, namespace: dict[str, Any]) -> None:
    """Put a class for each declared table of a schema into a namespace, parts inside their masters."""
    known = connection.catalog.load(schema).tables
    names = {name for name in known if name.schema == schema and name.tier is not None}
    made: dict[TableName, type[Table]] = {}
    for name in graph_of(connection).topological_sort(names):
        master = name.master
        if master is not None and master in names:
            holder = made.get(master) or namespace.get(master.class_name)
            if isinstance(holder, type):
                _add_part(connection, known[name], holder)
            continue
        if name.class_name not in namespace:
            made[name] = class_for(connection, known[name])
            namespace[name.class_name] = made[name]


def _add_part(connection: Connection, spec: TableSpec, master: type) -> None:
    short = spec.name.class_name.rpartition(".")[2]
    if short in vars(master):
        return
    part = class_for(connection, spec)
    part._master = master  # type: ignore[attr-defined]
    setattr(master, short, part)


def class_for(connection: Connection, spec: TableSpec) -> type[Table]:
    """Make the class of a declared table."""
    tier = spec.name.tier or Tier.MANUAL
    base = {**PLAIN, **runtime_of(connection).tiers}.get(tier, Table)
    binding = bind(connection, spec)
    short = spec.name.class_name.rpartition(".")[2]
    return type(base)(
        short, (base,), {"_binding": binding, "__doc__": spec.comment, "definition": describe_table(binding)}
    )


class VirtualModule(ModuleType):
    """A module of table classes made from the schema as it is declared.

    Parameters
    ----------
    module_name : str
        Name of the module.
    schema : Schema
        An activated schema.
    add_objects : dict, optional
        Further names to put into the module.
    """

    def __init__(self, module_name: str, schema: Any, add_objects: dict[str, Any] | None = None) -> None:
        super().__init__(module_name)
        self.__dict__.update(add_objects or {})
        self.__dict__["schema"] = schema
        schema.make_classes(into=self.__dict__)


def bound_classes(schema: str, connection: Connection) -> Iterator[type[Table]]:
    """Yield every live class that is bound to a table of a schema."""
    queue: list[type] = [Table]
    while queue:
        children: list[Any] = queue.pop().__subclasses__()
        for cls in children:
            queue.append(cls)
            binding: Binding | None = vars(cls).get("_binding")
            if binding is not None and binding.connection is connection and binding.name.schema == schema:
                yield cls
