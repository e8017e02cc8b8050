"""What tables need besides a database: settings, codecs, a person to ask, classes for tiers.

A `Runtime` travels with its connection; nothing here is global.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fascicle.codecs import CodecRegistry, default_registry
from fascicle.config import Config
from fascicle.model import CodecRef, CoreType, TableName, Tier
from fascicle.ports import HookRelay, Interaction, NoHooks, NonInteractive

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.stores import Stores
    from fascicle.table.base import Table
    from fascicle.table.write.rules import Rules


@dataclass
class Runtime:
    """Services of one connection.

    Parameters
    ----------
    config : Config
        Settings.
    codecs : CodecRegistry
        Codecs by name.
    interaction : Interaction
        Who confirms destructive plans and sees progress.
    hooks : HookRelay
        Listeners of declare and delete.
    tiers : mapping of Tier to class
        Base classes for tables that exist without a class in code.
    rules : dict of TableName to Rules
        What the classes of tables ask of values beyond their types.
    stores : Stores, optional
        Object stores by name; made of the settings when they are first needed.
    prepared : PreparedInserts, optional
        Texts of inserts that were made before.
    """

    config: Config = field(default_factory=Config)
    codecs: CodecRegistry = field(default_factory=default_registry)
    interaction: Interaction = field(default_factory=NonInteractive)
    hooks: HookRelay = field(default_factory=NoHooks)
    tiers: Mapping[Tier, type] = field(default_factory=dict)
    rules: dict[TableName, Rules] = field(default_factory=dict)
    stores: Stores | None = None
    prepared: Any = None

    def codec_dtype(self, ref: CodecRef) -> CoreType:
        """Column type in which a codec stores its values."""
        return self.codecs.column_type(ref)


def note_rules(connection: Connection, table: type[Table]) -> None:
    """Remember what a bound class asks of the values of its table."""
    from fascicle.table.write.rules import Rules  # above this module, and needed only where a class is bound

    rules = Rules.of(table)
    if rules is not None:
        runtime_of(connection).rules[table._bound().name] = rules


def runtime_of(connection: Connection) -> Runtime:
    """Return the runtime that travels with a connection, giving it one at first need."""
    if connection.runtime is None:
        connection.runtime = Runtime()
    runtime: Runtime = connection.runtime
    return runtime


Decoder = Callable[[Any], Any]
