"""Fetching by columns: compile once, decode each column once, shape at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fascicle.errors import FetchError
from fascicle.model import Attribute, unknown_attribute
from fascicle.sql import Compiled, Sql, compile_count, compile_exists, compile_select
from fascicle.table.runtime import runtime_of
from fascicle.table.storage import CodecDecoder, decoded_in_parallel
from fascicle.table.watch import current_watch

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.expression import QueryExpression

STREAM_BATCH = 2000
OBJECT_BATCH = 16  # rows whose values are whole objects
Column = list[Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """Order and extent of a fetch.

    Parameters
    ----------
    order_by : str or sequence of str, optional
    limit, offset : int, optional
    """

    order_by: Any = None
    limit: int | None = None
    offset: int | None = None

    def terms(self) -> tuple[str, ...]:
        """Return ORDER BY terms; a limit or offset without an order means the order of the key."""
        if self.order_by is None:
            return ("KEY",) if self.limit is not None or self.offset is not None else ()
        return (self.order_by,) if isinstance(self.order_by, str) else tuple(self.order_by)


EVERYTHING = Slice()


def compile_fetch(expression: QueryExpression, names: Sequence[str] | None, part: Slice) -> Compiled:
    """Compile the SELECT of a fetch."""
    return compile_select(
        expression.as_node(),
        expression.connection.dialect,
        columns=names,
        order_by=part.terms(),
        limit=part.limit,
        offset=part.offset,
    )


def expand(expression: QueryExpression, attributes: Sequence[str]) -> list[str]:
    """Return the attribute names of a request, ``KEY`` spelt out, checked, without repeats."""
    heading = expression.heading
    names: dict[str, None] = {}
    for name in attributes:
        if name == "KEY":
            names.update(dict.fromkeys(heading.primary_key))
        elif name in heading:
            names[name] = None
        else:
            raise unknown_attribute(name, heading.names, where="fetch")
    return list(names) if attributes else heading.names


def decoder_of(connection: Connection, attribute: Attribute) -> Callable[[Any], Any] | None:
    """Return the function from a driver's value to the user's value, or ``None`` if they are the same."""
    base = connection.dialect.decoder(attribute)
    if attribute.codec is None:
        return base
    return CodecDecoder(connection, runtime_of(connection).codecs.chain(attribute.codec), base)


def decoders(connection: Connection, attributes: Sequence[Attribute]) -> list[Callable[[Any], Any] | None]:
    """Return one decoder for each attribute."""
    return [decoder_of(connection, attribute) for attribute in attributes]


def decode_rows(
    rows: list[tuple[Any, ...]],
    heading: Sequence[Attribute],
    functions: Sequence[Callable[[Any], Any] | None],
) -> list[tuple[Any, ...]]:
    """Decode rows, touching only the columns that need it."""
    if not rows or not any(functions):
        return rows
    return list(zip(*decode_columns(list(zip(*rows, strict=True)), heading, functions), strict=True))


def decode_columns(
    raw: Sequence[Sequence[Any]],
    heading: Sequence[Attribute],
    functions: Sequence[Callable[[Any], Any] | None],
) -> list[Sequence[Any]]:
    """Decode the columns that have a decoder; NULL stays ``None``."""
    return [
        column
        if function is None
        else function.column(column)
        if isinstance(function, CodecDecoder) and function.is_slow
        else _decoded(column, attribute.nullable, function)
        for column, attribute, function in zip(raw, heading, functions, strict=True)
    ]


def _decoded(column: Sequence[Any], nullable: bool, function: Callable[[Any], Any]) -> Sequence[Any]:
    if nullable:
        return [None if value is None else function(value) for value in column]
    return list(map(function, column))


def fetch_records(
    expression: QueryExpression, names: Sequence[str] | None, part: Slice
) -> tuple[tuple[Attribute, ...], list[dict[str, Any]]]:
    """Run the SELECT; return the attributes and the rows as dicts."""
    compiled = compile_fetch(expression, names, part)
    connection = expression.connection
    rows = ask(expression, compiled.sql)
    return compiled.heading, records_of(rows, compiled.heading, decoders(connection, compiled.heading))


def records_of(
    rows: Sequence[tuple[Any, ...]],
    heading: Sequence[Attribute],
    functions: Sequence[Callable[[Any], Any] | None],
) -> list[dict[str, Any]]:
    """Turn raw rows into dicts of decoded values in one pass."""
    rows, functions = decoded_in_parallel(rows, functions)
    shape = "".join(
        "v" if f is None else "n" if a.nullable else "d" for a, f in zip(heading, functions, strict=True)
    )
    build = _record_builder(shape)
    return build(rows, [a.name for a in heading], [f for f in functions if f is not None])


Builder = Callable[[Sequence[tuple[Any, ...]], list[str], list[Callable[[Any], Any]]], list[dict[str, Any]]]


@lru_cache(maxsize=256)
def _record_builder(shape: str) -> Builder:
    """Make the function that builds dicts from rows of a shape: plain values, decoded ones, nullable decoded ones.

    The loop is written out for the shape, twice as fast as ``dict(zip(names, row))``.  Its text holds numbers only:
    names and decoders come in as arguments.
    """
    values = []
    for position, kind in enumerate(shape):
        value = f"v{position}"
        if kind == "d":
            value = f"f{position}(v{position})"
        elif kind == "n":
            value = f"None if v{position} is None else f{position}(v{position})"
        values.append(f"n{position}: {value}")
    names = ", ".join(f"n{position}" for position in range(len(shape)))
    functions = ", ".join(f"f{position}" for position, kind in enumerate(shape) if kind != "v")
    variables = ", ".join(f"v{position}" for position in range(len(shape)))
    lines = ["def build(rows, names, functions):"]
    if shape:
        lines.append(f"    ({names},) = names")
    if functions:
        lines.append(f"    ({functions},) = functions")
    lines.append(f"    return [{{{', '.join(values)}}} for ({variables}{',' if shape else ''}) in rows]")
    space: dict[str, Any] = {}
    exec("\n".join(lines), space)  # noqa: S102  (the text is made of the shape alone)
    builder: Builder = space["build"]
    return builder


def fetch_columns(
    expression: QueryExpression, names: Sequence[str] | None, part: Slice
) -> tuple[tuple[Attribute, ...], list[Sequence[Any]]]:
    """Run the SELECT; return the attributes and one decoded sequence for each."""
    compiled = compile_fetch(expression, names, part)
    connection = expression.connection
    rows = ask(expression, compiled.sql)
    raw: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [() for _ in compiled.heading]
    return compiled.heading, decode_columns(raw, compiled.heading, decoders(connection, compiled.heading))


def to_dicts(
    expression: QueryExpression, attributes: Sequence[str], part: Slice, squeeze: bool = False
) -> list[dict[str, Any]]:
    """Fetch rows as dicts."""
    names = expand(expression, attributes) if attributes else None
    heading, records = fetch_records(expression, names, part)
    if squeeze:
        _squeeze_records(records, heading)
    return records


def _squeeze_records(records: list[dict[str, Any]], heading: Sequence[Attribute]) -> None:
    for name in [attribute.name for attribute in heading if attribute.codec is not None]:
        for record in records:
            record[name] = squeezed(record[name])


def squeezed(value: Any) -> Any:
    """Drop axes of length one from an array; other values stay."""
    squeeze = getattr(value, "squeeze", None)
    return squeeze() if squeeze is not None else value


def keys(expression: QueryExpression, part: Slice = EVERYTHING) -> list[dict[str, Any]]:
    """Fetch primary keys as dicts."""
    names = expression.heading.primary_key
    if not names:  # a table without key attributes has at most one row, whose key is empty
        return [{}] if exists(expression) else []
    return fetch_records(expression, names, part)[1]


def fetch1(expression: QueryExpression, attributes: Sequence[str], squeeze: bool = False) -> Any:
    """Fetch exactly one row."""
    names = expand(expression, attributes) if attributes else None
    if names == []:
        names = None
    heading, records = fetch_records(expression, names, Slice(limit=2))
    if len(records) != 1:
        raise _not_one(expression, len(records))
    record = records[0]
    if squeeze:
        _squeeze_records([record], heading)
    if not attributes:
        return record
    key = expression.heading.primary_key
    picked = [{k: record[k] for k in key} if name == "KEY" else record[name] for name in attributes]
    return picked[0] if len(picked) == 1 else tuple(picked)


def _not_one(expression: QueryExpression, found: int) -> FetchError:
    if found == 0:
        return FetchError(
            "fetch1 found no row",
            where=describe(expression),
            why="the query matches nothing",
            try_="loosen the restriction, or look with len(query) first",
            found=0,
        )
    return FetchError(
        f"fetch1 found {len(expression)} rows and wants one",
        where=describe(expression),
        try_="restrict by the whole primary key, or fetch all with to_dicts()",
        found=found,
    )


def describe(expression: QueryExpression) -> str:
    """Name an expression in a message."""
    name = getattr(type(expression), "__name__", "query")
    return "query" if name == "QueryExpression" else name


def ask(expression: QueryExpression, sql: Sql) -> list[tuple[Any, ...]]:
    """Run a SELECT of an expression and return its raw rows, under the eyes of whoever watches."""
    connection = expression.connection
    watch = current_watch()
    if watch is None:
        return connection.execute(sql).rows
    watch.reading(connection, expression.as_node())
    rows = connection.execute(sql).rows
    watch.read(connection, sql, rows)
    return rows


def count(expression: QueryExpression) -> int:
    """Count rows."""
    sql = compile_count(expression.as_node(), expression.connection.dialect)
    return int(ask(expression, sql)[0][0])


def exists(expression: QueryExpression) -> bool:
    """Tell whether there is any row."""
    sql = compile_exists(expression.as_node(), expression.connection.dialect)
    rows = ask(expression, sql)
    return bool(rows and rows[0][0])


def stream(
    expression: QueryExpression,
    attributes: Sequence[str] = (),
    part: Slice = EVERYTHING,
    as_dict: bool = True,
) -> Iterator[Any]:
    """Yield rows in bounded memory."""
    names = expand(expression, attributes) if attributes else None
    compiled = compile_fetch(expression, names, part)
    connection = expression.connection
    functions = decoders(connection, compiled.heading)
    watch = current_watch()
    if watch is not None:
        watch.reading(connection, expression.as_node())
        watch.read(connection, compiled.sql, None)
    slow = any(isinstance(function, CodecDecoder) and function.is_slow for function in functions)
    for batch in connection.stream(compiled.sql, batch=OBJECT_BATCH if slow else STREAM_BATCH):
        if as_dict:
            yield from records_of(batch, compiled.heading, functions)
        else:
            yield from decode_rows(batch, compiled.heading, functions)
