"""Methods and properties that answer on a table class as on its instances.

A table class stands for its whole table: ``Session.fetch1()`` means ``Session().fetch1()``.  A descriptor says so
to readers and to type checkers alike, where a metaclass that intercepts names would hide the signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class dualmethod(Generic[P, R]):  # noqa: N801  (used as a decorator, like classmethod)
    """Bind a method to the instance, or to the class's own whole-table instance."""

    def __init__(self, function: Callable[Concatenate[Any, P], R]) -> None:
        self.function = function
        update_wrapper(cast(Any, self), function)

    def __get__(self, instance: object | None, owner: type) -> Callable[P, R]:
        target = whole_table(owner) if instance is None else instance
        if target is None:
            return cast("Callable[P, R]", self.function)
        return cast("Callable[P, R]", MethodType(self.function, target))


class dualproperty(Generic[R]):  # noqa: N801
    """A read-only property of instances and of table classes."""

    def __init__(self, function: Callable[[Any], R]) -> None:
        self.function = function
        self.__doc__ = function.__doc__
        self.__name__ = getattr(function, "__name__", "")

    @overload
    def __get__(self, instance: None, owner: type) -> R: ...
    @overload
    def __get__(self, instance: object, owner: type) -> R: ...
    def __get__(self, instance: object | None, owner: type) -> R:
        target = whole_table(owner) if instance is None else instance
        if target is None:
            return cast(R, self)
        return self.function(target)

    def __set__(self, instance: object, value: object) -> None:
        raise AttributeError(f"{self.__name__!r} cannot be assigned")


def whole_table(owner: type) -> object | None:
    """Return the instance that stands for all of a class's table; ``None`` for classes that are no table."""
    make = getattr(owner, "_whole", None)
    return make() if make is not None else None
