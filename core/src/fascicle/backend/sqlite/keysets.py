"""Sets of thousands of keys as SQLite looks them up fastest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fascicle.query import families as f
from fascicle.sql.fragments import Rendered, fill, join

_FACTORS = 64


def factored(rows: list[tuple[Any, ...]], columns: list[Rendered]) -> Rendered:
    """Take out an attribute of few values, again and again; what is left is one list for each of them."""
    if len(columns) == 1:
        marks = ", ".join("?" * len(rows))
        return fill(
            "({0} IN ({1}))", columns[0], Rendered(marks, tuple(row[0] for row in rows)), type_=f.BOOL
        )
    spread = [len({row[i] for row in rows}) for i in range(len(columns))]
    best = min(range(len(columns)), key=spread.__getitem__)
    if spread[best] > _FACTORS or spread[best] * 4 > len(rows):
        return _listed_rows(rows, columns)
    groups: dict[Any, list[tuple[Any, ...]]] = {}
    for row in rows:
        groups.setdefault(row[best], []).append(row[:best] + row[best + 1 :])
    rest = columns[:best] + columns[best + 1 :]
    terms = [
        fill("({0} = {1} AND {2})", columns[best], Rendered("?", (value,)), factored(members, rest))
        for value, members in groups.items()
    ]
    return fill("({0})", join(" OR ", terms), type_=f.BOOL)


def _listed_rows(rows: list[tuple[Any, ...]], columns: list[Rendered]) -> Rendered:
    width = len(columns)
    # A bare VALUES list is scanned; named as columns of a query it is looked up in the index.
    names = ", ".join(f"column{i + 1}" for i in range(width))
    marks = "(" + ", ".join("?" * width) + ")"
    values = Rendered(", ".join([marks] * len(rows)), tuple(value for row in rows for value in row))
    return fill(
        f"(({{0}}) IN (SELECT {names} FROM (VALUES {{1}})))", join(", ", columns), values, type_=f.BOOL
    )


def packed(values: list[list[Any]], columns: Sequence[Rendered]) -> Rendered:
    """More values than a statement takes parameters: the whole set is one parameter."""
    picks = []
    for i, column in enumerate(values):
        pick = f"json_extract(value, '$[{i}]')"
        if isinstance(column[0], bytes):
            values[i] = [value.hex() for value in column]
            pick = f"fascicle_unhex({pick})"
        picks.append(pick)
    parameter = Rendered("?", (json.dumps(list(zip(*values, strict=True)), ensure_ascii=False),))
    chosen = ", ".join(picks)
    left = "{0}" if len(columns) == 1 else "({0})"
    return fill(
        f"({left} IN (SELECT {chosen} FROM json_each({{1}})))", join(", ", columns), parameter, type_=f.BOOL
    )
