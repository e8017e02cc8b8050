"""Relational nodes: what a query is, before any database is asked.  Frozen; each holds its heading.

Nodes are made by the functions of `fascicle.query.operators`, which check them; nothing here checks again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, Self

from fascicle.model import Heading, TableName
from fascicle.query.scalar import Scalar


class Node:
    """Base of every relational node."""

    __slots__ = ()

    heading: Heading

    @property
    def sources(self) -> tuple[Node, ...]:
        """The nodes that this one is made of."""
        raise NotImplementedError

    @property
    def primary_key(self) -> list[str]:
        """Names of the key, in order."""
        return self.heading.primary_key

    @property
    def vacuous(self) -> bool:
        """Whether restrictions were written and none of them constrains anything."""
        wrote_nothing, constrains = _restrictions(self)
        return wrote_nothing and not constrains

    def as_node(self) -> Node:
        """Return itself: a node stands for itself where a query is expected."""
        return self

    def with_node(self, node: Node) -> Node:
        """Return `node`: what a wrapped query does to wrap a new node."""
        return node


class Queryable(Protocol):
    """What may stand where a query is expected: nodes, tables, expressions."""

    def as_node(self) -> Node:
        """Return the node that the object stands for."""

    def with_node(self, node: Node) -> Self:
        """Wrap another node the way this object is wrapped (same connection)."""


@dataclass(frozen=True, slots=True)
class Relation(Node):
    """A table.

    Parameters
    ----------
    name : TableName
        Physical name.
    heading : Heading
        The attributes that may be named: as a rule the visible ones.
    """

    name: TableName
    heading: Heading = field(compare=False, repr=False)

    @property
    def sources(self) -> tuple[Node, ...]:
        """None: a table is where trees end."""
        return ()


@dataclass(frozen=True, slots=True)
class Restrict(Node):
    """The rows of `source` that meet `condition`; `constrains` is false where it was written and says nothing."""

    source: Node
    condition: Scalar
    heading: Heading = field(compare=False, repr=False)
    constrains: bool = True

    @property
    def sources(self) -> tuple[Node, ...]:
        """The restricted node."""
        return (self.source,)


@dataclass(frozen=True, slots=True)
class Project(Node):
    """Attributes of `source` renamed, left out, or computed: a scalar for each attribute of the heading."""

    source: Node
    columns: tuple[tuple[str, Scalar], ...]
    heading: Heading = field(compare=False, repr=False)

    @property
    def sources(self) -> tuple[Node, ...]:
        """The projected node."""
        return (self.source,)


@dataclass(frozen=True, slots=True)
class Join(Node):
    """Pairs of rows that agree in `on`; other names are apart.

    With `outer`, rows of `left` without a partner are kept, and what comes from `right` is NULL.
    """

    left: Node
    right: Node
    on: tuple[str, ...]
    heading: Heading = field(compare=False, repr=False)
    outer: bool = False

    @property
    def sources(self) -> tuple[Node, ...]:
        """Left and right."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """One row for each combination of `group`; `columns` are group attributes or hold aggregate functions.

    Parameters
    ----------
    source : Node
        Rows to aggregate.
    group : tuple of str
        Attributes whose equal values make a group; attributes that they determine may be among them.
    columns : tuple of (str, Scalar)
        A scalar for each attribute of the heading.
    single : bool
        Without `group`: one row even when `source` has none.
    """

    source: Node
    group: tuple[str, ...]
    columns: tuple[tuple[str, Scalar], ...]
    heading: Heading = field(compare=False, repr=False)
    single: bool = False

    @property
    def sources(self) -> tuple[Node, ...]:
        """The aggregated node."""
        return (self.source,)


@dataclass(frozen=True, slots=True)
class Distinct(Node):
    """The distinct combinations of some attributes, which become the key."""

    source: Node
    names: tuple[str, ...]
    heading: Heading = field(compare=False, repr=False)

    @property
    def sources(self) -> tuple[Node, ...]:
        """The node whose values are listed."""
        return (self.source,)


@dataclass(frozen=True, slots=True)
class Union(Node):
    """The rows of either operand, by key; a row of both has the secondary attributes of both."""

    left: Node
    right: Node
    heading: Heading = field(compare=False, repr=False)

    @property
    def sources(self) -> tuple[Node, ...]:
        """Left and right."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Limit(Node):
    """Some rows in an order; `order_by` holds names, each with whether it descends."""

    source: Node
    limit: int | None
    offset: int
    order_by: tuple[tuple[str, bool], ...]
    heading: Heading = field(compare=False, repr=False)

    @property
    def sources(self) -> tuple[Node, ...]:
        """The node whose rows are counted."""
        return (self.source,)


def _restrictions(node: Node) -> tuple[bool, bool]:
    """Return whether some restriction below says nothing, and whether some other constrains the rows."""
    match node:
        case Restrict():
            empty, constrains = _restrictions(node.source)
            return empty or not node.constrains, constrains or node.constrains
        case Limit():
            empty, constrains = _restrictions(node.source)
            some = node.limit is not None or node.offset > 0
            return empty or not some, constrains or some
        case Join() if not node.outer:
            left, right = _restrictions(node.left), _restrictions(node.right)
            return left[0] or right[0], left[1] or right[1]
        case Union():
            left, right = _restrictions(node.left), _restrictions(node.right)
            # Either half lets all of its rows through: one unrestricted half is enough to be everything.
            return left[0] or right[0], left[1] and right[1]
        case Relation():
            return False, False
        case _:
            return _restrictions(node.sources[0])


def relations(node: Node) -> list[Relation]:
    """Return every table that rows of `node` come from, in order of appearance (conditions excluded)."""
    if isinstance(node, Relation):
        return [node]
    return [found for source in node.sources for found in relations(source)]


def origin(node: Node, name: str) -> str:
    """Return a short name for the table that attribute `name` comes from: the body of its physical name."""
    from fascicle.query.scalar import Column

    match node:
        case Relation():
            return node.name.table.lstrip("~#_")
        case Project() | Aggregate():
            scalar = dict(node.columns).get(name)
            return origin(node.source, scalar.name if isinstance(scalar, Column) else name)
        case Join() | Union():
            return origin(node.left if name in node.left.heading else node.right, name)
        case _:
            return origin(node.sources[0], name)


def title(node: Node) -> str:
    """Name the tables of a node for messages."""
    return " * ".join(relation.name.class_name or str(relation.name) for relation in relations(node))
