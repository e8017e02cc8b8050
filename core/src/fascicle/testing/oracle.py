"""The algebra evaluated in plain Python over lists of dicts: what every database has to agree with.

Slow, short and without SQL.  Truth has three values as in SQL: true, false, and ``None`` for unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cmp_to_key
from typing import Any

from fascicle.model import TableName
from fascicle.query.nodes import Aggregate, Distinct, Join, Limit, Node, Project, Relation, Restrict, Union
from fascicle.query.scalar import (
    AnyOf,
    Between,
    Binary,
    Call,
    Case,
    Column,
    Every,
    Exists,
    In,
    IsNull,
    KeySet,
    Literal,
    Scalar,
    Unary,
)

Row = dict[str, Any]
Tables = Mapping[TableName, Sequence[Mapping[str, Any]]]

AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "sum": lambda values: sum(values) if values else None,
    "avg": lambda values: sum(values) / len(values) if values else None,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
}


def evaluate(node: Node, tables: Tables) -> list[Row]:
    """Return the rows of a node, in order where the node has one.

    Parameters
    ----------
    node : Node
        What to evaluate.
    tables : mapping
        Rows of each table, with a value (or ``None``) for each attribute.

    Raises
    ------
    NotImplementedError
        If it holds a scalar that the oracle does not know.
    """
    return _EVALUATE[type(node)](node, tables)


def _relation(node: Relation, tables: Tables) -> list[Row]:
    return [{name: row[name] for name in node.heading} for row in tables[node.name]]


def _restrict(node: Restrict, tables: Tables) -> list[Row]:
    return [
        row for row in evaluate(node.source, tables) if truth(value(node.condition, [row], tables)) is True
    ]


def _project(node: Project, tables: Tables) -> list[Row]:
    return [
        {name: value(scalar, [row], tables) for name, scalar in node.columns}
        for row in evaluate(node.source, tables)
    ]


def _join(node: Join, tables: Tables) -> list[Row]:
    right = evaluate(node.right, tables)
    extra = [name for name in node.right.heading if name not in node.on]
    rows: list[Row] = []
    for ours in evaluate(node.left, tables):
        partners = [theirs for theirs in right if agree(ours, theirs, ((n, n) for n in node.on))]
        rows += [{**ours, **{n: theirs[n] for n in extra}} for theirs in partners]
        if node.outer and not partners:
            rows.append({**ours, **dict.fromkeys(extra)})
    return [{name: row[name] for name in node.heading} for row in rows]


def agree(outer: Row, inner: Row, pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether two rows are equal in every pair of attributes, NULL being equal to nothing."""
    return all(outer[a] is not None and inner[b] is not None and outer[a] == inner[b] for a, b in pairs)


def _aggregate(node: Aggregate, tables: Tables) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Row]] = {(): []} if node.single else {}
    for row in evaluate(node.source, tables):
        groups.setdefault(tuple(row[name] for name in node.group), []).append(row)
    return [{name: value(scalar, rows, tables) for name, scalar in node.columns} for rows in groups.values()]


def _distinct(node: Distinct, tables: Tables) -> list[Row]:
    rows = evaluate(node.source, tables)
    combinations = dict.fromkeys(tuple(row[name] for name in node.names) for row in rows)
    return [dict(zip(node.names, values, strict=True)) for values in combinations]


def _union(node: Union, tables: Tables) -> list[Row]:
    merged: dict[tuple[Any, ...], Row] = {}
    for source in node.sources:
        for row in evaluate(source, tables):
            key = tuple(row[name] for name in node.primary_key)
            merged.setdefault(key, dict.fromkeys(node.heading)).update(row)
    return list(merged.values())


def _limit(node: Limit, tables: Tables) -> list[Row]:
    rows = ordered(evaluate(node.source, tables), node.order_by, node.primary_key)
    return rows[node.offset :][: node.limit]


def ordered(
    rows: Iterable[Row], order_by: Iterable[tuple[str, bool]], primary_key: Iterable[str]
) -> list[Row]:
    """Return rows in an order, the primary key last; NULLs come first, last where descending."""
    terms = [*order_by, *((name, False) for name in primary_key)]

    def compare(a: Row, b: Row) -> int:
        for name, descending in terms:
            sign = _compare(a[name], b[name])
            if sign:
                return -sign if descending else sign
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def _compare(a: Any, b: Any) -> int:
    if a is None or b is None:
        return (a is not None) - (b is not None)
    return int(a > b) - int(a < b)


# scalars ---------------------------------------------------------------------------------------------------


def truth(found: Any) -> bool | None:
    """Return the truth of a value, ``None`` where it is unknown."""
    return None if found is None else bool(found)


def value(scalar: Scalar, rows: Sequence[Row], tables: Tables) -> Any:
    """Return the value of a scalar for one row, or for a group of rows."""
    rule = _VALUE.get(type(scalar))
    if rule is None:
        raise NotImplementedError(f"the oracle does not know {scalar!r}")
    return rule(scalar, rows, tables)


def _column(node: Column, rows: Sequence[Row], tables: Tables) -> Any:
    return rows[0][node.name]


def _literal(node: Literal, rows: Sequence[Row], tables: Tables) -> Any:
    return node.value


def _every(node: Every, rows: Sequence[Row], tables: Tables) -> bool | None:
    return conjunction(truth(value(term, rows, tables)) for term in node.terms)


def conjunction(values: Iterable[bool | None]) -> bool | None:
    """AND of three values: false wins over unknown."""
    found = set(values)
    return False if False in found else None if None in found else True


def _any_of(node: AnyOf, rows: Sequence[Row], tables: Tables) -> bool | None:
    return disjunction(truth(value(term, rows, tables)) for term in node.terms)


def disjunction(values: Iterable[bool | None]) -> bool | None:
    """OR of three values: true wins over unknown."""
    found = set(values)
    return True if True in found else None if None in found else False


def negation(found: bool | None) -> bool | None:
    """NOT of three values: the contrary of unknown is unknown."""
    return None if found is None else not found


def _unary(node: Unary, rows: Sequence[Row], tables: Tables) -> Any:
    operand = value(node.operand, rows, tables)
    if node.op == "NOT":
        return negation(truth(operand))
    return None if operand is None else -operand if node.op == "-" else operand


def _binary(node: Binary, rows: Sequence[Row], tables: Tables) -> Any:
    left, right = value(node.left, rows, tables), value(node.right, rows, tables)
    if node.op == "AND":
        return conjunction((truth(left), truth(right)))
    if node.op == "OR":
        return disjunction((truth(left), truth(right)))
    if node.op == "<=>":
        return _compare(left, right) == 0 if left is None or right is None else left == right
    if left is None or right is None:
        return None
    return _OPERATORS[node.op](left, right)


def _divide(left: Any, right: Any) -> Any:
    return None if right == 0 else left / right


def _remainder(left: Any, right: Any) -> Any:
    return None if right == 0 else int(math.fmod(left, right))


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": _remainder,
}


def _in(node: In, rows: Sequence[Row], tables: Tables) -> bool | None:
    terms = tuple(Binary("=", node.operand, option) for option in node.options)
    found = _any_of(AnyOf(terms), rows, tables)
    return negation(found) if node.negated else found


def _between(node: Between, rows: Sequence[Row], tables: Tables) -> bool | None:
    inside = Every((Binary(">=", node.operand, node.low), Binary("<=", node.operand, node.high)))
    found = _every(inside, rows, tables)
    return negation(found) if node.negated else found


def _is_null(node: IsNull, rows: Sequence[Row], tables: Tables) -> bool:
    return (value(node.operand, rows, tables) is None) != node.negated


def _case(node: Case, rows: Sequence[Row], tables: Tables) -> Any:
    for when, then in node.whens:
        test = when if node.operand is None else Binary("=", node.operand, when)
        if truth(value(test, rows, tables)):
            return value(then, rows, tables)
    return None if node.otherwise is None else value(node.otherwise, rows, tables)


def _key_set(node: KeySet, rows: Sequence[Row], tables: Tables) -> bool:
    return tuple(rows[0][name] for name in node.names) in set(node.rows)


def _exists(node: Exists, rows: Sequence[Row], tables: Tables) -> bool:
    partners = evaluate(node.relation, tables)
    return any(agree(rows[0], partner, node.on) for partner in partners) != node.negated


def _call(node: Call, rows: Sequence[Row], tables: Tables) -> Any:
    if node.name in AGGREGATES:
        return _aggregated(node, rows, tables)
    args = [value(arg, rows, tables) for arg in node.args]
    if node.name == "coalesce":
        return next((arg for arg in args if arg is not None), None)
    if node.name == "abs":
        return None if args[0] is None else abs(args[0])
    raise NotImplementedError(f"the oracle does not know the function {node.name!r}")


def _aggregated(node: Call, rows: Sequence[Row], tables: Tables) -> Any:
    if node.star:
        return len(rows)
    values = [found for row in rows if (found := value(node.args[0], [row], tables)) is not None]
    return AGGREGATES[node.name](list(dict.fromkeys(values)) if node.distinct else values)


def checked(node: Node, tables: Tables) -> Iterator[str]:
    """Yield what the heading of a node promises and its rows do not keep."""
    rows = evaluate(node, tables)
    keys = [tuple(row[name] for name in node.primary_key) for row in rows]
    if len(set(keys)) != len(keys):
        yield f"the key {node.primary_key} does not tell rows apart: {keys}"
    for row in rows:
        if list(row) != list(node.heading):
            yield f"a row has {list(row)}, the heading {list(node.heading)}"
        for name, attribute in node.heading.items():
            if row[name] is None and not attribute.nullable:
                yield f"{name} is NULL in {row} and not nullable"


_EVALUATE: dict[type, Callable[[Any, Tables], list[Row]]] = {
    Relation: _relation,
    Restrict: _restrict,
    Project: _project,
    Join: _join,
    Aggregate: _aggregate,
    Distinct: _distinct,
    Union: _union,
    Limit: _limit,
}
_VALUE: dict[type, Callable[[Any, Sequence[Row], Tables], Any]] = {
    Column: _column,
    Literal: _literal,
    Unary: _unary,
    Binary: _binary,
    Every: _every,
    AnyOf: _any_of,
    In: _in,
    Between: _between,
    IsNull: _is_null,
    Case: _case,
    Call: _call,
    KeySet: _key_set,
    Exists: _exists,
}
