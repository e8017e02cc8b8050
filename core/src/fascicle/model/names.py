"""Names of tables, and what a table's physical name says about its tier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from fascicle.errors import DefinitionError

_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]*")
_CAPITAL = re.compile(r"(?<!^)([A-Z])")


class Tier(StrEnum):
    """The five kinds of user table; the value is the word used in messages."""

    MANUAL = "manual"
    LOOKUP = "lookup"
    IMPORTED = "imported"
    COMPUTED = "computed"
    PART = "part"

    @property
    def prefix(self) -> str:
        """Prefix of the physical table name (on-disk convention of DataJoint)."""
        return {"lookup": "#", "imported": "_", "computed": "__"}.get(self.value, "")


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """A table's full physical name.

    Parameters
    ----------
    schema : str
        Schema (MySQL database, PostgreSQL schema, name prefix in SQLite).
    table : str
        Physical table name with its tier prefix, ``master__part`` for parts.
    """

    schema: str
    table: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def tier(self) -> Tier | None:
        """Tier that the physical name says, ``None`` for hidden tables (``~...``)."""
        if self.table.startswith("~"):
            return None
        if self.master is not None:
            return Tier.PART
        if self.table.startswith("#"):
            return Tier.LOOKUP
        if self.table.startswith("__"):
            return Tier.COMPUTED
        if self.table.startswith("_"):
            return Tier.IMPORTED
        return Tier.MANUAL

    @property
    def master(self) -> TableName | None:
        """The master's name if this names a part table, else ``None``."""
        prefix, body = split_prefix(self.table)
        head, sep, tail = body.partition("__")
        if prefix.startswith("~") or not sep or not tail or not head:
            return None
        return TableName(self.schema, prefix + head)

    @property
    def class_name(self) -> str:
        """CamelCase class name; ``Master.Part`` for parts."""
        _, body = split_prefix(self.table)
        return ".".join(to_camel_case(piece) for piece in body.split("__") if piece)


def split_prefix(table: str) -> tuple[str, str]:
    """Split a physical table name into tier prefix and body."""
    for prefix in ("~~", "~", "#", "__", "_"):
        if table.startswith(prefix):
            return prefix, table[len(prefix) :]
    return "", table


def from_camel_case(name: str) -> str:
    """Turn a class name into snake case, every capital starting a word.

    Raises
    ------
    DefinitionError
        If `name` is not CamelCase.
    """
    if not _CAMEL.fullmatch(name):
        raise DefinitionError(
            f"the class name {name!r} is not CamelCase",
            why="a table's name is made from its class name; it starts with a capital "
            "and holds letters and digits only",
            try_=f"rename the class, e.g. {to_camel_case(name) or 'MyTable'!r}",
        )
    return _CAPITAL.sub(r"_\1", name).lower()


def to_camel_case(name: str) -> str:
    """Turn ``snake_case`` into ``CamelCase``."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[_\W]+", name) if word)
