"""Rows in batches, from a session of the stream's own or inside the thread's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fascicle.backend.protocol import Row
from fascicle.errors import TransactionError


class BoundStream:
    """A stream inside a transaction; it ends with the block in which it began.

    Parameters
    ----------
    batches : iterator of list of tuple
        The session's rows, checked and with errors of ours.
    source : iterator of list of tuple
        The session's own stream, closed at the end.
    depth : int
        Nesting depth of the block in which the stream began.
    forget : callable
        Called with the stream once it is over.
    """

    def __init__(
        self,
        batches: Iterator[list[Row]],
        source: Iterator[list[Row]],
        depth: int,
        forget: Callable[[BoundStream], None],
    ) -> None:
        self._batches: Iterator[list[Row]] | None = batches
        self._source = source
        self._forget = forget
        self._severed = False
        self.depth = depth

    def __iter__(self) -> Iterator[list[Row]]:
        return self

    def __next__(self) -> list[Row]:
        if self._severed:
            raise TransactionError(
                "the stream has ended with its transaction",
                why="inside a transaction a stream reads that transaction's state",
                try_="use up the stream before the block ends, or begin it outside of the block",
            )
        if self._batches is None:
            raise StopIteration
        try:
            return next(self._batches)
        except BaseException:
            self.close()
            raise

    def sever(self) -> None:
        """End the stream because its block ends; reading on is an error unless it was used up."""
        if self._batches is not None:
            self.close()
            self._severed = True

    def close(self) -> None:
        """End the stream early and free what it holds."""
        batches, self._batches = self._batches, None
        if batches is not None:
            self._forget(self)
            closing = getattr(self._source, "close", None)
            if closing is not None:
                closing()

    def __del__(self) -> None:
        self.close()
