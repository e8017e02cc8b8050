"""Walks over scalar nodes: which attributes an expression names, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fascicle.model import TableName
from fascicle.query.scalar import (
    AnyOf,
    Binary,
    Call,
    Column,
    Every,
    Exists,
    IsNull,
    KeySet,
    Literal,
    Raw,
    Scalar,
)


def children(scalar: Scalar) -> list[Scalar]:
    """Return the scalars directly inside another."""
    found: list[Scalar] = []
    if type(scalar) is KeySet:
        return found  # thousands of values, none of them a scalar
    slots: tuple[str, ...] = scalar.__slots__
    for slot in slots:
        value = getattr(scalar, slot)
        if isinstance(value, Scalar):
            found.append(value)
        elif type(value) is tuple:
            _gather(value, found)
    return found


def _gather(values: tuple[Any, ...], found: list[Scalar]) -> None:
    for value in values:
        if isinstance(value, Scalar):
            found.append(value)
        elif type(value) is tuple:
            _gather(value, found)


def columns_of(scalar: Scalar) -> list[str]:
    """Return the names of the attributes that an expression uses; names may come twice."""
    found: list[str] = []
    stack: list[Scalar] = [scalar]
    while stack:
        node = stack.pop()
        # The commonest kinds first, by identity: this runs for every restriction and projection.
        kind = type(node)
        if kind is Column:
            found.append(node.name)  # type: ignore[attr-defined]
        elif kind is Binary:
            stack += (node.right, node.left)  # type: ignore[attr-defined]
        elif kind is Every or kind is AnyOf:
            stack += reversed(node.terms)  # type: ignore[attr-defined]
        elif kind is Call and not node.order_by:  # type: ignore[attr-defined]
            stack += reversed(node.args)  # type: ignore[attr-defined]
        elif kind is not Literal:
            own = _own_columns(node)
            if own is None:
                stack += reversed(children(node))
            else:
                found += own
    return found


def _own_columns(node: Scalar) -> list[str] | None:
    """Return the names that a node holds as text, ``None`` for one made of other scalars."""
    if isinstance(node, KeySet):
        return list(node.names)
    if isinstance(node, Exists):
        return [name for name, _ in node.on]
    return None


def columns_outside(scalar: Scalar, is_aggregate: Callable[[Call], bool]) -> Iterator[str]:
    """Yield the names that an expression uses outside its aggregate functions."""
    if isinstance(scalar, Call) and is_aggregate(scalar):
        return
    if isinstance(scalar, (Column, KeySet, Exists)):
        yield from columns_of(scalar)
        return
    for child in children(scalar):
        yield from columns_outside(child, is_aggregate)


def with_names(scalar: Scalar, names: Mapping[str, str]) -> Scalar:
    """Return an expression in which attributes have other names (those that `names` gives by the old)."""
    if isinstance(scalar, Column):
        return Column(names.get(scalar.name, scalar.name))
    slots: tuple[str, ...] = scalar.__slots__
    changed = {slot: _with_names(getattr(scalar, slot), names) for slot in slots}
    return type(scalar)(**changed)


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Scalar):
        return with_names(value, names)
    return tuple([_with_names(part, names) for part in value]) if type(value) is tuple else value


def values_of(scalar: Scalar) -> Iterator[str]:
    """Yield the names whose *value* an expression uses: all but those only tested for NULL or counted."""
    match scalar:
        case IsNull(operand=Column()):
            return
        case Call(name="count", args=(Column(),), distinct=False):
            return
        case Column() | KeySet() | Exists():
            yield from columns_of(scalar)
        case _:
            for child in children(scalar):
                yield from values_of(child)


def holds(scalar: Scalar, kind: type[Scalar]) -> bool:
    """Whether an expression is of a kind, or has a part that is."""
    if isinstance(scalar, kind):
        return True
    if type(scalar) is Column or type(scalar) is Literal:
        return False
    return any(holds(child, kind) for child in children(scalar))


def is_constant(scalar: Scalar) -> bool:
    """Whether an expression names no attribute, so that it holds for every row or for none."""
    return not columns_of(scalar) and not holds(scalar, Raw) and not holds(scalar, Exists)


def tables_of(node: Any) -> set[TableName]:
    """Return every table that a relational node reads, in its rows and in its conditions and values."""
    found: set[TableName] = set()
    nodes: list[Any] = [node]
    while nodes:
        current = nodes.pop()
        name = getattr(current, "name", None)
        if isinstance(name, TableName):
            found.add(name)
        nodes += current.sources
        scalars = [getattr(current, "condition", None), *(s for _, s in getattr(current, "columns", ()))]
        while scalars:
            scalar = scalars.pop()
            if isinstance(scalar, Exists):
                nodes.append(scalar.relation)
            elif scalar is not None:
                scalars += children(scalar)
    return found
