"""The universal set: ``U("a", "b") & query`` lists combinations, ``U("a").aggr(query, ...)`` aggregates by them."""

from __future__ import annotations

from typing import Any

from fascicle.errors import QueryError
from fascicle.query.nodes import Distinct, Node


class U:
    """All possible values of some attributes.

    ``U("a", "b") & query`` has one row for each combination of values in `query`;
    ``U("a").aggr(query, n="count(*)")`` one with aggregates for each; ``U().aggr(query, n="count(*)")`` one
    for all rows.  ``query & U(...)`` is `query`.

    Parameters
    ----------
    *names : str
        Attributes; together they are the primary key of what is made.
    """

    __slots__ = ("names",)

    def __init__(self, *names: str) -> None:
        for name in names:
            if not isinstance(name, str):
                raise QueryError(
                    f"U cannot hold {name!r}", why="it takes attribute names", try_="U('a', 'b')"
                )
        self.names = tuple(dict.fromkeys(names))

    @property
    def primary_key(self) -> list[str]:
        """The names."""
        return list(self.names)

    def __repr__(self) -> str:
        return f"U({', '.join(map(repr, self.names))})"

    def __and__(self, query: Any) -> Any:
        """List the distinct combinations of values in `query`."""
        operand = _operand(query, "&")
        return operand.with_node(universe_restrict(self.names, operand.as_node()))

    def aggr(self, query: Any, *attributes: str, **named: Any) -> Any:
        """Aggregate the rows of `query` for each combination of values; one row in all for ``U()``."""
        from fascicle.query.aggregate import universe_aggregate  # the module needs this one's siblings

        named.pop("exclude_nonmatching", None)  # no row of the universe is without a match
        named.pop("keep_all_rows", None)
        operand = _operand(query, "aggr")
        return operand.with_node(universe_aggregate(self.names, operand.as_node(), *attributes, **named))

    aggregate = aggr

    def __mul__(self, query: Any) -> Any:
        """Refuse: the product with all possible values has no end."""
        raise QueryError(
            f"{self!r} * query is not defined",
            why="it would pair rows with every possible value",
            try_=f"list the values that occur: {self!r} & query; or join the query itself",
        )

    __rmul__ = __mul__
    join = __mul__

    def __sub__(self, query: Any) -> Any:
        """Refuse: all values but those of a query have no end."""
        raise QueryError(
            f"{self!r} - query is not defined",
            why="the values that do not occur cannot be listed",
            try_="subtract from a table that lists the candidates: Candidates - query",
        )


def universe_restrict(names: tuple[str, ...], node: Node) -> Node:
    """Return the distinct combinations of `names` in `node`; they are the primary key of the result.

    Raises
    ------
    UnknownAttributeError
        If `node` lacks one of the names.
    """
    from fascicle.query.aggregate import universe_heading

    return Distinct(node, tuple(names), universe_heading(tuple(names), node))


def _operand(query: Any, operator: str) -> Any:
    operand = query() if isinstance(query, type) and hasattr(query, "as_node") else query
    if not callable(getattr(operand, "as_node", None)):
        raise QueryError(
            f"U {operator} {query!r} is not defined",
            why="the universal set acts on queries",
            try_="give a table or query",
        )
    return operand
