"""Definition text with positions, and errors that point into it."""

from __future__ import annotations

from typing import Any

from fascicle.errors import DefinitionError


class Source:
    """The lines of a definition; knows how to show where something is wrong.

    Parameters
    ----------
    text : str
        The definition.
    name : str
        What the text defines, for messages (a table's name); may be empty.
    """

    def __init__(self, text: str, name: str = "") -> None:
        self.text = text
        self.name = name
        # Only newlines end a line: other separators of Unicode may stand in comments.
        self.lines = [line.removesuffix("\r") for line in text.split("\n")]

    def error(
        self,
        line: int,
        column: int,
        what: str,
        *,
        why: str | None = None,
        try_: str | None = None,
        **details: Any,
    ) -> DefinitionError:
        """Build an error for a place in the text.

        Parameters
        ----------
        line, column : int
            Position, both counted from 1.
        what, why, try_ : str
            As in `fascicle.errors.FascicleError`; the line and a caret are added to `what`.

        Returns
        -------
        DefinitionError
            With ``line``, ``column`` and ``text`` in its details.
        """
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        place = f"line {line}, column {column}"
        return DefinitionError(
            f"{what}\n    {text}\n    {_padding(text, column)}^",
            where=f"{self.name}, {place}" if self.name else place,
            why=why,
            try_=try_,
            line=line,
            column=column,
            text=text,
            **details,
        )


def _padding(text: str, column: int) -> str:
    # Tabs are repeated so that the caret stands under its character.
    head = text[: column - 1].ljust(column - 1)
    return "".join("\t" if char == "\t" else " " for char in head)
