"""Quoting of identifiers and of text inside DDL, where parameters cannot be bound."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from fascicle.errors import DefinitionError
from fascicle.model import TableName


class CommonNames:
    """Identifiers by the SQL standard; a dialect may change the quote and the limits."""

    quote = '"'
    placeholder = "%s"
    max_identifier = 64

    @lru_cache(maxsize=8192)  # noqa: B019  (dialects are few, stateless, and live as long as the process)
    def identifier(self, name: str) -> str:
        """Quote an identifier.

        Raises
        ------
        DefinitionError
            If the database could not hold the name as it is.
        """
        if not name or "\0" in name:
            raise DefinitionError(f"{name!r} cannot name anything in a database")
        if self.identifier_size(name) > self.max_identifier:
            raise DefinitionError(
                f"the name {name!r} is too long",
                why=f"its size is {self.identifier_size(name)}; this database keeps {self.max_identifier}",
                try_="choose a shorter class or attribute name",
            )
        return self.escaped(self.quote + name.replace(self.quote, self.quote * 2) + self.quote)

    def identifier_size(self, name: str) -> int:
        """Size of a name as the database counts it, to compare with `max_identifier`."""
        return len(name)

    def identifiers(self, names: Iterable[str]) -> str:
        """Quote several identifiers, separated by commas."""
        return ", ".join(map(self.identifier, names))

    def table(self, name: TableName) -> str:
        """Quote a table's full name."""
        return f"{self.identifier(name.schema)}.{self.identifier(name.table)}"

    def text_literal(self, text: str) -> str:
        """Quote text for a place where no parameter can be bound: comments, defaults, enum values in DDL.

        Raises
        ------
        DefinitionError
            If the text holds a NUL, which no database takes.
        """
        if "\0" in text:
            raise DefinitionError("a comment or default holds a NUL character", where=repr(text))
        return self.escaped("'" + text.replace("'", "''") + "'")

    def escaped(self, text: str) -> str:
        """Double the per cent signs where the placeholder uses them."""
        return text.replace("%", "%%") if self.placeholder == "%s" else text
