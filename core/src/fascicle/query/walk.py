"""Walks over scalar nodes: which attributes an expression names, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fascicle.query.scalar import Call, Column, Exists, IsNull, KeySet, Raw, Scalar


def children(scalar: Scalar) -> Iterator[Scalar]:
    """Yield the scalars directly inside another."""
    slots: tuple[str, ...] = scalar.__slots__
    for slot in slots:
        yield from _scalars(getattr(scalar, slot))


def _scalars(value: Any) -> Iterator[Scalar]:
    if isinstance(value, Scalar):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _scalars(item)


def columns_of(scalar: Scalar) -> Iterator[str]:
    """Yield the names of the attributes that an expression uses; names may come twice."""
    match scalar:
        case Column():
            yield scalar.name
        case KeySet():
            yield from scalar.names
        case Exists():
            for name, _ in scalar.on:
                yield name
        case _:
            for child in children(scalar):
                yield from columns_of(child)


def columns_outside(scalar: Scalar, is_aggregate: Callable[[Call], bool]) -> Iterator[str]:
    """Yield the names that an expression uses outside its aggregate functions."""
    if isinstance(scalar, Call) and is_aggregate(scalar):
        return
    if isinstance(scalar, (Column, KeySet, Exists)):
        yield from columns_of(scalar)
        return
    for child in children(scalar):
        yield from columns_outside(child, is_aggregate)


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


def is_constant(scalar: Scalar) -> bool:
    """Whether an expression names no attribute, so that it holds for every row or for none."""
    if isinstance(scalar, (Raw, Exists)):
        return False
    return next(columns_of(scalar), None) is None and not any(
        not is_constant(child) for child in children(scalar)
    )
