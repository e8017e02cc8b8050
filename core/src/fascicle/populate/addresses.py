"""Where the class of a table is found by another process: its module and its name in it."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fascicle.errors import MakeError
from fascicle.table.binding import Binding

if TYPE_CHECKING:
    from fascicle.populate.tiers import AutoPopulated


@dataclass(frozen=True, slots=True)
class Address:
    """A table class as another process can find it.

    Parameters
    ----------
    module, qualname : str
        Where the class is.
    place : str
        Database (without its password) and table, to be sure that both processes mean the same.
    """

    module: str
    qualname: str
    place: str


def address_of(table: AutoPopulated) -> Address:
    """Return where the class of a table is.

    Raises
    ------
    MakeError
        If another process could not import it.
    """
    cls = type(table)
    module, qualname = cls._address()
    reason = None
    if "<locals>" in qualname:
        reason = f"{qualname} is defined inside a function"
    elif module == "__main__" and not hasattr(sys.modules["__main__"], "__file__"):
        reason = f"{qualname} is defined in a notebook or at a prompt"
    elif _walk(sys.modules.get(module), qualname) is not cls:
        reason = f"{module}.{qualname} is not the class"
    if reason:
        raise MakeError(
            f"{cls.__name__} cannot be populated by other processes",
            why=f"they import the class by its name, but {reason}",
            try_="put the pipeline into a module and import it from there, or use processes=1",
        )
    return Address(module, qualname, _place(table._bound()))


def resolve(address: Address) -> AutoPopulated:
    """Import the class and return its whole table.

    Raises
    ------
    MakeError
        If it is not there, not bound, or bound to another database.
    """
    found = _walk(importlib.import_module(address.module), address.qualname)
    binding = getattr(found, "_binding", None)
    if not isinstance(found, type) or not isinstance(binding, Binding):
        raise MakeError(
            f"{address.module}.{address.qualname} is no bound table in the worker process",
            why="importing its module does not activate its schema",
            try_="activate the schema when the module is imported, e.g. schema = fc.Schema('name')",
        )
    if _place(binding) != address.place:
        raise MakeError(
            f"the worker process finds {address.qualname} in {_place(binding)}, not in {address.place}",
            why="importing the module connects to another database than this process uses",
            try_="let the module take the database from the settings or the environment",
        )
    table: AutoPopulated = found()
    return table


def _walk(found: object, qualname: str) -> object:
    for name in qualname.split("."):
        found = getattr(found, name, None)
    return found


def _place(binding: Binding) -> str:
    return f"{binding.connection.url} {binding.name}"
