"""Every hook with its arguments.  What is raised in a ``before_...`` hook forbids what was about to happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.hooks.command import Command
    from fascicle.model import TableSpec
    from fascicle.table import DeletePlan, Table

PROJECT = "fascicle"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def after_declare(table: type[Table], spec: TableSpec) -> None:
    """Hear that a table was declared."""


@hookspec
def before_delete(plan: DeletePlan, connection: Connection) -> None:
    """Hear what is about to be deleted; an exception forbids it."""


@hookspec
def after_delete(plan: DeletePlan, connection: Connection, count: int) -> None:
    """Hear that rows were deleted; `count` of them from the table that was named."""


@hookspec
def before_make(table: type[Table], key: Mapping[str, Any]) -> None:
    """Hear that a key is about to be made; an exception forbids it, and becomes the key's error."""


@hookspec
def after_make(table: type[Table], key: Mapping[str, Any], seconds: float) -> None:
    """Hear that a key was made and committed."""


@hookspec
def make_failed(table: type[Table], key: Mapping[str, Any], error: BaseException) -> None:
    """Hear that a make failed, and left nothing behind."""


@hookspec
def commands() -> Sequence[Command]:  # type: ignore[empty-body]
    """Return commands for the command line."""
