"""Executors: where makes run.  In this process, in several; elsewhere through a plugin.

An executor is an object with ``populate(table, options)`` that returns a `PopulateSummary`.  Packages offer theirs
by entry points of the group ``fascicle.executors``; ``Table.populate(executor="name")`` chooses one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fascicle.populate.summary import PopulateSummary
from fascicle.registry import Registry

if TYPE_CHECKING:
    from fascicle.populate.options import PopulateOptions
    from fascicle.populate.tiers import AutoPopulated

GROUP = "fascicle.executors"


class Executor(Protocol):
    """Somewhere to run makes."""

    def populate(self, table: AutoPopulated, options: PopulateOptions) -> PopulateSummary:
        """Make the keys of a table that the options ask for.

        Executors that run elsewhere claim jobs (``options.reserve_jobs``), so that nothing is made twice.
        """


class InProcess:
    """Makes keys here, one after another."""

    def populate(self, table: AutoPopulated, options: PopulateOptions) -> PopulateSummary:
        """Make the keys."""
        if options.reserve_jobs:
            from fascicle.populate.jobs.worker import populate_reserved

            return populate_reserved(table, options)
        from fascicle.populate.run import populate_directly

        return populate_directly(table, options)


class Processes:
    """Makes keys in ``options.processes`` processes of this machine, started afresh."""

    def populate(self, table: AutoPopulated, options: PopulateOptions) -> PopulateSummary:
        """Make the keys."""
        from fascicle.populate.processes import populate_in_processes

        return populate_in_processes(table, options)


def executors() -> Registry[Executor]:
    """Return the executors that can be chosen by name."""
    found: Registry[Executor] = Registry(GROUP, "executor")
    found.register("inline", InProcess())
    found.register("processes", Processes())
    return found


def executor_for(options: PopulateOptions) -> Executor:
    """Return the executor that the options choose: one by name, else this process or several.

    Raises
    ------
    PluginError
        If nobody offers the name.
    """
    if options.executor is not None:
        return executors()[options.executor]
    return Processes() if options.processes > 1 else InProcess()
