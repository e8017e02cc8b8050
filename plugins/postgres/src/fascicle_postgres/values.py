"""Values that the driver does not bind or read by itself as we need them."""

from __future__ import annotations

import json
from typing import Any


def encode_json(value: Any) -> str:
    """JSON text of a value; infinities are refused."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
