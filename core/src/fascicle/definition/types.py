"""Types as definitions write them: core types, codecs, legacy spellings, SQL types of one database."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fascicle.definition.cursor import Cursor, quote
from fascicle.definition.legacy import KNOWN_NATIVE, Meaning, Spelling, legacy_meaning, native_meaning
from fascicle.definition.source import Source
from fascicle.errors import DefinitionError
from fascicle.model import CodecRef, CoreType, nearest
from fascicle.model.types import NAMES

_CODEC = re.compile(r"<[ \t]*([A-Za-z_][\w-]*)[ \t]*(?:@[ \t]*([\w.-]*)[ \t]*)?>")
_NUMBER = re.compile(r"\d+")
_STORE = re.compile(r"@([\w.-]*)")
_VERBATIM = re.compile(r"native[ \t]*(?=\()")
_PLAIN = frozenset(NAMES) - {"char", "varchar", "decimal", "enum", "datetime", "time"}
MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ParsedType:
    """A type and what was remarkable about its spelling."""

    type: CoreType | CodecRef
    hint: str | None = None
    autoincrement: bool = False


def parse_type(text: str) -> CoreType | CodecRef:
    """Read a type as a definition writes it.

    Parameters
    ----------
    text : str
        For example ``"varchar(32)"``, ``"<blob@raw>"``, ``"smallint unsigned"``.

    Returns
    -------
    CoreType or CodecRef
        Legacy spellings are read with their documented meaning; SQL types of one database become
        ``CoreType("native", (text,))``.

    Raises
    ------
    DefinitionError
        If the text is no type.
    """
    cursor = Cursor(Source(text), 1)
    parsed = read_type(cursor)
    if not cursor.done or cursor.peek("#"):
        raise cursor.expected("the end of the type")
    return parsed.type


def print_type(type_: CoreType | CodecRef) -> str:
    """Write a type so that `parse_type` reads the same one."""
    if isinstance(type_, CoreType) and type_.name == "enum":
        return "enum(" + ", ".join(quote(str(value)) for value in type_.args) + ")"
    text = str(type_)
    if isinstance(type_, CoreType) and type_.name == "native":
        try:
            faithful = parse_type(text) == type_
        except DefinitionError:
            faithful = False
        # SQL text that reads as something else here is kept verbatim.
        return text if faithful else f"native({quote(text)})"
    return text


def read_type(cursor: Cursor) -> ParsedType:
    """Read the type at the cursor and move past it."""
    if cursor.peek("<"):
        return ParsedType(_codec(cursor))
    start = cursor.skip().column
    if cursor.match(_VERBATIM):
        return ParsedType(_verbatim(cursor))
    spelling = _spelling(cursor)
    try:
        return _meaning(spelling)
    except DefinitionError as error:
        raise cursor.source.error(cursor.line, start, error.what, why=error.why, try_=error.try_) from None


def _codec(cursor: Cursor) -> CodecRef:
    found = cursor.match(_CODEC)
    if found is None:
        raise cursor.expected("a codec such as <blob>, <blob@> or <blob@store>")
    return CodecRef(found.group(1), found.group(2))


def _verbatim(cursor: Cursor) -> CoreType:
    cursor.expect("(", "after native")
    if not cursor.at_quote:
        raise cursor.expected("a quoted SQL type")
    place = cursor.column
    sql = cursor.quoted()
    cursor.expect(")", "after the SQL type")
    if not is_safe_sql(sql):
        raise cursor.source.error(
            cursor.line,
            place,
            "this is more than a type",
            why="statements and comments are not admitted in a type",
        )
    return CoreType("native", (sql,))


def is_safe_sql(text: str) -> bool:
    """Whether SQL text, quoted strings apart, has balanced parentheses and neither ``;`` nor comments."""
    depth, bare = 0, re.sub(r"'(?:[^'\\]|'')*'|\"(?:[^\"\\]|\"\")*\"|`[^`]*`", "x", text)
    for char in bare:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0:
            return False
    return bool(text.strip()) and depth == 0 and not re.search(r"[;'\"`\\\n\r\0#]|--|/\*", bare)


def _spelling(cursor: Cursor) -> Spelling:
    name = cursor.word("a type such as int32, varchar(32) or <blob>").lower()
    store = cursor.match(_STORE) if not cursor.text[cursor.at : cursor.at + 1].isspace() else None
    words = _words(cursor)
    args: tuple[int | str, ...] | None = None
    if cursor.accept("("):
        args = _arguments(cursor)
        words += _words(cursor)
    if not cursor.done:
        raise cursor.expected("the end of the type or '# comment'")
    return Spelling(name, args, tuple(words), store.group(1) if store else None)


def _words(cursor: Cursor) -> list[str]:
    words = []
    while not cursor.done and (cursor.text[cursor.at].isalpha() or cursor.text[cursor.at] == "_"):
        words.append(cursor.word("a word").lower())
    return words


def _arguments(cursor: Cursor) -> tuple[int | str, ...]:
    args: list[int | str] = []
    while True:
        if cursor.at_quote:
            args.append(cursor.quoted())
        elif number := cursor.match(_NUMBER):
            args.append(int(number.group()))
        else:
            raise cursor.expected("a number or a quoted value")
        if not cursor.accept(","):
            break
    cursor.expect(")", "or ',' in the arguments of the type")
    return tuple(args)


def _meaning(spelling: Spelling) -> ParsedType:
    core = None if spelling.words or spelling.store is not None else _core(spelling)
    if core is not None:
        return ParsedType(core)
    meaning: Meaning | None = legacy_meaning(spelling)
    if meaning is None:
        close = nearest(spelling.name, NAMES) or nearest(spelling.name, KNOWN_NATIVE)
        if close and spelling.name not in KNOWN_NATIVE:
            raise DefinitionError(
                f"there is no type {spelling.text!r}", try_=f"did you mean {' or '.join(close)}?"
            )
        meaning = native_meaning(spelling)
    return ParsedType(meaning.type, meaning.hint, meaning.autoincrement)


def _core(spelling: Spelling) -> CoreType | None:
    name, args = spelling.name, spelling.args
    if name in _PLAIN:
        if args is not None:
            raise DefinitionError(f"{name} takes no arguments", try_=f"write {name}")
        return CoreType(name)
    reader = _PARAMETERISED.get(name)
    return reader(name, args) if reader else None


def _length(name: str, args: tuple[int | str, ...] | None) -> CoreType | None:
    if args is None and name == "char":
        return CoreType("char", (1,))
    if args is None or len(args) != 1 or not isinstance(args[0], int):
        raise DefinitionError(
            f"{name} needs a length", try_=f"write {name}(n), n the greatest number of characters"
        )
    if args[0] < 1:
        raise DefinitionError(
            f"{name}({args[0]}) could hold no character", try_="give a length of at least 1"
        )
    return CoreType(name, args)


def _digits(name: str, args: tuple[int | str, ...] | None) -> CoreType | None:
    if args is None:
        return CoreType(name)
    if len(args) != 1 or not isinstance(args[0], int) or args[0] > MAX_DIGITS:
        raise DefinitionError(
            f"{name} takes the number of digits after the second, 0 to {MAX_DIGITS}", try_=f"write {name}(3)"
        )
    return CoreType(name, args if args[0] else ())


def _decimal(_: str, args: tuple[int | str, ...] | None) -> CoreType | None:
    numbers = [a for a in args or () if isinstance(a, int)]
    if args is None or len(args) != 2 or len(numbers) != 2:
        return None  # an older spelling
    precision, scale = numbers
    if not 1 <= precision <= 65 or scale > min(precision, 30):
        raise DefinitionError(
            f"decimal({precision},{scale}) is out of range",
            why="decimal(p,s) holds p digits (1 to 65), s of them (at most 30 and p) after the point",
        )
    return CoreType("decimal", (precision, scale))


def _enum(_: str, args: tuple[int | str, ...] | None) -> CoreType | None:
    if not args or not all(isinstance(value, str) for value in args):
        raise DefinitionError("enum needs its values", try_="write enum('a', 'b')")
    return CoreType("enum", args)


_PARAMETERISED = {
    "char": _length,
    "varchar": _length,
    "datetime": _digits,
    "time": _digits,
    "decimal": _decimal,
    "enum": _enum,
}
