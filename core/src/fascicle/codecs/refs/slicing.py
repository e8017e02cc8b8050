"""Which bytes of a flat array an index needs, and how to put them together.

An index is split by axes: leading axes choose runs of whole items in the file, the rest is applied in memory to
what was read.  Runs are merged across small gaps, since a request costs more than the bytes of a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A gap that is cheaper to read than to skip by another request.
GAP_BYTES: Final = 16 << 10
#: What is read at a time, which bounds memory beside the result.
RUN_BYTES: Final = 8 << 20
_PARALLEL: Final = 8

Read = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an index chooses along one axis.

    Parameters
    ----------
    length : int
        Extent of the axis.
    picked : range, int or array
        Positions, all within the axis.
    """

    length: int
    picked: Any

    @property
    def count(self) -> int:
        """How many positions."""
        return 1 if isinstance(self.picked, int) else len(self.picked)

    @property
    def positions(self) -> Any:
        """The positions as a sequence."""
        return (self.picked,) if isinstance(self.picked, int) else self.picked

    @property
    def selector(self) -> Any:
        """The index to apply to an array that has the whole axis."""
        if not isinstance(self.picked, range):
            return self.picked
        step = self.picked.step
        stop: int | None = self.picked[-1] + step if len(self.picked) else self.picked.start
        if stop is not None and stop < 0:
            stop = None
        return slice(self.picked.start, stop, step)


def axes_of(index: Any, shape: tuple[int, ...]) -> tuple[list[Axis], tuple[Any, ...]] | None:
    """Split an index by axes.

    Returns
    -------
    (list of Axis, tuple) or None
        One entry for each axis, and the index that numpy applies to the array of all positions picked; ``None``
        for an index that is not made of integers, slices, ``...``, ``None`` and one-dimensional lists.

    Raises
    ------
    IndexError
        If the index lies outside of the array.
    """
    parts = _parts(index, len(shape))
    whole = len(shape) - sum(1 for part in parts if part is not None and part is not Ellipsis)
    axes: list[Axis] = []
    final: list[Any] = []
    for part in parts:
        if part is None:
            final.append(None)
        elif part is Ellipsis:
            axes += [Axis(n, range(n)) for n in shape[len(axes) : len(axes) + whole]]
            final += [slice(None)] * whole
        else:
            picked = _picked(part, shape[len(axes)], len(axes))
            if picked is None:
                return None
            axes.append(Axis(shape[len(axes)], picked))
            final.append(_again(picked))
    return axes, tuple(final)


def _parts(index: Any, dimensions: int) -> list[Any]:
    parts = list(index) if isinstance(index, tuple) else [index]
    consumed = sum(1 for part in parts if part is not None and part is not Ellipsis)
    ellipses = sum(part is Ellipsis for part in parts)
    if consumed > dimensions:
        raise IndexError(f"{consumed} indices for an array of {dimensions} dimensions")
    if ellipses > 1:
        raise IndexError("an index has one '...' at most")
    return parts if ellipses else [*parts, Ellipsis]


def _again(picked: Any) -> Any:
    """Return what stands for a part of an index once only its positions are left."""
    import numpy as np

    if isinstance(picked, int):
        return 0
    return slice(None) if isinstance(picked, range) else np.arange(len(picked))


def _picked(part: Any, length: int, axis: int) -> Any:
    import numpy as np

    if isinstance(part, slice):
        return range(length)[part]
    if isinstance(part, bool | np.bool_):
        return None
    if isinstance(part, int | np.integer):
        position = int(part)
        if not -length <= position < length:
            raise IndexError(f"index {position} is outside of axis {axis} with {length} items")
        return position % length
    array = np.asarray(part)
    if array.ndim != 1 or array.dtype.kind not in "bui" or (array.size == 0 and array.dtype.kind != "b"):
        return None if array.size or array.ndim != 1 else np.empty(0, np.intp)
    if array.dtype.kind == "b":
        if len(array) != length:
            raise IndexError(f"a mask of {len(array)} for axis {axis} with {length} items")
        return np.flatnonzero(array)
    if array.min() < -length or array.max() >= length:
        raise IndexError(f"an index is outside of axis {axis} with {length} items")
    return array.astype(np.intp) % length


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of bytes and where its items go.

    Parameters
    ----------
    start, stop : int
        Bytes, from the array's beginning.
    shape : tuple of int
        Shape of what is read.
    selectors : tuple
        What to keep of it along each axis: slices and lists of positions.
    target : tuple
        Where that goes in the result (which keeps an axis for every integer index).
    """

    start: int
    stop: int
    shape: tuple[int, ...]
    selectors: tuple[Any, ...]
    target: tuple[Any, ...]


def pieces(axes: list[Axis], itemsize: int) -> Iterator[Piece]:
    """Plan the reads for an index over a C-ordered array."""
    yield from _pieces(axes, itemsize, 0, ())


def _pieces(axes: list[Axis], itemsize: int, offset: int, target: tuple[Any, ...]) -> Iterator[Piece]:
    if not axes:
        yield Piece(offset, offset + itemsize, (), (), target)
        return
    head, rest = axes[0], axes[1:]
    stride = itemsize * prod(axis.length for axis in rest)
    wanted = itemsize * prod(axis.count for axis in rest)
    if rest and _is_sparse(rest, stride, wanted):
        for number, position in enumerate(head.positions):
            yield from _pieces(rest, itemsize, offset + int(position) * stride, (*target, number))
        return
    selectors = tuple(_kept(axis) for axis in rest)
    for numbers, low, high, kept in _runs(head, stride):
        yield Piece(
            offset + low * stride,
            offset + high * stride,
            (high - low, *(axis.length for axis in rest)),
            (kept, *selectors),
            (*target, numbers, *(slice(None) for _ in rest)),
        )


def _is_sparse(rest: list[Axis], stride: int, wanted: int) -> bool:
    """Whether so little of each item is wanted that items are better read apart."""
    return stride > RUN_BYTES or stride - wanted > GAP_BYTES


def _kept(axis: Axis) -> Any:
    return slice(axis.picked, axis.picked + 1) if isinstance(axis.picked, int) else axis.selector


def _runs(axis: Axis, stride: int) -> Iterator[tuple[Any, int, int, Any]]:
    """Split positions into runs that are worth one read each.

    Yields
    ------
    numbers, low, high, kept
        Where the run goes in the result; first position to read and the one after the last; what to keep of it.
    """
    gap = max(1, GAP_BYTES // max(stride, 1))
    most = max(1, RUN_BYTES // max(stride, 1))
    if isinstance(axis.picked, int):
        yield slice(0, 1), axis.picked, axis.picked + 1, slice(0, 1)
    elif isinstance(axis.picked, range):
        yield from _runs_of_range(axis.picked, gap, most)
    else:
        yield from _runs_of_list(axis.picked, gap, most)


def _runs_of_range(picked: range, gap: int, most: int) -> Iterator[tuple[slice, int, int, slice]]:
    step = abs(picked.step)
    together = max(1, most // step) if step <= gap else 1
    for begin in range(0, len(picked), together):
        part = picked[begin : begin + together]
        low, high = min(part[0], part[-1]), max(part[0], part[-1]) + 1
        kept = Axis(high - low, range(part.start - low, part.stop - low, part.step)).selector
        yield slice(begin, begin + len(part)), low, high, kept


def _runs_of_list(picked: NDArray[np.intp], gap: int, most: int) -> Iterator[tuple[Any, int, int, Any]]:
    import numpy as np

    if not len(picked):
        return
    order = np.argsort(picked, kind="stable")
    ordered = picked[order]
    breaks = np.flatnonzero(np.diff(ordered) > gap) + 1
    for numbers, positions in zip(np.split(order, breaks), np.split(ordered, breaks), strict=True):
        block = (positions - positions[0]) // most
        cuts = np.flatnonzero(np.diff(block)) + 1
        for some, where in zip(np.split(numbers, cuts), np.split(positions, cuts), strict=True):
            low = int(where[0])
            yield some, low, int(where[-1]) + 1, where - low


def gather(read: Read, axes: list[Axis], dtype: Any, *, parallel: bool) -> NDArray[Any]:
    """Read what an index wants of a C-ordered array.

    Parameters
    ----------
    read : callable
        Takes the first byte and the one after the last, counted from the array's beginning.
    axes : list of Axis
    dtype : numpy.dtype
    parallel : bool
        Whether several requests may be under way at once.

    Returns
    -------
    numpy.ndarray
        With an axis of length one for every integer index.
    """
    import numpy as np

    out = np.empty([axis.count for axis in axes], dtype)
    if not out.size:
        return out

    def fill(piece: Piece) -> None:
        data = read(piece.start, piece.stop)
        block = np.frombuffer(data, dtype).reshape(piece.shape)
        out[piece.target] = selected(block, piece.selectors)

    run(fill, pieces(axes, dtype.itemsize), parallel)
    return out


def selected(block: NDArray[Any], selectors: tuple[Any, ...]) -> NDArray[Any]:
    """Apply a selector to each axis on its own: numpy would pair several lists."""
    lists = [n for n, selector in enumerate(selectors) if not isinstance(selector, slice)]
    if len(lists) < 2:
        kept: NDArray[Any] = block[selectors]
        return kept
    block = block[tuple(slice(None) if n in lists else s for n, s in enumerate(selectors))]
    for axis in lists:
        block = block.take(selectors[axis], axis)
    return block


def assign(out: NDArray[Any], places: tuple[Any, ...], block: NDArray[Any]) -> None:
    """Put a block where a selector for each axis says."""
    import numpy as np

    if sum(not isinstance(place, slice) for place in places) > 1:
        whole = (np.arange(n)[place] for n, place in zip(out.shape, places, strict=True))
        out[np.ix_(*whole)] = block
    else:
        out[places] = block


def run(function: Callable[[Any], None], items: Iterable[Any], parallel: bool) -> None:
    """Call a function for each item, several at once if that pays."""
    if not parallel:
        for item in items:
            function(item)
        return
    waiting = list(items)
    if len(waiting) < 2:
        for item in waiting:
            function(item)
        return
    with ThreadPoolExecutor(min(_PARALLEL, len(waiting))) as pool:
        for _ in pool.map(function, waiting):
            pass
