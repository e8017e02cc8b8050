"""Slots: the tables of an Element, each a template that is bound anew for every instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, overload

from fascicle.errors import DefinitionError
from fascicle.model import from_camel_case
from fascicle.table import Part, Table

if TYPE_CHECKING:
    from fascicle.element.element import Element

T = TypeVar("T", bound=Table)


class TableSlot(Generic[T]):
    """One table of an Element.

    A subclass of the Element may put another template into the slot: a variant of one table, not a copy of all.

    Parameters
    ----------
    template : type
        An undecorated table class, with its parts inside.
    switch : str, optional
        Name of an argument of the Element that turns this table (and others with the same switch) on or off;
        on unless said otherwise.
    """

    def __init__(self, template: type[T], *, switch: str | None = None) -> None:
        self.template = template
        self.switch = switch
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def check(self, owner: str) -> None:
        """Refuse what cannot be a template.

        Raises
        ------
        DefinitionError
        """
        fault = template_fault(self.template)
        if fault:
            raise DefinitionError(
                f"the slot {self.name} of {owner} has no table template", why=fault, try_="TableSlot(MyTable)"
            )
        from_camel_case(self.name)

    @overload
    def __get__(self, instance: None, owner: type) -> TableSlot[T]: ...
    @overload
    def __get__(self, instance: Element, owner: type) -> type[T]: ...
    def __get__(self, instance: Element | None, owner: type) -> TableSlot[T] | type[T]:
        if instance is None:
            return self
        bound: type[T] = instance._classes[self.name]  # type: ignore[assignment]
        return bound

    def __repr__(self) -> str:
        return f"<TableSlot {self.name}: {self.template.__name__}>"


def template_fault(template: object) -> str | None:
    """Say why something cannot be a template, ``None`` if it can."""
    if not isinstance(template, type) or not issubclass(template, Table):
        return f"{template!r:.60} is no table class"
    if issubclass(template, Part):
        return f"{template.__name__} is a part, which comes with its master"
    if template._binding is not None:
        return f"{template.__name__} is bound to a schema already; a template is not decorated"
    return None


def parts_of(template: type[Table]) -> dict[str, type[Part]]:
    """Return the parts of a template, those that it inherits included, in the order of their definition."""
    found: dict[str, type[Part]] = {}
    for base in reversed(template.__mro__):
        own = vars(base).items()
        found.update((name, part) for name, part in own if isinstance(part, type) and issubclass(part, Part))
    return found
