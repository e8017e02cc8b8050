"""Joins: rows that agree in the attributes of one origin."""

from __future__ import annotations

from fascicle.errors import QueryError
from fascicle.model import Heading
from fascicle.query.headings import join_headings, variant
from fascicle.query.matching import hint_renamed, match
from fascicle.query.nodes import Join, Node, Project, origin, title
from fascicle.query.scalar import Column


def join(
    left: Node,
    right: Node,
    *,
    semantic_check: bool = True,
    left_outer: bool = False,
    allow_nullable_pk: bool = False,
) -> Node:
    """Combine the rows of two queries that agree in every attribute of the same origin.

    Parameters
    ----------
    left, right : Node
        Operands.
    semantic_check : bool
        ``False`` matches attributes by name alone.
    left_outer : bool
        Keep rows of `left` without a partner; what comes from `right` is NULL there.
    allow_nullable_pk : bool
        Admit left joins that a row of `left` may leave several times or without the right key.

    Raises
    ------
    LineageError
        If namesakes have different origins.
    QueryError
        If a left join would need NULL in its primary key.
    """
    on, apart = match(left, right, semantic_check)
    determined = set(on).issuperset(right.heading.primary_key)
    if left_outer and not determined and not allow_nullable_pk:
        missing = [name for name in right.heading.primary_key if name not in on]
        raise QueryError(
            f"a left join of {title(left)} with {title(right)} would have NULL in its primary key",
            why=f"the left rows do not determine {', '.join(missing)} of the right ones",
            try_="aggregate the right rows (A.aggr(B, ...)), swap the operands, or pass allow_nullable_pk=True",
        )
    right, renamed = set_apart(left, right, apart)
    if renamed:
        hint_renamed(left, right.sources[0], renamed)
    heading = join_headings(
        left.heading, right.heading, on, outer=left_outer, merge_keys=left_outer and not determined
    )
    return Join(left, right, on, heading, left_outer)


def extend(left: Node, right: Node, *, semantic_check: bool = True) -> Node:
    """Add the attributes of `right`, which each row of `left` determines, NULL where there is no such row.

    Raises
    ------
    QueryError
        If `left` does not hold the primary key of `right`.
    """
    return join(left, right, semantic_check=semantic_check, left_outer=True)


def set_apart(left: Node, right: Node, apart: tuple[str, ...]) -> tuple[Node, dict[str, str]]:
    """Rename the attributes `apart` of `right` to ``<table>_<name>``; returns it and new name to old name."""
    if not apart:
        return right, {}
    taken = set(left.heading) | set(right.heading)
    renamed: dict[str, str] = {}
    for old in apart:
        base = new = f"{origin(right, old)}_{old}"
        count = 1
        while new in taken:
            count += 1
            new = f"{base}_{count}"
        taken.add(new)
        renamed[new] = old
    new_names = {old: new for new, old in renamed.items()}
    attributes = [variant(a, name=new_names.get(name, name)) for name, a in right.heading.attributes.items()]
    columns = tuple((a.name, Column(old)) for a, old in zip(attributes, right.heading, strict=True))
    return Project(right, columns, Heading(attributes)), renamed
