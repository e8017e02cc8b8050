"""Checks of single attributes and indexes; their errors get a position from the caller."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fascicle.definition.types import is_safe_sql
from fascicle.errors import DefinitionError
from fascicle.model import Attribute, CodecRef, CoreType, nearest

MAX_VARCHAR = 16383  # what MySQL keeps in four bytes a character
MAX_CHAR = 255
MAX_LABEL = 63  # bytes of an enum's value in PostgreSQL
MAX_COMMENT = 1024  # characters of a column's comment in MySQL, the type that is kept with it included
MAX_TABLE_COMMENT = 2048
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HEAD = re.compile(r"\w+")


def check_type(type_: CoreType) -> None:
    """Raise `DefinitionError` if a type cannot be had on every database."""
    if type_.name in ("char", "varchar"):
        limit = MAX_CHAR if type_.name == "char" else MAX_VARCHAR
        if int(type_.args[0]) > limit:
            raise DefinitionError(
                f"{type_} is too long",
                why=f"{type_.name} holds at most {limit} characters on every database",
                try_="write text, which has no such limit" if type_.name == "varchar" else "write varchar(n)",
            )
    elif type_.name == "enum":
        _check_enum([str(value) for value in type_.args])
    elif type_.name == "native" and not is_safe_sql(str(type_)):
        raise DefinitionError(f"{str(type_)!r} is more than a type")


def _check_enum(values: list[str]) -> None:
    for position, value in enumerate(values):
        why = None
        if value != value.rstrip():
            why = "a blank at its end would be dropped by some databases"
        elif _CONTROL.search(value):
            why = "a value holds no control characters"
        elif len(value.encode()) > MAX_LABEL:
            why = f"a value has at most {MAX_LABEL} bytes"
        elif value in values[:position]:
            why = "each value is given once"
        if why:
            raise DefinitionError(f"{value!r} is no value of an enum", why=why)


def check_key_type(type_: CoreType, codec: CodecRef | None) -> None:
    """Raise `DefinitionError` if a type cannot be part of a primary key."""
    if type_.name in ("json", "bytes") or (
        type_.name == "native" and re.search("text|blob|json|bytea", str(type_))
    ):
        raise DefinitionError(
            f"{codec or type_} cannot be part of a primary key",
            why="a key is compared and indexed; such values are not",
            try_="move the attribute below '---'",
        )


def check_comment(declared: str, comment: str) -> None:
    """Raise `DefinitionError` if the comment of an attribute cannot be stored with its type."""
    room = MAX_COMMENT - len(declared) - 2
    if room < 0:
        raise DefinitionError(
            f"the type is too long to be written down ({len(declared)} characters)",
            why=f"it is kept in the comment of the column, which holds {MAX_COMMENT} characters",
            try_="keep the values of a long enum in a Lookup table, and refer to it",
        )
    if len(comment) > room:
        raise DefinitionError(
            f"the comment is too long: {len(comment)} characters, {room} fit",
            why=f"with the type, it is kept in the comment of the column, which holds {MAX_COMMENT} characters",
        )


def check_index(text: str, attributes: Mapping[str, Attribute]) -> str:
    """Check one column of an index and return it in its canonical form."""
    if text.startswith("("):
        return text
    found = _HEAD.match(text)
    head = found.group() if found else text
    if head not in attributes:
        close = nearest(head, attributes)
        raise DefinitionError(
            f"there is no attribute {head!r} to index",
            why=f"the attributes are {', '.join(attributes)}",
            try_=f"did you mean {' or '.join(repr(c) for c in close)}?" if close else None,
        )
    attribute = attributes[head]
    if text != head and attribute.type.name != "json":
        raise DefinitionError(f"{head!r} is {attribute.declared}", why="only json has paths")
    if text == head and attribute.type.name in ("json", "bytes"):
        raise DefinitionError(
            f"{head!r} is {attribute.declared}, which cannot be indexed whole",
            try_=f"index a path: {head}.key" if attribute.type.name == "json" else None,
        )
    return text
