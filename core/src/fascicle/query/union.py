"""Union: the rows of either query, by their common key."""

from __future__ import annotations

from fascicle.errors import LineageError, QueryError
from fascicle.model import Attribute, Heading
from fascicle.query.headings import comparable, variant
from fascicle.query.nodes import Node, Union, title


def union(left: Node, right: Node) -> Node:
    """Return the rows of both; a row of both has the secondary attributes of both, NULL where it has none.

    Raises
    ------
    QueryError
        If the primary keys differ in names or types, or secondary attributes share a name.
    LineageError
        If key attributes have different origins.
    """
    ours, theirs = left.heading, right.heading
    if set(ours.primary_key) != set(theirs.primary_key):
        raise QueryError(
            f"{title(left)} and {title(right)} have no union",
            why=f"their primary keys differ: ({', '.join(ours.primary_key)}) and ({', '.join(theirs.primary_key)})",
            try_="rename key attributes with proj, or list common ones with U('attribute', ...) & query",
        )
    shared = [name for name in ours.secondary_attributes if name in theirs]
    if shared:
        raise QueryError(
            f"{title(left)} and {title(right)} have no union",
            why=f"both have the secondary attributes {', '.join(shared)}, and which to believe is not said",
            try_=f"leave them out on one side: .proj(..., '-{shared[0]}'), or rename them",
        )
    key = [_merge(left, right, ours[name], theirs[name]) for name in ours.primary_key]
    secondary = [
        variant(heading[name], nullable=True)
        for heading in (ours, theirs)
        for name in heading.secondary_attributes
    ]
    return Union(left, right, Heading(key + secondary))


def _merge(left: Node, right: Node, a: Attribute, b: Attribute) -> Attribute:
    if a.lineage is not None and b.lineage is not None and a.lineage != b.lineage:
        raise LineageError(
            f"the key attribute {a.name!r} of {title(left)} and that of {title(right)} have different origins",
            why=f"the one comes from {a.lineage}, the other from {b.lineage}",
            try_="a union needs one kind of entity on both sides; rename one attribute if it is meant",
        )
    if not comparable(a.type, b.type):
        raise QueryError(
            f"{title(left)} and {title(right)} have no union",
            why=f"the key attribute {a.name!r} is {a.type} on one side and {b.type} on the other",
            try_="convert one with CAST in proj",
        )
    merged = variant(a, nullable=a.nullable or b.nullable)
    return merged if a.lineage == b.lineage else merged.evolve(lineage=None)
