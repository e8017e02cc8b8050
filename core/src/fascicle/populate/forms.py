"""The forms in which a table says how a row is made."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fascicle.errors import MakeError

if TYPE_CHECKING:
    from fascicle.populate.making import Making
    from fascicle.populate.tiers import AutoPopulated

PHASES = ("make_fetch", "make_compute", "make_insert")


def form_of(cls: type[AutoPopulated]) -> str:
    """Return how a class makes rows: ``"plain"``, ``"generator"``, ``"phases"`` or ``"legacy"``.

    Raises
    ------
    MakeError
        If it does not say, or says only part of it.
    """
    from fascicle.populate.tiers import AutoPopulated

    if cls.make is not AutoPopulated.make:
        return "generator" if inspect.isgeneratorfunction(inspect.unwrap(cls.make)) else "plain"
    present = [name for name in PHASES if callable(getattr(cls, name, None))]
    if len(present) == len(PHASES):
        return "phases"
    if callable(getattr(cls, "_make_tuples", None)):
        return "legacy"
    missing = [name for name in PHASES if name not in present]
    raise MakeError(
        f"{cls.__name__} does not say how its rows are made",
        why=f"it has {' and '.join(present)} but lacks {' and '.join(missing)}"
        if present
        else "it has no make",
        try_="define make(self, key), or make_fetch, make_compute and make_insert",
    )


def has_make(cls: type[AutoPopulated]) -> bool:
    """Whether a class says how its rows are made; classes made from the database alone do not."""
    try:
        form_of(cls)
    except MakeError:
        return False
    return True


def functions_of(cls: type[AutoPopulated]) -> list[Any]:
    """Return the functions that make rows of a class."""
    form = form_of(cls)
    names = PHASES if form == "phases" else ("_make_tuples",) if form == "legacy" else ("make",)
    return [inspect.unwrap(getattr(cls, name)) for name in names]


def call_make(making: Making, table: AutoPopulated, kwargs: dict[str, Any]) -> None:
    """Call the make of a table for the key in hand, in whatever form it is written."""
    form, key = form_of(type(table)), dict(making.key)
    if form == "phases":
        _call_phases(making, table, key, kwargs)
    elif form == "legacy":
        table._make_tuples(key, **kwargs)  # type: ignore[attr-defined]
    else:
        result = table.make(key, **kwargs)
        if inspect.isgenerator(result):
            _drive(making, result)


def _call_phases(making: Making, table: Any, key: dict[str, Any], kwargs: dict[str, Any]) -> None:
    making.enter("fetch")
    fetched = table.make_fetch(dict(key), **kwargs)
    making.enter("compute")
    computed = table.make_compute(dict(key), *arguments(fetched))
    making.enter("insert")
    table.make_insert(dict(key), *arguments(computed))


def _drive(making: Making, steps: Iterator[Any]) -> None:
    """Run a generator: up to the first ``yield`` it fetches, up to the second it computes, then it inserts."""
    for phase in ("fetch", "compute"):
        making.enter(phase)
        try:
            next(steps)
        except StopIteration:
            return
    making.enter("insert")
    for _ in steps:
        pass


def arguments(value: Any) -> tuple[Any, ...]:
    """Spread what one phase returned over the arguments of the next."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)
