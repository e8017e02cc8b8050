"""Column comments: where MySQL and PostgreSQL keep the declared type, ``:<type>:<comment>``."""

from __future__ import annotations

import re

from fascicle.model import Attribute

# A colon inside a quoted enum value does not end the type.
_MARKED = re.compile(r":((?:'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[^:'\"])+):(.*)", re.DOTALL)
_PLAIN_MARK = re.compile(r":([^:]+):(.*)", re.DOTALL)
_UNMARKED = frozenset({"native", "time"})


def write_comment(attribute: Attribute, *, inherited: bool) -> str:
    """Text of a column comment.

    Parameters
    ----------
    attribute : Attribute
        The column.
    inherited : bool
        Whether a foreign key brought the attribute; of such columns only uuid keeps its marker.

    Returns
    -------
    str
        Empty if there is nothing to say.
    """
    if attribute.codec is not None:
        return f":{attribute.codec}:{attribute.comment}"
    name = attribute.type.name
    if name in _UNMARKED or (inherited and name != "uuid"):
        return attribute.comment
    return f":{attribute.type}:{attribute.comment}"


def read_comment(text: str | None) -> tuple[str | None, str]:
    """Split a column comment into the declared type, if it is marked, and the comment for people."""
    if not text:
        return None, ""
    found = _MARKED.fullmatch(text) or _PLAIN_MARK.fullmatch(text)
    return (found.group(1).strip(), found.group(2)) if found else (None, text)
