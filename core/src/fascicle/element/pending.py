"""What stands for the connection of tables that are linked and not yet activated."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

from fascicle.errors import SchemaError
from fascicle.model import Catalog

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection


class Unconnected:
    """A connection that is not there yet: queries can be built with it, and nothing can be asked.

    One object serves all tables, so that queries may combine tables of several Elements.
    """

    catalog: Final = SimpleNamespace(known=Catalog())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise SchemaError(
            "the tables of this Element are not activated",
            why="their headings are known, but no database has been named",
            try_="call pipeline.activate(connection), or activate the Element",
        )


UNCONNECTED: Final = cast("Connection", Unconnected())
