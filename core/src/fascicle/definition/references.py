"""Foreign key lines: ``-> [nullable, unique] Dotted.Name.proj(new='old')``."""

from __future__ import annotations

import re

from fascicle.definition.cursor import Cursor
from fascicle.definition.syntax import ForeignKeyItem
from fascicle.model import nearest

_OPTIONS = ("nullable", "unique")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CALL = re.compile(r"\([ \t]*\)")
_TABLE = "the name of a table, e.g. Subject or lab.Subject"


def read_foreign_key(cursor: Cursor, *, in_key: bool) -> ForeignKeyItem:
    """Read the line whose arrow is at the cursor."""
    column = cursor.skip().column
    cursor.expect("->", "at the start of a foreign key")
    options = _options(cursor, in_key) if cursor.accept("[") else []
    place = cursor.skip().column
    parent, renames, columns = _target(cursor)
    if not cursor.done:
        raise cursor.expected(
            "the end of the line",
            try_="a foreign key refers to a whole table: no restriction, no join, only .proj(new='old')",
        )
    return ForeignKeyItem(
        parent,
        tuple(renames),
        "nullable" in options,
        "unique" in options,
        in_key,
        cursor.line,
        max(place, column),
        tuple(columns),
    )


def _options(cursor: Cursor, in_key: bool) -> list[str]:
    options: list[str] = []
    while True:
        place = cursor.skip().column
        option = cursor.word("nullable or unique").lower()
        if option not in _OPTIONS:
            close = nearest(option, _OPTIONS)
            raise cursor.source.error(
                cursor.line,
                place,
                f"unknown option {option!r} of a foreign key",
                why="the options are nullable and unique",
                try_=f"did you mean {close[0]!r}?" if close else None,
            )
        if option == "nullable" and in_key:
            raise cursor.source.error(
                cursor.line,
                place,
                "a foreign key in the primary key cannot be nullable",
                why="no attribute of a primary key may be NULL",
                try_="move the line below '---'",
            )
        options.append(option)
        if not cursor.accept(","):
            break
    cursor.expect("]", "after the options")
    return options


def _target(cursor: Cursor) -> tuple[str, list[tuple[str, str]], list[int]]:
    names: list[str] = [cursor.word(_TABLE)]
    while True:
        cursor.match(_CALL)  # published pipelines write -> Subject() now and then
        if not cursor.accept("."):
            return ".".join(names), [], []
        name = cursor.word(_TABLE)
        if name == "proj" and cursor.accept("("):
            renames, columns = _renames(cursor)
            return ".".join(names), renames, columns
        names.append(name)


def _renames(cursor: Cursor) -> tuple[list[tuple[str, str]], list[int]]:
    """Pairs (old, new) and the columns where the new names stand."""
    renames: list[tuple[str, str]] = []
    columns: list[int] = []
    while not cursor.accept(")"):
        if cursor.at_quote:
            cursor.quoted()  # a name that is kept; keys always are
        elif not cursor.accept("..."):
            columns.append(cursor.skip().column)
            renames.append(_rename(cursor, [new for _, new in renames]))
        if not cursor.accept(","):
            cursor.expect(")", "or ',' in proj(...)")
            break
    return renames, columns


def _rename(cursor: Cursor, taken: list[str]) -> tuple[str, str]:
    place = cursor.column
    new = cursor.word("new='old'")
    if not _NAME.fullmatch(new):
        raise cursor.source.error(
            cursor.line,
            place,
            f"{new!r} cannot name an attribute",
            why="names start with a small letter and hold small letters (a-z), digits and underscores",
        )
    if new in taken:
        raise cursor.source.error(cursor.line, place, f"{new!r} is given twice")
    cursor.expect("=", "after the new name")
    if not cursor.at_quote:
        raise cursor.expected("the old name in quotes")
    place = cursor.column
    old = cursor.quoted().strip()
    if not _NAME.fullmatch(old):
        raise cursor.source.error(
            cursor.line,
            place,
            f"{old!r} is no attribute name",
            why="a foreign key may rename, and nothing else",
        )
    return old, new
