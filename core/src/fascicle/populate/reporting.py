"""Progress of a populate call, told to whoever watches."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fascicle.ports import SilentProgress
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.populate.options import PopulateOptions
    from fascicle.populate.summary import PopulateSummary
    from fascicle.populate.tiers import AutoPopulated
    from fascicle.ports import Progress


class Reporter:
    """Tells the current key, the rate, errors and the time that is left.

    Parameters
    ----------
    table : AutoPopulated
    options : PopulateOptions
    total : int or None
        Keys to come.
    """

    def __init__(self, table: AutoPopulated, options: PopulateOptions, total: int | None) -> None:
        self._interaction = runtime_of(table.connection).interaction
        self._label = type(table).__name__
        self._total = total
        self._shown = options.display_progress
        self._begun = time.perf_counter()
        self._display: Progress = (
            self._interaction.progress(total, self._label) if self._shown else SilentProgress(total)
        )

    def __enter__(self) -> Self:
        self._display.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.__exit__(kind, error, trace)

    def begin(self, key: dict[str, Any], summary: PopulateSummary) -> None:
        """Tell which key is in hand."""
        if self._shown:
            self._display.advance(0, self.note(key, summary))

    def end(self, summary: PopulateSummary, count: int = 1) -> None:
        """Tell that keys are done."""
        if self._shown:
            self._display.advance(count, f"{summary.errors} failed" if summary.errors else "")

    def note(self, key: dict[str, Any], summary: PopulateSummary) -> str:
        """Describe the moment: key, rate, errors, time left."""
        done = summary.calls + summary.skipped
        seconds = time.perf_counter() - self._begun
        parts = [", ".join(f"{name}={value}" for name, value in key.items())]
        if done and seconds > 0:
            parts.append(f"{done / seconds:.3g}/s")
            if self._total:
                parts.append(f"{max(self._total - done, 0) * seconds / done:.0f} s left")
        if summary.errors:
            parts.append(f"{summary.errors} failed")
        return "  ".join(parts)

    def interrupted(self, key: dict[str, Any], summary: PopulateSummary) -> None:
        """Tell how things stand after Ctrl-C or SIGTERM."""
        self._interaction.echo(
            f"{self._label}: interrupted; {summary.success_count} keys are made and committed, "
            f"nothing of the key in hand ({key}) is kept unless its commit had begun"
        )
