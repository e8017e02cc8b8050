"""Words of restriction text, and errors that point at them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from fascicle.errors import QueryError, QuerySyntaxError

_TOKEN = re.compile(
    r"\s*(?:"
    r"([A-Za-z_][A-Za-z0-9_$]*)"  # 1 name
    r"|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"  # 2 number
    r"|'((?:[^']|'')*)'"  # 3 text
    r'|"((?:[^"]|"")*)"'  # 4 text, or an attribute's name
    r"|`((?:[^`]|``)*)`"  # 5 name
    r"|(<=>|->>|->|<>|!=|<=|>=|==|\|\||&&|<<|>>|//|::|[-+*/%=<>(),.\[\]:!~&|^])"  # 6 operator
    r"|($)"  # 7 end
    r")"
)
_SPELLINGS = {"<>": "!=", "==": "=", "&&": "AND"}
_WINDOW = 60
_SHORT = 300
_SHORT = 1_000  # characters up to which splitting is remembered


class Token(NamedTuple):
    """A word: what kind it is, what it says, what it is compared by, and where it starts.

    ``kind`` is ``name quoted number text double operator end``; ``word`` is the operator or the name in
    capitals, empty for everything else.
    """

    kind: str
    value: str
    word: str
    start: int
    end: int


def tokenize(text: str) -> Sequence[Token]:
    """Split restriction text into words, an ``end`` last; what was split lately is remembered.

    Raises
    ------
    QuerySyntaxError
        At a character that begins no word, or a quote that is not closed.
    """
    return _remembered(text) if len(text) < _SHORT else _split(text)


def _split(text: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    position = 0
    match = _TOKEN.match
    while True:
        found = match(text, position)
        if found is None:
            raise _strange(text, position)
        group = found.lastindex or 7
        position = found.end()
        start = found.start(group)
        if group == 1:
            value = found[1]
            tokens.append(Token("name", value, value.upper(), start, position))
        elif group == 6:
            value = found[6]
            tokens.append(Token("operator", value, _SPELLINGS.get(value, value), start, position))
        elif group == 2:
            tokens.append(Token("number", found[2], "", start, position))
            if text[position : position + 1].isalpha():
                raise syntax_error(text, position, "a number runs into a letter", expected="an operator")
        elif group == 7:
            tokens.append(Token("end", "", "", len(text), len(text)))
            return tuple(tokens)
        else:
            tokens.append(_quoted(found[group], group, start - 1, position))


_remembered = lru_cache(maxsize=512)(_split)


def _quoted(body: str, group: int, start: int, end: int) -> Token:
    quote = "'\"`"[group - 3]
    kind = ("text", "double", "quoted")[group - 3]
    return Token(kind, body.replace(quote * 2, quote) if quote in body else body, "", start, end)


def _strange(text: str, position: int) -> QuerySyntaxError:
    while position < len(text) and text[position].isspace():
        position += 1
    character = text[position]
    if character in "'\"`":
        return syntax_error(
            text,
            position,
            f"the quote {character} is not closed",
            advice=f"close it; inside, write the quote twice ({character * 2}): a backslash is a plain character",
        )
    advice = None
    if character in "?$@":
        advice = "write the value itself, or restrict by a dict: {'attribute': value}"
    elif character == ";":
        advice = "a restriction is one expression, not a statement"
    elif character in "\u2018\u2019\u201c\u201d":
        advice = "use straight quotes"
    return syntax_error(text, position, f"the character {character!r} has no meaning here", advice=advice)


def point(text: str, position: int) -> str:
    """Show where in the text: the text on one line, a caret below the position."""
    flat = re.sub(r"\s", " ", text)
    start = max(0, position - _WINDOW)
    stop = position + _WINDOW
    head = "..." if start else ""
    tail = "..." if stop < len(flat) else ""
    return f"\n    {head}{flat[start:stop]}{tail}\n    {' ' * (len(head) + position - start)}^"


def syntax_error(
    text: str, position: int, what: str, *, expected: str | None = None, advice: str | None = None
) -> QuerySyntaxError:
    """Build the error for text that cannot be parsed."""
    if expected:
        what = f"{what}; expected {expected}"
    return QuerySyntaxError(what + point(text, position), try_=advice, text=text, position=position)


def locate(error: QueryError, text: str, position: int) -> QueryError:
    """Copy an error with a caret below the word that it is about."""
    if "position" in error.details:
        return error
    details = {**error.details, "text": text, "position": position}
    return type(error)(
        error.what + point(text, position), where=error.where, why=error.why, try_=error.try_, **details
    )
