"""The heartbeat of a worker: a thread that keeps its leases, in a session of its own."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from fascicle.errors import FascicleError
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.populate.jobs.claims import Claims


class Heartbeat:
    """Prolongs the leases of a worker while the block lasts.

    A lease that ran out is never prolonged, so that a process which was stopped for too long does not come back.

    Parameters
    ----------
    claims : Claims
    """

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._pause = min(float(runtime_of(claims.connection).config["jobs.heartbeat"]), claims.lease / 3)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="fascicle-heartbeat", daemon=True)
        self.failures = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _beat(self) -> None:
        while not self._over.wait(self._pause):
            try:
                self._claims.prolong()
            except FascicleError:
                # The fence at commit decides; until then the next beat may succeed.
                self.failures += 1
