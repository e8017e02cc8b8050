"""The metaclass of tables: operators on a class mean operators on its whole table."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fascicle.table.dual import dualmethod, whole_table

if TYPE_CHECKING:
    from fascicle.table.expression import QueryExpression

T = TypeVar("T")


class TableMeta(type):
    """Lets ``Session & key``, ``len(Session)`` and iteration work on the class itself."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> TableMeta:
        """Create a table class; methods that override one of ours keep answering on the class."""
        for key, value in namespace.items():
            if isinstance(value, FunctionType) and any(
                isinstance(base.__dict__.get(key), dualmethod) for parent in bases for base in parent.__mro__
            ):
                namespace[key] = dualmethod(value)
        return super().__new__(mcs, name, bases, namespace, **options)

    def __and__(cls: type[T], other: Any) -> T:
        return cast(T, cast(Any, whole_table(cls)) & other)

    def __sub__(cls: type[T], other: Any) -> T:
        return cast(T, cast(Any, whole_table(cls)) - other)

    def __mul__(cls, other: Any) -> QueryExpression:
        return cast("QueryExpression", cast(Any, whole_table(cls)) * other)

    def __matmul__(cls, other: Any) -> QueryExpression:
        return cast("QueryExpression", cast(Any, whole_table(cls)) @ other)

    def __xor__(cls: type[T], other: Any) -> T:
        return cast(T, cast(Any, whole_table(cls)) ^ other)

    def __add__(cls, other: Any) -> QueryExpression:
        return cast("QueryExpression", cast(Any, whole_table(cls)) + other)

    def __neg__(cls) -> Any:
        return -cast(Any, whole_table(cls))

    def __len__(cls) -> int:
        return len(cast(Any, whole_table(cls)))

    def __bool__(cls) -> bool:
        # A class is a class: `if Session:` must not ask a database.
        return True

    def __iter__(cls) -> Iterator[dict[str, Any]]:
        return iter(cast(Any, whole_table(cls)))

    def __contains__(cls, key: Any) -> bool:
        return key in cast(Any, whole_table(cls))
