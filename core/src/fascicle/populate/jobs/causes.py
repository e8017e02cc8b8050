"""What made a job fail, in words that are the same for all jobs that fail alike."""

from __future__ import annotations

import re

from fascicle.populate.jobs.declare import CAUSE_LENGTH

_VARYING = re.compile(
    r"0x[0-9a-fA-F]+|'[^']*'|\"[^\"]*\"|\{[^{}]*\}|/[\w./-]+|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
)


def cause_of(error: str | BaseException) -> str:
    """Return a message with its values taken out, so that equal failures group together."""
    if isinstance(error, BaseException):
        first = (str(error).strip().splitlines() or [""])[0]
        text = f"{type(error).__name__}: {first}" if first else type(error).__name__
    else:
        text = (error.strip().splitlines() or [""])[0]
    return _VARYING.sub("*", text)[:CAUSE_LENGTH]
