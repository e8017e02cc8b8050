"""From links as given to links that hold: tables found, roles bound to attributes, every fault noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fascicle.element.ports import FunctionPort, Link, TablePort, as_links, family, family_of
from fascicle.element.problems import Problem
from fascicle.model import Attribute, TableSpec, nearest
from fascicle.table import Table

if TYPE_CHECKING:
    from fascicle.element.element import Element

SpecOf = Callable[[type[Table]], TableSpec | None]


@dataclass(frozen=True)
class BoundLink:
    """A linked table, its roles bound to attributes.

    Parameters
    ----------
    table : type
        Table class.
    roles : mapping of str to (str or None)
        Role to attribute; ``None`` for an optional role without one.
    rename : mapping of str to str
        Key attribute to the name that foreign keys give it.
    """

    table: type[Table]
    roles: Mapping[str, str | None] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Linked:
    """What the ports of an Element hold.

    Attributes
    ----------
    tables : dict of str to list of BoundLink
        By port; optional ones that nobody linked are missing.
    functions : dict of str to callable
    problems : list of Problem
    broken : set of str
        Ports with a problem: what refers to them cannot be looked at.
    """

    tables: dict[str, list[BoundLink]] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


class Linker:
    """Resolves the links of one Element.

    Parameters
    ----------
    element : Element
    siblings : mapping of str to Element
        Elements that links given as text may name.
    spec_of : callable
        Gives the specification of a table class, ``None`` where it is not known (yet).
    """

    def __init__(self, element: Element, siblings: Mapping[str, Element], spec_of: SpecOf) -> None:
        self.element = element
        self.siblings = siblings
        self.spec_of = spec_of
        self.linked = Linked()

    def run(self) -> Linked:
        """Resolve all links, going on after faults."""
        given, ports = self.element.links, self.element.ports
        for name in given:
            if name not in ports:
                self._unknown(name)
        for name, port in ports.items():
            value = given.get(name)
            if value is None:
                if not port.optional:
                    self._missing(name, port.doc)
            elif isinstance(port, FunctionPort):
                self._function(port, value)
            elif isinstance(port, TablePort):
                self._tables(port, value)
        return self.linked

    def _problem(self, port: str, what: str, why: str | None = None, try_: str | None = None) -> None:
        self.linked.problems.append(Problem(self.element.name, what, port, why, try_))
        self.linked.broken.add(port)

    def _unknown(self, name: str) -> None:
        ports = self.element.ports
        close = nearest(name, ports)
        advice = (
            f"did you mean {' or '.join(close)}?" if close else f"its ports are {', '.join(ports) or 'none'}"
        )
        self._problem(name, f"{type(self.element).__name__} has no port {name!r}", try_=advice)

    def _missing(self, name: str, doc: str) -> None:
        what = f"nothing is linked to the port {name}"
        self._problem(name, what, why=doc or None, try_=f"links={{{name!r}: ...}}")

    def _function(self, port: FunctionPort, value: Any) -> None:
        fault = port.fault(value)
        if fault:
            self._problem(
                port.name, "the link is no function of the kind that the port takes", fault, port.doc
            )
        else:
            self.linked.functions[port.name] = value

    def _tables(self, port: TablePort, value: Any) -> None:
        links = as_links(value)
        if not links and not port.optional:
            self._missing(port.name, port.doc)
        if len(links) > 1 and not port.many:
            self._problem(port.name, f"{len(links)} tables are linked, and the port takes one")
            return
        for item in links:
            bound = self._bound(port, item)
            if bound is not None:
                self.linked.tables.setdefault(port.name, []).append(bound)

    def _bound(self, port: TablePort, item: Link) -> BoundLink | None:
        found = self._find(port, item.table)
        if found is None:
            return None
        spec = self.spec_of(found)
        if spec is None:
            self._unready(port, found)
            return None
        attributes = spec.full_heading.attributes
        for name in (*port.requires, *item.rename):
            if name not in attributes:
                self._lacks(port, spec, name)
        roles = {role: self._role(port, item, role, spec) for role in port.roles}
        for role in item.roles:
            if role not in port.roles:
                close = nearest(role, port.roles)
                advice = (
                    f"did you mean {close[0]!r}?"
                    if close
                    else f"its roles are {', '.join(port.roles) or 'none'}"
                )
                self._problem(port.name, f"the port has no role {role!r}", try_=advice)
        return BoundLink(found, roles, dict(item.rename))

    def _find(self, port: TablePort, given: Any) -> type[Table] | None:
        found = self._named(port, given) if isinstance(given, str) else given
        if found is None or (isinstance(found, type) and issubclass(found, Table)):
            return found
        advice = "link a table class"
        tables = getattr(found, "tables", None)
        if isinstance(tables, Mapping):
            wanted = port.name if port.name in tables else next(iter(tables), "")
            advice = f"link one of its tables, e.g. {getattr(found, 'name', '')}.{wanted}"
        self._problem(port.name, f"{found!r:.80} is no table", try_=advice)
        return None

    def _named(self, port: TablePort, text: str) -> Any:
        head, *rest = text.split(".")
        found: Any = self.siblings.get(head)
        if found is None:
            close = nearest(head, self.siblings)
            self._problem(
                port.name,
                f"the link {text!r} names no Element",
                "text names a table of an Element of the same pipeline, as 'element.Table'",
                f"did you mean {close[0]!r}?"
                if close
                else "put the Element into the pipeline, or link the class",
            )
            return None
        for name in rest:
            known = getattr(found, "tables", None)
            found = getattr(found, name, None)
            if found is None:
                close = nearest(name, known or ())
                self._problem(
                    port.name,
                    f"there is no table {text!r}",
                    try_=f"did you mean {close[0]!r}?" if close else None,
                )
                return None
        return found

    def _unready(self, port: TablePort, found: type[Table]) -> None:
        owner = getattr(found, "element", None)
        self.linked.broken.add(port.name)
        if owner is None:
            what = f"the table {found.__name__} is not declared"
            self._problem(port.name, what, try_="decorate it with an activated schema before linking it")
        elif found not in owner._left_out:
            # Its own Element says what is wrong; here it is enough to wait.
            what = f"waits for {owner.name}.{found.__name__}, which is not linked yet"
            self.linked.problems.append(Problem(self.element.name, what, port.name, is_warning=True))
        else:
            why = owner._left_out[found]
            self._problem(port.name, f"{owner.name} has no table {found.__name__}", why)

    def _role(self, port: TablePort, item: Link, role: str, spec: TableSpec) -> str | None:
        wanted = port.roles[role]
        attributes = spec.full_heading.attributes
        name = item.roles.get(role, role)
        if name not in attributes:
            if role not in item.roles and wanted.endswith("?"):
                return None
            self._lacks(port, spec, name, role)
            return None
        if not _fits(attributes[name], wanted.removesuffix("?")):
            self._problem(
                port.name,
                f"the attribute {name!r} of {spec.name.class_name} cannot be its {role}",
                f"it is {attributes[name].declared}, and {wanted.removesuffix('?')} is needed",
                f"fc.link({spec.name.class_name}, {role}='...') with another attribute",
            )
            return None
        return name

    def _lacks(self, port: TablePort, spec: TableSpec, name: str, role: str | None = None) -> None:
        names = spec.heading.names
        close = nearest(name, names)
        purpose = f" for the role {role!r} ({port.roles[role]})" if role else ""
        advice = f"did you mean {' or '.join(map(repr, close))}?" if close else None
        if role and not close:
            advice = f"say which attribute it is: fc.link({spec.name.class_name}, {role}='...')"
        self._problem(
            port.name,
            f"{spec.name.class_name} has no attribute {name!r}{purpose}",
            f"its attributes are {', '.join(names)}",
            advice,
        )


def _fits(attribute: Attribute, wanted: str) -> bool:
    if attribute.codec is not None:
        return wanted == str(attribute.codec)
    return family_of(attribute.type) == family(wanted)
