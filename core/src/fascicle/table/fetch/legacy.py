"""``fetch`` in the manner of DataJoint 0.14, which a hundred pipelines call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fascicle.errors import QueryError
from fascicle.table.fetch import columns, frames
from fascicle.table.fetch.columns import Slice

if TYPE_CHECKING:
    from fascicle.table.expression import QueryExpression


def fetch(
    expression: QueryExpression,
    attributes: Sequence[str],
    part: Slice,
    format_: str | None,
    as_dict: bool | None,
    squeeze: bool,
) -> Any:
    """Fetch in the shape that the older signature promises; see `QueryExpression.fetch`."""
    if format_ not in (None, "array", "frame"):
        raise QueryError(f"there is no fetch format {format_!r}", try_="use 'array' or 'frame'")
    if as_dict and format_ is not None:
        raise QueryError("as_dict and format exclude each other", try_="leave one of them out")
    if as_dict or (as_dict is None and list(attributes) == ["KEY"]):
        return columns.to_dicts(expression, attributes, part, squeeze)
    if attributes:
        if format_ == "frame":
            return frames.to_pandas(expression, attributes, part, squeeze)
        return frames.to_arrays(expression, attributes, part, squeeze)
    if format_ == "frame":
        return frames.to_pandas(expression, (), part, squeeze)
    return frames.to_arrays(expression, (), part, squeeze)
