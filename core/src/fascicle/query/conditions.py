"""Restrictions: from whatever a person writes after ``&`` to one scalar condition."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from fascicle.errors import QueryError
from fascicle.model import Heading, unknown_attribute
from fascicle.query.keys import is_foreign, mapping_condition, table_condition
from fascicle.query.matching import hint_ignored, match
from fascicle.query.nodes import Node, title
from fascicle.query.scalar import FALSE, TRUE, AnyOf, Every, Exists, Raw, Scalar, Unary
from fascicle.query.tabular import as_record, as_table
from fascicle.query.universe import U
from fascicle.query.values import ALL, SQL, AndList, Not, Top
from fascicle.query.walk import columns_of, is_constant, values_of

KnownNames = Callable[[], Collection[str]]


class Condition(NamedTuple):
    """A scalar, and whether writing it constrained the rows in any way (saying nothing is `False`)."""

    scalar: Scalar
    constrains: bool = True


NOTHING_SAID = Condition(TRUE, False)
NO_ROWS = Condition(FALSE, True)


class Context(NamedTuple):
    """What a restriction is read against."""

    node: Node
    semantic_check: bool = True
    known_names: KnownNames | None = None


def build(condition: Any, context: Context, negated: bool = False) -> Condition:
    """Turn a restriction of any kind, or its contrary, into a condition on the rows of `context.node`.

    Text is negated by SQL's own logic: a row for which it is unknown is in neither half.  Values, rows and
    queries are sets: what is not in the set is in the other half, NULL or not.

    Raises
    ------
    QueryError
        If it is none of the kinds that can restrict.
    """
    if isinstance(condition, str):
        return _text(condition, context, negated)
    if isinstance(condition, Node):
        return _query(condition, context, negated)
    if isinstance(condition, (dict, Mapping)):
        return Condition(*mapping_condition(condition, context.node, context.known_names, negated))
    if condition is None:
        return NOTHING_SAID if negated else NO_ROWS
    for kind, reader in _READERS:
        if isinstance(condition, kind):
            return reader(condition, context, negated)
    query = as_query(condition)
    if query is not None:
        return _query(query, context, negated)
    return _foreign(condition, context, negated)


def as_query(value: Any) -> Node | None:
    """Return the node behind a query, a table or a table class, ``None`` for anything else."""
    if isinstance(value, Node):
        return value
    if isinstance(value, type) and hasattr(value, "as_node"):
        value = value()
    method = getattr(value, "as_node", None)
    return method() if callable(method) else None


def _text(text: str, context: Context, negated: bool) -> Condition:
    return _checked(_parser()(text, context.node.heading), context, negated)


@cache
def _parser() -> Callable[[str, Heading], Scalar]:
    from fascicle.query.parser import parse_condition  # here, for the price of importing core

    return parse_condition


def _scalar(scalar: Scalar, context: Context, negated: bool) -> Condition:
    heading = context.node.heading
    for name in columns_of(scalar):
        if name not in heading:
            raise unknown_attribute(name, heading, where=title(context.node))
    return _checked(scalar, context, negated)


def _checked(scalar: Scalar, context: Context, negated: bool) -> Condition:
    names = columns_of(scalar)
    check_codecs(scalar, names, context.node)
    if negated:
        scalar = FALSE if scalar == TRUE else TRUE if scalar == FALSE else Unary("NOT", scalar)
    return Condition(scalar, bool(names) or scalar == FALSE or not is_constant(scalar))


def check_codecs(scalar: Scalar, names: Iterable[str], node: Node) -> None:
    """Refuse expressions over what a codec stores; `names` are those that the expression uses.

    Raises
    ------
    QueryError
        If the value of such an attribute is used, other than tested for NULL or counted.
    """
    attributes = node.heading.attributes
    for name in names:
        if attributes[name].codec is not None and name in values_of(scalar):
            raise QueryError(
                f"the attribute {name!r} of {title(node)} cannot be part of an expression",
                why=f"its codec {attributes[name].codec} gives it a value only after it is fetched",
                try_="fetch it and compute in Python; in a query it can be passed on, renamed, or tested for NULL",
                attribute=name,
            )


def _query(query: Node, context: Context, negated: bool) -> Condition:
    on, apart = match(context.node, query, context.semantic_check)
    if apart:
        hint_ignored(context.node, query, apart)
    # A partner query that its own restrictions left whole constrains nothing; its absence does.
    constrains = bool(on) and (negated or not query.vacuous)
    return Condition(Exists(query, tuple((name, name) for name in on), negated), constrains)


def _sql(value: SQL, context: Context, negated: bool) -> Condition:
    raw = Raw(value.text, value.params)
    return Condition(Unary("NOT", raw) if negated else raw)


def _truth(value: Any, context: Context, negated: bool) -> Condition:
    return NOTHING_SAID if bool(value) != negated else NO_ROWS


def _all(value: Any, context: Context, negated: bool) -> Condition:
    return NO_ROWS if negated else Condition(TRUE, True)


def _universe(value: U, context: Context, negated: bool) -> Condition:
    # Every combination of values is in the universe, so nothing is left out.
    return _truth(True, context, negated)


def _not(value: Not, context: Context, negated: bool) -> Condition:
    return build(value.restriction, context, not negated)


def _top(value: Top, context: Context, negated: bool) -> Condition:
    raise QueryError(
        "Top cannot stand inside another restriction",
        why="it chooses rows of a whole query and is no condition on a row",
        try_="restrict by it alone: (query & condition) & Top(...)",
    )


def _every(values: Iterable[Any], context: Context, negated: bool) -> Condition:
    parts = [build(value, context, negated) for value in values]
    return any_of(parts) if negated else every(parts)


def every(conditions: list[Condition]) -> Condition:
    """Join conditions by AND; the empty list says nothing."""
    terms = tuple(c.scalar for c in conditions if c.scalar != TRUE)
    constrains = any(c.constrains for c in conditions)
    if not terms:
        return Condition(TRUE, constrains)
    return Condition(FALSE if FALSE in terms else terms[0] if len(terms) == 1 else Every(terms), constrains)


def any_of(conditions: list[Condition]) -> Condition:
    """Join conditions by OR; the empty list leaves no rows."""
    terms = tuple(c.scalar for c in conditions if c.scalar != FALSE)
    if not terms:
        return NO_ROWS
    constrains = all(c.constrains for c in conditions)
    if any(term == TRUE for term in terms):
        return Condition(TRUE, constrains)
    return Condition(terms[0] if len(terms) == 1 else AnyOf(terms), constrains)


def _foreign(value: Any, context: Context, negated: bool) -> Condition:
    record = as_record(value)
    if record is not None:
        return Condition(*mapping_condition(record, context.node, context.known_names, negated))
    table = as_table(value)
    if table is not None:
        return Condition(*table_condition(*table, context.node, context.known_names, negated))
    if type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"):
        return _truth(value, context, negated)
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        parts = _alternatives(value, context, negated)
        return every(parts) if negated else any_of(parts)
    raise QueryError(
        f"a query cannot be restricted by {value!r} of type {type(value).__name__}",
        where=title(context.node),
        try_="restrict by text, a dict, a query, a table class, a bool, a DataFrame, or a list of those",
    )


def _alternatives(values: Iterable[Any], context: Context, negated: bool) -> list[Condition]:
    """Read what a list joins by OR; dicts and records of the same names are gathered into one set."""
    conditions: list[Condition] = []
    gathered: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for value in values:
        row = value if isinstance(value, Mapping) else as_record(value)
        if row is None:
            conditions.append(build(value, context, negated))
        else:
            gathered.setdefault(tuple(row), []).append(row)
    node, known_names = context.node, context.known_names
    for names, rows in gathered.items():
        if len(rows) == 1 or any(name not in node.heading and not is_foreign(name, node) for name in names):
            conditions += [Condition(*mapping_condition(row, node, known_names, negated)) for row in rows]
        else:
            tuples = ([row[name] for name in names] for row in rows)
            conditions.append(Condition(*table_condition(names, tuples, node, known_names, negated)))
    return conditions


_Reader = Callable[[Any, Context, bool], Condition]
_READERS: tuple[tuple[type, _Reader], ...] = (
    (bool, _truth),
    (type(ALL), _all),
    (AndList, _every),
    (Not, _not),
    (U, _universe),
    (SQL, _sql),
    (Top, _top),
    (Scalar, _scalar),
)
