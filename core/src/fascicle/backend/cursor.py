"""Results of SQL written by hand, in the manner of a driver's cursor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fascicle.backend.protocol import Result
from fascicle.errors import QueryError
from fascicle.sql.statement import Sql

# Quoted text and comments are stepped over; only marks outside of them are arguments.
_MARKS = re.compile(
    r"""(?P<skip>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|/\*.*?\*/)"""
    r"""|(?P<double>%%)|(?P<plain>%s)|%\((?P<name>\w+)\)s""",
    re.DOTALL,
)


class Cursor:
    """Rows of a finished statement; iterate over it or fetch.

    Parameters
    ----------
    result : Result
        What the statement gave.
    as_dict : bool
        Whether rows are dicts by column name instead of tuples.
    """

    def __init__(self, result: Result, as_dict: bool = False) -> None:
        self.columns = result.columns
        self.rowcount = result.rowcount if result.rowcount >= 0 else len(result.rows)
        self.description = [(name, None, None, None, None, None, None) for name in result.columns] or None
        rows: Iterator[Any] = iter(result.rows)
        if as_dict:
            rows = (dict(zip(result.columns, row, strict=True)) for row in result.rows)
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def __next__(self) -> Any:
        return next(self._rows)

    def fetchone(self) -> Any:
        """Return the next row, ``None`` after the last."""
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[Any]:
        """Return the next `size` rows at most."""
        return [row for _, row in zip(range(size), self._rows, strict=False)]

    def fetchall(self) -> list[Any]:
        """Return the remaining rows."""
        return list(self._rows)

    def close(self) -> None:
        """Forget the remaining rows."""
        self._rows = iter(())


def raw_statement(text: str, args: Sequence[Any] | Mapping[str, Any], placeholder: str) -> Sql:
    """Make a statement for a driver of SQL written by hand with ``%s``, ``%(name)s`` or the driver's own marks.

    Raises
    ------
    QueryError
        If an argument is named that `args` lacks.
    """
    if not args:
        return Sql(text.replace("%", "%%") if placeholder == "%s" else text)
    named = args if isinstance(args, Mapping) else None
    params: list[Any] = []

    def mark(match: re.Match[str]) -> str:
        if match["skip"] is not None:
            return (
                match["skip"].replace("%%", "%").replace("%", "%%") if placeholder == "%s" else match["skip"]
            )
        if match["double"] is not None:
            return "%%" if placeholder == "%s" else "%"
        if match["name"] is not None:
            params.append(_argument(named, match["name"]))
        return placeholder

    marked = _MARKS.sub(mark, text)
    return Sql(marked, tuple(params) if named is not None else tuple(args))


def _argument(named: Mapping[str, Any] | None, name: str) -> Any:
    if named is None or name not in named:
        raise QueryError(
            f"the statement names an argument {name!r} that is not given",
            try_=f"give args={{{name!r}: ...}}",
        )
    return named[name]
