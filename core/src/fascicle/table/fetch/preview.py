"""The first rows of a query, for a terminal or a notebook: two statements at most."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from fascicle.model import Attribute
from fascicle.sql import compile_select
from fascicle.table.fetch import columns
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.table.expression import QueryExpression


def _sample(expression: QueryExpression, limit: int) -> tuple[list[Attribute], list[tuple[Any, ...]], bool]:
    """Fetch up to `limit` rows without the values that codecs decode; tell whether there are more."""
    heading = list(expression.heading.values())
    plain = [a.name for a in heading if a.codec is None]
    compiled = compile_select(
        expression.as_node(), expression.connection.dialect, columns=plain, limit=limit + 1
    )
    raw = expression.connection.execute(compiled.sql).rows
    rows = columns.decode_rows(
        raw, compiled.heading, columns.decoders(expression.connection, compiled.heading)
    )
    position = {name: i for i, name in enumerate(plain)}
    shown = [
        tuple(row[position[a.name]] if a.name in position else str(a.codec) for a in heading)
        for row in rows[:limit]
    ]
    return heading, shown, len(rows) > limit


def _tail(expression: QueryExpression, shown: int, more: bool, limit: int) -> str:
    if not runtime_of(expression.connection).config["display.show_tuple_count"]:
        return "..." if more else ""
    total = len(expression) if more else shown
    return f"{shown} of {total} rows" if more else f"{total} row{'' if total == 1 else 's'}"


def text(expression: QueryExpression, limit: int | None = None, width: int | None = None) -> str:
    """Return a plain-text table: key attributes starred, long cells cut."""
    config = runtime_of(expression.connection).config
    limit = config["display.limit"] if limit is None else limit
    width = config["display.width"] if width is None else width
    heading, rows, more = _sample(expression, limit)
    names = [f"*{a.name}" if a.in_key else a.name for a in heading]
    cells = [[_cut(_text_cell(value), width) for value in row] for row in rows]
    widths = [max([len(n), *(len(row[i]) for row in cells)]) for i, n in enumerate(names)]
    lines = [" ".join(n.ljust(w) for n, w in zip(names, widths, strict=True)).rstrip()]
    lines.append(" ".join("-" * w for w in widths))
    lines += [" ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    if more:
        lines.append("...")
    tail = _tail(expression, len(rows), more, limit)
    return "\n".join([*lines, f" ({tail})" if tail else ""])


def _text_cell(value: Any) -> str:
    return "NULL" if value is None else str(value).replace("\n", "\\n")


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: max(width - 1, 1)] + "…"


_CELL = "padding:2px 8px;text-align:left;border-bottom:1px solid #ddd"


def html(expression: QueryExpression) -> str:
    """Return an HTML table: key attributes bold, NULL dim, everything escaped."""
    config = runtime_of(expression.connection).config
    heading, rows, more = _sample(expression, config["display.limit"])
    comment = getattr(expression.heading, "comment", "")
    head = "".join(_html_name(a) for a in heading)
    body = "".join(
        "<tr>"
        + "".join(_html_cell(a, v, config["display.width"]) for a, v in zip(heading, row, strict=True))
        + "</tr>"
        for row in rows
    )
    caption = f"<div><b>{escape(columns.describe(expression))}</b> {escape(comment)}</div>"
    tail = escape(_tail(expression, len(rows), more, config["display.limit"]))
    table = (
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )
    return f"<div>{caption}{table}<div>{tail}</div></div>"


def _html_name(attribute: Attribute) -> str:
    title = escape(f"{attribute.declared} {attribute.comment}".strip(), quote=True)
    name = escape(attribute.name)
    return f'<th style="{_CELL}" title="{title}">{f"<b><u>{name}</u></b>" if attribute.in_key else name}</th>'


def _html_cell(attribute: Attribute, value: Any, width: int) -> str:
    if value is None:
        return f'<td style="{_CELL};color:#999">NULL</td>'
    shown = escape(_cut(str(value), max(width, 40)))
    return f'<td style="{_CELL}">{f"<b>{shown}</b>" if attribute.in_key else shown}</td>'
