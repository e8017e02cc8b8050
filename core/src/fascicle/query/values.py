"""What may stand beside text and queries in a restriction: Top, Not, AndList, SQL, ALL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, cast

from fascicle.errors import QueryError
from fascicle.model import CoreType, Heading, unknown_attribute


@dataclass(frozen=True, slots=True)
class Top:
    """Some rows in an order: ``query & Top(5, "score DESC")``.

    Parameters
    ----------
    limit : int or None
        How many rows; ``None`` for all after `offset`.
    order_by : str, sequence of str, or None
        Attributes, each with an optional ``ASC`` or ``DESC``; ``"KEY"`` for the primary key.  ``None``
        keeps the order of an earlier ``Top`` (the primary key if there is none).
    offset : int
        Rows to skip first.

    Notes
    -----
    Rows that are equal in `order_by` follow in the order of their primary key, so that every database
    returns the same ones.  NULL comes first, last where descending.  Two ``Top`` in a row with the same
    order, or the second without one, merge: the smaller limit holds and the offsets add up.
    """

    limit: int | None = 1
    order_by: str | Sequence[str] | None = "KEY"
    offset: int = 0

    def __post_init__(self) -> None:
        if cast(Any, self.offset) is None:  # published programs write it so
            object.__setattr__(self, "offset", 0)
        if self.limit is not None:
            object.__setattr__(self, "limit", row_count("limit", self.limit))
        object.__setattr__(self, "offset", row_count("offset", self.offset))
        order: Any = self.order_by
        if isinstance(order, str):
            object.__setattr__(self, "order_by", (order,))
        elif order is not None:
            if not isinstance(order, Sequence) or not all(isinstance(item, str) for item in order):
                raise QueryError(f"Top cannot order by {order!r}", try_="give attribute names, or 'KEY'")
            object.__setattr__(self, "order_by", tuple(order))


def row_count(name: str, value: Any) -> int:
    """Return a limit or offset as an integer, numpy's included.

    Raises
    ------
    QueryError
        If it is none, or negative.
    """
    count = -1 if isinstance(value, bool) or not hasattr(value, "__index__") else index(value)
    if count < 0:
        raise QueryError(f"the {name} is {value!r}", why="it counts rows", try_="give an integer >= 0")
    return count


class AndList(list[Any]):
    """Restrictions that must hold together; empty, they say nothing."""

    def append(self, condition: Any) -> None:
        """Add a restriction; one of several joined by AND when it is a list of that kind itself."""
        if isinstance(condition, AndList):
            self.extend(condition)
        else:
            super().append(condition)


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """The contrary of a restriction: ``query & Not(cond)`` is ``query - cond``."""

    restriction: Any


@dataclass(frozen=True, slots=True, init=False)
class SQL:
    """SQL text of one database, unchecked; values still go as parameters.

    Parameters
    ----------
    text : str
        A condition or an expression with ``?`` where each parameter stands.
    *params
        Values to bind.
    type : CoreType, optional
        What an expression yields; needed in projections.
    """

    text: str
    params: tuple[Any, ...]
    type: CoreType | None

    def __init__(self, text: str, *params: Any, type: CoreType | None = None) -> None:  # noqa: A002 - it says what it is
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "params", params)
        object.__setattr__(self, "type", type)


class _All:
    """The restriction that says: every row, on purpose."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ALL"

    def __reduce__(self) -> str:
        return "ALL"


ALL = _All()

Order = tuple[tuple[str, bool], ...]


def parse_order(items: str | Sequence[str], heading: Heading) -> Order:
    """Read ORDER BY items into names, each with whether it descends; ``KEY`` stands for the primary key.

    Raises
    ------
    QueryError
        If an item is no name with an optional ``ASC`` or ``DESC``.
    UnknownAttributeError
        If the heading lacks the name.
    """
    order: dict[str, bool] = {}
    for item in (items,) if isinstance(items, str) else items:
        for part in item.split(","):
            words = part.split()
            if len(words) not in (1, 2) or (len(words) == 2 and words[1].upper() not in ("ASC", "DESC")):
                raise QueryError(
                    f"rows cannot be ordered by {item!r}", try_="write 'name', 'name DESC', or 'KEY'"
                )
            descending = len(words) == 2 and words[1].upper() == "DESC"
            name = words[0].strip('`"')
            if name not in heading and name.upper() == "KEY":
                for key in heading.primary_key:
                    order.setdefault(key, descending)
            elif name not in heading:
                raise unknown_attribute(name, heading, where="order_by")
            else:
                order.setdefault(name, descending)
    return tuple(order.items())
