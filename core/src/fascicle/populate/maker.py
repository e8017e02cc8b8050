"""Making single keys: the call, its bookkeeping, and the result's transaction."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from fascicle.errors import DuplicateError, FascicleError, MakeError
from fascicle.populate.contract import Contract
from fascicle.populate.forms import call_make
from fascicle.populate.inputs import Input, digest_rows
from fascicle.populate.making import Closing, Making
from fascicle.populate.metadata import metadata_update
from fascicle.populate.provenance.record import Recorder
from fascicle.table.runtime import runtime_of
from fascicle.table.watch import watched_by

if TYPE_CHECKING:
    from fascicle.backend.protocol import Result
    from fascicle.populate.options import PopulateOptions
    from fascicle.populate.signals import Interrupts
    from fascicle.populate.tiers import AutoPopulated

ATTEMPTS = 3


class InputsChanged(FascicleError):
    """What make had read was changed before its result could be committed."""


class Maker:
    """Makes keys of one table.

    Parameters
    ----------
    table : AutoPopulated
        The whole table.
    options : PopulateOptions
    """

    def __init__(self, table: AutoPopulated, options: PopulateOptions) -> None:
        self.table = table
        self.options = options
        self.connection = table.connection
        self._contract = Contract(table)
        self.recorder = recorder_for(table, options)

    def make(self, key: dict[str, Any], interrupts: Interrupts, closings: tuple[Closing, ...] = ()) -> bool:
        """Make one key and commit it.

        Parameters
        ----------
        key : dict
        interrupts : Interrupts
            Holds signals back during the commit.
        closings : tuple of Closing
            Further statements of the result's transaction, such as the fence of a claimed job.

        Returns
        -------
        bool
            ``False`` if the key's row was there already.
        """
        hooks, table, begun = runtime_of(self.connection).hooks, type(self.table), time.perf_counter()
        try:
            hooks.call("before_make", table=table, key=key)
            made = self._make_repeatedly(key, interrupts, closings)
        except BaseException as error:
            hooks.call("make_failed", table=table, key=key, error=error)
            raise
        if made:
            hooks.call("after_make", table=table, key=key, seconds=time.perf_counter() - begun)
        return made

    def _make_repeatedly(
        self, key: dict[str, Any], interrupts: Interrupts, closings: tuple[Closing, ...]
    ) -> bool:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._make_once(key, interrupts, closings)
            except Exception as error:
                again = isinstance(error, InputsChanged) or self.connection.is_retryable(error)
                if not again or attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    def _make_once(self, key: dict[str, Any], interrupts: Interrupts, closings: tuple[Closing, ...]) -> bool:
        table = type(self.table)()
        making = Making(self.connection, self.table.table_id, key)
        if self.table.writes:
            making.extra = self._contract.cone.writable
        if not self._contract.is_off:
            making.scope, making.guard = self._contract.check_read, self._contract.check_write
        try:
            with making:
                call_make(making, table, self.options.make_kwargs)
                making.enter("")
                interrupts.shield()
                try:
                    making.finish((*closings, *rechecks(making.inputs)), self._records(making))
                finally:
                    interrupts.unshield()
        except DuplicateError:
            if self._is_there(key):
                return False
            raise
        return True

    def _records(self, making: Making) -> list[Closing]:
        closings = [Closing(sql) for sql in metadata_update(making, self.table)]
        if self.recorder is not None:
            closings += self.recorder.closings(making)
        return closings

    def _is_there(self, key: dict[str, Any]) -> bool:
        with watched_by(None):
            return bool(self.table & key)

    def shown(self, error: Exception) -> Any:
        """What the summary keeps of an error."""
        if self.options.return_exception_objects:
            return error
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def recorder_for(table: AutoPopulated, options: PopulateOptions) -> Recorder | None:
    """Return what records provenance, unless the setting ``provenance.record`` forbids it."""
    if not runtime_of(table.connection).config["provenance.record"]:
        return None
    recorder = Recorder(table, options.make_kwargs)
    if not recorder.is_on:
        return None
    recorder.prepare()
    return recorder


def rechecks(inputs: list[Input]) -> list[Closing]:
    """Queries that must return what make had read, in the transaction that keeps its result."""
    return [Closing(item.sql, _same_as(item)) for item in inputs if item.digest is not None]


def _same_as(item: Input) -> Any:
    def check(result: Result) -> None:
        if digest_rows(result.rows) != item.digest:
            raise InputsChanged(
                "what make had read was changed while it ran",
                why="the result would rest on rows that are no longer there",
                try_="let the upstream come to rest, then populate again",
            )

    return check


__all__ = ["InputsChanged", "MakeError", "Maker", "rechecks"]
