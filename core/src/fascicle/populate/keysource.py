"""Keys that should have rows, and those that have none yet."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from fascicle.errors import MakeError
from fascicle.query import operators
from fascicle.query.nodes import Node, Relation, Restrict
from fascicle.query.scalar import Exists
from fascicle.table.expression import QueryExpression
from fascicle.table.fetch import columns
from fascicle.table.remove.plan import count_together
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.model import ForeignKey
    from fascicle.populate.options import PopulateOptions
    from fascicle.populate.tiers import AutoPopulated


def default_key_source(table: AutoPopulated) -> QueryExpression:
    """Join the parents that a table's primary key refers to, under the names that the table gives their keys.

    Raises
    ------
    MakeError
        If no foreign key is in the primary key.
    """
    binding = table._bound()
    keys = [key for key in binding.spec.foreign_keys if key.in_key]
    if not keys:
        raise MakeError(
            f"{type(table).__name__} has no key source",
            why="no foreign key stands in its primary key, so nothing says for which keys rows should be made",
            try_="put a foreign key above the line ---, or define key_source",
        )
    parents = [_parent(table, key) for key in keys]
    return QueryExpression(binding.connection, reduce(operators.join, parents))


def _parent(table: AutoPopulated, key: ForeignKey) -> Node:
    spec = table._bound().connection.catalog.load(key.parent.schema)[key.parent]
    renamed = {child: parent for child, parent in key.columns if child != parent}
    return operators.project(Relation(spec.name, spec.heading), **renamed)


def source_of(table: AutoPopulated, restrictions: Sequence[Any]) -> QueryExpression:
    """Return the key source of a table, restricted, with the table's primary key as its key.

    Raises
    ------
    MakeError
        If the key source lacks an attribute of the primary key.
    """
    source: Any = table.key_source
    if isinstance(source, type):
        source = source()
    for restriction in restrictions:
        source = source & restriction
    node: Node = source.as_node()
    wanted = tuple(table.primary_key)
    missing = [name for name in wanted if name not in node.heading]
    if missing:
        raise MakeError(
            f"the key source of {type(table).__name__} lacks {', '.join(missing)}",
            why="make must be told the whole primary key",
            try_="add the missing attributes to key_source, e.g. by joining the table that has them",
        )
    if set(node.heading.primary_key) == set(wanted):
        node = operators.project(node)
    else:
        node = operators.universe_restrict(wanted, node)
    return QueryExpression(table.connection, node)


def without_rows(table: AutoPopulated, source: QueryExpression) -> QueryExpression:
    """Return the keys of a source for which the table has no row."""
    binding = table._bound()
    node = source.as_node()
    pairs = tuple((name, name) for name in table.primary_key)
    absent = Exists(Relation(binding.name, binding.spec.heading), pairs, negated=True)
    return QueryExpression(binding.connection, Restrict(node, absent, node.heading))


def keys_to_make(table: AutoPopulated, options: PopulateOptions) -> list[dict[str, Any]]:
    """Fetch the keys to make, in the order asked for."""
    if options.keys is not None:
        keys = [_given(table, key) for key in options.keys]
    else:
        todo = without_rows(table, source_of(table, options.restrictions))
        direction = "KEY DESC" if options.order == "reverse" else "KEY"
        limit = None if options.order == "random" else options.limit
        keys = columns.keys(todo, columns.Slice(direction, limit))
    return ordered([key for key in keys if key not in options.skip] if options.skip else keys, options)


def ordered(keys: list[dict[str, Any]], options: PopulateOptions) -> list[dict[str, Any]]:
    """Shuffle and cut keys as the caller asked."""
    if options.order == "random":
        random.shuffle(keys)
    return keys if options.limit is None else keys[: options.limit]


def _given(table: AutoPopulated, key: Any) -> dict[str, Any]:
    names = table.primary_key
    if not isinstance(key, Mapping) and not hasattr(key, "dtype"):
        raise MakeError(
            f"keys are dicts with the primary key ({', '.join(names)})", why=f"one is {key!r:.80}"
        )
    try:
        return {name: key[name] for name in names}
    except (KeyError, ValueError) as error:
        raise MakeError(
            f"a key lacks {error}", where=f"{type(table).__name__}.populate", why=f"it is {key!r:.120}"
        ) from None


def progress(table: AutoPopulated, restrictions: Sequence[Any], display: bool) -> tuple[int, int]:
    """Count remaining and total keys in one round trip; see `AutoPopulated.progress`."""
    source = source_of(table, restrictions)
    todo = without_rows(table, source)
    remaining, total = count_together(table.connection, [todo.as_node(), source.as_node()])
    if display:
        percent = 100.0 * (total - remaining) / total if total else 100.0
        runtime_of(table.connection).interaction.echo(
            f"{type(table).__name__}: {total - remaining} of {total} keys made ({percent:.1f} %), {remaining} to do"
        )
    return remaining, total
