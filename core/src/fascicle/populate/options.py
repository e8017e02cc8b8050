"""What a caller of `populate` may ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fascicle.errors import MakeError

ORDERS = ("original", "reverse", "random")


@dataclass(frozen=True)
class PopulateOptions:
    """Arguments of `populate`; see there.

    Two are for those who populate several tables in turn: `max_seconds`, after which no further key is begun, and
    `skip`, keys that are left out.
    """

    restrictions: Sequence[Any] = ()
    suppress_errors: bool = False
    return_exception_objects: bool = False
    reserve_jobs: bool = False
    max_calls: int | None = None
    display_progress: bool = False
    processes: int = 1
    make_kwargs: dict[str, Any] = field(default_factory=dict)
    order: str = "original"
    limit: int | None = None
    keys: Any = None
    priority: int | None = None
    refresh: bool | str | None = None
    executor: str | None = None
    max_seconds: float | None = None
    skip: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise MakeError(
                f"there is no order {self.order!r}", try_=f"order is one of {', '.join(map(repr, ORDERS))}"
            )
        if self.refresh not in (None, True, False, "full"):
            raise MakeError(f"refresh is True, False or 'full', not {self.refresh!r}")
        if self.processes < 1:
            raise MakeError("populate needs at least one process", try_="processes=1 works in this process")
