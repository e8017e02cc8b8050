"""What the server's error numbers mean in our tree."""

from __future__ import annotations

import re

import pymysql.err

from fascicle.errors import (
    AccessError,
    BackendError,
    CompileError,
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
    SchemaError,
    TransactionError,
    UnknownAttributeError,
    ValidationError,
)
from fascicle.model import TableSpec
from fascicle.sql.ddl import all_indexes
from fascicle.sql.statement import Sql

RETRYABLE = frozenset({1213, 1020})
"""Deadlock; record changed since the snapshot (MariaDB)."""

NULL_IN_KEY = 1048
"""What the guard of an INSERT that skips or replaces ends with if another unique index stands in the way."""

_LOST = frozenset(
    {0, 1053, 1077, 1079, 1152, 1154, 1158, 1159, 1160, 1161, 1927, 2000, 2006, 2013, 2014, 2055, 4031}
)
_REFUSED = frozenset({2002, 2003, 2005})
_ACCESS = frozenset({1044, 1045, 1095, 1142, 1143, 1227, 1370, 1410, 1698, 3118})
_OUT_OF_RANGE = frozenset({1264, 1265, 1292, 1366, 1406, 1411, 1690, 3140, 3819, 4025, 4038})
# Errors of the statement that the driver counts as operational: unknown functions, ambiguous columns...
_UNRUNNABLE = frozenset(
    {*range(1050, 1064), *range(1070, 1075), *range(1110, 1117), 1140, *range(1220, 1250), 1305, 1318}
)
_SYNTAX = frozenset({1064, 1149})

_DUPLICATE = re.compile(r"Duplicate entry '(.*)' for key '(?:[^'.]*\.)?([^']*)'", re.DOTALL)
_CONSTRAINT = re.compile(
    r"\(`(?P<schema>[^`]+)`\.`(?P<table>[^`]+)`, CONSTRAINT `(?P<name>[^`]+)` FOREIGN KEY \((?P<child>[^)]+)\) "
    r"REFERENCES (?:`(?P<pschema>[^`]+)`\.)?`(?P<parent>[^`]+)` \((?P<key>[^)]+)\)"
)
_WRITE = re.compile(r"\s*(INSERT|REPLACE|UPDATE|ALTER)\b", re.IGNORECASE)
_NAMED = re.compile(r"'((?:[^']|'')*)'")


def number_of(error: BaseException) -> int:
    """Error number of a driver's error, -1 if it has none."""
    number = error.args[0] if isinstance(error, pymysql.err.Error) and error.args else -1
    return number if isinstance(number, int) else -1


def is_retryable(error: BaseException) -> bool:
    """Whether the transaction may be tried again: a deadlock or serialization failure."""
    return number_of(error) in RETRYABLE


def translate(error: Exception, sql: Sql | None, server: str = "the server") -> FascicleError:
    """Turn a driver's error into one of our tree.

    Parameters
    ----------
    error : Exception
        What the driver raised.
    sql : Sql or None
        The statement; only its text is repeated, never bound values.
    server : str
        The server, its password hidden.

    Returns
    -------
    FascicleError
        To be raised by the caller.
    """
    if isinstance(error, FascicleError):
        return error
    number = number_of(error)
    message = str(error.args[1]) if len(error.args) > 1 else str(error)
    for numbers, maker in _MAKERS:
        if number in numbers:
            return _of_a_write(maker(number, message, server), sql)
    if isinstance(error, (OSError, pymysql.err.InterfaceError)):
        return _lost(number, message, server)
    where = _shown(sql)
    if number in _UNRUNNABLE or isinstance(error, (pymysql.err.ProgrammingError, pymysql.err.DataError)):
        return QueryError("the database could not run the statement", where=where, why=message, number=number)
    if isinstance(error, pymysql.err.IntegrityError):
        return IntegrityError("the database refused the change", where=where, why=message, number=number)
    return BackendError(
        "the database reported an error", where=where, why=f"{message} (error {number})", number=number
    )


def _of_a_write(error: FascicleError, sql: Sql | None) -> FascicleError:
    """Call a value that does not fit what it is called where we find it out ourselves."""
    if type(error) is not QueryError or sql is None or not _WRITE.match(sql.text):
        return error
    return ValidationError(error.what, where=error.where, why=error.why, try_=error.try_, **error.details)


def _shown(sql: Sql | None) -> str | None:
    if sql is None:
        return None
    text = " ".join(sql.text.split())
    return text if len(text) <= 200 else text[:200] + " ..."


def other_conflict(spec: TableSpec) -> DuplicateError:
    """Error for a row that repeats the values of a unique index other than the primary key."""
    unique = [index.columns for index in all_indexes(spec) if index.unique]
    listed = " or ".join(f"({', '.join(columns)})" for columns in unique)
    return DuplicateError(
        f"another row has the same values of {listed or 'a unique index'}",
        where=str(spec.name),
        why="only rows whose primary key exists can be skipped or replaced",
        try_="correct the row, or delete the other one first",
    )


def _duplicate(number: int, message: str, server: str) -> FascicleError:
    found = _DUPLICATE.search(message)
    entry, key = found.groups() if found else ("", "")
    primary = key == "PRIMARY"
    return DuplicateError(
        f"a row with the same {'primary key' if primary else f'values of the unique index {key!r}'} exists",
        why=f"the values are {entry}" if entry else message,
        try_="pass skip_duplicates=True to leave such rows out, or replace=True" if primary else None,
        key=key,
        values=entry,
    )


def _parent(number: int, message: str, server: str) -> FascicleError:
    found = _CONSTRAINT.search(message)
    if not found:
        return MissingParentError("a row refers to a parent row that does not exist", why=message)
    child, key = (part.replace("`", "") for part in found.group("child", "key"))
    parent = f"{found['pschema'] or found['schema']}.{found['parent']}"
    return MissingParentError(
        f"a row refers to a row of {parent} that does not exist",
        where=f"{found['schema']}.{found['table']}",
        why=f"({child}) must be a ({key}) of {parent} (constraint {found['name']})",
        try_="insert the parent row first",
        constraint=found["name"],
        columns=tuple(child.split(", ")),
        parent=parent,
    )


def _child(number: int, message: str, server: str) -> FascicleError:
    found = _CONSTRAINT.search(message)
    if not found:
        return IntegrityError("rows of other tables refer to this one", why=message)
    child = f"{found['schema']}.{found['table']}"
    return IntegrityError(
        f"rows of {child} refer to the rows that would go",
        where=f"{found['pschema'] or found['schema']}.{found['parent']}",
        why=f"constraint {found['name']} of {child}",
        try_="delete with delete(), which takes dependent rows along",
        constraint=found["name"],
        child=child,
    )


def _lost(number: int, message: str, server: str) -> FascicleError:
    return LostConnectionError(
        f"the connection to {server} is lost",
        why=message or "the socket was closed",
        try_="run it again; outside a transaction a new connection is made by itself",
        number=number,
    )


def _refused(number: int, message: str, server: str) -> FascicleError:
    return LostConnectionError(
        f"{server} cannot be reached",
        why=message,
        try_="check host and port, and that the server runs",
        number=number,
    )


def _access(number: int, message: str, server: str) -> FascicleError:
    if number in (1045, 1698):
        return AccessError(
            f"{server} refused the user or password",
            why=message,
            try_="check user and password",
            number=number,
        )
    return AccessError(
        "the database refuses for lack of privileges",
        why=message,
        try_="ask the administrator to GRANT the privilege",
        number=number,
    )


def _no_table(number: int, message: str, server: str) -> FascicleError:
    if number == 1046:
        return MissingTableError(
            "the name of a table lacks its schema", why=message, try_="write schema.table", number=number
        )
    named = _NAMED.search(message)
    return MissingTableError(
        f"the table {named.group(1) if named else '?'} is not declared", why=message, number=number
    )


def _no_column(number: int, message: str, server: str) -> FascicleError:
    named = _NAMED.search(message)
    name = named.group(1).rpartition(".")[2] if named else "?"
    return UnknownAttributeError(f"there is no attribute {name!r}", why=message, name=name)


def _no_schema(number: int, message: str, server: str) -> FascicleError:
    return SchemaError("the schema does not exist", why=message, number=number)


def _missing_value(number: int, message: str, server: str) -> FascicleError:
    named = _NAMED.search(message)
    name = named.group(1) if named else "?"
    why = "it is NULL" if number == 1048 else "none is given and it has no default"
    return MissingAttributeError(f"the attribute {name!r} needs a value", why=why, name=name)


def _range(number: int, message: str, server: str) -> FascicleError:
    named = re.search(r"column '?`?([^'`]+)", message)
    name = named.group(1) if named else None
    return QueryError(
        f"a value does not fit {f'the attribute {name!r}' if name else 'its type'}",
        why=message,
        try_="check length, range and form of the value",
        name=name,
    )


def _packet(number: int, message: str, server: str) -> FascicleError:
    return BackendError(
        "a single row is larger than the server takes in one packet",
        why=message,
        try_="raise the server's max_allowed_packet, or keep large values in a store, e.g. <blob@store>",
        number=number,
    )


def _lock(number: int, message: str, server: str) -> FascicleError:
    return LockError(
        "a lock was not granted in time",
        why=message,
        try_="try again; if it recurs, look for a transaction that stays open",
        number=number,
    )


def _conflict(number: int, message: str, server: str) -> FascicleError:
    return TransactionError(
        "the transaction met another one and was undone",
        why=message,
        try_="run it again, or let connection.retrying(...) do so",
        number=number,
    )


def _read_only(number: int, message: str, server: str) -> FascicleError:
    return TransactionError("a read-only transaction cannot write", why=message, number=number)


def _syntax(number: int, message: str, server: str) -> FascicleError:
    if "json_value(" in message and "_utf8mb4'$." in message:
        return CompileError(
            "this server cannot index a path inside JSON",
            why="MariaDB, and MySQL before 8.0.21, have no indexes over expressions",
            try_="keep the value in an attribute of its own and index that",
        )
    return QuerySyntaxError("the database cannot read the statement", why=message, number=number)


def _collation(number: int, message: str, server: str) -> FascicleError:
    return SchemaError(
        "the foreign key cannot be made",
        why=message,
        try_="type, sign, length and collation of both columns must agree",
        number=number,
    )


_MAKERS = (
    (frozenset({1062, 1586, 1022}), _duplicate),
    (frozenset({1452, 1216}), _parent),
    (frozenset({1451, 1217, 3730}), _child),
    (frozenset({1146, 1051, 1046}), _no_table),
    (frozenset({1054}), _no_column),
    (frozenset({1049, 1008}), _no_schema),
    (frozenset({1364, 1048}), _missing_value),
    (frozenset({1153}), _packet),
    (frozenset({1205, 3572}), _lock),
    (RETRYABLE, _conflict),
    (frozenset({1792}), _read_only),
    (_ACCESS, _access),
    (_OUT_OF_RANGE, _range),
    (_SYNTAX, _syntax),
    (frozenset({1005, 3780, 3734}), _collation),
    (_REFUSED, _refused),
    (_LOST, _lost),
)
