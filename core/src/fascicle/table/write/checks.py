"""A column against its attribute, at C speed where the values are what they should be."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from fascicle.model import Attribute
from fascicle.table.write.cells import FLOAT32_MAX, CellError, convert

NONE = type(None)


@dataclass(frozen=True, slots=True)
class Fault:
    """A bad cell or row.

    Parameters
    ----------
    row : int
        Position of the row in the input.
    attribute : str
        Attribute concerned.
    reason : str
        What is wrong and what was expected.
    kind : str
        ``"value"``, ``"missing"`` or ``"unknown"``.
    """

    row: int
    attribute: str
    reason: str
    kind: str = "value"


def is_clean(attribute: Attribute, column: Sequence[Any]) -> bool:
    """Tell, without looking at cells one by one in Python, that every value is canonical already.

    ``False`` only means that the careful path must look.
    """
    test = CLEAN.get(attribute.type.name)
    if test is None or attribute.codec is not None:
        return False
    kinds = set(map(type, column))
    if NONE in kinds:
        if not attribute.nullable:
            return False
        kinds.discard(NONE)
        column = [value for value in column if value is not None]
    return not kinds or test(attribute, column, kinds)


def _clean_integer(attribute: Attribute, column: Sequence[Any], kinds: set[type]) -> bool:
    low, high = attribute.type.bounds
    return kinds == {int} and low <= min(column) and max(column) <= high


def _clean_float(attribute: Attribute, column: Sequence[Any], kinds: set[type]) -> bool:
    if kinds != {float}:
        return False
    # A sum is finite unless a member is not, or it overflows; then the careful path decides.
    if not math.isfinite(math.fsum(column) if len(column) < 2 else sum(column)):
        return False
    return attribute.type.name == "float64" or (max(column) <= FLOAT32_MAX and min(column) >= -FLOAT32_MAX)


def _clean_text(attribute: Attribute, column: Sequence[Any], kinds: set[type]) -> bool:
    if kinds != {str}:
        return False
    if attribute.type.name == "enum":
        return set(column) <= set(attribute.type.args)
    if attribute.type.args and max(map(len, column)) > int(attribute.type.args[0]):
        return False
    joined = "".join(column)
    return (joined.isascii() and "\x00" not in joined) or _encodable(joined)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _clean_datetime(attribute: Attribute, column: Sequence[Any], kinds: set[type]) -> bool:
    if kinds != {dt.datetime} or any(map(operator.attrgetter("tzinfo"), column)):
        return False
    digits = int(attribute.type.args[0]) if attribute.type.args else 0
    if digits >= 6:
        return True
    step = 10 ** (6 - digits)
    return not any(microsecond % step for microsecond in map(operator.attrgetter("microsecond"), column))


def _exactly(kind: type) -> Callable[[Attribute, Sequence[Any], set[type]], bool]:
    def test(attribute: Attribute, column: Sequence[Any], kinds: set[type]) -> bool:
        return kinds == {kind}

    return test


CLEAN: dict[str, Callable[[Attribute, Sequence[Any], set[type]], bool]] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64"), _clean_integer),
    **dict.fromkeys(("float32", "float64"), _clean_float),
    **dict.fromkeys(("char", "varchar", "enum"), _clean_text),
    "bool": _exactly(bool),
    "bytes": _exactly(bytes),
    "date": _exactly(dt.date),
    "datetime": _clean_datetime,
    "uuid": _exactly(UUID),
}


def checked_column(
    attribute: Attribute,
    column: Sequence[Any],
    numbers: Sequence[int],
    encode: Callable[[Any], Any] | None,
    faults: list[Fault],
) -> Sequence[Any]:
    """Return the column in canonical values, noting what does not fit.

    Parameters
    ----------
    attribute : Attribute
    column : sequence
        One value for each row.
    numbers : sequence of int
        Position of each row in the input, for messages.
    encode : callable, optional
        The codec's encoder for attributes that have one.
    faults : list of Fault
        Receives what is wrong.
    """
    if encode is None and is_clean(attribute, column):
        return column
    values: list[Any] = []
    for number, value in zip(numbers, column, strict=True):
        try:
            values.append(_cell(attribute, value, encode))
        except CellError as error:
            faults.append(Fault(number, attribute.name, str(error)))
            values.append(None)
    return values


def _cell(attribute: Attribute, value: Any, encode: Callable[[Any], Any] | None) -> Any:
    canonical = encode or partial(convert, attribute)
    converted = None if value is None else canonical(value)
    if converted is None and not attribute.nullable:
        if attribute.default is None or not attribute.has_default or not _fillable(attribute):
            raise CellError("a value is required; the attribute is not nullable and has no default")
        return convert(attribute, attribute.default)
    return converted


def _fillable(attribute: Attribute) -> bool:
    """Whether the default is a value that the client knows (not one the database computes)."""
    from fascicle.model import CurrentTimestamp

    return not isinstance(attribute.default, CurrentTimestamp)
