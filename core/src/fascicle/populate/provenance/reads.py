"""Which rows a query reads, as far as its text says: tables, and the values by which their rows are chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fascicle.model import TableName
from fascicle.query.nodes import Aggregate, Distinct, Join, Limit, Node, Project, Relation, Restrict, Union
from fascicle.query.scalar import Binary, Column, Every, Exists, KeySet, Literal, Scalar
from fascicle.query.walk import children
from fascicle.table.changes import canonical

Read = tuple[TableName, tuple[tuple[str, str], ...]]
"""A table, and pairs of attribute and value (as `canonical` writes it) that the rows read have."""


def reads_of(node: Node) -> set[Read]:
    """Return what a query reads.

    A pair of attribute and value narrows the rows of its table; a table without any may have been read whole.
    """
    found: set[Read] = set()
    _visit(node, {}, found)
    return found


Known = Mapping[str, str]


def _visit(node: Node, known: Known, found: set[Read]) -> None:
    """Walk down, carrying the values that attributes of `node` are known to have."""
    match node:
        case Relation():
            pairs = tuple(sorted((name, value) for name, value in known.items() if name in node.heading))
            found.add((node.name, pairs))
        case Restrict():
            _visit_conditions(node.condition, known, found)
            _visit(node.source, {**known, **_equalities(node.condition)}, found)
        case Project() | Aggregate():
            for _, scalar in node.columns:
                _visit_conditions(scalar, {}, found)
            plain = {name: scalar.name for name, scalar in node.columns if isinstance(scalar, Column)}
            _visit(node.source, {plain[name]: value for name, value in known.items() if name in plain}, found)
        case Join():
            shared = set(node.on)
            right = {
                n: v for n, v in known.items() if n in node.right.heading and (not node.outer or n in shared)
            }
            _visit(node.left, {n: v for n, v in known.items() if n in node.left.heading}, found)
            _visit(node.right, right, found)
        case Union() | Limit() | Distinct():
            for source in node.sources:
                _visit(source, {} if isinstance(node, Limit) else known, found)
        case _:
            for source in node.sources:
                _visit(source, {}, found)


def _equalities(condition: Scalar) -> dict[str, str]:
    return dict(_pairs(condition))


def _pairs(condition: Scalar) -> Iterator[tuple[str, str]]:
    match condition:
        case Every():
            for term in condition.terms:
                yield from _pairs(term)
        case Binary(op="=" | "<=>", left=Column(name=name), right=Literal(value=value)) if value is not None:
            yield name, canonical(value)
        case Binary(op="=" | "<=>", left=Literal(value=value), right=Column(name=name)) if value is not None:
            yield name, canonical(value)
        case KeySet(names=names, rows=rows) if len(rows) == 1:
            for name, value in zip(names, rows[0], strict=True):
                if value is not None:
                    yield name, canonical(value)


def _visit_conditions(scalar: Scalar, known: Known, found: set[Read]) -> None:
    if isinstance(scalar, Exists):
        inner = {theirs: known[ours] for ours, theirs in scalar.on if ours in known}
        _visit(scalar.relation, inner, found)
        return
    for child in children(scalar):
        _visit_conditions(child, known, found)
