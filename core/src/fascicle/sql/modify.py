"""Statements that change rows, from nodes: DELETE, UPDATE, INSERT .. SELECT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fascicle.errors import CompileError
from fascicle.model import Heading, TableName, TableSpec, unknown_attribute
from fascicle.query.literals import coerce
from fascicle.query.nodes import Limit, Node, Project, Relation, Restrict, title
from fascicle.query.scalar import TRUE, Binary, Column, Every, Exists, Scalar
from fascicle.sql.dialect import Dialect
from fascicle.sql.fragments import Rendered, bracketed
from fascicle.sql.lower import Lowering, Scope
from fascicle.sql.select import Entry, Item, Writer
from fascicle.sql.statement import Sql


def compile_delete(node: Node, dialect: Dialect) -> Sql:
    """Compile the deletion of the rows of one table that a node restricts.

    Raises
    ------
    CompileError
        If the rows are not those of one table.
    """
    relation, condition = _one_table(node)
    lowering = Lowering(dialect, target=relation.name)
    writer = Writer(dialect)
    table = dialect.table(relation.name)
    writer.add(f"DELETE FROM {table}")
    _where(writer, lowering, relation, condition, table)
    return writer.finish()


def compile_update(
    name: TableName, heading: Heading, changes: Mapping[str, Any], key: Mapping[str, Any], dialect: Dialect
) -> Sql:
    """Compile an update of the row with a key.

    Parameters
    ----------
    name : TableName
        Table to change.
    heading : Heading
        Its attributes, those changed and the key among them.
    changes : mapping
        Attribute to the value as the driver binds it (encoded already), or to a `Scalar`.
    key : mapping
        Attribute to Python value.

    Raises
    ------
    UnknownAttributeError
        If the heading lacks an attribute.
    """
    for attribute in (*changes, *key):
        if attribute not in heading:
            raise unknown_attribute(attribute, heading, where=name.class_name)
    relation = Relation(name, heading)
    lowering = Lowering(dialect, target=name)
    table = dialect.table(name)
    scope = Scope(lowering, _own_columns(lowering, relation, table), heading)
    writer = Writer(dialect)
    writer.add(f"UPDATE {table} SET ")
    for position, (attribute, value) in enumerate(changes.items()):
        writer.add(f"{', ' if position else ''}{dialect.identifier(attribute)} = ")
        writer.put(
            scope.value(value) if isinstance(value, Scalar) else Rendered(dialect.placeholder, (value,))
        )
    terms = tuple(Binary("=", Column(n), coerce(v, heading[n].type)) for n, v in key.items())
    _where(writer, lowering, relation, Every(terms), table)
    return writer.finish()


def compile_insert_select(
    spec: TableSpec, columns: Sequence[str], node: Node, dialect: Dialect, mode: str = "error"
) -> Sql:
    """Compile the insertion of the rows of a node.

    Parameters
    ----------
    spec : TableSpec
        Table to insert into.
    columns : sequence of str
        Attributes that both have.
    node : Node
        Rows to insert.
    mode : str
        ``"error"``, ``"skip"`` or ``"replace"``, as for rows of values.

    Raises
    ------
    UnknownAttributeError
        If the node lacks one of `columns`.
    """
    for name in columns:
        if name not in node.heading:
            raise unknown_attribute(name, node.heading, where=title(node))
    lowering = Lowering(dialect)
    select = lowering.lower(node)
    if mode != "error" and not select.where and not select.is_limited:
        # SQLite reads "SELECT .. ON CONFLICT" without WHERE as the ON of a join.
        select.where.append(Rendered("1 = 1"))
    writer = Writer(dialect)
    listed = ", ".join([dialect.identifier(name) for name in columns])
    writer.add(f"INSERT INTO {dialect.table(spec.name)} ({listed}) ")
    writer.select(select, [(select.entries[name].rendered(), name) for name in columns])
    writer.add(dialect.conflict_clause(spec, columns, mode))
    return writer.finish()


def _one_table(node: Node) -> tuple[Relation, Scalar]:
    """Return the table whose rows a node restricts, and the condition."""
    terms: list[Scalar] = []
    inner = node
    while isinstance(inner, Restrict):
        terms.append(inner.condition)
        inner = inner.source
    if isinstance(inner, Relation):
        return inner, Every(tuple(reversed(terms))) if terms else TRUE
    relation = _base(inner)
    key = relation.heading.primary_key
    if any(_source_of(node, name) != name for name in key):
        raise _not_one_table(node)
    return relation, Exists(node, tuple((name, name) for name in key))


def _base(node: Node) -> Relation:
    inner = node
    while isinstance(inner, (Restrict, Project, Limit)):
        inner = inner.source
    if not isinstance(inner, Relation):
        raise _not_one_table(node)
    return inner


def _source_of(node: Node, name: str) -> str | None:
    """Return the name in the table below of an attribute of `node`, ``None`` if it is no column of it."""
    if isinstance(node, Relation):
        return name
    if isinstance(node, Project):
        scalar = dict(node.columns).get(name)
        return _source_of(node.source, scalar.name) if isinstance(scalar, Column) else None
    return _source_of(node.sources[0], name)


def _not_one_table(node: Node) -> CompileError:
    return CompileError(
        f"the rows of {title(node)} cannot be deleted",
        why="they are not rows of one table with its own key",
        try_="restrict the table by the query: (Table & query).delete()",
    )


def _own_columns(lowering: Lowering, relation: Relation, table: str) -> dict[str, Entry]:
    # Not every server takes an alias for a changed table; its full name tells its columns apart all the same.
    return lowering.columns_of(Item(table, table), relation.heading.attributes.values(), prefix=table)


def _where(writer: Writer, lowering: Lowering, relation: Relation, condition: Scalar, table: str) -> None:
    if condition == TRUE:
        return
    terms = Scope(lowering, _own_columns(lowering, relation, table), relation.heading).conditions(condition)
    if terms:
        writer.add(" WHERE ")
        writer.put_all(bracketed(terms, " AND "), " AND ")
