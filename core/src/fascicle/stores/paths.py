"""Paths inside stores: what may be one, and how parts of them are made of values."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, Final
from urllib.parse import quote

from fascicle.errors import UnsafePathError

SEPARATOR: Final = "/"
LONGEST_SEGMENT: Final = 255
LONGEST_PATH: Final = 900
_LONGEST_VALUE: Final = 100
_KEPT_OF_LONG: Final = 50


def checked_path(path: Any) -> str:
    """Return a path inside a store, if it is one.

    Parameters
    ----------
    path : str
        Segments separated by ``/``, relative to the store.

    Returns
    -------
    str
        The same path.

    Raises
    ------
    UnsafePathError
        If it is empty, absolute, climbs with ``..``, or holds characters or lengths that no store keeps.
    """
    fault = _fault(path)
    if fault is not None:
        raise UnsafePathError(
            "this is no path inside a store",
            where=repr(path)[:200],
            why=fault,
            try_="a relative path such as 'raw/day1/rec.bin', with '/' between folders",
        )
    return str(path)


def _fault(path: Any) -> str | None:
    if not isinstance(path, str):
        return f"a path is text, not {type(path).__name__}"
    if not path:
        return "it is empty"
    if path.startswith(("/", "~")) or path[1:2] == ":":
        return "it is absolute"
    if "\\" in path:
        return "it has a backslash"
    if any(ord(c) < 32 or ord(c) == 127 for c in path):
        return "it has a control character"
    segments = path.split(SEPARATOR)
    if ".." in segments:
        return "it climbs out of its folder with '..'"
    if "" in segments or "." in segments:
        return "it has an empty segment"
    return _fault_of_length(path, segments)


def _fault_of_length(path: str, segments: list[str]) -> str | None:
    try:
        if max(len(segment.encode()) for segment in segments) > LONGEST_SEGMENT:
            return f"a segment is longer than {LONGEST_SEGMENT} bytes"
        if len(path.encode()) > LONGEST_PATH:
            return f"it is longer than {LONGEST_PATH} bytes"
    except UnicodeEncodeError:
        return "it has a lone surrogate, which is no character"
    return None


def joined(*parts: str) -> str:
    """Join the parts of a path, leaving empty ones out."""
    return SEPARATOR.join(part.strip(SEPARATOR) for part in parts if part.strip(SEPARATOR))


def parent_of(path: str) -> str:
    """Return the folder of a path, empty at the top."""
    return path.rpartition(SEPARATOR)[0]


def name_of(path: str) -> str:
    """Return the last segment of a path."""
    return path.rpartition(SEPARATOR)[2]


def value_segment(name: str, value: Any) -> str:
    """Return the segment ``name=value`` for a value of a primary key.

    Moments are written with ``-`` between hours, minutes and seconds; characters that some store could not keep
    are percent-encoded; long values are cut and get eight digits of their hash, so that they stay apart.
    """
    text = quote(_text(value), safe="-_.~+@,# ")
    if len(text) > _LONGEST_VALUE:
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8]
        text = f"{text[:_KEPT_OF_LONG]}_{digest}"
    return f"{name}={text}"


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H-%M-%S")
    if isinstance(value, dt.time):
        return value.strftime("%H-%M-%S")
    return str(value)
