"""Fetching by columns: compile once, decode each column once, shape at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from fascicle.errors import FetchError
from fascicle.model import Attribute, unknown_attribute
from fascicle.sql import Compiled, compile_count, compile_exists, compile_select
from fascicle.table.runtime import Runtime, runtime_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.expression import QueryExpression

STREAM_BATCH = 2000
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
    return _codec_decoder(runtime_of(connection), attribute, base)


def _codec_decoder(
    runtime: Runtime, attribute: Attribute, base: Callable[[Any], Any] | None
) -> Callable[[Any], Any]:
    assert attribute.codec is not None  # noqa: S101  (narrowed by the caller)
    decode = runtime.codecs.decoder(attribute.codec)

    def from_column(stored: Any) -> Any:
        if stored is None:
            return None
        return decode(stored if base is None else base(stored))

    return from_column


def decoders(connection: Connection, attributes: Sequence[Attribute]) -> list[Callable[[Any], Any] | None]:
    """Return one decoder for each attribute."""
    return [decoder_of(connection, attribute) for attribute in attributes]


def decode_rows(
    rows: list[tuple[Any, ...]], functions: Sequence[Callable[[Any], Any] | None]
) -> list[tuple[Any, ...]]:
    """Decode rows, touching only the columns that need it."""
    if not rows or not any(functions):
        return rows
    return list(zip(*decode_columns(list(zip(*rows, strict=True)), functions), strict=True))


def decode_columns(
    raw: Sequence[Sequence[Any]], functions: Sequence[Callable[[Any], Any] | None]
) -> list[Sequence[Any]]:
    """Decode columns that have a decoder, leaving NULLs to the decoder's own care."""
    return [
        column if function is None else list(map(function, column))
        for column, function in zip(raw, functions, strict=True)
    ]


def fetch_rows(
    expression: QueryExpression, names: Sequence[str] | None, part: Slice
) -> tuple[tuple[Attribute, ...], list[tuple[Any, ...]]]:
    """Run the SELECT; return the attributes and the decoded rows."""
    compiled = compile_fetch(expression, names, part)
    connection = expression.connection
    rows = connection.execute(compiled.sql).rows
    return compiled.heading, decode_rows(rows, decoders(connection, compiled.heading))


def fetch_columns(
    expression: QueryExpression, names: Sequence[str] | None, part: Slice
) -> tuple[tuple[Attribute, ...], list[Sequence[Any]]]:
    """Run the SELECT; return the attributes and one decoded sequence for each."""
    compiled = compile_fetch(expression, names, part)
    connection = expression.connection
    rows = connection.execute(compiled.sql).rows
    raw: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [() for _ in compiled.heading]
    return compiled.heading, decode_columns(raw, decoders(connection, compiled.heading))


def to_dicts(
    expression: QueryExpression, attributes: Sequence[str], part: Slice, squeeze: bool = False
) -> list[dict[str, Any]]:
    """Fetch rows as dicts."""
    names = expand(expression, attributes) if attributes else None
    heading, rows = fetch_rows(expression, names, part)
    keys = [attribute.name for attribute in heading]
    records = [dict(zip(keys, row, strict=True)) for row in rows]
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
    heading, rows = fetch_rows(expression, names, part)
    columns = [attribute.name for attribute in heading]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def fetch1(expression: QueryExpression, attributes: Sequence[str], squeeze: bool = False) -> Any:
    """Fetch exactly one row."""
    names = expand(expression, attributes) if attributes else None
    if names == []:
        names = None
    heading, rows = fetch_rows(expression, names, Slice(limit=2))
    if len(rows) != 1:
        raise _not_one(expression, len(rows))
    record = dict(zip([a.name for a in heading], rows[0], strict=True))
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


def count(expression: QueryExpression) -> int:
    """Count rows."""
    sql = compile_count(expression.as_node(), expression.connection.dialect)
    return int(expression.connection.execute(sql).rows[0][0])


def exists(expression: QueryExpression) -> bool:
    """Tell whether there is any row."""
    sql = compile_exists(expression.as_node(), expression.connection.dialect)
    rows = expression.connection.execute(sql).rows
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
    columns = [attribute.name for attribute in compiled.heading]
    for batch in connection.stream(compiled.sql, batch=STREAM_BATCH):
        rows = decode_rows(batch, functions)
        if as_dict:
            yield from (dict(zip(columns, row, strict=True)) for row in rows)
        else:
            yield from rows


def pick(records: Sequence[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Keep some entries of each record."""
    if not names:
        return [{} for _ in records]
    if len(names) == 1:
        return [{names[0]: record[names[0]]} for record in records]
    get = itemgetter(*names)
    return [dict(zip(names, get(record), strict=True)) for record in records]
