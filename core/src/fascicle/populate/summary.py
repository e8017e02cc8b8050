"""What a populate call did, or why it did nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_PUBLISHED = ("success_count", "error_list")


@dataclass
class PopulateSummary(Mapping[str, Any]):
    """The outcome of `populate`; as a mapping it has ``success_count`` and ``error_list``.

    Attributes
    ----------
    table : str
        Class name of the table.
    success_count : int
        Keys whose make ran and was committed.
    error_list : list of (dict, str or Exception)
        Keys whose make failed, each with its message (or exception, where that was asked for).
    skipped : int
        Keys that somebody else finished or claimed meanwhile.
    seconds : float
        Duration of the call.
    why_nothing_ran : str or None
        Where no make was called: the reason.
    interrupted : bool
        Whether the call ended early, by Ctrl-C or a signal.
    """

    table: str
    success_count: int = 0
    error_list: list[tuple[dict[str, Any], Any]] = field(default_factory=list)
    skipped: int = 0
    seconds: float = 0.0
    why_nothing_ran: str | None = None
    interrupted: bool = False

    @property
    def done(self) -> int:
        """Other name of `success_count`."""
        return self.success_count

    @property
    def errors(self) -> int:
        """Number of keys that failed."""
        return len(self.error_list)

    @property
    def calls(self) -> int:
        """Number of keys for which make was called."""
        return self.success_count + self.errors

    def add(self, other: PopulateSummary) -> None:
        """Take in what another process did."""
        self.success_count += other.success_count
        self.error_list += other.error_list
        self.skipped += other.skipped
        self.interrupted = self.interrupted or other.interrupted

    def __getitem__(self, name: str) -> Any:
        if name not in _PUBLISHED:
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(_PUBLISHED)

    def __len__(self) -> int:
        return len(_PUBLISHED)

    def __repr__(self) -> str:
        parts = [f"{self.success_count} made"]
        if self.errors:
            parts.append(f"{self.errors} failed")
        if self.skipped:
            parts.append(f"{self.skipped} skipped")
        text = f"{self.table}: {', '.join(parts)} in {self.seconds:.3g} s"
        if self.interrupted:
            text += ", interrupted"
        if self.why_nothing_ran:
            text += f"\n  why: {self.why_nothing_ran}"
        for key, error in self.error_list[:5]:
            text += f"\n  {key}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        if self.errors > 5:
            text += f"\n  ... and {self.errors - 5} more in error_list"
        return text
