"""A listener that writes what happens to the logger ``fascicle.events``, at the level INFO."""

from __future__ import annotations

from collections.abc import Mapping
from logging import INFO, getLogger
from typing import TYPE_CHECKING, Any

from fascicle.hooks.specs import hookimpl

if TYPE_CHECKING:
    from fascicle.model import TableSpec
    from fascicle.table import DeletePlan, Table

LOGGER = getLogger("fascicle.events")


@hookimpl
def after_declare(spec: TableSpec) -> None:
    """Note a declared table."""
    LOGGER.info("declared %s", spec.name)


@hookimpl
def before_delete(plan: DeletePlan) -> None:
    """Note what is about to be deleted."""
    if LOGGER.isEnabledFor(INFO):
        LOGGER.info("deleting from %s and %d dependent tables", plan.root, len(plan.entries) - 1)


@hookimpl
def after_delete(plan: DeletePlan, count: int) -> None:
    """Note what was deleted."""
    LOGGER.info("deleted %d rows of %s", count, plan.root)


@hookimpl
def before_make(table: type[Table], key: Mapping[str, Any]) -> None:
    """Note that a make begins."""
    if LOGGER.isEnabledFor(INFO):
        LOGGER.info("making %s %s", table.__name__, dict(key))


@hookimpl
def after_make(table: type[Table], key: Mapping[str, Any], seconds: float) -> None:
    """Note that a make ended."""
    if LOGGER.isEnabledFor(INFO):
        LOGGER.info("made %s %s in %.3f s", table.__name__, dict(key), seconds)


@hookimpl
def make_failed(table: type[Table], key: Mapping[str, Any], error: BaseException) -> None:
    """Note that a make failed."""
    LOGGER.info("failed %s %s: %s: %s", table.__name__, dict(key), type(error).__name__, error)
