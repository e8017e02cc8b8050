"""What a key rests upon: each ancestor, restricted to the rows that belong to the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fascicle.errors import MakeError, MissingTableError
from fascicle.graph import DependencyGraph, Edge
from fascicle.model import TableName, nearest
from fascicle.populate.cone import known_graph
from fascicle.query.nodes import Node, Relation, Restrict
from fascicle.query.scalar import TRUE, AnyOf, Exists, KeySet, Scalar
from fascicle.table.base import Table
from fascicle.table.tiers import FreeTable

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.populate.tiers import AutoPopulated

Values = tuple[tuple[str, ...], tuple[Any, ...]]


class Upstream(Mapping[Any, Any]):
    """Ancestors by class or name, each restricted to what a key rests upon; nothing happens before one is asked for.

    ``self.upstream[Session]`` and ``self.upstream["Session"]`` give the session of the key, of whatever distance;
    parts of ancestors are there too (``self.upstream["Session.Channel"]``).

    Parameters
    ----------
    table : Table
    key : mapping or None
        The key being made; ``None`` where `rows` says it.
    rows : Node, optional
        Rows of the table whose ancestors are wanted.
    """

    def __init__(self, table: Table, key: Mapping[str, Any] | None, rows: Node | None = None) -> None:
        self._name = table.table_id
        self._connection: Connection = table.connection
        self._key = dict(key or {})
        self._rows = rows
        self._nodes: dict[TableName, Node] = {}
        self._values: dict[TableName, list[Values] | None] = {}
        self._graph: DependencyGraph | None = None

    @property
    def graph(self) -> DependencyGraph:
        """The tables around."""
        if self._graph is None:
            self._graph = known_graph(self._connection, self._name.schema)
        return self._graph

    def __getitem__(self, what: Any) -> Any:
        name = self._find(what)
        if isinstance(what, type) and issubclass(what, Table):
            table: Table = what()
        else:
            table = FreeTable(self._connection, name)
        return table._same(self._node(name))

    def __iter__(self) -> Iterator[str]:
        return (name.class_name for name in self._reachable())

    def __len__(self) -> int:
        return len(self._reachable())

    def __contains__(self, what: object) -> bool:
        try:
            self._find(what)
        except MissingTableError:
            return False
        return True

    def __repr__(self) -> str:
        return f"<upstream of {self._name.class_name}: {', '.join(self)}>"

    def _reachable(self) -> list[TableName]:
        above = self.graph.ancestors(self._name)
        own = set(self.graph.parts_of(self._name))
        parts = [part for name in above for part in self.graph.parts_of(name) if part not in own]
        return list(dict.fromkeys([*above, *parts]))

    def _find(self, what: Any) -> TableName:
        known = self._reachable()
        if isinstance(what, str):
            found = [
                n for n in known if what in (n.class_name, str(n), f"{n.schema}.{n.class_name}", n.table)
            ]
        else:
            name = getattr(what, "table_id", None)
            found = [n for n in known if n == name]
        if len(found) == 1:
            return found[0]
        shown = what if isinstance(what, str) else getattr(what, "__name__", repr(what))
        if found:
            raise MissingTableError(
                f"{shown!r} means several tables upstream of {self._name.class_name}: {', '.join(map(str, found))}",
                try_="name the schema too",
            )
        close = nearest(shown, [name.class_name for name in known])
        raise MissingTableError(
            f"{shown!r} is not upstream of {self._name.class_name}",
            why=f"upstream are {', '.join(name.class_name for name in known) or 'no tables'}",
            try_=f"did you mean {' or '.join(close)}?" if close else "refer to it by a foreign key",
        )

    # choosing rows -----------------------------------------------------------------------------------------
    def _node(self, name: TableName) -> Node:
        if name not in self._nodes:
            spec = self._connection.catalog.load(name.schema)[name]
            relation = Relation(name, spec.heading)
            terms, values = self._terms(name)
            condition = terms[0] if len(terms) == 1 else AnyOf(tuple(terms))
            self._values[name] = values
            self._nodes[name] = Restrict(relation, condition, relation.heading)
        return self._nodes[name]

    def _terms(self, name: TableName) -> tuple[list[Scalar], list[Values] | None]:
        """Return the conditions by which rows belong to the key, and their values where those are known."""
        terms: list[Scalar] = []
        values: list[Values] | None = []
        for edge in self._ways(name):
            known = self._carried(edge, name)
            if known is None:
                terms.append(self._linked(edge, name))
                values = None
            else:
                terms += [KeySet(names, (row,)) for names, row in known]
                values = None if values is None else [*values, *known]
        return list(dict.fromkeys(terms)) or [TRUE], values

    def _ways(self, name: TableName) -> list[Edge]:
        above = set(self.graph.ancestors(self._name)) | {self._name}
        if name in above:
            return [edge for edge in self.graph.child_edges(name) if edge.child in above]
        master = self.graph.master_of(name)
        return [edge for edge in self.graph.parent_edges(name) if edge.parent == master]

    def _carried(self, edge: Edge, name: TableName) -> list[Values] | None:
        """Values that the other end of a foreign key has, under the names at this end; ``None`` if not all."""
        if edge.parent == name:
            far, renamed = edge.child, dict(edge.columns)
        else:
            far, renamed = edge.parent, {parent: child for child, parent in edge.columns}
        sets = self._values_of(far)
        if sets is None:
            return None
        found = []
        for names, row in sets:
            known = {renamed[n]: value for n, value in zip(names, row, strict=True) if n in renamed}
            if len(known) < len(edge.columns) and edge.parent == name:
                return None
            if len(known) < len(names) and edge.parent != name:
                return None
            found.append((tuple(known), tuple(known.values())))
        return found

    def _values_of(self, name: TableName) -> list[Values] | None:
        if name == self._name:
            return None if self._rows is not None else [(tuple(self._key), tuple(self._key.values()))]
        self._node(name)
        return self._values[name]

    def _linked(self, edge: Edge, name: TableName) -> Scalar:
        if edge.parent != name:
            return Exists(self._node(edge.parent), edge.columns)
        if edge.child != self._name:
            return Exists(self._node(edge.child), tuple((parent, child) for child, parent in edge.columns))
        if self._rows is not None:
            return Exists(self._rows, tuple((parent, child) for child, parent in edge.columns))
        # A reference outside the key is only known once make has inserted the row.
        return TRUE


def upstream_of(table: AutoPopulated) -> Upstream:
    """Return what the key being made, or the rows of a restricted table, rest upon.

    Raises
    ------
    MakeError
        If neither is there.
    """
    from fascicle.populate.making import current_making

    if table._restricted is not None:
        return Upstream(table, None, table._restricted)
    making = current_making()
    if making is not None and making.name == table.table_id:
        return Upstream(table, making.key)
    raise MakeError(
        f"{type(table).__name__}.upstream needs a key",
        why="it says what one key, or some rows, rest upon",
        try_="use self.upstream inside make, or (Table & key).upstream outside",
    )
