"""What a foreign key line brings into a table: its parent's key, with type, collation and lineage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from fascicle.definition.draft import Draft, ParentRef
from fascicle.definition.parser import MAX_NAME
from fascicle.definition.syntax import ForeignKeyItem
from fascicle.errors import FascicleError
from fascicle.model import REQUIRED, Attribute, ForeignKey, nearest

Lookup = Callable[[str], ParentRef]


def add_foreign_key(draft: Draft, item: ForeignKeyItem, lookup: Lookup) -> None:
    """Look the parent up and add its key and the reference to `draft`."""
    parent = _parent(draft, item, lookup)
    key = [a for a in parent.heading.values() if a.in_key and not a.is_hidden]
    if not key:
        raise draft.source.error(
            item.line,
            item.column,
            f"{item.parent} has no key to refer to",
            why="it is a singleton table, with one row at most",
        )
    renames = _renames(draft, item, parent, [a.name for a in key])
    columns = tuple((renames.get(a.name, a.name), a.name) for a in key)
    for (child, _), theirs in zip(columns, key, strict=True):
        if child in draft.attributes:
            _share(draft, item, parent, child, theirs)
        else:
            _inherit(draft, item, parent, child, theirs)
    mine = [draft.attributes[child] for child, _ in columns]
    if item.nullable and not any(a.nullable for a in mine):
        raise draft.source.error(
            item.line,
            item.column,
            "this foreign key cannot be nullable",
            why=f"none of its attributes ({', '.join(a.name for a in mine)}) is nullable",
        )
    in_key, nullable = all(a.in_key for a in mine), any(a.nullable for a in mine)
    draft.foreign_keys.append(ForeignKey(parent.name, columns, in_key, nullable, item.unique))


def _parent(draft: Draft, item: ForeignKeyItem, lookup: Lookup) -> ParentRef:
    master = draft.master
    if item.parent == "master" and master is None:
        raise draft.source.error(
            item.line, item.column, "'master' means the master of a part, and this table is no part"
        )
    wanted = "master" if master is not None and item.parent == master.class_name else item.parent
    try:
        parent = lookup(wanted)
    except (FascicleError, KeyError) as error:
        reason = error if isinstance(error, FascicleError) else None
        raise draft.source.error(
            item.line,
            item.column,
            f"the table {item.parent} cannot be found",
            why=reason.what if reason else None,
            try_=(reason.try_ if reason else None) or "import it, or declare it before this table",
        ) from error
    if parent.name == draft.name:
        raise draft.source.error(
            item.line,
            item.column,
            "a table cannot refer to itself",
            why="its rows could then never be deleted in order",
            try_="keep such links in a table of their own",
        )
    return parent


def _renames(draft: Draft, item: ForeignKeyItem, parent: ParentRef, key: Sequence[str]) -> dict[str, str]:
    renames = dict(item.renames)
    for (old, new), column in zip(item.renames, item.rename_columns, strict=True):
        what, why = "", None
        if old not in key:
            what = f"{item.parent} has no key attribute {old!r}"
            why = f"its key is {', '.join(key)}"
            if old in parent.heading:
                why += f"; {old!r} is not part of it, and a foreign key holds the key alone"
        elif new in key and new != old and new not in renames:
            what = f"{new!r} names another key attribute of {item.parent}"
        elif len(new) > MAX_NAME:
            what = f"the name {new!r} is longer than {MAX_NAME} characters"
        if what:
            close = [] if old in key else nearest(old, key)
            try_ = f"did you mean {close[0]!r}?" if close else None
            raise draft.source.error(item.line, column, what, why=why, try_=try_)
    return renames


def _inherit(draft: Draft, item: ForeignKeyItem, parent: ParentRef, child: str, theirs: Attribute) -> None:
    draft.attributes[child] = replace(
        theirs,
        name=child,
        in_key=item.in_key,
        nullable=item.nullable,
        default=None if item.nullable else REQUIRED,
        lineage=_lineage(parent, theirs),
        autoincrement=False,
        computed=False,
    )
    draft.origin[child] = f"inherited from {item.parent} on line {item.line}"


def _share(draft: Draft, item: ForeignKeyItem, parent: ParentRef, child: str, theirs: Attribute) -> None:
    """Let an attribute that is there already serve this foreign key too."""
    mine, lineage = draft.attributes[child], _lineage(parent, theirs)
    rename = f"-> {item.parent}.proj({item.parent.split('.')[-1].lower()}_{child}='{theirs.name}')"
    if (mine.type, mine.codec) != (theirs.type, theirs.codec):
        raise draft.source.error(
            item.line,
            item.column,
            f"{child!r} is {mine.declared} here, {theirs.declared} in {item.parent}",
            why=f"it was {draft.origin[child]}",
            try_=f"rename one of them: {rename}",
        )
    if child not in draft.declared and mine.lineage != lineage:
        raise draft.source.error(
            item.line,
            item.column,
            f"{child!r} would stand for two different things",
            why=f"it was {draft.origin[child]} (from {mine.lineage}), and {item.parent} would bring "
            f"{lineage} under the same name",
            try_=f"{rename}; or, if one column shall really serve both, declare {child!r} above both lines",
        )
    if not any(child in fk.attr_map for fk in draft.foreign_keys):
        draft.attributes[child] = replace(
            mine, lineage=lineage, native=theirs.native, collation=theirs.collation
        )


def _lineage(parent: ParentRef, theirs: Attribute) -> str:
    return theirs.lineage or f"{parent.name}.{theirs.name}"
