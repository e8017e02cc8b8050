"""The outcome of checking rows without writing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fascicle.errors import ValidationError
from fascicle.table.write.checks import Fault
from fascicle.table.write.insert import Writer
from fascicle.table.write.rows import batches

SHOWN = 10


@dataclass
class ValidationResult:
    """What `Table.validate` found; true if every row fits.

    Parameters
    ----------
    is_valid : bool
    errors : list of (int or None, str or None, str)
        Row, attribute and reason of every bad cell.
    rows_checked : int
        Number of rows looked at.
    """

    is_valid: bool
    errors: list[tuple[int | None, str | None, str]] = field(default_factory=list)
    rows_checked: int = 0

    @classmethod
    def of(cls, faults: Sequence[Fault], rows_checked: int) -> ValidationResult:
        """Make the result of a check."""
        return cls(not faults, [(fault.row, fault.attribute, fault.reason) for fault in faults], rows_checked)

    def __bool__(self) -> bool:
        return self.is_valid

    def raise_if_invalid(self) -> None:
        """Raise if any row does not fit.

        Raises
        ------
        ValidationError
            Also a ValueError; every bad cell is in ``details["faults"]``.
        """
        if not self.is_valid:
            raise ValidationError(self.summary(), try_="correct the values named above", faults=self.errors)

    def summary(self) -> str:
        """Say in words how the check went."""
        if self.is_valid:
            return f"{self.rows_checked} rows checked: all of them fit"
        lines = [f"{self.rows_checked} rows checked: {len(self.errors)} bad values"]
        lines += [f"    row {row}, {name}: {reason}" for row, name, reason in self.errors[:SHOWN]]
        if len(self.errors) > SHOWN:
            lines.append(f"    ... and {len(self.errors) - SHOWN} more")
        return "\n".join(lines)


def validate(writer: Writer, rows: Any, ignore_extra_fields: bool) -> ValidationResult:
    """Check rows of any supported shape; see `Table.validate`."""
    faults: list[Fault] = []
    seen: set[int] = set()
    for batch in batches(rows, writer.spec.heading, faults, ignore_extra_fields):
        seen.update(batch.numbers)
        writer.prepare(batch, faults)
    seen.update(fault.row for fault in faults)  # a row of a wrong length is in no batch
    return ValidationResult.of(sorted(faults, key=lambda fault: fault.row), len(seen))
