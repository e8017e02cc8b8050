"""The one tree of errors: each says what happened, where, why, and what to try.

::

    FascicleError                      (other name: DataJointError)
    ├── ConfigError                    settings, URLs, secrets
    ├── PluginError                    an entry point that cannot be found or loaded
    ├── DefinitionError                definition text; carries line and column
    │   └── DriftError                 a class that differs from its declared table
    ├── HeadingError                   attributes that cannot form a heading
    ├── DependencyError                cycles and unresolved references between tables
    ├── ConfirmationRequired           a destructive plan nobody has agreed to; carries the plan
    ├── SchemaError                    activation, names, missing schemas
    ├── QueryError                     a query that cannot be built or run
    │   ├── QuerySyntaxError           restriction or projection text
    │   ├── UnknownAttributeError      (KeyError too)
    │   ├── MissingAttributeError
    │   ├── LineageError               namesakes of different origin
    │   ├── CompileError               no form in this dialect
    │   ├── AccessError                privileges
    │   ├── DuplicateError
    │   └── IntegrityError
    │       ├── MissingParentError     a row points at a parent that is not there
    │       └── PartIntegrityError     a part would leave its master, or the reverse
    ├── ValidationError                rows that do not fit; carries every bad cell
    ├── FetchError                     fetch1 on none or several rows
    ├── BackendError                   what a driver or server reports
    │   ├── LostConnectionError
    │   ├── TransactionError
    │   │   └── RetryError             deadlock or serialization failure, retries spent
    │   └── LockError                  waited too long for a lock
    ├── MissingTableError
    ├── CodecError
    │   └── BlobError
    ├── StoreError
    │   ├── UnknownStoreError          a store that no setting describes
    │   ├── UnsafePathError            a path that leaves its store, or cannot be kept in one
    │   ├── MissingExternalFile
    │   ├── ChecksumError              an object whose bytes are not those that were stored
    │   ├── GarbageError               a collection that cannot be carried out safely
    │   └── BucketInaccessible
    ├── MakeError                      a make that cannot run, or rows that only make may insert
    │   └── ContractError              a make that reads or writes outside its contract
    ├── JobError
    └── ThreadSafetyError
"""

from __future__ import annotations

from typing import Any


class FascicleError(Exception):
    """Base of every error of ours.

    Parameters
    ----------
    what : str
        What happened, in one sentence.
    where : str, optional
        Table, attribute, row, line or file concerned.
    why : str, optional
        The cause, as far as it is known.
    try_ : str, optional
        What to do about it.
    **details
        Further values kept in ``details`` for programs (never secrets).
    """

    def __init__(
        self,
        what: str = "",
        *,
        where: str | None = None,
        why: str | None = None,
        try_: str | None = None,
        **details: Any,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.try_ = try_
        self.details = details

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        lines = [head]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.try_:
            lines.append(f"  try: {self.try_}")
        return "\n".join(lines)

    def suggest(self, *advice: str) -> FascicleError:
        """Add advice, as published programs do; returns a new error of the same class."""
        joined = " ".join(str(a) for a in advice)
        return type(self)(self.what, where=self.where, why=self.why, try_=joined, **self.details)

    def __reduce__(self) -> tuple[Any, ...]:
        # Worker processes hand errors to their parent: keyword arguments must survive pickling.
        state = {"where": self.where, "why": self.why, "try_": self.try_, **self.details}
        return _rebuild, (type(self), self.what, state)


def _rebuild(kind: type[FascicleError], what: str, state: dict[str, Any]) -> FascicleError:
    return kind(what, **state)


class ConfigError(FascicleError):
    """A setting, URL or secret is missing or malformed."""


class PluginError(FascicleError):
    """An entry point is unknown, clashes, or fails to load."""


class DefinitionError(FascicleError):
    """Definition text that cannot be understood; ``details`` has line and column."""


class DriftError(DefinitionError):
    """A class and its declared table differ; ``details["differences"]`` lists how."""


class HeadingError(FascicleError):
    """Attributes that cannot form a heading."""


class DependencyError(FascicleError):
    """References between tables that form a cycle or lead nowhere."""


class ConfirmationRequired(FascicleError):
    """A destructive plan needs a yes; the plan is in ``details["plan"]``."""

    @property
    def plan(self) -> Any:
        """The plan that was not carried out."""
        return self.details.get("plan")


class SchemaError(FascicleError):
    """A schema cannot be named, activated or found."""


class QueryError(FascicleError):
    """A query that cannot be built or run."""


class QuerySyntaxError(QueryError):
    """Restriction or projection text that cannot be parsed."""


class UnknownAttributeError(QueryError, KeyError):
    """A name that no attribute has."""

    __str__ = FascicleError.__str__


class MissingAttributeError(QueryError):
    """A value that must be given is missing."""


class LineageError(QueryError):
    """Attributes of the same name that have different origins."""


class CompileError(QueryError):
    """An expression without a form in the dialect."""


class AccessError(QueryError):
    """The database refuses for lack of privileges."""


class DuplicateError(QueryError):
    """A row with the same key, or the same unique values, exists."""


class IntegrityError(QueryError):
    """A constraint of the database would be broken."""


class MissingParentError(IntegrityError):
    """A row refers to a parent row that does not exist."""


class PartIntegrityError(IntegrityError):
    """Part rows would lose their master, or a master some of its parts."""


class ValidationError(FascicleError, ValueError):
    """Rows that do not fit their table; ``details["faults"]`` lists every bad cell."""

    __str__ = FascicleError.__str__


class FetchError(FascicleError):
    """``fetch1`` met no row, or several."""


class BackendError(FascicleError):
    """What a driver or server reports and no narrower class names."""


class LostConnectionError(BackendError):
    """The server went away."""


class TransactionError(BackendError):
    """A transaction used out of turn."""


class RetryError(TransactionError):
    """A deadlock or serialization failure that outlasted its retries."""


class LockError(BackendError):
    """A lock that was not granted in time."""


class MissingTableError(FascicleError):
    """A table that is not declared."""


class CodecError(FascicleError):
    """A value that cannot be encoded or decoded."""


class BlobError(CodecError):
    """Bytes that are no valid blob, or a value that the blob format lacks."""


class StoreError(FascicleError):
    """An object store that fails or is not configured."""


class UnknownStoreError(StoreError):
    """A store that is not configured."""


class UnsafePathError(StoreError):
    """A path that would leave its store, or that no store can keep."""


class MissingExternalFile(StoreError):
    """A file that a row names is not in its store."""


class ChecksumError(StoreError):
    """An object whose bytes are not those that were stored."""


class GarbageError(StoreError):
    """A garbage collection that cannot tell what is referenced, and so removes nothing."""


class BucketInaccessible(StoreError):
    """A bucket that cannot be reached."""


class MakeError(FascicleError):
    """A make that cannot run as written, or a row that only make may insert."""


class ContractError(MakeError):
    """A make that reads outside its upstream, or writes outside its table."""


class JobError(FascicleError):
    """A job that cannot be claimed, kept or finished."""


class ThreadSafetyError(FascicleError):
    """A convenience of one thread was used where threads must be kept apart."""


DataJointError = FascicleError
