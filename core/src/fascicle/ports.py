"""What lower layers may ask of whoever runs them: a person to consult, listeners to tell."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """A display of work under way; a context manager that closes it."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """Tell that `count` more pieces are done; `note` says what happens now."""

    def close(self) -> None:
        """End the display; idempotent."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@runtime_checkable
class Interaction(Protocol):
    """Whoever may be asked and told: a terminal, a notebook, a service, or nobody."""

    def is_present(self) -> bool:
        """Whether somebody can answer."""

    def confirm(self, plan: str) -> bool:
        """Show the text of a destructive plan and return whether it is agreed to.

        ``False`` where nobody can answer; callers then raise `fascicle.errors.ConfirmationRequired`.
        """

    def echo(self, text: str) -> None:
        """Say something."""

    def progress(self, total: int | None = None, label: str = "") -> Progress:
        """Begin a display of `total` pieces of work (``None``: unknown)."""


@runtime_checkable
class HookRelay(Protocol):
    """The way to listeners, without knowing them."""

    def call(self, hook: str, /, **arguments: Any) -> list[Any]:
        """Call every listener of a hook and return their results that are not ``None``, the last registered first."""


class SilentProgress:
    """Progress that nobody watches; counts what it is told."""

    def __init__(self, total: int | None = None) -> None:
        self.total = total
        self.done = 0

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count."""
        self.done += count

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class NonInteractive:
    """Nobody is there: no plan is agreed to, and nothing is said."""

    def is_present(self) -> bool:
        """Nobody can answer."""
        return False

    def confirm(self, plan: str) -> bool:
        """Agree to nothing."""
        return False

    def echo(self, text: str) -> None:
        """Say nothing."""

    def progress(self, total: int | None = None, label: str = "") -> SilentProgress:
        """Begin progress that nobody watches."""
        return SilentProgress(total)


class NoHooks:
    """Nobody listens."""

    def call(self, hook: str, /, **arguments: Any) -> list[Any]:
        """Return no results."""
        return []


__all__ = ["HookRelay", "Interaction", "NoHooks", "NonInteractive", "Progress", "SilentProgress"]
