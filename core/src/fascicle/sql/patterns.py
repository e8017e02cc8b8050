"""LIKE patterns, read once and printed for each database."""

from __future__ import annotations

from fascicle.errors import QueryError
from fascicle.query.scalar import Like, Literal

ANY, ONE = 0, 1
Part = str | int


def pattern_text(node: Like) -> str | None:
    """The written pattern, ``None`` if it is computed."""
    pattern = node.pattern
    return pattern.value if isinstance(pattern, Literal) and isinstance(pattern.value, str) else None


def escape_of(node: Like) -> str:
    """The character that takes the meaning from ``%`` and ``_``: a backslash unless ESCAPE says otherwise."""
    return "\\" if node.escape is None else node.escape


def read_pattern(text: str, escape: str) -> list[Part]:
    """Split a pattern into runs of characters, `ANY` for ``%`` and `ONE` for ``_``.

    Raises
    ------
    QueryError
        If the pattern ends with the escape character.
    """
    parts: list[Part] = []
    plain: list[str] = []
    characters = iter(text)
    for character in characters:
        if character == escape:
            following = next(characters, None)
            if following is None:
                raise QueryError(
                    f"the pattern {text!r} ends with its escape character", try_="write it twice"
                )
            plain.append(following)
        elif character in "%_":
            if plain:
                parts.append("".join(plain))
                plain = []
            parts.append(ANY if character == "%" else ONE)
        else:
            plain.append(character)
    if plain:
        parts.append("".join(plain))
    return parts


def to_glob(parts: list[Part]) -> str:
    """Print a pattern for GLOB."""
    out = []
    for part in parts:
        if isinstance(part, int):
            out.append("*" if part == ANY else "?")
        else:
            out.append("".join(f"[{c}]" if c in "*?[" else c for c in part))
    return "".join(out)


def to_like(parts: list[Part], escape: str) -> str:
    """Print a pattern for LIKE with an escape character."""
    out = []
    for part in parts:
        if isinstance(part, int):
            out.append("%" if part == ANY else "_")
        else:
            out.append("".join(escape + c if c in ("%", "_", escape) else c for c in part))
    return "".join(out)


def to_regexp(parts: list[Part]) -> str:
    """Print a pattern as a regular expression of the whole text."""
    import re  # only computed patterns come here

    return "".join((".*" if p == ANY else ".") if isinstance(p, int) else re.escape(p) for p in parts)
