"""Populating by several processes: started afresh (never forked), fed with keys, joined even when one dies."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import pickle
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from fascicle.errors import MakeError
from fascicle.populate.addresses import Address, address_of, resolve
from fascicle.populate.keysource import keys_to_make
from fascicle.populate.reporting import Reporter
from fascicle.populate.signals import Interrupts, Terminated
from fascicle.populate.summary import PopulateSummary

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe

    from fascicle.populate.options import PopulateOptions
    from fascicle.populate.tiers import AutoPopulated

PATIENCE_S = 15.0
PIECES = 8
"""A worker gets its share of the keys in about so many pieces, so that none waits for a slow one."""


@dataclass
class Worker:
    """A process and the pipe to it.

    Attributes
    ----------
    keys : list of dict
        What it works on.
    """

    process: BaseProcess
    pipe: Pipe
    keys: list[dict[str, Any]]


def populate_in_processes(table: AutoPopulated, options: PopulateOptions) -> PopulateSummary:
    """Make keys in worker processes; see `AutoPopulated.populate`."""
    address = address_of(table)
    if options.reserve_jobs:
        from fascicle.populate.jobs.table import jobs_of
        from fascicle.populate.jobs.worker import look_for_keys

        look_for_keys(jobs_of(table), options)
        pieces = _shares(options)
        total = None
    else:
        keys = keys_to_make(table, options)[: options.max_calls]
        pieces = _pieces(keys, options)
        total = len(keys)
    team = Team(table, options, address)
    with Interrupts(), Reporter(table, options, total) as reporter:
        return team.run(pieces, reporter)


def _pieces(keys: list[dict[str, Any]], options: PopulateOptions) -> Iterator[PopulateOptions]:
    size = max(1, len(keys) // (options.processes * PIECES))
    plain = replace(options, restrictions=(), processes=1, limit=None, max_calls=None, display_progress=False)
    for start in range(0, len(keys), size):
        yield replace(plain, keys=keys[start : start + size], order="original")


def _shares(options: PopulateOptions) -> Iterator[PopulateOptions]:
    plain = replace(options, processes=1, refresh=False, display_progress=False)
    for rank in range(options.processes):
        if options.max_calls is None:
            yield plain
            continue
        share = options.max_calls // options.processes + (rank < options.max_calls % options.processes)
        if share:
            yield replace(plain, max_calls=share)


class Team:
    """Worker processes of one populate call.

    Parameters
    ----------
    table : AutoPopulated
    options : PopulateOptions
    address : Address
        Where workers find the table.
    """

    def __init__(self, table: AutoPopulated, options: PopulateOptions, address: Address) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._options = options
        self._address = address
        self._workers: list[Worker] = []
        self.summary = PopulateSummary(type(table).__name__)

    def run(self, pieces: Iterator[PopulateOptions], reporter: Reporter) -> PopulateSummary:
        """Hand out the pieces until all are done."""
        try:
            for piece in pieces:
                if len(self._workers) < self._options.processes:
                    self._send(self._start(), piece)
                    continue
                self._send(self._next_idle(reporter), piece)
            while any(worker.keys for worker in self._workers):
                self._next_idle(reporter)
        except (KeyboardInterrupt, Terminated):
            self.summary.interrupted = True
            self._stop(abruptly=True, reporter=reporter)
            reporter.interrupted({"processes": self._options.processes}, self.summary)
            raise
        except BaseException:
            self._stop(abruptly=True, reporter=reporter)
            raise
        self._stop(abruptly=False, reporter=reporter)
        return self.summary

    def _start(self) -> Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(theirs, self._address), daemon=True)
        process.start()
        theirs.close()
        worker = Worker(process, ours, [])
        self._workers.append(worker)
        return worker

    def _send(self, worker: Worker, piece: PopulateOptions) -> None:
        try:
            worker.pipe.send(piece)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise MakeError(
                "what populate was called with cannot be sent to other processes",
                why=str(error),
                try_="restrict by text or dicts, pass plain make_kwargs, or use processes=1",
            ) from error
        worker.keys = piece.keys or [{}]

    def _next_idle(self, reporter: Reporter) -> Worker:
        """Wait for a worker that is done with its piece, and take in what it did."""
        busy = {worker.pipe: worker for worker in self._workers if worker.keys}
        ready = multiprocessing.connection.wait(list(busy))
        worker = busy[ready[0]]  # type: ignore[index]
        return self._collect(worker, reporter)

    def _collect(self, worker: Worker, reporter: Reporter) -> Worker:
        try:
            kind, found = worker.pipe.recv()
        except (EOFError, OSError):
            return self._replace_dead(worker)
        keys, worker.keys = worker.keys, []
        if kind == "error":
            raise found
        self.summary.add(found)
        reporter.end(self.summary, len(keys))
        return worker

    def _replace_dead(self, worker: Worker) -> Worker:
        worker.process.join(PATIENCE_S)
        error = MakeError(
            f"a worker process died with exit code {worker.process.exitcode}",
            where=self._address.qualname,
            why="it was killed, ran out of memory, or crashed; the key in hand was rolled back",
            try_="populate again: what was committed stays",
        )
        self._workers.remove(worker)
        if not self._options.suppress_errors:
            raise error
        shown: Any = error if self._options.return_exception_objects else str(error)
        self.summary.error_list.append((worker.keys[0], shown))
        worker.keys = []
        return self._start()

    def _stop(self, abruptly: bool, reporter: Reporter) -> None:
        for worker in self._workers:
            if abruptly and worker.process.is_alive():
                worker.process.terminate()
            elif not abruptly:
                with contextlib.suppress(OSError):
                    worker.pipe.send(None)
        for worker in self._workers:
            if abruptly and worker.keys:
                with contextlib.suppress(Exception):
                    if worker.pipe.poll(PATIENCE_S):
                        self._collect(worker, reporter)
            worker.process.join(PATIENCE_S)
            if worker.process.is_alive():
                worker.process.kill()
            worker.pipe.close()


def work(pipe: Pipe, address: Address) -> None:
    """Serve one populate call: the main function of a worker process."""
    from fascicle.populate.run import populate

    try:
        table = resolve(address)
        piece: PopulateOptions | None
        while piece := pipe.recv():
            summary = populate(table, piece)
            _answer(pipe, ("summary", _portable(summary)))
    except EOFError:
        return
    except (KeyboardInterrupt, Terminated):
        return
    except Exception as error:  # noqa: BLE001  (raised again in the parent)
        _answer(pipe, ("error", _picklable(error)))


def _answer(pipe: Pipe, answer: tuple[str, Any]) -> None:
    with contextlib.suppress(OSError):
        pipe.send(answer)


def _portable(summary: PopulateSummary) -> PopulateSummary:
    errors = [
        (key, _picklable(error) if isinstance(error, BaseException) else error)
        for key, error in summary.error_list
    ]
    return replace(summary, error_list=errors)


def _picklable(error: BaseException) -> BaseException:
    """Return the error, or what it says where it cannot travel, with its traceback as a note."""
    note = "in a worker process:\n" + "".join(traceback.format_exception(error))
    try:
        copy: BaseException = pickle.loads(pickle.dumps(error))  # noqa: S301  (made here)
    except Exception:  # noqa: BLE001  (whatever its class does when pickled)
        copy = MakeError(f"{type(error).__name__}: {error}")
    copy.add_note(note)
    return copy
