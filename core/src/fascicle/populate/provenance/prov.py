"""The lineage of rows as W3C PROV, in its JSON form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fascicle.model import TableName
from fascicle.populate.provenance import tables
from fascicle.populate.upstream import Upstream
from fascicle.query.nodes import Relation, Restrict
from fascicle.query.scalar import KeySet
from fascicle.table.expression import QueryExpression

if TYPE_CHECKING:
    from fascicle.populate.tiers import AutoPopulated
    from fascicle.table.base import Table

PREFIXES = {
    "fascicle": "urn:fascicle:",
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
MOST_ROWS = 10_000


class ProvDocument:
    """Collects entities (rows), activities (makes) and agents (who ran them) with what links them."""

    def __init__(self) -> None:
        self.parts: dict[str, dict[str, Any]] = {}
        self._links = 0

    def add(self, kind: str, name: str, **about: Any) -> str:
        """Add a thing, once."""
        self.parts.setdefault(kind, {}).setdefault(
            name, {k: v for k, v in about.items() if v not in (None, "")}
        )
        return name

    def link(self, kind: str, **ends: str) -> None:
        """Add a relation between two things."""
        found = self.parts.setdefault(kind, {})
        value = {f"prov:{end}": name for end, name in ends.items()}
        if value not in found.values():
            self._links += 1
            found[f"_:{kind}{self._links}"] = value

    def as_dict(self) -> dict[str, Any]:
        """Return the document as PROV-JSON has it."""
        return {"prefix": dict(PREFIXES), **self.parts}


def export_prov(table: AutoPopulated, rows: Any) -> dict[str, Any]:
    """Describe where rows come from, up to the rows that people entered.

    Parameters
    ----------
    table : AutoPopulated
    rows : query
        Rows of the table.

    Returns
    -------
    dict
        A PROV-JSON document: entities are rows, activities are makes (with code and input fingerprints, version,
        duration), agents are who ran them.
    """
    document = ProvDocument()
    _describe(document, table, [tuple(key.values()) for key in rows.to_dicts(*table.primary_key)], set())
    return document.as_dict()


def entity_name(table: TableName, names: Sequence[str], key: Sequence[Any]) -> str:
    """Name of a row."""
    return f"fascicle:{table}?" + "&".join(f"{name}={value}" for name, value in zip(names, key, strict=True))


def _describe(document: ProvDocument, table: Table, keys: Sequence[tuple[Any, ...]], seen: set[Any]) -> None:
    name, names = table.table_id, list(table.primary_key)
    fresh = [key for key in keys if (name, key) not in seen][: MOST_ROWS - len(seen)]
    seen.update((name, key) for key in fresh)
    for key in fresh:
        row = entity_name(name, names, key)
        document.add("entity", row, **{"prov:type": f"fascicle:{name.tier}", "fascicle:table": str(name)})
    if not fresh:
        return
    for made in _provenance(table, fresh):
        _describe_make(document, table, made, seen)


def _provenance(table: Table, keys: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    spec = tables.find(table.connection, tables.provenance_name(table.table_id))
    if spec is None:
        return []
    relation = Relation(spec.name, spec.heading)
    chosen = KeySet(tuple(table.primary_key), tuple(keys))
    query = QueryExpression(table.connection, Restrict(relation, chosen, relation.heading))
    found: list[dict[str, Any]] = query.to_dicts()
    return found


def _describe_make(document: ProvDocument, table: Table, made: Mapping[str, Any], seen: set[Any]) -> None:
    names = list(table.primary_key)
    key = {name: made[name] for name in names}
    row = entity_name(table.table_id, names, list(key.values()))
    activity = document.add(
        "activity",
        row.replace("fascicle:", "fascicle:make/", 1),
        **{
            "prov:startTime": made["started_time"].isoformat() + "Z" if made["started_time"] else None,
            "fascicle:duration_s": made["duration"],
            "fascicle:code": made["code"],
            "fascicle:parameters": made["parameters"].strip(),
            "fascicle:inputs": made["inputs"].strip(),
            "fascicle:version": made["version"],
            "fascicle:peak_memory_bytes": made["peak_memory"],
        },
    )
    agent = document.add(
        "agent", f"fascicle:agent/{made['user']}@{made['host']}", **{"prov:type": "prov:SoftwareAgent"}
    )
    document.link("wasGeneratedBy", entity=row, activity=activity)
    document.link("wasAssociatedWith", activity=activity, agent=agent)
    upstream = Upstream(table, key)
    for name in sorted({read[0] for read in made["reads"] or ()}):
        if name not in upstream:
            continue
        source = upstream[name]
        above = [tuple(found.values()) for found in source.keys(limit=MOST_ROWS)]
        for other in above:
            used = entity_name(source.table_id, source.primary_key, other)
            document.link("used", activity=activity, entity=used)
            document.link("wasDerivedFrom", generatedEntity=row, usedEntity=used)
        _describe(document, source, above, seen)
