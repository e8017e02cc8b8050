"""Writing down where a row comes from, in the transaction that inserts it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import resource
import socket
import sys
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fascicle.populate.making import Closing, Making
from fascicle.populate.provenance import tables
from fascicle.populate.provenance.code import CodeFingerprint, fingerprint_code, fingerprint_value
from fascicle.populate.provenance.marks import Marks
from fascicle.populate.provenance.reads import Read
from fascicle.populate.version import describe_code
from fascicle.sql import Sql
from fascicle.table.write.prepared import prepared_inserts

if TYPE_CHECKING:
    from fascicle.backend.protocol import Mode
    from fascicle.model import TableName, TableSpec
    from fascicle.populate.inputs import Input
    from fascicle.populate.tiers import AutoPopulated


class Recorder:
    """Records the provenance of the rows that one populate call makes.

    Parameters
    ----------
    table : AutoPopulated
    parameters : dict
        The ``make_kwargs`` of the call.
    """

    def __init__(self, table: AutoPopulated, parameters: dict[str, Any]) -> None:
        self._table = table
        self._connection = table.connection
        self._parameters = fingerprint_value(parameters)
        self._spec = tables.require(self._connection, tables.provenance_spec(table.table_spec))
        self._constants: dict[str, Any] | None = None
        self._marks = Marks(table) if self._spec is not None else None

    @property
    def is_on(self) -> bool:
        """Whether there is a place to record to."""
        return self._spec is not None

    @cached_property
    def code(self) -> CodeFingerprint:
        """Fingerprint of the code, taken and written down once."""
        code = fingerprint_code(type(self._table))
        spec = tables.require(self._connection, tables.code_spec(self._table.table_id.schema))
        if spec is not None:
            row = {
                "code": code.digest,
                "table_name": self._table.table_id.table[:64],
                "pieces": dict(code.pieces),
            }
            self._connection.execute(self._insert(spec, row, "skip"))
        return code

    def prepare(self) -> None:
        """Take the fingerprint before the first key, so that its cost is not part of a make."""
        if self.is_on and self._constants is None:
            self._constants = {
                "code": self.code.digest,
                "parameters": self._parameters,
                "user": self._connection.get_user()[:255],
                "host": socket.gethostname()[:255],
                "pid": os.getpid(),
                "version": describe_code(type(self._table))[:255],
            }
            if self._marks is not None:
                self._marks.ask()

    def closings(self, making: Making) -> list[Closing]:
        """Statements that record the key just made; none where it inserted nothing."""
        if self._spec is None or self._marks is None or not making.wrote:
            return []
        row = {
            **making.key,
            **(self._constants or {}),
            "inputs": combine(making.inputs),
            "reads": written({read for read in making.reads if not _is_own(read[0], making)}),
            "marks": dict(self._marks.values),
            "started_time": moment(making.started),
            "duration": making.seconds,
            "peak_memory": peak_memory(),
        }
        return [Closing(self._insert(self._spec, row, "replace")), *self._marks.closings()]

    def _insert(self, spec: TableSpec, row: dict[str, Any], mode: Mode) -> Sql:
        return prepared_inserts(self._connection).row(spec, row, mode)


def _is_own(name: TableName, making: Making) -> bool:
    """Whether a table is what make itself writes: its rows are results, not inputs."""
    return making.name in (name, name.master) or name in making.written


def combine(inputs: Sequence[Input]) -> str:
    """Digest everything that was read; empty where nothing was."""
    if not inputs:
        return ""
    total = hashlib.blake2b(digest_size=16)
    for digest in sorted(item.digest or b"streamed" for item in inputs):
        total.update(digest)
    return total.hexdigest()


def written(reads: set[Read]) -> list[Any]:
    """Reads as JSON values, in a fixed order."""
    return [
        [str(name), dict(pairs)] for name, pairs in sorted(reads, key=lambda read: (str(read[0]), read[1]))
    ]


def moment(seconds: float) -> dt.datetime:
    """Turn seconds since 1970 into UTC with milliseconds."""
    found = dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def peak_memory() -> int:
    """Most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def load_pieces(text: Any) -> dict[str, str]:
    """Read the pieces of a code fingerprint as a driver returns them."""
    found = json.loads(text) if isinstance(text, (str, bytes)) else text
    return dict(found or {})
