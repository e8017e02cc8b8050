"""Which objects the rows of a database refer to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fascicle.codecs import Codec, CodecChain
from fascicle.errors import FascicleError, GarbageError
from fascicle.model import Attribute, Catalog, TableSpec
from fascicle.sql import compile_select
from fascicle.table.binding import bind
from fascicle.table.runtime import runtime_of
from fascicle.table.storage import stores_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.stores import Store, Stores

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Owner:
    """An attribute whose values refer to objects."""

    spec: TableSpec
    attribute: Attribute
    chain: CodecChain


def owners(connection: Connection, catalog: Catalog) -> list[Owner]:
    """Return every attribute of every table that may refer to objects.

    Raises
    ------
    GarbageError
        If a codec is not there, or does not tell what it refers to: its objects would pass for garbage.
    """
    found = []
    for spec in catalog.tables.values():
        for attribute in spec.attributes:
            if attribute.codec is None:
                continue
            chain = _chain(connection, spec, attribute)
            tells = type(chain.codecs[-1]).referenced_paths is not Codec.referenced_paths
            if chain.in_store and not tells:
                raise GarbageError(
                    f"codec <{chain.codecs[-1].name}> does not tell which objects it refers to",
                    where=f"{spec.name}.{attribute.name}",
                    why="they would pass for garbage and be removed",
                    try_="give the codec the method referenced_paths",
                )
            if tells:
                found.append(Owner(spec, attribute, chain))
    return found


def _chain(connection: Connection, spec: TableSpec, attribute: Attribute) -> CodecChain:
    assert attribute.codec is not None  # noqa: S101  (narrowed by the caller)
    try:
        return runtime_of(connection).codecs.chain(attribute.codec)
    except FascicleError as error:
        raise GarbageError(
            f"nothing is collected: codec {attribute.codec} cannot be had",
            where=f"{spec.name}.{attribute.name}",
            why=f"{error.what} Objects that it refers to would pass for garbage and be removed.",
            try_=error.try_,
        ) from error


def place_of(store: Store, path: str) -> str:
    """Return where an object is, whatever the name under which its store is known."""
    location = os.path.realpath(store.location) if store.is_local else store.location
    return f"{location.rstrip('/')}/{path}"


def referenced(connection: Connection, found: list[Owner]) -> set[str]:
    """Return the places of all objects that rows refer to, as of one moment.

    Raises
    ------
    GarbageError
        If a row cannot be understood, or refers to a store that no setting describes.
    """
    stores = stores_of(connection)
    places: set[str] = set()
    # One snapshot: a reference that moves from one table to another is seen in either of them.
    with connection.transaction(isolation="snapshot", read_only=True):
        for owner in found:
            for stored in _values(connection, owner):
                places.update(_places(owner, stored, stores))
    return places


def _values(connection: Connection, owner: Owner) -> Iterator[Any]:
    relation = bind(connection, owner.spec).relation
    name = owner.attribute.name
    compiled = compile_select(relation, connection.dialect, columns=[name])
    decode = connection.dialect.decoder(owner.attribute)
    position = [attribute.name for attribute in compiled.heading].index(name)
    for rows in connection.stream(compiled.sql, batch=BATCH):
        for row in rows:
            if row[position] is not None:
                yield row[position] if decode is None else decode(row[position])


def _places(owner: Owner, stored: Any, stores: Stores) -> Iterator[str]:
    try:
        for path, store in owner.chain.referenced_paths(stored):
            yield place_of(stores[stores.resolve(store)], path)
    except (FascicleError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise GarbageError(
            "nothing is collected: it cannot be told what a row refers to",
            where=f"{owner.spec.name}.{owner.attribute.name}",
            why=getattr(error, "what", None) or f"{type(error).__name__}: {error}",
            try_="configure the store that it names, under the same name as when the row was inserted",
        ) from error
