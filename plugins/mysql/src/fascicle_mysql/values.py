"""Values that neither the driver nor the server turns into Python's by itself."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

_MIDNIGHT = dt.datetime(1, 1, 1)


_ASTRAL = re.compile("[\U00010000-\U0010ffff]|\\\\(?=U[0-9A-F]{8})")
_ENCODED = re.compile(r"\\U([0-9A-F]{8})")


def is_basic(text: str) -> bool:
    """Whether the server's catalogue can hold text: no character beyond U+FFFF."""
    return not text or max(text) <= "\uffff"


def encode_comment(text: str) -> str:
    """Write characters beyond U+FFFF as a backslash, U and eight digits, for the server's catalogue to hold."""
    return _ASTRAL.sub(lambda found: f"\\U{ord(found.group()):08X}", text)


def decode_comment(text: str | None) -> str:
    """Read what `encode_comment` wrote."""
    return _ENCODED.sub(lambda found: chr(int(found.group(1), 16)), text or "")


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
