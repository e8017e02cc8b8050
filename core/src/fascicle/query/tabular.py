"""Rows in foreign dress: DataFrames, Arrow tables and structured arrays as names and tuples.

Nothing is imported here: an object is known by what it offers, so that no such library is needed to ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Table = tuple[list[str], Iterable[tuple[Any, ...]]]


def as_table(value: Any) -> Table | None:
    """Return the column names and rows of a tabular object, ``None`` if it is none.

    Understands pandas (named index levels count as columns) and polars DataFrames, Arrow tables, and
    numpy structured arrays of one dimension.
    """
    kind = type(value).__module__.partition(".")[0]
    if kind == "pandas" and hasattr(value, "columns") and hasattr(value, "index"):
        named = [name for name in value.index.names if name is not None]
        frame = value.reset_index(level=named) if named else value
        return [str(name) for name in frame.columns], frame.itertuples(index=False, name=None)
    if kind == "polars" and hasattr(value, "iter_rows"):
        return list(value.columns), value.iter_rows()
    if kind == "pyarrow" and hasattr(value, "to_pydict"):
        columns = value.to_pydict()
        return list(columns), zip(*columns.values(), strict=True)
    names = _field_names(value)
    if names is not None and getattr(value, "ndim", 0) == 1:
        return names, zip(*(_whole(value[name]).tolist() for name in names), strict=True)
    return None


def as_record(value: Any) -> dict[str, Any] | None:
    """Return one numpy record as a dict, ``None`` if `value` is none."""
    names = _field_names(value)
    if names is None or getattr(value, "ndim", 0) != 0:
        return None
    return {name: value[name] for name in names}


def _field_names(value: Any) -> list[str] | None:
    names = getattr(getattr(value, "dtype", None), "names", None)
    return None if names is None else list(names)


def _whole(values: Any) -> Any:
    # numpy turns instants finer than a microsecond into integers, and days into dates as they should be.
    if values.dtype.kind == "M" and not values.dtype.str.endswith("[D]"):
        return values.astype("datetime64[us]")
    return values


def plain(value: Any) -> Any:
    """Turn a scalar of numpy or pandas into the Python value; NaN and the missing values of both into ``None``."""
    if isinstance(value, float):
        return None if value != value else float(value)
    kind = type(value).__module__.partition(".")[0]
    if kind == "numpy" and getattr(value, "ndim", None) == 0:
        item = _whole(value).item()
        return None if isinstance(item, float) and item != item else item
    if kind == "pandas":
        # NaT and NA are equal to nothing, not even to themselves; a Timestamp is.
        if type(value).__name__ in ("NaTType", "NAType"):
            return None
        if hasattr(value, "to_pydatetime"):
            return value.to_pydatetime()
    return value
