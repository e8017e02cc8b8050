"""The hidden table ``~elements`` of a schema: which Element declared it, in which version, with which links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fascicle.element.problems import Problem
from fascicle.model import Attribute, CoreType, CurrentTimestamp, TableName, TableSpec
from fascicle.table import FreeTable
from fascicle.versions import release

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.element.element import Element

TABLE = "~elements"


def manifest_spec(schema: str) -> TableSpec:
    """Return the declaration of the manifest of a schema."""
    text, json, moment = CoreType("varchar", (255,)), CoreType("json"), CoreType("datetime", (3,))
    attributes = (
        Attribute("element", CoreType("varchar", (64,)), in_key=True, comment="name of the instance"),
        Attribute("class_name", text, comment="module and class of the Element"),
        Attribute("distribution", text, default="", comment="distribution that brings it"),
        Attribute(
            "version", CoreType("varchar", (64,)), default="", comment="its version at the last activation"
        ),
        Attribute("core_version", CoreType("varchar", (64,)), default=""),
        Attribute("stability", CoreType("varchar", (16,)), default=""),
        Attribute("switches", json, comment="groups of tables, on or off"),
        Attribute("links", json, comment="port to what is linked"),
        Attribute("left_out", json, comment="tables that are not declared, and why"),
        Attribute("dropped", json, comment="foreign keys that were left out"),
        Attribute("declared_at", moment, default=CurrentTimestamp(3), comment="UTC"),
    )
    return TableSpec(TableName(schema, TABLE), attributes, comment="Elements that declared this schema")


@dataclass(frozen=True)
class Manifest:
    """What a schema knows about the Element that declared it."""

    element: str
    class_name: str
    version: str
    links: Mapping[str, Any]


def read_manifests(elements: Sequence[Element], connection: Connection) -> dict[str, Manifest]:
    """Read the manifests of the schemas of Elements, by Element name."""
    found: dict[str, Manifest] = {}
    for schema in dict.fromkeys(element.schema_name for element in elements):
        name = TableName(schema, TABLE)
        if name not in connection.catalog.known:
            continue
        for row in FreeTable(connection, name).to_dicts("element", "class_name", "version", "links"):
            found[row["element"]] = Manifest(**row)
    return found


def describe(element: Element) -> dict[str, Any]:
    """Return the row of an Element."""
    from fascicle.element.installed import core_version

    cls = type(element)
    return {
        "element": element.name,
        "class_name": f"{cls.__module__}.{cls.__qualname__}",
        "distribution": element.distribution,
        "version": element.version(),
        "core_version": core_version(),
        "stability": element.stability,
        "switches": element.switches,
        "links": _links(element),
        "left_out": element.left_out,
        "dropped": element.dropped,
    }


def _links(element: Element) -> dict[str, Any]:
    tables = {
        port: [str(link.table._bound().name) for link in links]
        for port, links in element._linked.tables.items()
    }
    functions = {
        port: f"{function.__module__}.{getattr(function, '__qualname__', type(function).__name__)}"
        for port, function in element._linked.functions.items()
    }
    return {**tables, **functions}


def write_manifest(element: Element, connection: Connection) -> None:
    """Note an Element in the manifest of its schema, unless it says the same already."""
    table = FreeTable(connection, TableName(element.schema_name, TABLE))
    row = describe(element)
    known = (table & {"element": element.name}).to_dicts(*row)
    if known != [row]:
        table.insert1(row, replace=True)


def version_problems(elements: Sequence[Element], manifests: Mapping[str, Manifest]) -> list[Problem]:
    """Compare installed versions with those that declared the schemas."""
    problems = []
    for element in elements:
        known = manifests.get(element.name)
        if known is None:
            continue
        cls = type(element)
        if known.class_name != f"{cls.__module__}.{cls.__qualname__}":
            what = f"the schema {element.schema_name} was declared by {known.class_name}"
            problems.append(Problem(element.name, what, "schema", try_="use another schema", is_warning=True))
        problem = _version_problem(element, known.version)
        if problem is not None:
            problems.append(problem)
    return problems


def _version_problem(element: Element, declared: str) -> Problem | None:
    installed = element.version()
    if not declared or not installed or installed == declared:
        return None
    what = (
        f"version {installed} is installed, and version {declared} declared the schema {element.schema_name}"
    )
    if release(installed) < release(declared):
        advice = f"pip install --upgrade {element.distribution or type(element).__module__.partition('.')[0]}"
        return Problem(
            element.name, what, "version", "an older version may not know all tables", advice, True
        )
    advice = "activate() notes the new version; what differs is listed table by table"
    return Problem(element.name, what, "version", None, advice, True)


__all__ = ["TABLE", "Manifest", "manifest_spec", "read_manifests", "version_problems", "write_manifest"]
