"""The command that lists installed Elements, added to the command line as any plugin adds one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fascicle.hooks.command import Command
from fascicle.hooks.specs import hookimpl


@hookimpl
def commands() -> Sequence[Command]:
    """Offer ``fascicle elements``."""
    return [Command("elements", list_elements)]


def list_elements() -> list[dict[str, Any]]:
    """List installed Elements with their versions, ports and tables; broken ones with what is wrong."""
    from fascicle.element import installed_elements

    return [found.as_dict() for found in installed_elements()]
