"""A place in one line of a definition, moved forward token by token."""

from __future__ import annotations

import re

from fascicle.definition.source import Source
from fascicle.errors import DefinitionError

_BLANK = re.compile(r"[ \t\f\v\u00a0]*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", "'": "'", '"': '"'}
_PRINTED = {"\\": "\\\\", "'": "''", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


class Cursor:
    """Reads one line of `source` from left to right.

    Parameters
    ----------
    source : Source
        The whole definition.
    line : int
        Line number, from 1.
    """

    def __init__(self, source: Source, line: int) -> None:
        self.source = source
        self.line = line
        self.text = source.lines[line - 1]
        self.at = 0

    @property
    def column(self) -> int:
        """Column of the next character, from 1."""
        return self.at + 1

    def skip(self) -> Cursor:
        """Pass blanks."""
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self

    @property
    def done(self) -> bool:
        """Whether nothing but blanks or a comment is left."""
        self.skip()
        return self.at >= len(self.text) or self.text[self.at] == "#"

    def peek(self, token: str) -> bool:
        """Whether `token` comes next, after blanks."""
        self.skip()
        return self.text.startswith(token, self.at)

    def accept(self, token: str) -> bool:
        """Pass `token` if it comes next."""
        if self.peek(token):
            self.at += len(token)
            return True
        return False

    def expect(self, token: str, context: str) -> None:
        """Pass `token` or raise, saying that it was expected and where."""
        if not self.accept(token):
            raise self.expected(f"{token!r} {context}")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Pass a regular expression if it matches here, after blanks."""
        self.skip()
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def word(self, expected: str) -> str:
        """Pass a word of letters, digits and underscores; `expected` names it in the error."""
        found = self.match(_WORD)
        if found is None:
            raise self.expected(expected)
        return found.group()

    @property
    def at_quote(self) -> bool:
        """Whether a quoted string comes next."""
        self.skip()
        return self.text[self.at : self.at + 1] in ("'", '"')

    def quoted(self) -> str:
        r"""Pass a quoted string and return its value.

        A quote inside is doubled or escaped by a backslash; ``\n``, ``\t``, ``\r``, ``\\`` are known too.
        """
        self.skip()
        start, quote = self.at, self.text[self.at]
        self.at += 1
        value: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\":
                value.append(self._escape())
            elif char != quote:
                value.append(char)
                self.at += 1
            elif self.text.startswith(quote * 2, self.at):
                value.append(quote)
                self.at += 2
            else:
                self.at += 1
                return "".join(value)
        raise self.source.error(
            self.line,
            start + 1,
            f"the string that opens here has no closing {quote}",
            try_="close it on the same line; a line break inside a string is written \\n",
        )

    def _escape(self) -> str:
        char = self.text[self.at + 1 : self.at + 2]
        if char not in _ESCAPES or not char:
            raise self.error(
                f"unknown escape \\{char} in a string",
                try_=f"write \\\\{char} for a backslash followed by {char!r}",
            )
        self.at += 2
        return _ESCAPES[char]

    def rest(self) -> str:
        """Everything that is left, blanks trimmed."""
        rest = self.text[self.at :].strip()
        self.at = len(self.text)
        return rest

    def comment(self, what: str = "the end of the line or '# comment'") -> str:
        """Pass the comment that may end a line, and return it."""
        if self.done:
            self.skip()
            return self.rest().removeprefix("#").strip()
        raise self.expected(what)

    def error(self, what: str, *, why: str | None = None, try_: str | None = None) -> DefinitionError:
        """Build an error for this place."""
        return self.source.error(self.line, self.column, what, why=why, try_=try_)

    def expected(self, what: str, *, try_: str | None = None) -> DefinitionError:
        """Build the error that something else was expected here."""
        self.skip()
        ahead = self.text[self.at : self.at + 20]
        found = f"found {ahead!r}" if ahead else "the line ends"
        return self.error(f"expected {what}; {found}", try_=try_)


def quote(text: str) -> str:
    """Write a string so that `Cursor.quoted` reads it back."""
    return "'" + "".join(_PRINTED.get(char, char) for char in text) + "'"
