"""The contract of a make: it reads its upstream cone and writes its own table; what breaks it is told or refused."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from fascicle.errors import ContractError
from fascicle.populate.cone import Cone, cone_of, tables_of
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.model import TableName
    from fascicle.populate.tiers import AutoPopulated
    from fascicle.query.nodes import Node

POLICIES = ("error", "warn", "off")


class ContractWarning(UserWarning):
    """A make read outside its upstream, or wrote outside its table."""


def policy_of(table: AutoPopulated) -> str:
    """Return what happens when the make of a table breaks its contract.

    Raises
    ------
    ContractError
        If the class asks for something unknown.
    """
    policy = table.contract or runtime_of(table.connection).config["contract"]
    if policy not in POLICIES:
        raise ContractError(
            f"there is no contract {policy!r}",
            where=type(table).__name__,
            try_=f"contract is one of {', '.join(map(repr, POLICIES))}",
        )
    return str(policy)


class Contract:
    """Watches what the makes of one table read and write.

    Parameters
    ----------
    table : AutoPopulated
    """

    def __init__(self, table: AutoPopulated) -> None:
        self._table = table
        self._policy = policy_of(table)
        self._cone: Cone | None = None
        self._told: set[tuple[str, TableName]] = set()

    @property
    def is_off(self) -> bool:
        """Whether nothing is watched."""
        return self._policy == "off"

    @property
    def cone(self) -> Cone:
        """What the make may touch."""
        if self._cone is None:
            self._cone = cone_of(self._table)
        return self._cone

    def check_read(self, node: Node) -> None:
        """Check the tables of a query.

        Raises
        ------
        ContractError
            If one is outside the cone and the policy is ``"error"``.
        """
        for name in tables_of(node):
            if name not in self.cone.readable and name.tier is not None:
                self._broken("read", name)

    def check_write(self, verb: str, name: TableName) -> None:
        """Check a write to a table."""
        if name not in self.cone.writable and name.tier is not None:
            self._broken(verb, name)

    def _broken(self, verb: str, name: TableName) -> None:
        if self._policy == "warn" and (verb, name) in self._told:
            return
        error = self._describe(verb, name)
        if self._policy == "error":
            raise error
        self._told.add((verb, name))
        warnings.warn(str(error), ContractWarning, stacklevel=2)

    def _describe(self, verb: str, name: TableName) -> ContractError:
        cls = type(self._table).__name__
        words: dict[str, Any] = {
            "read": (
                "reads",
                "what it reads there can change without this row being known to be out of date",
                f"refer to {name.class_name} by a foreign key, or add it to key_source",
            ),
        }
        done, why, remedy = words.get(
            verb,
            (
                {"insert": "inserts into", "update": "updates", "delete": "deletes from"}.get(verb, verb),
                "rows that appear from elsewhere are in no plan",
                f"declare writes = ({name.class_name.rpartition('.')[2]},) in the class, or make it a part",
            ),
        )
        where = "its upstream" if verb == "read" else "its own table"
        return ContractError(f"make {done} {name}, which is outside {where}", where=cls, why=why, try_=remedy)
