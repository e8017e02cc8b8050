"""Fetching into numpy arrays, pandas, polars and Arrow; each library is imported when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fascicle.errors import FetchError, PluginError
from fascicle.model import Attribute
from fascicle.table.fetch.columns import Slice, expand, fetch_columns, squeezed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from fascicle.table.expression import QueryExpression

NUMPY_TYPES = {
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "float32": "float32",
    "float64": "float64",
    "bool": "bool",
}


def as_array(attribute: Attribute, column: Sequence[Any]) -> np.ndarray:
    """Return a column as a 1-D array: numbers in their own type, NULL as NaN in floats, else objects.

    Returns
    -------
    numpy.ndarray, shape (n_rows,)
    """
    import numpy as np

    dtype = None if attribute.codec is not None else NUMPY_TYPES.get(attribute.type.name)
    if dtype is not None:
        # Columns that others made may hold more than the type says, e.g. unsigned ones: those become objects.
        with suppress(OverflowError):
            if dtype.startswith("float") or not attribute.nullable or None not in column:
                return np.array(column, dtype=dtype)
    array = np.empty(len(column), dtype=object)
    if attribute.codec is None and attribute.type.name != "json":
        array[:] = column
        return array
    for position, value in enumerate(column):  # element by element: numpy must not stack equal-shaped arrays
        array[position] = value
    return array


def _table(
    expression: QueryExpression, attributes: Sequence[str], part: Slice, squeeze: bool
) -> tuple[tuple[Attribute, ...], list[Sequence[Any]]]:
    names = expand(expression, attributes) if attributes else None
    heading, columns = fetch_columns(expression, names, part)
    if squeeze:
        columns = [
            [squeezed(value) for value in column] if attribute.codec is not None else column
            for attribute, column in zip(heading, columns, strict=True)
        ]
    return heading, columns


def structured(heading: Sequence[Attribute], columns: Sequence[Sequence[Any]]) -> np.ndarray:
    """Return columns as one structured array.

    Returns
    -------
    numpy.ndarray, shape (n_rows,)
    """
    import numpy as np

    arrays = [as_array(attribute, column) for attribute, column in zip(heading, columns, strict=True)]
    length = len(arrays[0]) if arrays else 0
    result = np.empty(length, dtype=[(a.name, array.dtype) for a, array in zip(heading, arrays, strict=True)])
    for attribute, array in zip(heading, arrays, strict=True):
        result[attribute.name] = array
    return result


def to_arrays(
    expression: QueryExpression,
    attributes: Sequence[str],
    part: Slice,
    squeeze: bool = False,
    include_key: bool = False,
) -> Any:
    """Fetch as arrays; see `QueryExpression.to_arrays`."""
    wanted = list(attributes)
    key = expression.heading.primary_key
    request = [*key, *wanted] if include_key and wanted else wanted
    heading, columns = _table(expression, request, part, squeeze)
    by_name = {a.name: (a, column) for a, column in zip(heading, columns, strict=True)}
    if wanted:
        arrays = [_requested(name, by_name, key) for name in wanted]
        values: Any = arrays[0] if len(arrays) == 1 else arrays
    else:
        values = structured(heading, columns)
    if not include_key:
        return values
    keys = _records(by_name, key)
    return [keys, *values] if isinstance(values, list) else [keys, values]


def _requested(name: str, by_name: dict[str, tuple[Attribute, Sequence[Any]]], key: Sequence[str]) -> Any:
    return _records(by_name, key) if name == "KEY" else as_array(*by_name[name])


def _records(
    by_name: dict[str, tuple[Attribute, Sequence[Any]]], names: Sequence[str]
) -> list[dict[str, Any]]:
    columns = [by_name[name][1] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def to_pandas(
    expression: QueryExpression, attributes: Sequence[str], part: Slice, squeeze: bool
) -> pd.DataFrame:
    """Fetch as a DataFrame indexed by the primary key."""
    try:
        import pandas as pd
    except ImportError:
        raise _absent("pandas", "to_pandas") from None
    key = expression.heading.primary_key
    request = [*key, *(name for name in attributes if name not in key)] if attributes else ()
    heading, columns = _table(expression, request, part, squeeze)
    data = {a.name: as_array(a, column) for a, column in zip(heading, columns, strict=True)}
    frame = pd.DataFrame(data)
    return frame.set_index(list(key)) if key else frame


def to_polars(
    expression: QueryExpression, attributes: Sequence[str], part: Slice, squeeze: bool
) -> pl.DataFrame:
    """Fetch as a polars DataFrame; attributes that a codec decodes become objects."""
    try:
        import polars as pl
    except ImportError:
        raise _absent("polars", "to_polars") from None
    heading, columns = _table(expression, attributes, part, squeeze)
    series = [
        pl.Series(a.name, list(column), dtype=_polars_type(pl, a), strict=False)
        for a, column in zip(heading, columns, strict=True)
    ]
    return pl.DataFrame(series)


def _polars_type(pl: Any, attribute: Attribute) -> Any:
    if attribute.codec is not None or attribute.type.name in ("json", "uuid"):
        return pl.Object
    simple = {
        "int8": pl.Int8,
        "int16": pl.Int16,
        "int32": pl.Int32,
        "int64": pl.Int64,
        "float32": pl.Float32,
        "float64": pl.Float64,
        "bool": pl.Boolean,
        "date": pl.Date,
        "time": pl.Time,
        "bytes": pl.Binary,
        "datetime": pl.Datetime("us"),
    }
    if attribute.type.name == "decimal":
        return pl.Decimal(int(attribute.type.args[0]), int(attribute.type.args[1]))
    return simple.get(attribute.type.name, pl.String if attribute.type.is_text else None)


def to_arrow(expression: QueryExpression, attributes: Sequence[str], part: Slice, squeeze: bool) -> pa.Table:
    """Fetch as an Arrow table; attributes that a codec decodes must be values that Arrow holds."""
    try:
        import pyarrow as pa
    except ImportError:
        raise _absent("pyarrow", "to_arrow") from None
    heading, columns = _table(expression, attributes, part, squeeze)
    arrays = [_arrow_column(pa, a, column) for a, column in zip(heading, columns, strict=True)]
    return pa.table(arrays, names=[a.name for a in heading])


def _arrow_column(pa: Any, attribute: Attribute, column: Sequence[Any]) -> Any:
    if attribute.codec is None and attribute.type.name == "json":
        # As text: Arrow would give all rows the keys of each, and has no type for values of several kinds.
        texts = [None if value is None else json.dumps(value, ensure_ascii=False) for value in column]
        return pa.array(texts, pa.json_() if hasattr(pa, "json_") else pa.string())
    try:
        if attribute.codec is not None:
            return pa.array([_plain(value) for value in column])
        if attribute.type.name == "uuid":
            return pa.array([None if value is None else str(value) for value in column], pa.string())
        try:
            return pa.array(column, _arrow_type(pa, attribute))
        except (pa.ArrowException, OverflowError):  # a column of others, e.g. a TIME of more than a day
            return pa.array(column)
    except (pa.ArrowException, OverflowError) as error:
        raise FetchError(
            f"the values of {attribute.name!r} have no type in common that Arrow knows",
            why=str(error),
            try_="fetch the other attributes by name, or all with to_dicts()",
        ) from error


def _arrow_type(pa: Any, attribute: Attribute) -> Any:
    name = attribute.type.name
    simple = {"float32": pa.float32(), "float64": pa.float64(), "bool": pa.bool_(), "date": pa.date32()}
    simple |= {"time": pa.time64("us"), "datetime": pa.timestamp("us"), "bytes": pa.binary()}
    if name == "decimal":
        return pa.decimal128(int(attribute.type.args[0]), int(attribute.type.args[1]))
    if attribute.type.is_integer:
        return getattr(pa, name)()
    return simple.get(name, pa.string() if attribute.type.is_text else None)


def _plain(value: Any) -> Any:
    tolist = getattr(value, "tolist", None)
    return tolist() if tolist is not None else value


def _absent(package: str, method: str) -> PluginError:
    return PluginError(
        f"{method} needs {package}, which is not installed",
        try_=f"pip install {package}, or use to_dicts() or to_arrays()",
    )
