"""Definitions printed from specifications, such that they declare the same tables again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from fascicle.definition.cursor import quote
from fascicle.definition.defaults import print_default
from fascicle.definition.types import print_type
from fascicle.model import REQUIRED, Attribute, ForeignKey, Index, TableName, TableSpec

_LINE_BREAKS = re.compile(r"[\r\n\0]+")
_COUNTING = {"int8": "tinyint", "int16": "smallint", "int32": "int"}
NameOf = Callable[[TableName], str]
ParentOf = Callable[[TableName], TableSpec | None]


def describe(spec: TableSpec, *, name_of: NameOf | None = None, parent_of: ParentOf | None = None) -> str:
    """Print a definition that declares the same table again.

    Parameters
    ----------
    spec : TableSpec
        The table.
    name_of : callable, optional
        What to call a parent in a ``->`` line; by default its class name, ``master`` for a part's master.
    parent_of : callable, optional
        Specification of a parent, where known: then an attribute that differs from what its foreign key
        would bring (comment, origin) is written out above the foreign key.

    Returns
    -------
    str
        The definition; `resolve` of its `parse` equals `spec`.  Hidden attributes are left out.
    """
    return _Printer(spec, name_of or _names(spec), parent_of or (lambda _: None)).run()


def _names(spec: TableSpec) -> NameOf:
    return lambda name: "master" if name == spec.name.master else name.class_name


class _Printer:
    def __init__(self, spec: TableSpec, name_of: NameOf, parent_of: ParentOf) -> None:
        self.spec = spec
        self.name_of = name_of
        self.parent_of = parent_of
        self.pending = [a for a in spec.attributes if not a.is_hidden]
        self.rows: list[tuple[str, str, str] | str] = []
        self.in_key = True

    def run(self) -> str:
        for foreign_key in self.spec.foreign_keys:
            self._foreign_key(foreign_key)
        self._attributes(self.pending)
        self._divide()
        self.rows += [_index(index) for index in self.spec.indexes]
        comment = _one_line(self.spec.comment)
        head = [f"# {comment}"] if comment else []
        return "\n".join([*head, *_align(self.rows)]) + "\n"

    def _divide(self) -> None:
        if self.in_key:
            self.rows.append("---")
            self.in_key = False

    def _enter(self, attributes: Iterable[Attribute]) -> None:
        if any(not a.in_key for a in attributes):
            self._divide()

    def _attributes(self, attributes: Iterable[Attribute]) -> None:
        for attribute in list(attributes):
            self._enter([attribute])
            self.rows.append(_attribute(attribute))
            self.pending.remove(attribute)

    def _foreign_key(self, foreign_key: ForeignKey) -> None:
        names = [child for child, _ in foreign_key.columns]
        new = [a for a in self.pending if a.name in names]
        if new:
            self._attributes(self.pending[: self.pending.index(new[0])])
            if not self._folds(foreign_key, new):
                self._attributes(self.pending[: self.pending.index(new[-1]) + 1])
                new = []
        self._enter(new)
        for attribute in new:
            self.pending.remove(attribute)
        nullable = bool(new) and new[0].nullable
        self.rows.append(self._arrow(foreign_key, nullable))

    def _folds(self, foreign_key: ForeignKey, new: list[Attribute]) -> bool:
        """Whether the ``->`` line alone would bring exactly the new attributes."""
        order = [child for child, _ in foreign_key.columns]
        names = [a.name for a in new]
        if names != [c for c in order if c in names] or self.pending[: len(new)] != new:
            return False
        if len({(a.in_key, a.nullable) for a in new}) > 1 or any(a.in_key and a.nullable for a in new):
            return False
        return all(self._inherited(foreign_key, a) for a in new)

    def _inherited(self, foreign_key: ForeignKey, mine: Attribute) -> bool:
        if mine.default != (None if mine.nullable else REQUIRED) or mine.autoincrement:
            return False
        parent = self.parent_of(foreign_key.parent)
        if parent is None:
            return True
        theirs = parent.full_heading[foreign_key.attr_map[mine.name]]
        if (theirs.type, theirs.codec, theirs.comment) != (mine.type, mine.codec, mine.comment):
            return False
        return self._one_origin(mine.name)

    def _one_origin(self, name: str) -> bool:
        """Whether all foreign keys over an attribute agree on where it comes from."""
        origins = set()
        for foreign_key in self.spec.foreign_keys:
            old = foreign_key.attr_map.get(name)
            parent = self.parent_of(foreign_key.parent) if old else None
            if parent is not None and old is not None:
                origins.add(parent.full_heading[old].lineage or f"{parent.name}.{old}")
        return len(origins) <= 1

    def _arrow(self, foreign_key: ForeignKey, nullable: bool) -> str:
        options = [word for word, given in (("nullable", nullable), ("unique", foreign_key.unique)) if given]
        renames = ", ".join(f"{new}={quote(old)}" for new, old in foreign_key.columns if new != old)
        return (
            "-> "
            + (f"[{', '.join(options)}] " if options else "")
            + self.name_of(foreign_key.parent)
            + (f".proj({renames})" if renames else "")
        )


def _attribute(attribute: Attribute) -> tuple[str, str, str]:
    name = attribute.name
    if attribute.default is not REQUIRED:
        name += f" = {print_default(attribute.default)}"
    type_ = print_type(attribute.codec or attribute.type)
    if attribute.autoincrement:
        type_ = f"{_COUNTING.get(type_, 'bigint')} auto_increment"
    return name, type_, _one_line(attribute.comment)


def _index(index: Index) -> str:
    return f"{'unique ' if index.unique else ''}index({', '.join(index.columns)})"


def _one_line(comment: str) -> str:
    # Comments made by other programs may hold line breaks or the marker of a type.
    return _LINE_BREAKS.sub(" ", comment).strip().lstrip(":").strip()


def _align(rows: list[tuple[str, str, str] | str]) -> list[str]:
    triples = [row for row in rows if isinstance(row, tuple)]
    names = min(max((len(name) for name, _, _ in triples), default=0), 40)
    types = min(max((len(type_) for _, type_, _ in triples), default=0), 40)
    lines = []
    for row in rows:
        if isinstance(row, str):
            lines.append(row)
            continue
        name, type_, comment = row
        tail = f"{type_:<{types}}  # {comment}" if comment else type_
        lines.append(f"{name:<{names}} : {tail}")
    return lines
