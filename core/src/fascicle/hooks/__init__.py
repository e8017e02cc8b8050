"""Hooks: moments at which plugins may listen, and where they may add commands.

A plugin is a module (or any object) with functions marked by `hookimpl`, named in the entry points of
``fascicle.hooks``::

    from fascicle.hooks import hookimpl

    @hookimpl
    def after_make(table, key, seconds):
        print(f"{table.__name__} {key}: {seconds:.1f} s")

`fascicle.hooks.specs` lists every hook with its arguments; a listener takes those that it wants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fascicle.hooks.command import Command
from fascicle.hooks.relay import GROUP, HookWarning, Relay, relay

if TYPE_CHECKING:
    import pluggy

    hookimpl: pluggy.HookimplMarker

__all__ = ["GROUP", "Command", "HookWarning", "Relay", "hookimpl", "relay"]


def __getattr__(name: str) -> Any:
    if name == "hookimpl":
        from fascicle.hooks.specs import (
            hookimpl,
        )  # loads pluggy, which only those who write or call hooks need

        return hookimpl
    raise AttributeError(f"module 'fascicle.hooks' has no attribute {name!r}")
