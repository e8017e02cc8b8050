"""Scalar nodes: what may stand in a restriction or a projection.  Immutable; no text of any dialect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fascicle.model import CoreType


class Scalar:
    """Base of every scalar node; nodes are frozen, hashable where their values are."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Column(Scalar):
    """An attribute of the relation in whose scope the expression stands."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal(Scalar):
    """A value, always bound as a parameter; `type` steers how it is bound (``None``: by its Python type)."""

    value: Any
    type: CoreType | None = None


@dataclass(frozen=True, slots=True)
class Unary(Scalar):
    """``op`` is ``"-"``, ``"+"``, ``"~"`` or ``"NOT"``."""

    op: str
    operand: Scalar


@dataclass(frozen=True, slots=True)
class Binary(Scalar):
    """Arithmetic ``+ - * / // %``, bits ``& | ^ << >>``, comparison ``= != < <= > >= <=>``, ``AND OR XOR``, ``||``.

    ``/`` is true division on every database, ``//`` whole-number division (``DIV``); ``<=>`` is equality
    for which NULL equals NULL.
    """

    op: str
    left: Scalar
    right: Scalar


@dataclass(frozen=True, slots=True)
class Every(Scalar):
    """Conjunction; empty is true."""

    terms: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Scalar):
    """Disjunction; empty is false."""

    terms: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class In(Scalar):
    """Membership in a list of scalars."""

    operand: Scalar
    options: tuple[Scalar, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Between(Scalar):
    """``operand BETWEEN low AND high``, ends included."""

    operand: Scalar
    low: Scalar
    high: Scalar
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Like(Scalar):
    """Case-sensitive pattern match with ``%`` and ``_``; ``ignore_case`` for ILIKE; ``regexp`` for REGEXP."""

    operand: Scalar
    pattern: Scalar
    negated: bool = False
    ignore_case: bool = False
    regexp: bool = False
    escape: str | None = None


@dataclass(frozen=True, slots=True)
class IsNull(Scalar):
    """``operand IS [NOT] NULL``."""

    operand: Scalar
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Case(Scalar):
    """``CASE [operand] WHEN .. THEN .. [ELSE ..] END``."""

    whens: tuple[tuple[Scalar, Scalar], ...]
    otherwise: Scalar | None = None
    operand: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Cast(Scalar):
    """``CAST(operand AS type)``."""

    operand: Scalar
    type: CoreType


@dataclass(frozen=True, slots=True)
class JsonPath(Scalar):
    """A value inside a JSON attribute: ``attribute.key[0].key:type``; steps are keys (str) or positions (int)."""

    operand: Scalar
    steps: tuple[str | int, ...]
    type: CoreType | None = None


@dataclass(frozen=True, slots=True)
class Call(Scalar):
    """A function by its portable lower-case name; aggregates too (``count``, ``sum``, ...)."""

    name: str
    args: tuple[Scalar, ...]
    distinct: bool = False
    star: bool = False
    order_by: tuple[tuple[Scalar, bool], ...] = ()
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class Raw(Scalar):
    """SQL text of one dialect, written by the user through ``fc.SQL``; ``?`` stands for each bound parameter."""

    text: str
    params: tuple[Any, ...] = ()
    type: CoreType | None = None


@dataclass(frozen=True, slots=True)
class KeySet(Scalar):
    """The row's `names` equal one of `rows` (each of as many values); NULL equals NULL.

    Thousands of rows compile to one indexed set, not to a disjunction.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Exists(Scalar):
    """Some row of a relation (a `fascicle.query.nodes.Node`) agrees in every pair of `on`.

    Compiles to (NOT) EXISTS: a NULL never empties the negation.
    """

    relation: Any
    on: tuple[tuple[str, str], ...]
    negated: bool = False


TRUE = Every(())
FALSE = AnyOf(())
