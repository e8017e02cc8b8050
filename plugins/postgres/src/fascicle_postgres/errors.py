"""What the server's error codes mean in our tree."""

from __future__ import annotations

import re

import psycopg
from psycopg import errors as pg

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
    SchemaError,
    TransactionError,
    UnknownAttributeError,
    ValidationError,
)
from fascicle.sql.statement import Sql

_KEY = re.compile(r"\((.*?)\)=\((.*)\)", re.DOTALL)
_PARENT = re.compile(r'"([^"]+)"\.?\s*$')
_WRITE = re.compile(r"\s*(INSERT|UPDATE|ALTER)\b", re.IGNORECASE)
_NAMED = re.compile(r'"([^"]+)"|column ([\w.]+)')


def is_retryable(error: BaseException) -> bool:
    """Whether the transaction may be tried again: a deadlock or serialization failure."""
    return isinstance(error, (pg.SerializationFailure, pg.DeadlockDetected))


def translate(error: Exception, sql: Sql | None) -> FascicleError:
    """Turn a driver's error into one of our tree.

    Parameters
    ----------
    error : Exception
        What the driver raised.
    sql : Sql or None
        The statement; only its text is repeated, never bound values.

    Returns
    -------
    FascicleError
        To be raised by the caller.
    """
    if isinstance(error, FascicleError):
        return error
    for kinds, maker in _MAKERS:
        if isinstance(error, kinds):
            return _of_a_write(maker(error), sql)
    message = _message(error)
    if isinstance(error, psycopg.OperationalError) and _is_lost(error):
        return _lost(error)
    where = _shown(sql)
    if isinstance(error, psycopg.IntegrityError):
        return IntegrityError("the database refused the change", where=where, why=message)
    if isinstance(error, psycopg.DataError):
        return QueryError("a value does not fit", where=where, why=message)
    if isinstance(error, psycopg.ProgrammingError):
        return QueryError("the database could not run the statement", where=where, why=message)
    code = getattr(error, "sqlstate", None)
    return BackendError("the database reported an error", where=where, why=f"{message} ({code or 'no code'})")


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


def _message(error: BaseException) -> str:
    diag = getattr(error, "diag", None)
    primary = getattr(diag, "message_primary", None)
    if not primary:
        return str(error).strip()
    detail = diag.message_detail if diag is not None else None
    return f"{primary}: {detail}" if detail else str(primary)


def _table(error: BaseException) -> str | None:
    diag = getattr(error, "diag", None)
    if diag is None or not diag.table_name:
        return None
    return f"{diag.schema_name}.{diag.table_name}"


def _key(error: BaseException) -> tuple[tuple[str, ...], str]:
    found = _KEY.search(getattr(getattr(error, "diag", None), "message_detail", None) or "")
    if not found:
        return (), ""
    return tuple(name.strip().strip('"') for name in found.group(1).split(",")), found.group(2)


def _is_lost(error: psycopg.Error) -> bool:
    state = error.sqlstate
    return state is None or state.startswith("08") or state in ("57P01", "57P02", "57P03", "57P05")


def _duplicate(error: Exception) -> FascicleError:
    columns, values = _key(error)
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None) or ""
    primary = constraint.endswith("_pkey")
    kind = "primary key" if primary else f"values of ({', '.join(columns)})"
    return DuplicateError(
        f"a row with the same {kind} exists",
        where=_table(error),
        why=f"({', '.join(columns)}) = ({values})" if columns else _message(error),
        try_="pass skip_duplicates=True to leave such rows out, or replace=True" if primary else None,
        key="PRIMARY" if primary else constraint,
        columns=columns,
        values=values,
    )


def _foreign(error: Exception) -> FascicleError:
    diag = getattr(error, "diag", None)
    detail = getattr(diag, "message_detail", None) or ""
    constraint = getattr(diag, "constraint_name", None) or "?"
    columns, values = _key(error)
    named = _PARENT.search(detail)
    other = named.group(1) if named else "another table"
    # The same code stands for both directions; a row that lacks its parent is told with the child's columns.
    if "still referenced" in detail:
        return IntegrityError(
            f"rows of {_table(error) or other} refer to the rows that would go",
            why=f"constraint {constraint}: ({', '.join(columns)}) = ({values})",
            try_="delete with delete(), which takes dependent rows along",
            constraint=constraint,
            child=_table(error),
        )
    return MissingParentError(
        f"a row refers to a row of {other} that does not exist",
        where=_table(error),
        why=f"({', '.join(columns)}) = ({values}) is not there (constraint {constraint})",
        try_="insert the parent row first",
        constraint=constraint,
        columns=columns,
        values=values,
        parent=other,
    )


def _restricted(error: Exception) -> FascicleError:
    return IntegrityError(
        f"rows of {_table(error) or 'another table'} refer to the rows that would go",
        why=_message(error),
        try_="delete with delete(), which takes dependent rows along",
    )


def _depended(error: Exception) -> FascicleError:
    return IntegrityError(
        "other tables refer to a table that would be dropped",
        why=_message(error),
        try_="drop those first; Table.drop() does",
    )


def _not_null(error: Exception) -> FascicleError:
    name = getattr(getattr(error, "diag", None), "column_name", None) or "?"
    return MissingAttributeError(
        f"the attribute {name!r} needs a value", where=_table(error), why="it is NULL or not given", name=name
    )


def _no_table(error: Exception) -> FascicleError:
    named = _NAMED.search(_message(error))
    return MissingTableError(
        f"the table {named.group(1) if named else '?'} is not declared", why=_message(error)
    )


def _no_column(error: Exception) -> FascicleError:
    named = _NAMED.search(_message(error))
    name = (named.group(1) or named.group(2)).rpartition(".")[2] if named else "?"
    return UnknownAttributeError(f"there is no attribute {name!r}", why=_message(error), name=name)


def _no_schema(error: Exception) -> FascicleError:
    return SchemaError("the schema does not exist", why=_message(error))


def _access(error: Exception) -> FascicleError:
    if isinstance(error, pg.InsufficientPrivilege):
        return AccessError(
            "the database refuses for lack of privileges",
            why=_message(error),
            try_="ask the administrator to GRANT the privilege",
        )
    return AccessError(
        "the server refused the user or password", why=_message(error), try_="check user and password"
    )


def _range(error: Exception) -> FascicleError:
    return QueryError(
        "a value does not fit its type",
        where=_table(error),
        why=_message(error),
        try_="check length, range and form of the value",
    )


def _lock(error: Exception) -> FascicleError:
    return LockError(
        "a lock was not granted in time",
        why=_message(error),
        try_="try again; if it recurs, look for a transaction that stays open",
    )


def _conflict(error: Exception) -> FascicleError:
    return TransactionError(
        "the transaction met another one and was undone",
        why=_message(error),
        try_="run it again, or let connection.retrying(...) do so",
    )


def _read_only(error: Exception) -> FascicleError:
    return TransactionError("a read-only transaction cannot write", why=_message(error))


def _failed(error: Exception) -> FascicleError:
    return TransactionError(
        "the transaction has failed and accepts nothing but its end", why=_message(error), try_="roll it back"
    )


def _syntax(error: Exception) -> FascicleError:
    return QuerySyntaxError("the database cannot read the statement", why=_message(error))


def _large(error: Exception) -> FascicleError:
    return BackendError(
        "a statement or value is larger than the server takes",
        why=_message(error),
        try_="keep large values in a store, e.g. <blob@store>",
    )


def _lost(error: Exception) -> FascicleError:
    message = _message(error)
    # Before there is a session, the driver has only text to tell a refused user by.
    if "authentication failed" in message or "no password supplied" in message or "pg_hba.conf" in message:
        return _access(error)
    if "does not exist" in message:
        return SchemaError("the database or user does not exist", why=message, try_="check the URL")
    return LostConnectionError(
        "the connection to the server is lost or cannot be made",
        why=message,
        try_="run it again; outside a transaction a new connection is made by itself",
    )


_MAKERS = (
    ((pg.UniqueViolation, pg.ExclusionViolation), _duplicate),
    ((pg.ForeignKeyViolation,), _foreign),
    ((pg.RestrictViolation,), _restricted),
    ((pg.DependentObjectsStillExist,), _depended),
    ((pg.NotNullViolation,), _not_null),
    ((pg.UndefinedTable,), _no_table),
    ((pg.UndefinedColumn,), _no_column),
    ((pg.InvalidSchemaName, pg.InvalidCatalogName), _no_schema),
    ((pg.InsufficientPrivilege, pg.InvalidPassword, pg.InvalidAuthorizationSpecification), _access),
    ((pg.LockNotAvailable,), _lock),
    ((pg.SerializationFailure, pg.DeadlockDetected), _conflict),
    ((pg.ReadOnlySqlTransaction,), _read_only),
    ((pg.InFailedSqlTransaction, pg.NoActiveSqlTransaction), _failed),
    ((pg.ProgramLimitExceeded,), _large),
    (
        (
            pg.StringDataRightTruncation,
            pg.NumericValueOutOfRange,
            pg.InvalidTextRepresentation,
            pg.DatetimeFieldOverflow,
            pg.InvalidDatetimeFormat,
            pg.CheckViolation,
        ),
        _range,
    ),
    ((pg.SyntaxError,), _syntax),
)
