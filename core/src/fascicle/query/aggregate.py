"""Aggregation: values over the rows that belong to each row of another query, or to each combination of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import EllipsisType
from typing import Any

from fascicle.errors import QueryError
from fascicle.model import Attribute, CoreType, Heading, unknown_attribute
from fascicle.query.headings import computed, variant
from fascicle.query.join import set_apart
from fascicle.query.matching import hint_renamed, match
from fascicle.query.nodes import Aggregate, Join, Node, Project, origin, title
from fascicle.query.project import arrange, choose, expression
from fascicle.query.scalar import Call, Column, Scalar
from fascicle.query.walk import columns_of, columns_outside, with_names

Read = tuple[Scalar, CoreType, bool, bool]
Reader = Callable[[Any, str], Read]


def aggregate(
    left: Node,
    right: Node,
    *attributes: str | EllipsisType,
    keep_all_rows: bool | None = None,
    exclude_nonmatching: bool = False,
    semantic_check: bool = True,
    **named: Any,
) -> Node:
    """Compute, for each row of `left`, values over the rows of `right` that match it.

    Parameters
    ----------
    left : Node
        One result row for each of its rows.
    right : Node
        Rows to aggregate; they must hold the primary key of `left`.
    *attributes
        Attributes of `left` to keep beside its key, as in a projection.
    exclude_nonmatching : bool
        Leave out rows of `left` that nothing matches; otherwise they meet one row of NULLs, so that
        ``count(*)`` is 1 and ``count(attribute)`` is 0.
    keep_all_rows : bool, optional
        The contrary of `exclude_nonmatching`, as earlier programs write it.
    **named
        ``new="aggregate expression"`` over the attributes of both, or a renamed attribute of `left`.

    Raises
    ------
    QueryError
        If `right` lacks key attributes of `left`, or an expression uses attributes of `right` outside an
        aggregate function.
    """
    outer = not exclude_nonmatching if keep_all_rows is None else keep_all_rows
    on, apart = match(left, right, semantic_check)
    missing = [name for name in left.heading.primary_key if name not in on]
    if missing:
        raise QueryError(
            f"{title(right)} cannot be aggregated by {title(left)}",
            why=f"its rows do not say to which {', '.join(missing)} they belong",
            try_="aggregate a query that holds the primary key of the left one, or use U('attribute', ...).aggr(...)",
        )
    separate, renamed = set_apart(left, right, apart)
    # Only names and types of this heading are ever asked for: an aggregate may be NULL whatever its arguments.
    both = [*left.heading.attributes.values()]
    both += [a for name, a in separate.heading.attributes.items() if name not in on]
    joined = Join(left, separate, on, Heading(both), outer)
    read = _both(left, right, joined, renamed) if renamed else None
    return _carry_bulk(left, _group(joined, left.heading, left.heading, attributes, named, read=read))


def _both(left: Node, right: Node, joined: Node, renamed: dict[str, str]) -> Reader:
    """Read expressions where both sides have attributes of one name: what is aggregated is the right one's."""
    new_names = {old: new for new, old in renamed.items()}
    heading = {**joined.heading.attributes, **{o: joined.heading[n] for n, o in renamed.items()}}
    columns = tuple((name, Column(new_names.get(name, name))) for name in heading)
    view = Project(joined, columns, Heading(variant(a, name=name) for name, a in heading.items()))

    def read(value: Any, name: str) -> Read:
        found = expression(view, value, name)
        shared = [column for column in columns_of(found[0]) if column in new_names]
        outside = [column for column in columns_outside(found[0], _is_aggregate) if column in new_names]
        if not outside:
            return with_names(found[0], new_names), *found[1:]
        if len(outside) < len(shared):
            raise _ambiguous(left, right, name, value, outside[0])
        hint_renamed(left, right, {new_names[old]: old for old in outside})
        return expression(joined, value, name)

    return read


def _ambiguous(left: Node, right: Node, name: str, value: Any, column: str) -> QueryError:
    return QueryError(
        f"{name}={value!r} uses {column!r}, which both have, inside and outside of aggregate functions",
        where=f"aggr of {title(right)} by {title(left)}",
        why="their values are of different origin",
        try_=f"rename one of them, e.g. {title(right)}.proj('...', {origin(right, column)}_{column}={column!r})",
    )


def _carry_bulk(left: Node, node: Aggregate) -> Node:
    """Take stored objects past the aggregation: grouping by them would compare them byte by byte."""
    heading = left.heading.attributes
    plain = {name: scalar.name for name, scalar in node.columns if isinstance(scalar, Column)}
    bulk = {name: old for name, old in plain.items() if _is_bulky(heading[old])}
    key = {name: plain[name] for name in node.primary_key}
    if not bulk or any(heading[old].nullable for old in key.values()):
        return node
    columns = tuple([(name, scalar) for name, scalar in node.columns if name not in bulk])
    needed = {column for _, scalar in columns for column in columns_outside(scalar, _is_aggregate)}
    group = tuple([name for name in node.group if name in needed])
    slim = Aggregate(node.source, group, columns, Heading([node.heading[name] for name, _ in columns]))
    carried = {**key, **bulk}
    carrier = Project(
        left,
        tuple([(name, Column(old)) for name, old in carried.items()]),
        Heading([node.heading[name] for name in carried]),
    )
    return Join(slim, carrier, tuple(key), node.heading)


def _is_bulky(attribute: Attribute) -> bool:
    return not attribute.in_key and (attribute.codec is not None or attribute.type.name in ("json", "bytes"))


def universe_aggregate(
    names: tuple[str, ...], node: Node, *attributes: str | EllipsisType, **named: Any
) -> Node:
    """Compute values over the rows of `node` that share each combination of values of `names`.

    Without names there is one group of all rows, and one result row even when there are none.

    Raises
    ------
    UnknownAttributeError
        If `node` lacks one of the names.
    QueryError
        If an expression uses other attributes outside an aggregate function.
    """
    key = universe_heading(names, node)
    return _group(node, key, key, attributes, named, single=not names)


def universe_heading(names: tuple[str, ...], node: Node) -> Heading:
    """Return the heading of the distinct values of `names`, which are its key.

    Raises
    ------
    UnknownAttributeError
        If `node` lacks one of the names.
    QueryError
        If equal values of an attribute cannot be told.
    """
    attributes = []
    for name in names:
        if name not in node.heading:
            raise unknown_attribute(name, node.heading, where=f"U over {title(node)}")
        attribute = node.heading[name]
        if attribute.codec is not None or attribute.type.name == "json":
            raise QueryError(
                f"the distinct values of {name!r} cannot be listed",
                where=f"U over {title(node)}",
                why="equal values may be stored in different forms",
            )
        attributes.append(variant(attribute, in_key=True))
    return Heading(attributes)


def _group(
    source: Node,
    left: Heading,
    choosable: Heading,
    attributes: tuple[str | EllipsisType, ...],
    named: Mapping[str, Any],
    single: bool = False,
    read: Reader | None = None,
) -> Aggregate:
    """Build the aggregation of `source`: `left` holds what may stand outside aggregate functions."""
    determined: dict[str, None] = dict.fromkeys(left.primary_key)

    def compute(name: str, value: Any) -> tuple[Attribute, Scalar]:
        scalar, type_, nullable, _ = read(value, name) if read else expression(source, value, name)
        for column in columns_outside(scalar, _is_aggregate):
            if column not in left:
                raise _outside(source, name, value, column)
            determined.setdefault(column)
        return computed(name, type_, nullable), scalar

    choice = choose(source, choosable, attributes, named, compute)
    columns = arrange(choosable, choice)
    for _, scalar in columns:
        if isinstance(scalar, Column):
            determined.setdefault(scalar.name)
    return Aggregate(
        source,
        tuple(determined),
        tuple([(attribute.name, scalar) for attribute, scalar in columns]),
        Heading([attribute for attribute, _ in columns]),
        single,
    )


def _is_aggregate(call: Call) -> bool:
    return _aggregates()(call.name)


@cache
def _aggregates() -> Callable[[str], bool]:
    from fascicle.query.functions import is_aggregate  # here, for the price of importing core

    return is_aggregate


def _outside(source: Node, name: str, value: Any, column: str) -> QueryError:
    return QueryError(
        f"{name}={value!r} uses {column!r} outside an aggregate function",
        where=f"aggr over {title(source)}",
        why="several rows, each with its own value, become one",
        try_=f"say which value: min({column}), max({column}), avg({column}), ...",
        attribute=column,
    )
