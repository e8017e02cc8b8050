"""The operators of the algebra: from nodes to nodes, checked, without asking any database."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from fascicle.errors import QueryError
from fascicle.query.aggregate import aggregate, universe_aggregate
from fascicle.query.conditions import Context, build
from fascicle.query.join import extend, join
from fascicle.query.nodes import Limit, Node, Restrict
from fascicle.query.project import project
from fascicle.query.scalar import Every
from fascicle.query.union import union
from fascicle.query.universe import universe_restrict
from fascicle.query.values import AndList, Top, parse_order

__all__ = [
    "aggregate",
    "extend",
    "join",
    "project",
    "restrict",
    "top",
    "union",
    "universe_aggregate",
    "universe_restrict",
]


def restrict(
    node: Node,
    condition: Any,
    *,
    negate: bool = False,
    semantic_check: bool = True,
    known_names: Callable[[], Collection[str]] | None = None,
) -> Node:
    """Keep the rows that meet a condition (or, with `negate`, the others).

    Parameters
    ----------
    node : Node
        What to restrict.
    condition
        Text, dict, query, table class, bool, ``None`` (no rows), record, structured array, DataFrame, Arrow
        table, scalar, ``SQL``, ``AndList``, ``Not``, ``U``, ``Top``, ``ALL``, or an iterable of those (any of them).
    negate : bool
        Keep the contrary.
    semantic_check : bool
        ``False`` compares with a query by name alone.
    known_names : callable, optional
        Returns the attribute names of the rest of the pipeline: names that a dict may hold without being
        attributes of `node`.

    Raises
    ------
    UnknownAttributeError
        If text names what is no attribute, no name of a dict is one, or one is likely a misspelling.
    LineageError
        If namesakes of a query have different origins.
    QueryError
        If the condition is of no known kind, or cannot be parsed.
    """
    if isinstance(condition, Top):
        if negate:
            raise QueryError(
                "query - Top(...) is not defined", try_="restrict by the contrary: order by '... DESC'"
            )
        return top(node, condition)
    if isinstance(condition, AndList) and not negate and any(isinstance(item, Top) for item in condition):
        for item in condition:
            node = restrict(node, item, semantic_check=semantic_check, known_names=known_names)
        return node
    scalar, constrains = build(condition, Context(node, semantic_check, known_names), negate)
    if constrains and type(node) is Restrict and node.constrains:
        # One condition instead of a tower of nodes, which a loop of restrictions would build.
        terms = node.condition.terms if type(node.condition) is Every else (node.condition,)
        return Restrict(node.source, Every((*terms, scalar)), node.heading)
    return Restrict(node, scalar, node.heading, constrains)


def top(node: Node, value: Top) -> Node:
    """Keep some rows in an order; merges with a ``Top`` just below of the same order.

    Raises
    ------
    QueryError, UnknownAttributeError
        If the rows cannot be ordered so.
    """
    order = None if value.order_by is None else parse_order(value.order_by, node.heading)
    if isinstance(node, Limit) and (order is None or order == node.order_by):
        limits = [limit for limit in (node.limit, value.limit) if limit is not None]
        limit = min(limits, default=None)
        return Limit(node.source, limit, node.offset + value.offset, node.order_by, node.heading)
    if order is None:
        order = parse_order("KEY", node.heading)
    return Limit(node, value.limit, value.offset, order, node.heading)
