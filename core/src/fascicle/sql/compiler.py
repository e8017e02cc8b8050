"""Statements from nodes: SELECT, COUNT, EXISTS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fascicle.model import Attribute, unknown_attribute
from fascicle.query.nodes import Node, title
from fascicle.query.universe import universe_restrict
from fascicle.query.values import parse_order, row_count
from fascicle.sql.dialect import Dialect
from fascicle.sql.fragments import Rendered
from fascicle.sql.lower import Lowering
from fascicle.sql.select import Plain, Select, Writer
from fascicle.sql.statement import Sql


@dataclass(frozen=True, slots=True)
class Compiled:
    """A SELECT and what its columns are.

    Parameters
    ----------
    sql : Sql
        The statement.
    heading : tuple of Attribute
        The selected attributes in the order of the columns, by which values are decoded.
    """

    sql: Sql
    heading: tuple[Attribute, ...]


def compile_select(
    node: Node,
    dialect: Dialect,
    *,
    columns: Sequence[str] | None = None,
    order_by: str | Sequence[str] = (),
    limit: int | None = None,
    offset: int | None = None,
    distinct: bool = False,
) -> Compiled:
    """Compile the rows of a node.

    Parameters
    ----------
    columns : sequence of str, optional
        Attributes to select, in order; all by default.
    order_by : str or sequence of str
        ``"attr"``, ``"attr DESC"``, ``"KEY"``, ``"KEY DESC"``.  By default the order of a ``Top``, or the
        primary key where `limit` or `offset` is given, else none.
    limit, offset : int, optional
        Which rows.
    distinct : bool
        Drop duplicates among the selected values.

    Raises
    ------
    UnknownAttributeError
        If the node lacks an attribute.
    CompileError
        If the dialect has no form for part of the query.
    """
    heading = node.heading
    names = list(heading) if columns is None else list(columns)
    for name in names:
        if name not in heading:
            raise unknown_attribute(name, heading, where=title(node))
    if distinct and not set(names).issuperset(heading.primary_key):
        node = universe_restrict(tuple(names), node)
    lowering = Lowering(dialect)
    limit = None if limit is None else row_count("limit", limit)
    select = _page(lowering, lowering.lower(node), node, order_by, limit, row_count("offset", offset or 0))
    writer = Writer(dialect)
    writer.select(select, [(_output(dialect, select, name), name) for name in names])
    return Compiled(writer.finish(), tuple([heading[name] for name in names]))


def _output(dialect: Dialect, select: Select, name: str) -> Rendered:
    entry = select.entries[name]
    rendered = entry.rendered()
    if isinstance(entry, Plain):
        # Some column types lose digits or blanks on their way to the driver unless they are wrapped.
        text = dialect.output(entry.attribute, rendered.text)
        return rendered if text is rendered.text else Rendered(text, rendered.params, rendered.type)
    return rendered


def _page(
    lowering: Lowering,
    select: Select,
    node: Node,
    order_by: str | Sequence[str],
    limit: int | None,
    offset: int,
) -> Select:
    if limit is None and not offset and not order_by:
        return select
    if order_by:
        order = parse_order(order_by, node.heading)
        if select.is_limited:
            select = lowering.nest(select, node)
        # Pages need the whole order, a complete result only what was asked.
        whole = limit is not None or offset > 0
        select.order = lowering.order(select, node, order, whole=whole)
    elif not select.order:
        select.order = lowering.order(select, node, ())
    _cut(select, limit, offset)
    return select


def _cut(select: Select, limit: int | None, offset: int) -> None:
    """Take a page of what a SELECT takes already."""
    if select.limit is not None:
        left = max(select.limit - offset, 0)
        limit = left if limit is None else min(limit, left)
    select.limit, select.offset = limit, select.offset + offset


def compile_count(node: Node, dialect: Dialect) -> Sql:
    """Compile the number of rows, one for each distinct primary key."""
    lowering = Lowering(dialect)
    select = lowering.flat(node)
    writer = Writer(dialect)
    writer.select(select, [(Rendered("COUNT(*)"), None)])
    return writer.finish()


def compile_exists(node: Node, dialect: Dialect) -> Sql:
    """Compile whether there is any row: one row of one column, true or false (1 or 0)."""
    lowering = Lowering(dialect)
    test = lowering.exists_text(lowering.lower(node))
    return Sql(f"SELECT {test.text}", test.params)
