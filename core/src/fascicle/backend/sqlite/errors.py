"""SQLite's errors in our terms."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from fascicle.backend.sqlite import catalog
from fascicle.errors import (
    AccessError,
    BackendError,
    DuplicateError,
    FascicleError,
    IntegrityError,
    LockError,
    LostConnectionError,
    MissingAttributeError,
    MissingParentError,
    MissingTableError,
    QueryError,
    QuerySyntaxError,
    UnknownAttributeError,
    ValidationError,
)
from fascicle.sql.statement import Sql

SHOWN = 200  # characters of a statement
_FAILED = re.compile(r"constraint failed: (.*)", re.DOTALL)
_TABLE = re.compile(
    r'\s*(?:(?:INSERT|REPLACE)\b.*?\bINTO|DELETE\s+FROM|UPDATE)\s+"((?:[^"]|"")*)"', re.IGNORECASE | re.DOTALL
)
_NO_TABLE = re.compile(r"no such table: (.*)", re.DOTALL)
_NO_COLUMN = re.compile(r"no such column: (.*)|has no column named (.*)", re.DOTALL)
_STORED = re.compile(r"cannot store (\w+) value in (\w+) column (.*)", re.DOTALL)


def translate(error: Exception, sql: Sql | None) -> FascicleError:
    """Return the error of ours that says what the driver's error means."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return _of_the_driver(error, sql)
        extended, primary = _EXTENDED.get(code), _PRIMARY.get(code & 0xFF)
        chosen = extended or primary or _other
        return chosen(str(error), sql)
    if isinstance(error, OverflowError):
        return ValidationError("a whole number is beyond 64 bits", why=str(error), try_="use a float or text")
    if isinstance(error, UnicodeEncodeError):
        return ValidationError("text holds characters that cannot be stored", why=str(error))
    if isinstance(error, OSError):
        return AccessError("the database file cannot be used", why=str(error))
    return BackendError(f"{type(error).__name__} in SQLite's driver", why=str(error))


def _of_the_driver(error: sqlite3.Error, sql: Sql | None) -> FascicleError:
    text = str(error)
    if "closed database" in text:
        return LostConnectionError("the session is closed", why=text)
    if "binding" in text or "type" in text:
        return ValidationError("a value cannot be bound", why=text, where=_where(sql))
    return QueryError("the statement cannot be run", why=text, where=_where(sql))


def _where(sql: Sql | None) -> str | None:
    match = _TABLE.match(sql.text) if sql is not None else None
    return match.group(1).replace('""', '"') if match else None


def _shown(sql: Sql | None) -> str | None:
    if sql is None:
        return None
    text = " ".join(sql.text.split())
    return text if len(text) <= SHOWN else text[:SHOWN] + " ..."


def _columns(text: str) -> tuple[str | None, list[str]]:
    """Table and columns in ``UNIQUE constraint failed: schema.table.a, schema.table.b``."""
    match = _FAILED.search(text)
    if match is None or match.group(1).startswith("index "):
        return None, []
    pairs = [item.rpartition(".") for item in match.group(1).split(", ")]
    return pairs[0][0] or None, [name for _, _, name in pairs]


def _duplicate(text: str, sql: Sql | None) -> FascicleError:
    table, names = _columns(text)
    return DuplicateError(
        f"a row with the same {', '.join(names)} exists"
        if names
        else "a row with the same unique values exists",
        where=table or _where(sql),
        try_="skip_duplicates=True leaves such rows out, replace=True replaces them (by primary key)",
        columns=tuple(names),
    )


def _not_null(text: str, sql: Sql | None) -> FascicleError:
    table, names = _columns(text)
    return MissingAttributeError(
        f"{', '.join(names)} must be given",
        where=table or _where(sql),
        why="it has no default and cannot be NULL",
        columns=tuple(names),
    )


def _check(text: str, sql: Sql | None) -> FascicleError:
    match = _FAILED.search(text)
    name = match.group(1) if match else "an attribute"
    return ValidationError(
        f"a value of {name} does not fit its type",
        where=_where(sql),
        why="it is out of range, too long, or none of the values admitted",
        columns=(name,),
    )


def _mistyped(text: str, sql: Sql | None) -> FascicleError:
    match = _STORED.search(text)
    if match is None:
        return ValidationError("a value does not fit the type of its attribute", where=_where(sql), why=text)
    table, _, name = match.group(3).rpartition(".")
    return ValidationError(
        f"a value of {name} does not fit its type",
        where=table or _where(sql),
        why=f"a {match.group(1)} value cannot be kept as {match.group(2)}",
        columns=(name,),
    )


def _foreign_key(text: str, sql: Sql | None) -> FascicleError:
    verb = sql.text.lstrip()[:6].upper() if sql is not None else ""
    if verb == "DELETE" and sql is not None and catalog.TABLES in sql.text:
        return IntegrityError(
            "other tables refer to a table that would be dropped",
            where=str(sql.params[0]),
            try_="drop those first; Table.drop() does",
        )
    if verb == "DELETE":
        return IntegrityError(
            "other rows refer to a row that would be deleted",
            where=_where(sql),
            try_="delete those first; Table.delete() does",
        )
    return MissingParentError(
        "a row refers to a parent row that does not exist",
        where=_where(sql),
        why="a foreign key would lead nowhere",
        try_="insert the parent row first",
    )


def _locked(text: str, sql: Sql | None) -> FascicleError:
    return LockError(
        "another process kept the database locked for too long",
        where=_where(sql),
        why=f"SQLite reports: {text}; it admits one writing transaction at a time",
        try_="make writing transactions shorter, use read_only=True for reading ones, or raise ?lock_timeout=seconds",
    )


def _refused(text: str, sql: Sql | None) -> FascicleError:
    return AccessError(
        "the database cannot be written or opened",
        where=_where(sql),
        why=f"SQLite reports: {text}",
        try_="check the permissions of the file and of its folder",
    )


def _corrupt(text: str, sql: Sql | None) -> FascicleError:
    return BackendError(
        "the database file is damaged, or no database",
        why=f"SQLite reports: {text}",
        try_="stop all writers, copy the file with its -wal and -shm, and recover the copy: sqlite3 copy.db .recover",
    )


def _full(text: str, sql: Sql | None) -> FascicleError:
    return BackendError(
        "the disk is full", why=f"SQLite reports: {text}", try_="free space; nothing was changed"
    )


def _device(text: str, sql: Sql | None) -> FascicleError:
    return BackendError(
        "the database file cannot be read or written", why=f"SQLite reports: {text}", try_="check the disk"
    )


def _large(text: str, sql: Sql | None) -> FascicleError:
    return ValidationError(
        "a value or a row is too large",
        where=_where(sql),
        why="SQLite holds at most 1 GB in a row",
        try_="keep large arrays in an object store",
    )


def _other(text: str, sql: Sql | None) -> FascicleError:
    table = _NO_TABLE.search(text)
    if table:
        return MissingTableError(f"the table {table.group(1)} is not declared", where=_where(sql))
    column = _NO_COLUMN.search(text)
    if column:
        return UnknownAttributeError(
            f"there is no attribute {(column.group(1) or column.group(2))!r}", where=_where(sql)
        )
    if "syntax error" in text or "incomplete input" in text or "unrecognized token" in text:
        return QuerySyntaxError("SQLite cannot read the statement", why=text, where=_shown(sql))
    return QueryError("SQLite refuses the statement", why=text, where=_shown(sql))


_Translator = Callable[[str, "Sql | None"], FascicleError]
_EXTENDED: dict[int, _Translator] = {
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: _duplicate,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: _duplicate,
    sqlite3.SQLITE_CONSTRAINT_ROWID: _duplicate,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: _not_null,
    sqlite3.SQLITE_CONSTRAINT_CHECK: _check,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: _foreign_key,
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: _foreign_key,
}
_PRIMARY: dict[int, _Translator] = {
    sqlite3.SQLITE_CONSTRAINT: _mistyped,
    sqlite3.SQLITE_MISMATCH: _mistyped,
    sqlite3.SQLITE_BUSY: _locked,
    sqlite3.SQLITE_LOCKED: _locked,
    sqlite3.SQLITE_READONLY: _refused,
    sqlite3.SQLITE_CANTOPEN: _refused,
    sqlite3.SQLITE_PERM: _refused,
    sqlite3.SQLITE_AUTH: _refused,
    sqlite3.SQLITE_CORRUPT: _corrupt,
    sqlite3.SQLITE_NOTADB: _corrupt,
    sqlite3.SQLITE_FULL: _full,
    sqlite3.SQLITE_IOERR: _device,
    sqlite3.SQLITE_TOOBIG: _large,
}
