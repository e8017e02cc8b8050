"""Agreements between values of one row."""

from __future__ import annotations

import datetime as dt


def ends_after(start: dt.date | dt.datetime | None, end: dt.date | dt.datetime | None) -> str | None:
    """Say what is wrong with a span of time, ``None`` if nothing is."""
    if start is None or end is None or end >= start:
        return None
    return f"it ends ({end}) before it starts ({start})"
