"""Diagrams of what people have in hand: schemas, table classes, tables, modules of them."""

from __future__ import annotations

from types import ModuleType

from fascicle.diagram.source import CatalogSource, NodeInfo, describe
from fascicle.model import TableName, Tier
from fascicle.table import Schema, Table
from fascicle.table.relatives import graph_of


class TableSource(CatalogSource):
    """Every table of the schemas on one connection, named by schema, class, table or module."""

    def __init__(self, example: Schema | Table | type[Table]) -> None:
        connection = example.connection
        graph_of(connection)  # reads the schemas that are not in memory yet
        known = connection.catalog.known
        super().__init__(type(known)({n: s for n, s in known.tables.items() if n.tier is not None}))

    def nodes_for(self, obj: object) -> set[TableName]:
        """Return the tables that an object stands for."""
        if isinstance(obj, Schema):
            return {name for name in self.catalog if name.schema == obj.name}
        if isinstance(obj, Table) or (isinstance(obj, type) and issubclass(obj, Table)):
            return {obj.table_id}
        if isinstance(obj, ModuleType):
            return {name for found in _members(obj) for name in self.nodes_for(found)}
        return super().nodes_for(obj)

    def info(self, name: TableName) -> NodeInfo:
        """Label by class name; comment and attributes as description."""
        if name not in self.catalog:
            return NodeInfo.plain(name)
        heading = self.catalog[name].heading
        return NodeInfo(name.class_name or name.table, name.tier or Tier.MANUAL, describe(name, heading))


def _members(module: ModuleType) -> list[object]:
    schemas = [value for value in vars(module).values() if isinstance(value, Schema) and value.is_activated()]
    if schemas:
        return list(schemas)
    return [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Table) and v._binding]


def table_source(obj: object) -> TableSource | None:
    """Return a source for a schema, a table, or a module that holds one; ``None`` for anything else."""
    members = _members(obj) if isinstance(obj, ModuleType) else [obj]
    for member in members:
        if isinstance(member, (Schema, Table)) or (isinstance(member, type) and issubclass(member, Table)):
            return TableSource(member)
    return None
