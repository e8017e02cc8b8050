"""The picture as a value: nodes and edges with what is to be shown, before any layout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class NodeKind(StrEnum):
    """What a node stands for: a table of some tier, or a whole schema."""

    MANUAL = "manual"
    LOOKUP = "lookup"
    IMPORTED = "imported"
    COMPUTED = "computed"
    PART = "part"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class DiagramNode:
    """One node.

    Parameters
    ----------
    key : str
        What edges refer to it by; full table name, or schema name for a collapsed schema.
    label : str
        What is written in it.
    kind : NodeKind
        Decides shape and colour.
    schema : str
        Schema that it belongs to; nodes of one schema can be grouped.
    tooltip : str
        Shown on hovering, lines apart by newlines.
    distinguished : bool
        Whether the table introduces a new key attribute; its label is underlined.
    note : str
        Smaller second line (a count, a state), empty for none.
    href : str
        Address to open on a click, empty for none.
    """

    key: str
    label: str
    kind: NodeKind
    schema: str = ""
    tooltip: str = ""
    distinguished: bool = False
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class DiagramEdge:
    """One foreign key, or all between two nodes of which one is a collapsed schema.

    Parameters
    ----------
    parent, child : str
        Keys of nodes.
    primary : bool
        Solid line if true, dashed otherwise.
    one_to_one : bool
        Thick line: the foreign key is the child's whole primary key.
    renamed : bool
        Orange with a dot: an attribute changes its name.
    tooltip : str
    """

    parent: str
    child: str
    primary: bool = True
    one_to_one: bool = False
    renamed: bool = False
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class DiagramGraph:
    """Everything that a renderer needs.

    Parameters
    ----------
    nodes : tuple of DiagramNode
        In topological order where there is one.
    edges : tuple of DiagramEdge
        Between nodes that are present.
    """

    nodes: tuple[DiagramNode, ...] = ()
    edges: tuple[DiagramEdge, ...] = ()

    @classmethod
    def of(cls, nodes: Iterable[DiagramNode], edges: Iterable[DiagramEdge]) -> DiagramGraph:
        """Make a graph, leaving out edges to nodes that are not there and second nodes of one key."""
        known = {node.key: node for node in nodes}
        return cls(tuple(known.values()), tuple(e for e in edges if e.parent in known and e.child in known))

    @property
    def schemas(self) -> tuple[str, ...]:
        """Schemas of which tables are shown, in order of first appearance."""
        return tuple(
            dict.fromkeys(n.schema for n in self.nodes if n.schema and n.kind is not NodeKind.SCHEMA)
        )
