"""Values for blobs: strategies that make them and the meaning of "equal" when they come back."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")


def equal(mine: Any, theirs: Any) -> bool:
    """Whether two values mean the same: NaN equals NaN, and arrays compare by class, shape and element."""
    if isinstance(mine, np.ndarray) or isinstance(theirs, np.ndarray):
        return equal_arrays(np.asarray(mine), np.asarray(theirs))
    if isinstance(mine, np.generic) or isinstance(theirs, np.generic):
        return equal_arrays(np.asarray(mine), np.asarray(theirs)) or mine == theirs
    if type(mine) is not type(theirs):
        return False
    if isinstance(mine, dict):
        pairs = zip(mine.items(), theirs.items(), strict=True)
        return len(mine) == len(theirs) and all(equal(a, b) and equal(c, d) for (a, c), (b, d) in pairs)
    if isinstance(mine, list | tuple):
        return len(mine) == len(theirs) and all(map(equal, mine, theirs))
    return bool(mine == theirs) or repr(mine) == repr(theirs)


def equal_arrays(mine: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> bool:
    if mine.shape != theirs.shape:
        return False
    if mine.dtype.names is not None:
        names = mine.dtype.names
        return names == theirs.dtype.names and all(equal_arrays(mine[n], theirs[n]) for n in names)
    if mine.dtype.kind in "OUS":
        return all(equal(a, b) for a, b in zip(mine.ravel().tolist(), theirs.ravel().tolist(), strict=True))
    kinds = mine.dtype.newbyteorder("<") == theirs.dtype.newbyteorder("<")
    return kinds and np.array_equal(mine, theirs, equal_nan=mine.dtype.kind in "fcM")


def scalars() -> st.SearchStrategy[Any]:
    """Immutable values, all hashable."""
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(2**520), 2**520),
        st.floats(),
        st.complex_numbers(),
        st.text(),
        st.binary(),
        st.dates(),
        st.times(),
        st.datetimes(),
        st.uuids(),
        st.decimals(allow_nan=False),
    )


def dtypes() -> st.SearchStrategy[np.dtype[Any]]:
    """Every dtype of the format that one element of one column may have."""
    plain = [f"{order}{kind}{size}" for order in "<>" for kind, sizes in KINDS for size in sizes]
    times = [f"<M8[{unit}]" for unit in UNITS]
    return st.sampled_from(["?", "i1", "u1", "O", "<U3", "S3", *plain, *times]).map(np.dtype)


KINDS = (("i", (2, 4, 8)), ("u", (2, 4, 8)), ("f", (4, 8)), ("c", (8, 16)))


def records() -> st.SearchStrategy[np.dtype[Any]]:
    """Structured dtypes, nested ones included."""
    names = st.lists(st.sampled_from(["a", "b", "x_1", "Zeit", "größe"]), min_size=1, max_size=3, unique=True)
    fields = st.recursive(dtypes().filter(lambda d: d.kind != "O"), _structured(names), max_leaves=4)
    return names.flatmap(
        lambda n: st.tuples(*[fields] * len(n)).map(lambda f: np.dtype(list(zip(n, f, strict=True))))
    )


def _structured(names: st.SearchStrategy[list[str]]) -> Any:
    def extend(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return names.flatmap(
            lambda n: st.tuples(*[inner] * len(n)).map(lambda f: np.dtype(list(zip(n, f, strict=True))))
        )

    return extend


@st.composite
def arrays(
    draw: st.DrawFn, dtype: st.SearchStrategy[np.dtype[Any]] | None = None, finite: bool = False
) -> np.ndarray[Any, Any]:
    """Arrays of up to four dimensions, empty ones included, in either memory order, or strided."""
    kind = draw(dtype if dtype is not None else dtypes())
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    array = draw(hnp.arrays(kind, shape, elements=_elements(kind, finite)))
    layout = draw(st.sampled_from([lambda a: a, np.asfortranarray, lambda a: a[..., ::2] if a.ndim else a]))
    return layout(array).reshape(layout(array).shape if shape else ())


def _elements(dtype: np.dtype[Any], finite: bool) -> st.SearchStrategy[Any]:
    if dtype.kind == "O":
        return scalars()
    limits = {"allow_nan": False, "allow_infinity": False} if finite else {}
    return hnp.from_dtype(dtype, **limits)


@st.composite
def leaves(draw: st.DrawFn, finite: bool) -> Any:
    """A scalar or an array."""
    kinds = [scalars(), arrays(finite=finite), arrays(records(), finite=finite)]
    return draw(draw(st.sampled_from(kinds)))


@st.composite
def keys(draw: st.DrawFn) -> Any:
    """A value that equals itself and can be looked up."""
    return draw(scalars().filter(lambda value: value == value))


def containers(finite: bool = False) -> st.SearchStrategy[Any]:
    """Values nested in dicts, lists, tuples and sets."""
    return st.recursive(
        leaves(finite),
        lambda inner: st.one_of(
            st.lists(inner, max_size=5),
            st.lists(inner, max_size=5).map(tuple),
            st.dictionaries(keys(), inner, max_size=5),
            st.sets(keys(), max_size=5),
        ),
        max_leaves=12,
    )


EXAMPLES: dict[str, Any] = {
    "none": None,
    "true": True,
    "int5": 5,
    "int-128": -128,
    "int0": 0,
    "bigint": 2**200,
    "float": 1.5,
    "cplx": 1 + 2j,
    "str": "hé",
    "bytes": b"ab",
    "list": [1, "a", None],
    "tuple": (1, 2),
    "set": {3},
    "dict": {"a": 1, "b": [2.0]},
    "dec": Decimal("1.10"),
    "uuid": uuid.UUID(int=7),
    "dt": dt.datetime(2024, 3, 4, 5, 6, 7, 89),
    "date": dt.date(2024, 3, 4),
    "time": dt.time(0, 0, 1),
    "f8_2x3": np.arange(6.0).reshape(2, 3),
    "i4": np.arange(3, dtype="i4"),
    "bool": np.array([True, False]),
    "c16": np.array([1 + 2j, 3 - 1j]),
    "scalar_f4": np.float32(2),
    "obj": np.array([1, "x", None], dtype=object),
    "ustr": np.array(["ab", "c"]),
    "dt64": np.array(["2020-01-01"], dtype="M8[D]"),
    "rec": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "empty": np.zeros((0, 3)),
    "zlib_f8_200": np.zeros(200),
}
