"""Sessions kept for reuse: one thread holds a session at a time, and gives it back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from threading import Condition, RLock

from fascicle.backend.protocol import Session
from fascicle.errors import BackendError, LostConnectionError


class Pool:
    """Open sessions on demand and keep the idle ones.

    A process made by forking never touches the sessions of its parent: it opens its own.

    Parameters
    ----------
    opener : callable
        Opens one session.
    size : int
        Most sessions open at once; who needs one more waits.
    idle : int
        Most sessions kept while nobody uses them.
    wait : float
        Seconds to wait for a session before `BackendError`.
    fresh : float
        Seconds for which an idle session is trusted; one that was idle longer is pinged before use.
    """

    def __init__(
        self, opener: Callable[[], Session], *, size: int, idle: int, wait: float, fresh: float = 5.0
    ) -> None:
        self._opener = opener
        self._size = size
        self._keep = idle
        self._wait = wait
        self._fresh = fresh
        # Re-entrant: the collector may give back an abandoned stream's session while this thread holds the lock.
        self._changed = Condition(RLock())
        self._idle: list[tuple[Session, float]] = []
        self._busy: set[Session] = set()
        self._opening = 0
        self._spent_trips = 0
        self._inherited: list[Session] = []
        self._pid = os.getpid()
        self.closed = False

    @property
    def round_trips(self) -> int:
        """Trips made by all sessions so far, closed ones included."""
        with self._changed:
            living = sum(s.round_trips for s in self._busy) + sum(s.round_trips for s, _ in self._idle)
            return self._spent_trips + living

    @property
    def open_sessions(self) -> int:
        """How many sessions are open, in use or idle."""
        with self._changed:
            return len(self._busy) + len(self._idle)

    @property
    def busy_sessions(self) -> int:
        """How many sessions are in use."""
        with self._changed:
            return len(self._busy)

    @property
    def idle_sessions(self) -> list[Session]:
        """Sessions that wait for use."""
        with self._changed:
            return [session for session, _ in self._idle]

    def take(self) -> Session:
        """Return a session for the calling thread's use alone.

        Raises
        ------
        LostConnectionError
            If the pool is closed.
        BackendError
            If all sessions stay in use for too long.
        """
        while True:
            kept = self._reserve()
            if kept is None:
                return self._open()
            session, since = kept
            if time.monotonic() - since <= self._fresh or session.is_alive():
                return session
            self.discard(session)

    def give(self, session: Session) -> None:
        """Take a session back for reuse."""
        with self._changed:
            if session not in self._busy:
                return
            if self.closed or len(self._idle) >= self._keep:
                self.discard(session)
                return
            self._busy.discard(session)
            self._idle.append((session, time.monotonic()))
            self._changed.notify()

    def discard(self, session: Session) -> None:
        """Close a session that must not be used again."""
        with self._changed:
            if session not in self._busy:
                return
            self._busy.discard(session)
            self._spent_trips += session.round_trips
            self._changed.notify()
        session.close()

    def drain(self) -> None:
        """Close the idle sessions: after one was lost the others are likely lost too."""
        with self._changed:
            idle, self._idle = self._idle, []
            self._spent_trips += sum(session.round_trips for session, _ in idle)
            self._changed.notify_all()
        for session, _ in idle:
            session.close()

    def close(self) -> None:
        """Close the idle sessions now, and those in use when they come back."""
        with self._changed:
            self._leave_to_parent()
            self.closed = True
        self.drain()

    def _reserve(self) -> tuple[Session, float] | None:
        """Claim an idle session, or the right to open one (``None``)."""
        deadline = time.monotonic() + self._wait
        with self._changed:
            self._leave_to_parent()
            while True:
                if self.closed:
                    raise LostConnectionError(
                        "the connection is closed", try_="connect again with fc.connect"
                    )
                if self._idle:
                    kept = self._idle.pop()
                    self._busy.add(kept[0])
                    return kept
                if len(self._busy) + self._opening < self._size:
                    self._opening += 1
                    return None
                if not self._changed.wait(deadline - time.monotonic()):
                    raise self._exhausted()

    def _open(self) -> Session:
        try:
            session = self._opener()
        except BaseException:
            with self._changed:
                self._opening -= 1
                self._changed.notify()
            raise
        with self._changed:
            self._opening -= 1
            # Opening is not counted: trips are those made once the connection is ready.
            self._spent_trips -= session.round_trips
            self._busy.add(session)
        return session

    def _exhausted(self) -> BackendError:
        return BackendError(
            f"no session became free within {self._wait:g} s",
            why=f"all {self._size} sessions of the pool are held by transactions and streams",
            try_="end transactions and streams sooner, or connect with a larger pool_size",
        )

    def _leave_to_parent(self) -> None:
        if self._pid == os.getpid():
            return
        # Kept alive and untouched: closing them here would close the parent's conversation with its server.
        self._inherited += [session for session, _ in self._idle] + list(self._busy)
        self._idle, self._busy, self._opening, self._pid = [], set(), 0, os.getpid()
