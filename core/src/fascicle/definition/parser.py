"""From definition text to its syntax tree: one item a line, no look-ups, no evaluation."""

from __future__ import annotations

import re

from fascicle.definition.cursor import Cursor
from fascicle.definition.references import read_foreign_key
from fascicle.definition.source import Source
from fascicle.definition.syntax import AttributeItem, DefaultText, Definition, Hint, IndexItem, Item
from fascicle.definition.types import is_safe_sql, read_type

_DIVIDER = re.compile(r"-{3,}|_{3,}(?=\s*(?:#|$))")
_INDEX = re.compile(r"(unique[ \t]+)?index[ \t]*(?=\()", re.IGNORECASE)
_NAME = re.compile(r"_?[a-z][a-z0-9_]*")
_OLD_FOREIGN_KEY = re.compile(r"\([^)]*\)\s*->")
_BARE_TIME = re.compile(r"(\d{4}-\d\d-\d\d[ T])?\d?\d:\d\d(:\d\d(\.\d*)?)?(?=[ \t]*:)")
_PATH = re.compile(r"[A-Za-z_]\w*((\.[A-Za-z_]\w*)|(\[\d+\]))*(:\w+(\([\d, ]*\))?)?")
MAX_NAME = 63


def parse(text: str, name: str = "") -> Definition:
    """Parse a definition.

    Parameters
    ----------
    text : str
        The definition; positions in errors count its lines and columns from 1.
    name : str, optional
        What it defines, named in error messages.

    Returns
    -------
    Definition
        Items with their positions; nothing has been looked up yet.

    Raises
    ------
    DefinitionError
        Naming line and column, with the line and a caret, and what was expected there.
    """
    return _Parser(Source(text, name)).run()


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.comment = ""
        self.items: list[Item] = []
        self.hints: list[Hint] = []
        self.divider: int | None = None
        self.started = False

    def run(self) -> Definition:
        for number in range(1, len(self.source.lines) + 1):
            self._line(Cursor(self.source, number))
        if not self.items:
            raise self.source.error(
                1, 1, "the definition is empty", try_="write at least one 'name : type' or '-> Parent'"
            )
        return Definition(self.source, self.comment, tuple(self.items), tuple(self.hints))

    def _line(self, cursor: Cursor) -> None:
        if "\0" in cursor.text:
            cursor.at = cursor.text.index("\0")
            raise cursor.error("a NUL character", why="no database keeps it")
        first, self.started = not self.started, self.started or bool(cursor.text.strip())
        if cursor.done:
            if first and cursor.peek("#"):
                self.comment = _comment(cursor, "the table's comment")
            return
        if match := cursor.match(_DIVIDER):
            self._divide(cursor, match.start() + 1)
        elif cursor.peek("->"):
            self.items.append(read_foreign_key(cursor, in_key=self.divider is None))
        elif match := cursor.match(_INDEX):
            self.items.append(_index(cursor, bool(match.group(1)), match.start() + 1))
        else:
            self.items.append(self._attribute(cursor))

    def _divide(self, cursor: Cursor, column: int) -> None:
        if self.divider is not None:
            raise self.source.error(
                cursor.line,
                column,
                "a second divider",
                why=f"the key ends at the divider on line {self.divider}; a definition has one",
            )
        cursor.comment()
        self.divider = cursor.line

    def _attribute(self, cursor: Cursor) -> AttributeItem:
        name, column = _attribute_name(cursor)
        default = _default(cursor) if cursor.accept("=") else None
        cursor.expect(":", f"between the {'default' if default else 'name'} and the type")
        type_column = cursor.skip().column
        parsed = read_type(cursor)
        if parsed.hint:
            self.hints.append(Hint(cursor.line, type_column, parsed.hint))
        comment = _comment(cursor, f"the comment of {name!r}")
        in_key = self.divider is None
        return AttributeItem(
            name,
            parsed.type,
            default,
            comment,
            in_key,
            cursor.line,
            column,
            type_column,
            parsed.autoincrement,
        )


def _attribute_name(cursor: Cursor) -> tuple[str, int]:
    column = cursor.skip().column
    if _OLD_FOREIGN_KEY.match(cursor.text, cursor.at):
        raise cursor.error(
            "foreign keys start with '->'", try_="rename attributes by proj: -> Parent.proj(new='old')"
        )
    name = cursor.word("an attribute name, '->', 'index(' or '---'")
    check_name(cursor, name, column)
    return name, column


def check_name(cursor: Cursor, name: str, column: int) -> None:
    """Raise unless `name` can be an attribute's name."""
    if _NAME.fullmatch(name) and len(name) <= MAX_NAME:
        return
    why = "names start with a small letter and hold small letters (a-z), digits and underscores"
    try_: str | None = None
    if len(name) > MAX_NAME:
        why = f"names have at most {MAX_NAME} characters, so that every database can hold them"
    elif _NAME.fullmatch(name.lower()):
        try_ = f"write {name.lower()!r}"
    raise cursor.source.error(cursor.line, column, f"{name!r} cannot name an attribute", why=why, try_=try_)


def _comment(cursor: Cursor, what: str) -> str:
    comment = cursor.comment()
    if comment.startswith(":"):
        raise cursor.source.error(
            cursor.line,
            cursor.text.index(comment, cursor.text.index("#")) + 1,
            f"{what} starts with ':'",
            why="a colon in front of a stored comment marks the type of a column",
            try_="start the comment with a word",
        )
    return comment


def _default(cursor: Cursor) -> DefaultText:
    column = cursor.skip().column
    if cursor.at_quote:
        return DefaultText(cursor.quoted(), True, column)
    if found := cursor.match(_BARE_TIME):
        return DefaultText(found.group(), False, column)
    end = cursor.text.find(":", cursor.at)
    text = cursor.text[cursor.at : end if end >= 0 else len(cursor.text)].partition("#")[0].strip()
    if end < 0 or not text:
        raise cursor.expected(
            "a default, then ':' and the type" if not text else "':' and a type after the default"
        )
    cursor.at += len(text)
    return DefaultText(text, False, column)


def _index(cursor: Cursor, unique: bool, column: int) -> IndexItem:
    cursor.expect("(", "after index")
    columns: list[tuple[str, int]] = []
    while True:
        place = cursor.skip().column
        if cursor.peek("("):
            columns.append((_expression(cursor), place))
        elif found := cursor.match(_PATH):
            columns.append((found.group().replace(" ", ""), place))
        else:
            raise cursor.expected(
                "an attribute, a path into a json attribute, or an expression in parentheses"
            )
        if not cursor.accept(","):
            break
    cursor.expect(")", "or ',' in the index")
    _comment(cursor, "the comment")
    return IndexItem(tuple(columns), unique, cursor.line, column)


def _expression(cursor: Cursor) -> str:
    start, depth = cursor.at, 0
    while cursor.at < len(cursor.text):
        char = cursor.text[cursor.at]
        if cursor.text[cursor.at] in "'\"":
            cursor.quoted()
            continue
        depth += {"(": 1, ")": -1}.get(char, 0)
        cursor.at += 1
        if depth == 0:
            text = cursor.text[start : cursor.at]
            if not is_safe_sql(text):
                cursor.at = start
                raise cursor.error(
                    "this is more than an expression", why="statements and comments are not admitted"
                )
            return text
    cursor.at = start
    raise cursor.error("this parenthesis is never closed")
