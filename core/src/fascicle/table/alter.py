"""A class against its table: what differs, and changing the table where that is safe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fascicle.errors import ConfirmationRequired, DriftError, SchemaError
from fascicle.model import Attribute, ForeignKey, Index, TableSpec
from fascicle.table.binding import bind
from fascicle.table.declare import Names, make_spec
from fascicle.table.fitting import refuse_misfits
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.table.base import Table


def wanted_spec(cls: type[Table], context: Mapping[str, Any] | None = None) -> TableSpec:
    """Resolve the class's definition against the tables as they are now."""
    binding = cls._bound()
    if "definition" not in vars(cls) and not hasattr(cls, "definition"):
        raise SchemaError(f"{cls.__name__} has no definition to compare with its table")
    if cls._resolve is not None:
        wanted = cls._resolve()
    else:
        master = getattr(cls, "_master", None)
        frame = getattr(cls, "_declared_in", None)
        names = Names(cls, binding.connection, binding.name, master, context, frame)
        wanted = make_spec(cls, binding.name, names)
    return beside_hidden(binding.spec, wanted)


def beside_hidden(declared: TableSpec, wanted: TableSpec) -> TableSpec:
    """Keep the declared columns beside the definition: settings may have changed since the table was made."""
    own = [a for a in wanted.attributes if a.in_key or not a.is_hidden]
    kept = [a for a in declared.attributes if a.is_hidden and not a.in_key]
    return wanted.evolve(attributes=(*own, *kept))


def in_order_of(declared: TableSpec, wanted: TableSpec) -> TableSpec:
    """Put secondary attributes in the order of the class, by which it takes rows that are plain sequences.

    Servers may keep columns in another order: one that was added later stands last.
    """
    places = {a.name: place for place, a in enumerate(wanted.attributes)}
    key = [a for a in declared.attributes if a.in_key]
    rest = [a for a in declared.attributes if not a.in_key]
    rest.sort(key=lambda a: places.get(a.name, len(places)))
    return declared.evolve(attributes=(*key, *rest))


def differences(cls: type[Table]) -> list[str]:
    """Say how a class's definition and its declared table differ."""
    return compare(cls._bound().spec, wanted_spec(cls))


def compare(declared: TableSpec, wanted: TableSpec) -> list[str]:
    """List the differences between two specifications of one table, in words.

    Returns
    -------
    list of str
        Empty when they agree.  ``declared`` is what the database has, ``wanted`` what the class says.
    """
    found = list(_attributes(declared, wanted))
    found += _sets("foreign key", map(_key_text, declared.foreign_keys), map(_key_text, wanted.foreign_keys))
    found += _sets("index", map(_index_text, declared.indexes), map(_index_text, wanted.indexes))
    if declared.comment != wanted.comment:
        found.append(f"the table comment is {declared.comment!r} and the class says {wanted.comment!r}")
    return found


def _attributes(declared: TableSpec, wanted: TableSpec) -> Iterator[str]:
    have, want = declared.heading, wanted.heading
    for name in want:
        if name not in have:
            yield f"the table lacks the attribute {name!r} ({want[name].declared})"
    for name in have:
        if name not in want:
            yield f"the class lacks the attribute {name!r} ({have[name].declared})"
    for name in have:
        if name in want:
            yield from (f"attribute {name!r}: {text}" for text in _attribute(have[name], want[name]))
    order = [n for n in have.primary_key if n in want.primary_key]
    if order != [n for n in want.primary_key if n in have.primary_key]:
        yield f"the primary key is in the order {', '.join(have.primary_key)} and the class says otherwise"


def _attribute(have: Attribute, want: Attribute) -> Iterator[str]:
    if have.declared != want.declared:
        yield f"the table has type {have.declared} and the class says {want.declared}"
    if have.in_key != want.in_key:
        yield f"the table has it {_place(have)} and the class {_place(want)}"
    if have.nullable != want.nullable:
        yield f"the table {'admits' if have.nullable else 'refuses'} NULL and the class says otherwise"
    if have.default != want.default:
        yield f"the table's default is {have.default!r} and the class says {want.default!r}"
    if have.comment != want.comment:
        yield f"the table's comment is {have.comment!r} and the class says {want.comment!r}"


def _place(attribute: Attribute) -> str:
    return "in the primary key" if attribute.in_key else "outside the primary key"


def _key_text(key: ForeignKey) -> str:
    pairs = ", ".join(child if child == parent else f"{child} (as {parent})" for child, parent in key.columns)
    options = [word for word, on in (("nullable", key.nullable), ("unique", key.unique)) if on]
    return f"to {key.parent} by {pairs}" + (f" [{', '.join(options)}]" if options else "")


def _index_text(index: Index) -> str:
    return f"{'unique ' if index.unique else ''}on {', '.join(index.columns)}"


def _sets(kind: str, have: Any, want: Any) -> list[str]:
    have, want = list(have), list(want)
    return [f"the table lacks the {kind} {text}" for text in want if text not in have] + [
        f"the class lacks the {kind} {text}" for text in have if text not in want
    ]


def alter(cls: type[Table], prompt: bool | None, context: Mapping[str, Any] | None) -> list[str]:
    """Change the declared table to what the class says; see `Table.alter`."""
    connection = cls._bound().connection
    connection.refuse_in_transaction("alter a table")
    declared = renew(cls)
    wanted = wanted_spec(cls, context)
    found = compare(declared, wanted)
    if not found:
        return []
    _refuse_unsafe(cls, declared, wanted)
    refuse_misfits(connection, declared, wanted)
    runtime = runtime_of(connection)
    statements = connection.dialect.alter_table(declared, wanted)
    ask = bool(runtime.config["safemode"]) if prompt is None else prompt
    if ask and not runtime.interaction.confirm("\n".join([f"Alter {wanted.name}:", *found])):
        raise ConfirmationRequired(
            f"{wanted.name} was not altered",
            why="nobody agreed to it",
            try_="pass prompt=False once you are sure",
            plan=found,
        )
    connection.execute_script(statements)
    cls._binding = bind(connection, in_order_of(renew(cls), wanted))
    return found


def renew(cls: type[Table]) -> TableSpec:
    """Read from the database what the table is now, and bind the class to that.

    Raises
    ------
    MissingTableError
        If somebody dropped the table.
    """
    binding = cls._bound()
    spec = binding.connection.catalog.refresh(binding.name.schema)[binding.name]
    cls._binding = bind(binding.connection, spec)
    return spec


def _refuse_unsafe(cls: type[Table], declared: TableSpec, wanted: TableSpec) -> None:
    key = [(a.name, a.declared) for a in declared.attributes if a.in_key]
    if key != [(a.name, a.declared) for a in wanted.attributes if a.in_key]:
        raise _unsafe(cls, "primary key")
    if set(map(_key_text, declared.foreign_keys)) != set(map(_key_text, wanted.foreign_keys)):
        raise _unsafe(cls, "foreign keys")


def _unsafe(cls: type[Table], what: str) -> DriftError:
    return DriftError(
        f"the {what} of {cls.__name__} cannot be altered",
        why=f"the {what} hold rows of other tables together",
        try_="declare a new table, insert from the old one, then drop the old one",
    )
