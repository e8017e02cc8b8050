"""Ports: what an Element needs from whoever uses it, by meaning and never by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, overload

from fascicle.errors import SchemaError
from fascicle.model import CoreType

if TYPE_CHECKING:
    from fascicle.element.element import Element

_FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("int8", "int16", "int32", "int64"), "whole number"),
        **dict.fromkeys(("float32", "float64", "decimal"), "number"),
        **dict.fromkeys(("char", "varchar", "enum", "text"), "text"),
    }
)


def family(type_name: str) -> str:
    """Kind of value that a type holds, as ports compare them: widths and lengths make no difference."""
    return _FAMILIES.get(type_name, type_name)


def family_of(type_: CoreType) -> str:
    """Kind of value that a column holds."""
    if type_.name == "native":
        return "text" if "text" in str(type_).lower() else "native"
    return family(type_.name)


class Port:
    """What tables and services have in common as things that an Element asks for.

    Parameters
    ----------
    doc : str
        One sentence for people: what is to be linked here.
    optional : bool
        Whether the Element works without it.
    """

    kind = "port"

    def __init__(self, doc: str = "", *, optional: bool = False) -> None:
        self.doc = doc
        self.optional = optional
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Element, owner: type) -> Any: ...
    def __get__(self, instance: Element | None, owner: type) -> Any:
        return self if instance is None else instance.linked(self.name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}{' (optional)' if self.optional else ''}>"


class TablePort(Port):
    """A table that the Element refers to: any table, with any name and any key.

    Parameters
    ----------
    doc : str
        One sentence for people.
    roles : mapping of str to str
        Attributes that the Element reads, by what they mean: role to type, ``{"start": "datetime"}``.  A link binds
        each role to an attribute of the linked table; unbound ones bind to the attribute of that name.  A type with
        ``?`` at its end may stay unbound.
    requires : sequence of str
        Attributes that the linked table must have, under these very names.
    optional : bool
        Whether the Element works without it: foreign keys to it are dropped then, and tables whose primary key
        refers to it are left out.
    many : bool
        Whether several tables may be linked: a foreign key outside the primary key becomes a nullable one for each.
    """

    kind = "table"

    def __init__(
        self,
        doc: str = "",
        *,
        roles: Mapping[str, str] | None = None,
        requires: Sequence[str] = (),
        optional: bool = False,
        many: bool = False,
    ) -> None:
        super().__init__(doc, optional=optional)
        self.roles: Mapping[str, str] = MappingProxyType(dict(roles or {}))
        self.requires = tuple(requires)
        self.many = many


class FunctionPort(Port):
    """A service that the lab provides: a function, such as one that returns the roots of its data folders.

    Parameters
    ----------
    doc : str
        One sentence for people: what it is given and what it returns.
    arguments : sequence of str
        What the Element passes, in order; a linked function that does not take as many is refused.
    optional : bool
        Whether the Element works without it.
    """

    kind = "function"

    def __init__(self, doc: str = "", *, arguments: Sequence[str] = (), optional: bool = False) -> None:
        super().__init__(doc, optional=optional)
        self.arguments = tuple(arguments)

    def fault(self, value: object) -> str | None:
        """Say what is wrong with a value linked here, ``None`` if nothing is."""
        if not callable(value) or isinstance(value, type):
            return f"{value!r:.60} is no function"
        try:
            signature = inspect.signature(value)
        except (TypeError, ValueError):
            return None
        try:
            signature.bind(*self.arguments)
        except TypeError as error:
            return (
                f"it is called with ({', '.join(self.arguments)}), and its signature is {signature}: {error}"
            )
        return None


@dataclass(frozen=True)
class Link:
    """A table for a port, with the meaning of its attributes.

    Parameters
    ----------
    table : type or str
        A table class, or ``"element.Table"`` for a table of an Element of the same pipeline.
    roles : mapping of str to str
        Role to attribute.
    rename : mapping of str to str
        Key attribute of the table to the name that it gets in the Element's tables.
    """

    table: Any
    roles: Mapping[str, str] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)


def link(table: Any, *, rename: Mapping[str, str] | None = None, **roles: str) -> Link:
    """Say what the attributes of a linked table mean: ``fc.link(visit.Visit, start="begun_utc")``.

    Parameters
    ----------
    table : type or str
        A table class, or ``"element.Table"``.
    rename : mapping, optional
        Key attribute of the table to the name that foreign keys to it get.
    **roles : str
        Attribute for each role of the port.

    Returns
    -------
    Link
    """
    return Link(table, dict(roles), dict(rename or {}))


Links = Mapping[str, Any]


def as_links(value: Any) -> list[Link]:
    """Return what was given for a table port as a list of links."""
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in as_links(part)]
    return [value if isinstance(value, Link) else Link(value)]


def names_of(module: Any) -> Mapping[str, Any]:
    """Return the names of a linking module: a module, its name, or a mapping.

    Raises
    ------
    SchemaError
        If it is none of these, or cannot be imported.
    """
    if isinstance(module, str):
        import importlib

        try:
            module = importlib.import_module(module)
        except ImportError as error:
            raise SchemaError(
                f"the linking module {module!r} cannot be imported",
                why=str(error),
                try_="pass the module itself, or links={...}",
            ) from error
    if isinstance(module, Mapping):
        return module
    if not hasattr(module, "__dict__"):
        raise SchemaError(
            f"{module!r:.80} is no linking module", try_="pass a module, its name, or a dict of names"
        )
    names: Mapping[str, Any] = vars(module)
    return names


def wanted_from(ports: Iterable[str], names: Mapping[str, Any]) -> dict[str, Any]:
    """Pick what a linking module has for the ports, by name."""
    return {port: names[port] for port in ports if port in names}


Service = Callable[..., Any]
