"""What a table class asks of its values beyond their types: vocabularies, values it makes itself, pairs that agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fascicle.model import Attribute, Heading
from fascicle.table.write.checks import Fault
from fascicle.table.write.rows import Batch

if TYPE_CHECKING:
    from fascicle.table.base import Table


@dataclass(frozen=True)
class Rules:
    """The rules of one table.

    Parameters
    ----------
    checks : mapping of str to callable
        For an attribute, a function that returns the value to store or raises `ValueError` saying what is wrong.
        NULL is not shown to it.
    fills : mapping of str to callable
        For an attribute, a function that makes the value of a row that gives none.
    agreements : mapping of tuple of str to callable
        For attributes of one row, a function of their values that says what is wrong with them, or ``None``.
    """

    checks: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    fills: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    agreements: Mapping[tuple[str, ...], Callable[..., str | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, table: type[Table]) -> Rules | None:
        """Return the rules of a table class, ``None`` if it has none."""
        if not (table.checks or table.fills or table.agreements):
            return None
        return cls(table.checks, table.fills, table.agreements)

    def prepare(self, batch: Batch, heading: Heading, faults: list[Fault]) -> None:
        """Make the values that rows leave out; check texts, which may be longer before they are normalised."""
        for name, make in self.fills.items():
            if name in batch.names:
                place = batch.names.index(name)
                batch.columns[place] = [make() if value is None else value for value in batch.columns[place]]
            elif name in heading:
                batch.names.append(name)
                batch.columns.append([make() for _ in batch.numbers])
        for place, name in enumerate(batch.names):
            if name in self.checks and heading[name].type.is_text:
                texts = [
                    str(value) if isinstance(value, (int, float)) else value for value in batch.columns[place]
                ]
                # A value of another type is the business of the column, which says what it wants.
                batch.columns[place] = self._checked(name, texts, batch.numbers, faults, str)

    def checked(
        self, attribute: Attribute, column: Sequence[Any], numbers: Sequence[int], faults: list[Fault]
    ) -> Sequence[Any]:
        """Return a column of canonical values as its check leaves it, noting what is wrong."""
        if attribute.name not in self.checks or attribute.type.is_text:
            return column
        return self._checked(attribute.name, column, numbers, faults, object)

    def _checked(
        self, name: str, column: Sequence[Any], numbers: Sequence[int], faults: list[Fault], shown: type
    ) -> list[Any]:
        check = self.checks[name]
        values: list[Any] = []
        for number, value in zip(numbers, column, strict=True):
            try:
                values.append(check(value) if value is not None and isinstance(value, shown) else value)
            except ValueError as error:
                faults.append(Fault(number, name, str(error)))
                values.append(value)
        return values

    def agree(self, batch: Batch, columns: Sequence[Sequence[Any]], faults: list[Fault]) -> None:
        """Note rows whose values do not agree; attributes that a row leaves out count as NULL."""
        for names, check in self.agreements.items():
            if names[0] not in batch.names:
                continue
            absent: Sequence[Any] = [None] * len(batch)
            picked = [columns[batch.names.index(name)] if name in batch.names else absent for name in names]
            for number, *values in zip(batch.numbers, *picked, strict=True):
                fault = check(*values)
                if fault is not None:
                    faults.append(Fault(number, names[0], fault))
