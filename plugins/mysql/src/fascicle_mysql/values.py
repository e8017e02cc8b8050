"""Values that neither the driver nor the server turns into Python's by itself."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

_MIDNIGHT = dt.datetime(1, 1, 1)


def encode_json(value: Any) -> str | None:
    """JSON text of a value, ``None`` for SQL NULL; infinities are refused."""
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def decode_json(text: str | bytes | None) -> Any:
    """Value of JSON text."""
    return None if text is None else json.loads(text)


def decode_time(value: dt.timedelta | dt.time | None) -> dt.time | dt.timedelta | None:
    """Time of day of the interval that the server keeps; longer or negative ones stay intervals."""
    if not isinstance(value, dt.timedelta):
        return value
    return (_MIDNIGHT + value).time() if dt.timedelta(0) <= value < dt.timedelta(days=1) else value
