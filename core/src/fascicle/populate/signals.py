"""Ctrl-C and SIGTERM: they end the key in hand, never tear it."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Terminated(SystemExit):
    """The process was asked to end (SIGTERM)."""


class Interrupts:
    """Turns signals into exceptions while a key is made, and holds them back while its result is committed.

    Signals can only be handled in the main thread; elsewhere this does nothing.
    """

    def __init__(self) -> None:
        self._saved: dict[int, Any] = {}
        self._shields = 0
        self._pending: BaseException | None = None
        self.asked = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                self._saved[signal.SIGINT] = signal.signal(signal.SIGINT, self._handle)
            if signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, None):
                self._saved[signal.SIGTERM] = signal.signal(signal.SIGTERM, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._saved.items():
            signal.signal(number, handler)
        self._saved.clear()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self.asked = True
        error: BaseException = KeyboardInterrupt() if number == signal.SIGINT else Terminated(128 + number)
        if self._shields:
            self._pending = error
            return
        raise error

    def shield(self) -> None:
        """Hold signals back until `unshield`."""
        self._shields += 1

    def unshield(self) -> None:
        """Let signals through again; one that was held back waits for `release`."""
        self._shields -= 1

    def release(self) -> None:
        """Raise what was held back."""
        pending, self._pending = self._pending, None
        if pending is not None:
            raise pending
