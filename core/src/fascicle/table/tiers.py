"""Tables that people fill: manual, lookup and part tables, and tables known only by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.errors import PartIntegrityError
from fascicle.model import TableName, Tier
from fascicle.table.base import Table
from fascicle.table.binding import Binding, bind
from fascicle.table.dual import dualmethod, dualproperty

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection


class Manual(Table):
    """Rows that people, or their acquisition software, enter."""

    tier: ClassVar[Tier] = Tier.MANUAL


class Lookup(Table):
    """Facts and parameters that are part of the pipeline; ``contents`` are inserted when it is declared."""

    tier: ClassVar[Tier] = Tier.LOOKUP
    contents: ClassVar[Iterable[Any]] = ()


class Part(Table):
    """Rows that belong to a row of their master: inserted with it, deleted with it.

    Written as a class inside its master's; ``-> master`` refers to the master.
    """

    tier: ClassVar[Tier] = Tier.PART
    _master: ClassVar[type[Table] | None] = None

    @dualproperty
    def master(self) -> type[Table] | None:
        """The master's class."""
        return type(self)._master

    @dualmethod
    def delete(
        self,
        transaction: bool = True,
        prompt: bool | None = None,
        part_integrity: str = "enforce",
        dry_run: bool = False,
        safemode: bool | None = None,
        force_parts: bool = False,
        force_masters: bool = False,
        force: bool = False,
    ) -> int:
        """Delete part rows; only with ``part_integrity="ignore"`` or ``"cascade"``, or as part of their master.

        ``force`` and ``force_parts`` are older spellings of ``"ignore"``, ``force_masters`` of ``"cascade"``.
        """
        if part_integrity == "enforce" and not (force or force_parts or force_masters):
            raise _alone("delete", type(self))
        return super().delete(
            transaction, prompt, part_integrity, dry_run, safemode, force or force_parts, force_masters
        )

    @dualmethod
    def drop(
        self, prompt: bool | None = None, part_integrity: str = "enforce", dry_run: bool = False
    ) -> list[str]:
        """Drop the part table; only with ``part_integrity="ignore"`` or ``"cascade"``, or with its master."""
        if part_integrity == "enforce":
            raise _alone("drop", type(self))
        from fascicle.table.remove.drop import drop

        return drop(self, prompt, part_integrity, dry_run)


def _alone(verb: str, table: type) -> PartIntegrityError:
    return PartIntegrityError(
        f"a part table is not {'deleted from' if verb == 'delete' else 'dropped'} on its own",
        where=table.__name__,
        why="its rows and its master's rows belong together",
        try_=f"{verb} from the master, or pass part_integrity='cascade' (master too) or 'ignore' (part alone)",
    )


class FreeTable(Table):
    """A table known by its name alone, without a class.

    Parameters
    ----------
    connection : Connection
    full_table_name : str
        ``schema.table``, quoted as SQL writes it or plain.
    """

    def __init__(self, connection: Connection, full_table_name: str | TableName) -> None:
        super().__init__()
        name = full_table_name if isinstance(full_table_name, TableName) else _parse_name(full_table_name)
        self._free = bind(connection, connection.catalog.load(name.schema)[name])

    def _bound(self) -> Binding:  # type: ignore[override]
        return self._free

    @classmethod
    def _whole(cls) -> Any:
        return None


def _parse_name(text: str) -> TableName:
    schema, _, table = text.replace("`", "").replace('"', "").partition(".")
    return TableName(schema, table)
