"""Elements that are installed: found by entry point, loaded one by one, the broken ones named."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from fascicle.element.element import Element
from fascicle.element.ports import TablePort
from fascicle.errors import FascicleError
from fascicle.registry import Registry

GROUP: Final = "fascicle.elements"


def _fault(loaded: Any) -> str | None:
    if not isinstance(loaded, type) or not issubclass(loaded, Element):
        return "an entry point of this group names a subclass of fascicle.Element"
    return None if loaded.slots else "it has no tables"


ELEMENTS: Final[Registry[type[Element]]] = Registry(GROUP, "Element", check=_fault)


@dataclass(frozen=True)
class InstalledElement:
    """What is known of one installed Element.

    Parameters
    ----------
    name : str
        Name of its entry point.
    package : str
        Distribution and version that bring it.
    element : type or None
        Its class; ``None`` if it cannot be loaded.
    error : FascicleError or None
        Why it cannot be loaded.
    """

    name: str
    package: str
    element: type[Element] | None = None
    error: FascicleError | None = None

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values, for printing and JSON."""
        if self.element is None:
            return {"name": self.name, "package": self.package, "error": str(self.error)}
        ports = [
            {
                "name": name,
                "kind": port.kind,
                "optional": port.optional,
                "many": isinstance(port, TablePort) and port.many,
                "roles": dict(port.roles) if isinstance(port, TablePort) else {},
                "doc": port.doc,
            }
            for name, port in self.element.ports.items()
        ]
        return {
            "name": self.name,
            "package": self.package,
            "version": self.element.version(),
            "stability": self.element.stability,
            "summary": (self.element.__doc__ or "").strip().partition("\n")[0],
            "ports": ports,
            "tables": [{"name": n, "tier": s.template.tier.value} for n, s in self.element.slots.items()],
        }


def installed_elements() -> list[InstalledElement]:
    """Load every installed Element and tell what each is; broken ones are told with their error.

    Returns
    -------
    list of InstalledElement
        Sorted by name.
    """
    found = []
    for name, package in sorted(ELEMENTS.packages().items()):
        try:
            found.append(InstalledElement(name, package, ELEMENTS[name]))
        except FascicleError as error:
            found.append(InstalledElement(name, package, error=error))
    return found


def version_of(cls: type[Element]) -> str:
    """Version of the distribution that brings an Element; empty where there is none."""
    return _version(cls.distribution) if cls.distribution else ""


def core_version() -> str:
    """Version of the core."""
    return _version("fascicle")


@cache
def _version(distribution: str) -> str:
    from importlib_metadata import PackageNotFoundError, version  # a scan that few programs need pay

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
