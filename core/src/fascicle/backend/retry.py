"""Trying a transaction again after a deadlock or serialization failure."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from fascicle.errors import RetryError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often and how patiently to try again.

    Parameters
    ----------
    attempts : int
        Tries in all, the first included.
    first, longest : float
        Seconds of the first and of the longest pause; the pause doubles with each try and is drawn between
        half of it and all of it, so that rivals do not meet again.
    """

    attempts: int = 8
    first: float = 0.01
    longest: float = 1.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the failed try number `attempt` (from 1)."""
        full = min(self.longest, self.first * 2.0 ** min(attempt - 1, 30))
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - jitter needs no secrecy


def attempt_repeatedly(
    function: Callable[[], T], is_retryable: Callable[[BaseException], bool], backoff: Backoff
) -> T:
    """Call `function` until it succeeds, fails for good, or the tries are spent.

    Raises
    ------
    RetryError
        If the last try failed for a reason that another try might have cured.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return function()
        except Exception as error:
            if not is_retryable(error):
                raise
            if attempt >= backoff.attempts:
                raise RetryError(
                    f"the transaction failed {attempt} times",
                    why=f"each time it collided with another one; the last time: {error}",
                    try_="make the transaction shorter, touch tables in one order everywhere, "
                    "or allow more attempts",
                ) from error
            time.sleep(backoff.pause(attempt))
