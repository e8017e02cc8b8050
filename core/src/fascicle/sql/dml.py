"""INSERT statements: plain, skipping rows whose key exists, replacing them."""

from __future__ import annotations

from collections.abc import Sequence

from fascicle.errors import CompileError
from fascicle.model import TableSpec
from fascicle.sql.naming import CommonNames

MODES = ("error", "skip", "replace")


class CommonInserts(CommonNames):
    """INSERT with ``ON CONFLICT``, as SQLite and PostgreSQL write it."""

    def insert(self, spec: TableSpec, columns: Sequence[str], mode: str, n_rows: int) -> str:
        """Text of an INSERT of `n_rows` rows.

        Parameters
        ----------
        spec : TableSpec
            Table to insert into.
        columns : sequence of str
            Attributes given, in the order of the values; the others take their defaults.
        mode : str
            ``"error"``, ``"skip"`` (rows whose primary key exists are left out; other unique conflicts still
            raise) or ``"replace"`` (the row of that primary key takes the new values, and the defaults of
            attributes that are not given; it is updated in place, so that rows which refer to it stay).
        n_rows : int
            Number of rows.

        Returns
        -------
        str
            Statement with ``len(columns) * n_rows`` placeholders.
        """
        into = self.insert_into(spec, columns)
        clause = self.conflict_clause(spec, columns, mode)
        if not columns:
            return into + self.defaults_only(n_rows) + clause
        row = "(" + ", ".join([self.placeholder] * len(columns)) + ")"
        return f"{into} VALUES {', '.join([row] * n_rows)}{clause}"

    def insert_into(self, spec: TableSpec, columns: Sequence[str]) -> str:
        """Text of ``INSERT INTO table (columns)``."""
        listed = f" ({self.identifiers(columns)})" if columns else ""
        return f"INSERT INTO {self.table(spec.name)}{listed}"

    def defaults_only(self, n_rows: int) -> str:
        """Text after ``INSERT INTO table`` for rows that give no value at all."""
        if n_rows != 1:
            raise CompileError("only one row at a time can be all defaults")
        return " DEFAULT VALUES"

    def conflict_clause(self, spec: TableSpec, columns: Sequence[str], mode: str) -> str:
        """Text to append to an INSERT for what happens to rows whose primary key exists."""
        check_mode(mode)
        key = [a.name for a in spec.attributes if a.in_key]
        if mode == "error" or not key:
            return ""
        target = f" ON CONFLICT ({self.identifiers(key)}) DO "
        changes = self.replacements(spec, columns) if mode == "replace" else []
        return target + ("UPDATE SET " + ", ".join(changes) if changes else "NOTHING")

    def replacements(self, spec: TableSpec, columns: Sequence[str]) -> list[str]:
        """Assignments that turn the row in the table into the given one."""
        given = frozenset(columns)
        return [
            f"{self.identifier(a.name)} = {self.proposed(a.name) if a.name in given else 'DEFAULT'}"
            for a in spec.attributes
            if not a.in_key
        ]

    def proposed(self, column: str) -> str:
        """Text for the value that the INSERT proposed for a column."""
        return f"EXCLUDED.{self.identifier(column)}"


def check_mode(mode: str) -> None:
    """Refuse a mode that is none.

    Raises
    ------
    CompileError
        Naming the modes.
    """
    if mode not in MODES:
        raise CompileError(f"there is no insert mode {mode!r}", try_=f"the modes are {', '.join(MODES)}")
