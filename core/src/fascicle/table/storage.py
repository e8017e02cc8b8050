"""What connects tables with object stores: the stores of a connection, and the surroundings of a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fascicle.codecs import CodecChain
from fascicle.codecs.context import CodecContext, Journal
from fascicle.model import TableSpec
from fascicle.table.runtime import runtime_of

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.stores import Stores

#: Objects fetched at once without telling anybody.
QUIET = 20


def stores_of(connection: Connection) -> Stores:
    """Return the stores of a connection: those of its settings, and the folder beside an embedded database."""
    runtime = runtime_of(connection)
    if runtime.stores is None:
        from fascicle.stores import Stores

        config = runtime.config
        runtime.stores = Stores(lambda: config["stores"], connection.object_folder)
    return runtime.stores


def context_of(
    connection: Connection,
    spec: TableSpec | None = None,
    attribute: str = "",
    journal: Journal | None = None,
) -> CodecContext:
    """Return the surroundings of an attribute's values, as codecs see them."""
    config = runtime_of(connection).config
    return CodecContext(
        stores_of(connection),
        schema=spec.name.schema if spec is not None else "",
        table=spec.name.table if spec is not None else "",
        attribute=attribute,
        downloads=Path(config["download_path"] or "."),
        hash_limit=config["filepath_checksum_size_limit"],
        journal=Journal() if journal is None else journal,
    )


def has_objects(connection: Connection, spec: TableSpec) -> bool:
    """Whether a table has attributes whose values lie in stores."""
    codecs = runtime_of(connection).codecs
    return any(a.codec is not None and codecs.chain(a.codec).in_store for a in spec.attributes)


class CodecDecoder:
    """From a driver's value to the user's value, by way of a codec.

    Parameters
    ----------
    connection : Connection
    chain : CodecChain
        The codec.
    base : callable, optional
        From the driver's value to what the codec stored.
    """

    def __init__(self, connection: Connection, chain: CodecChain, base: Callable[[Any], Any] | None) -> None:
        self._connection = connection
        self._chain = chain
        self._base = base
        self._context = context_of(connection)
        #: Whether each call moves an object, so that a column is better decoded by `column`.
        self.is_slow = chain.reads_objects

    def __call__(self, stored: Any) -> Any:
        """Decode one value."""
        base = self._base
        return self._chain.decode(stored if base is None else base(stored), context=self._context)

    def column(self, values: Sequence[Any]) -> list[Any]:
        """Decode a column, several objects at once; NULL stays ``None``."""
        if len(values) < 2:
            return [None if value is None else self(value) for value in values]

        def one(value: Any) -> Any:
            return None if value is None else self(value)

        moved = stores_of(self._connection).parallel(one, values)
        if len(values) <= QUIET:
            return list(moved)
        with runtime_of(self._connection).interaction.progress(len(values), "fetching objects") as shown:
            found = []
            for value in moved:
                found.append(value)
                shown.advance()
            return found


def decoded_in_parallel(
    rows: Sequence[tuple[Any, ...]], functions: Sequence[Callable[[Any], Any] | None]
) -> tuple[Sequence[tuple[Any, ...]], Sequence[Callable[[Any], Any] | None]]:
    """Decode the columns whose values are objects to be moved; return the rows and what is left to decode."""
    slow = [n for n, f in enumerate(functions) if isinstance(f, CodecDecoder) and f.is_slow]
    if not slow or not rows:
        return rows, functions
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for number in slow:
        decoder = functions[number]
        assert isinstance(decoder, CodecDecoder)  # noqa: S101  (chosen so above)
        columns[number] = decoder.column(columns[number])
    left = [None if n in slow else f for n, f in enumerate(functions)]
    return list(zip(*columns, strict=True)), left
