"""Where a bound table is found by another process: its pipeline's module, its Element's name, its own."""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fascicle.errors import SchemaError
from fascicle.table import Table
from fascicle.table.meta import TableMeta

if TYPE_CHECKING:
    from fascicle.element.element import Element


def address_of(cls: type[Table]) -> tuple[str, str]:
    """Return module and dotted name of a bound class: ``("mylab.pipeline", "pipeline.rig1.Recording")``.

    Raises
    ------
    SchemaError
        If no importable module holds its pipeline or its Element.
    """
    element: Element = cls.element
    key = next(unit.key for unit in element.units() if unit.table is cls)
    places = sorted(_places(element), key=lambda place: (place[0] == "__main__", place[2]))
    if not places:
        raise SchemaError(
            f"no module holds the pipeline of {element.name}.{key}",
            why="other processes find a table by the module and name of its pipeline",
            try_="assign the Pipeline (or the Element) to a name of a module",
        )
    module, path, _ = places[0]
    return module, f"{path}.{key}"


def _places(element: Element) -> Iterator[tuple[str, str, int]]:
    """Modules and names that hold the Element's pipeline, or the Element; pipelines are to be preferred."""
    from fascicle.element.pipeline import Pipeline

    for name, module in list(sys.modules.items()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if isinstance(value, Pipeline) and value.elements.get(element.name) is element:
                yield name, f"{attribute}.{element.name}", 0
            elif value is element:
                yield name, attribute, 1


def find(module: str, path: str) -> Any:
    """Return what a module has under a dotted name.

    Raises
    ------
    SchemaError
        If there is nothing.
    """
    found: Any = import_module(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    if found is None:
        raise SchemaError(
            f"{module} has no table {path}",
            why="a table class is pickled as the module and name of its pipeline, its Element and itself",
            try_="pickle and load it with the same pipeline",
        )
    return found


def _reduce(cls: type[Table]) -> str | tuple[Any, ...]:
    if getattr(cls, "element", None) is None:
        return cls.__qualname__  # as any class: by its module and name
    return find, address_of(cls)


# Python asks this table before it takes any class for one that stands in a module under its own name.
copyreg.pickle(TableMeta, _reduce)  # type: ignore[arg-type]
