"""Core types: what a value is, whatever the database."""

from __future__ import annotations

from dataclasses import dataclass

INTEGER_BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
FLOATS = frozenset({"float32", "float64"})
TEXTS = frozenset({"char", "varchar", "enum"})
NAMES = (
    *INTEGER_BITS,
    "float32",
    "float64",
    "bool",
    "decimal",
    "char",
    "varchar",
    "enum",
    "date",
    "time",
    "datetime",
    "json",
    "uuid",
    "bytes",
)


@dataclass(frozen=True, slots=True)
class CoreType:
    """One of the portable types, or a column type of one database (``native``).

    Parameters
    ----------
    name : str
        A member of `NAMES`, or ``"native"``.
    args : tuple
        ``(precision, scale)`` of decimal, ``(length,)`` of char and varchar, ``(digits,)`` of datetime
        and time (empty for whole seconds), the values of an enum, ``(sql,)`` of a native type.
    """

    name: str
    args: tuple[int | str, ...] = ()

    def __str__(self) -> str:
        if self.name == "native":
            return str(self.args[0])
        if self.name == "enum":
            return "enum(" + ", ".join(_quote(str(value)) for value in self.args) + ")"
        if not self.args:
            return self.name
        # No blank after the comma: this text is stored in column comments that other clients read.
        return f"{self.name}({','.join(str(a) for a in self.args)})"

    @property
    def is_integer(self) -> bool:
        """Whether values are whole numbers of a fixed width."""
        return self.name in INTEGER_BITS

    @property
    def is_float(self) -> bool:
        """Whether values are binary floating point numbers."""
        return self.name in FLOATS

    @property
    def is_numeric(self) -> bool:
        """Whether values take part in arithmetic."""
        return self.is_integer or self.is_float or self.name in ("decimal", "bool")

    @property
    def is_text(self) -> bool:
        """Whether values are character strings."""
        return self.name in TEXTS

    @property
    def is_temporal(self) -> bool:
        """Whether values are dates or times."""
        return self.name in ("date", "time", "datetime")

    @property
    def bounds(self) -> tuple[int, int]:
        """Smallest and largest value of an integer type."""
        bits = INTEGER_BITS[self.name]
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
