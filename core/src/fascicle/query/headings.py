"""How headings combine: copies of attributes, and the heading of a join."""

from __future__ import annotations

from fascicle.model import REQUIRED, Attribute, CoreType, Heading

_EXACT = frozenset({"int8", "int16", "int32", "int64"})
_NUMBERS = _EXACT | {"float32", "float64"}
_CHARACTERS = frozenset({"char", "varchar"})


def variant(
    attribute: Attribute,
    *,
    name: str | None = None,
    in_key: bool | None = None,
    nullable: bool | None = None,
) -> Attribute:
    """Copy an attribute with another name, place or nullability; the same object where nothing changes."""
    name = attribute.name if name is None else name
    in_key = attribute.in_key if in_key is None else in_key
    nullable = attribute.nullable if nullable is None else nullable
    if name == attribute.name and in_key == attribute.in_key and nullable == attribute.nullable:
        return attribute
    # Positional and in full: dataclasses.replace costs four times as much, and headings are built all the time.
    return Attribute(
        name,
        attribute.type,
        in_key,
        nullable,
        attribute.default,
        attribute.comment,
        attribute.codec,
        attribute.lineage,
        attribute.native,
        attribute.collation,
        attribute.computed,
        False,
    )


def computed(name: str, type_: CoreType, nullable: bool) -> Attribute:
    """Return the attribute of an expression: no lineage, no default."""
    return Attribute(name, type_, False, nullable, REQUIRED, computed=True)


def duplicate(attribute: Attribute, name: str) -> Attribute:
    """Return the attribute of a second copy of a column: its codec stays, its lineage does not."""
    return attribute.evolve(
        name=name,
        in_key=False,
        lineage=None,
        computed=attribute.codec is None,
        default=REQUIRED,
        autoincrement=False,
    )


def comparable(a: CoreType, b: CoreType) -> bool:
    """Whether values of two types can be compared for equality with one meaning on every database."""
    return a == b or any(a.name in family and b.name in family for family in (_NUMBERS, _CHARACTERS))


def keyed(heading: Heading, names: tuple[str, ...]) -> Heading:
    """Return a heading of `names` alone, all of them in the key."""
    return Heading(variant(heading[name], in_key=True) for name in names)


def join_headings(
    left: Heading, right: Heading, on: tuple[str, ...], *, outer: bool, merge_keys: bool
) -> Heading:
    """Return the heading of a join whose unmatched names are apart already.

    The key is the left one if the left determines the right, else the right one if the right determines the
    left, else both; `merge_keys` asks for both whatever determines what (left joins that may lack a partner).
    """
    # Remembered, so that a join of the same tables has one heading, which knows the texts that it has met.
    asked = ("join", id(right), on, outer, merge_keys)
    known: tuple[Heading, Heading] | None = left.understood.get(asked)
    if known is None:  # the right heading is kept with the answer: its id stays its own
        known = right, _joined(left, right, on, outer, merge_keys)
        left.understand(asked, known)
    return known[1]


def _joined(left: Heading, right: Heading, on: tuple[str, ...], outer: bool, merge_keys: bool) -> Heading:
    matched = set(on)
    from_left = dict(left.attributes)
    from_right = {n: a for n, a in right.attributes.items() if n not in matched}
    if outer:
        from_right = {n: a if a.nullable else variant(a, nullable=True) for n, a in from_right.items()}
    else:
        for name in on:
            if from_left[name].nullable:
                from_left[name] = variant(from_left[name], nullable=right.attributes[name].nullable)
    if not merge_keys and matched.issuperset(right.primary_key):
        key, order = left.primary_key, [*from_left.values(), *from_right.values()]
    elif not merge_keys and matched.issuperset(left.primary_key):
        key = right.primary_key
        # The right attributes come first, matched ones with what the left says of them.
        merged = [from_left[n] if n in matched else from_right[n] for n in right.attributes]
        order = merged + [a for n, a in from_left.items() if n not in matched]
    else:
        key = left.primary_key + [n for n in right.primary_key if n not in set(left.primary_key)]
        order = [*from_left.values(), *from_right.values()]
    return _arrange(key, order)


def _arrange(key: list[str], attributes: list[Attribute]) -> Heading:
    by_name = {a.name: a for a in attributes}
    members = set(key)
    chosen = [by_name[name] for name in key]
    chosen = [a if a.in_key else variant(a, in_key=True) for a in chosen]
    others = [a for a in attributes if a.name not in members]
    return Heading(chosen + [variant(a, in_key=False) if a.in_key else a for a in others])
