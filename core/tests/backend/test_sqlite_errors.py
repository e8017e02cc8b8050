"""What SQLite reports, in our terms, where no ordinary use provokes it."""

import sqlite3

import pytest

from fascicle.backend.sqlite.errors import translate
from fascicle.backend.sqlite.opening import patiently
from fascicle.errors import (
    AccessError,
    BackendError,
    DuplicateError,
    IntegrityError,
    LockError,
    LostConnectionError,
    MissingParentError,
    QueryError,
    UnknownAttributeError,
    ValidationError,
)
from fascicle.sql.statement import Sql

INSERT = Sql('INSERT INTO "lab.a""b" (x) VALUES (?)', ("s3cret",))


def reported(text, code=None, kind=sqlite3.OperationalError):
    error = kind(text)
    if code is not None:
        error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (reported("database is locked", sqlite3.SQLITE_BUSY), LockError, "lock_timeout"),
        (reported("locked", sqlite3.SQLITE_LOCKED_SHAREDCACHE), LockError, "lock_timeout"),
        (reported("disk full", sqlite3.SQLITE_FULL), BackendError, "disk is full"),
        (reported("disk I/O error", sqlite3.SQLITE_IOERR_WRITE), BackendError, "check the disk"),
        (reported("malformed", sqlite3.SQLITE_CORRUPT), BackendError, ".recover"),
        (reported("unable to open", sqlite3.SQLITE_CANTOPEN), AccessError, "permissions"),
        (reported("string or blob too big", sqlite3.SQLITE_TOOBIG), ValidationError, "object store"),
        (
            reported("UNIQUE constraint failed: index 'i'", sqlite3.SQLITE_CONSTRAINT_UNIQUE),
            DuplicateError,
            "unique",
        ),
        (reported("FOREIGN KEY", sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY), MissingParentError, "parent"),
        (reported("datatype mismatch", sqlite3.SQLITE_MISMATCH), ValidationError, "does not fit"),
        (reported("table t has no column named q", sqlite3.SQLITE_ERROR), UnknownAttributeError, "'q'"),
        (reported("ambiguous", sqlite3.SQLITE_ERROR), QueryError, "ambiguous"),
        (reported("Cannot operate on a closed database."), LostConnectionError, "closed"),
        (reported("Error binding parameter 1: type 'set' is not supported"), ValidationError, "bound"),
        (reported("recursive use of cursors"), QueryError, "recursive"),
        (OverflowError("too large"), ValidationError, "64 bits"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), ValidationError, "characters"),
        (PermissionError("denied"), AccessError, "denied"),
        (MemoryError("out"), BackendError, "MemoryError"),
    ],
    ids=str,
)
def test_translation(error, kind, said):
    fault = translate(error, INSERT)
    assert type(fault) is kind
    assert said in str(fault)
    assert "s3cret" not in str(fault)


def test_the_table_is_named():
    fault = translate(reported("CHECK constraint failed: x", sqlite3.SQLITE_CONSTRAINT_CHECK), INSERT)
    assert fault.where == 'lab.a"b'
    assert fault.details["columns"] == ("x",)


def test_rows_in_use():
    error = reported("FOREIGN KEY", sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY)
    assert type(translate(error, Sql("DELETE FROM t"))) is IntegrityError


class TestPatience:
    def test_locks_are_waited_for(self):
        tries = []

        def action():
            tries.append(1)
            if len(tries) < 4:
                raise reported("locked", sqlite3.SQLITE_BUSY)
            return "done"

        assert patiently(action, 10) == "done"

    def test_not_for_ever(self):
        def action():
            raise reported("locked", sqlite3.SQLITE_BUSY_RECOVERY)

        with pytest.raises(sqlite3.OperationalError):
            patiently(action, 0.01)

    def test_not_for_other_errors(self):
        tries = []

        def action():
            tries.append(1)
            raise reported("disk full", sqlite3.SQLITE_FULL)

        with pytest.raises(sqlite3.OperationalError):
            patiently(action, 10)
        assert len(tries) == 1
