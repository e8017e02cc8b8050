"""Insert: check everything, report every fault together, write in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fascicle.backend.protocol import Mode
from fascicle.backend.rows import ColumnRows
from fascicle.codecs import CodecChain
from fascicle.errors import (
    DuplicateError,
    FascicleError,
    IntegrityError,
    MissingAttributeError,
    UnknownAttributeError,
    ValidationError,
)
from fascicle.model import Attribute, CurrentTimestamp, TableSpec
from fascicle.sql import compile_insert_select
from fascicle.table.runtime import runtime_of
from fascicle.table.storage import context_of
from fascicle.table.watch import announce_write, current_watch
from fascicle.table.write import diagnose, logged
from fascicle.table.write.checks import Fault, checked_column
from fascicle.table.write.objects import Uploads, encoded_cell, keys_of, validated_column
from fascicle.table.write.rows import CHUNK, Batch, batches

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.expression import QueryExpression

MAX_SHOWN = 10
MAX_FAULTS = 10_000


@dataclass(frozen=True, slots=True)
class InsertOptions:
    """How an insert treats what is there already and what does not belong.

    Parameters
    ----------
    mode : str
        ``"error"``, ``"skip"`` (rows whose primary key exists) or ``"replace"``.
    ignore_extra_fields : bool
    chunk_size : int, optional
        Rows prepared and sent at a time; bounds memory for generators.
    """

    mode: Mode = "error"
    ignore_extra_fields: bool = False
    chunk_size: int | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Encoded rows ready for the driver, and the canonical columns they came from."""

    names: list[str]
    columns: list[Sequence[Any]]
    rows: ColumnRows
    pending: tuple[str, ...] = ()  # attributes whose values are yet to be written to their stores


class Writer:
    """Prepares rows for one table.

    Parameters
    ----------
    connection : Connection
    spec : TableSpec
    """

    def __init__(self, connection: Connection, spec: TableSpec) -> None:
        self.connection = connection
        self.spec = spec
        self.heading = spec.heading
        self.uploads = Uploads(connection, spec)
        self.rules = runtime_of(connection).rules.get(spec.name)

    def prepare(self, batch: Batch, faults: list[Fault], fill: Sequence[str] = ()) -> Prepared:
        """Check and encode a batch; faults are noted, not raised."""
        if self.rules is not None:
            self.rules.prepare(batch, self.heading, faults)
        self._add_missing(batch, faults, fill)
        columns: list[Sequence[Any]] = list(batch.columns)
        encoded: list[Sequence[Any]] = list(batch.columns)
        pending: list[str] = []
        for place in self._in_turn(batch):
            attribute = self.heading[batch.names[place]]
            chain = self._chain(attribute)
            if chain is not None and chain.in_store:
                validated_column(attribute, batch.columns[place], batch.numbers, chain, faults)
                pending.append(attribute.name)
                continue
            encode = None if chain is None else self._encoder(attribute, chain, batch, columns)
            checked = checked_column(attribute, batch.columns[place], batch.numbers, encode, faults)
            if self.rules is not None:
                checked = self.rules.checked(attribute, checked, batch.numbers, faults)
            columns[place] = checked
            encoded[place] = _encode(self.connection.dialect.encoder(attribute), checked)
        if self.rules is not None:
            self.rules.agree(batch, columns, faults)
        return Prepared(batch.names, columns, ColumnRows(encoded, len(batch)), tuple(pending))

    def _in_turn(self, batch: Batch) -> Iterable[int]:
        """Return the order of columns: values that are encoded with the key of their row come after the key."""
        places = range(len(batch.names))
        if not any(self.heading[name].codec for name in batch.names):
            return places
        return sorted(places, key=lambda place: self.heading[batch.names[place]].codec is not None)

    def _add_missing(self, batch: Batch, faults: list[Fault], fill: Sequence[str]) -> None:
        present = set(batch.names)
        for name, attribute in self.heading.items():
            if name in present:
                continue
            if not attribute.has_default:
                reason = "a value is required; the attribute has no default"
                faults.extend(Fault(number, name, reason, "missing") for number in batch.numbers)
            elif name in fill and not isinstance(attribute.default, CurrentTimestamp):
                batch.names.append(name)
                batch.columns.append([attribute.default] * len(batch))
        if self.spec.is_singleton and not faults:
            self._add_singleton_key(batch)

    def _add_singleton_key(self, batch: Batch) -> None:
        # The hidden key of a singleton has a default; a table without any other column still needs one named.
        if not batch.names:
            hidden = next(a.name for a in self.spec.attributes if a.in_key)
            batch.names.append(hidden)
            batch.columns.append([1] * len(batch))

    def _chain(self, attribute: Attribute) -> CodecChain | None:
        return None if attribute.codec is None else runtime_of(self.connection).codecs.chain(attribute.codec)

    def _encoder(
        self, attribute: Attribute, chain: CodecChain, batch: Batch, columns: list[Sequence[Any]]
    ) -> Callable[[Any], Any]:
        """Return the function that encodes a column's values, to be called for one row after the other."""
        context = context_of(self.connection, self.spec, attribute.name)
        keys = iter(keys_of(self.spec, batch.names, columns, len(batch)) if chain.uses_row else ())
        return lambda value: encoded_cell(chain, value, next(keys, None), context)


def _encode(function: Callable[[Any], Any] | None, column: Sequence[Any]) -> Sequence[Any]:
    if function is None:
        return column
    if None in column:
        return [None if value is None else function(value) for value in column]
    return list(map(function, column))


def insert(connection: Connection, spec: TableSpec, rows: Any, options: InsertOptions) -> int:
    """Insert rows of any supported shape.

    Returns
    -------
    int
        Number of rows written.

    Raises
    ------
    ValidationError, UnknownAttributeError, MissingAttributeError
        If any row does not fit; every fault is in ``details["faults"]`` and nothing is written.
    DuplicateError, MissingParentError
        If the database refuses, with the rows concerned.
    """
    writer = Writer(connection, spec)
    announce_write(connection, spec.name, "insert")
    with writer.uploads:
        if hasattr(rows, "__len__") and not isinstance(rows, (str, Path)) and options.chunk_size is None:
            if len(rows) == 0:
                return 0
            prepared = [_stored(writer, part) for part in prepare_all(writer, rows, options)]
            return _write(connection, spec, iter([prepared]), options)
        return _write(connection, spec, _prepare_lazily(writer, rows, options), options)


def _stored(writer: Writer, part: Prepared) -> Prepared:
    """Write what goes to stores, once every row has been checked."""
    faults: list[Fault] = []
    part = writer.uploads.stored(part, faults)
    if faults:
        raise faults_error(writer.spec, faults)
    return part


def prepare_all(writer: Writer, rows: Any, options: InsertOptions) -> list[Prepared]:
    """Prepare every row, raising for all faults together."""
    faults: list[Fault] = []
    parts = list(batches(rows, writer.spec.heading, faults, options.ignore_extra_fields, CHUNK * 4))
    return _prepare(writer, parts, faults)


def _prepare(writer: Writer, parts: list[Batch], faults: list[Fault]) -> list[Prepared]:
    fill = sorted({name for part in parts for name in part.names}) if len(parts) > 1 else []
    prepared = [writer.prepare(part, faults, fill) for part in parts]
    if faults:
        raise faults_error(writer.spec, faults)
    return merged(prepared)


def merged(prepared: list[Prepared]) -> list[Prepared]:
    """Join batches that name the same attributes, so that they travel as one statement."""
    groups: dict[tuple[str, ...], list[Prepared]] = {}
    for part in prepared:
        groups.setdefault(tuple(sorted(part.names)), []).append(part)
    return [parts[0] if len(parts) == 1 else _joined(parts) for parts in groups.values()]


def _joined(parts: list[Prepared]) -> Prepared:
    names = parts[0].names
    places = [[part.names.index(name) for name in names] for part in parts]

    def column(number: int, of_part: Callable[[Prepared], Sequence[Sequence[Any]]]) -> list[Any]:
        return [
            value for part, place in zip(parts, places, strict=True) for value in of_part(part)[place[number]]
        ]

    numbers = range(len(names))
    encoded = [column(number, lambda part: part.rows.columns) for number in numbers]
    length = sum(len(part.rows) for part in parts)
    columns: list[Sequence[Any]] = [column(n, lambda part: part.columns) for n in numbers]
    return Prepared(names, columns, ColumnRows(encoded, length), parts[0].pending)


def _prepare_lazily(writer: Writer, rows: Any, options: InsertOptions) -> Iterator[list[Prepared]]:
    """Prepare in chunks; after the first fault go on checking but hand nothing over, then raise for all."""
    faults: list[Fault] = []
    chunk = options.chunk_size or CHUNK
    for batch in batches(rows, writer.spec.heading, faults, options.ignore_extra_fields, chunk):
        prepared = writer.prepare(batch, faults)
        if len(faults) > MAX_FAULTS:
            break
        if not faults:
            prepared = writer.uploads.stored(prepared, faults, batch.numbers)
        if not faults:
            yield [prepared]
    if faults:
        raise faults_error(writer.spec, faults)


def _write(
    connection: Connection, spec: TableSpec, groups: Iterable[list[Prepared]], options: InsertOptions
) -> int:
    iterator = iter(groups)
    head = list(islice(iterator, 2))
    if not head:
        return 0
    if len(head) == 1 and len(head[0]) == 1:
        return _send(connection, spec, head[0][0], options.mode)
    with connection.transaction:
        return sum(
            _send(connection, spec, part, options.mode) for group in chain(head, iterator) for part in group
        )


def _send(connection: Connection, spec: TableSpec, part: Prepared, mode: Mode) -> int:
    if not part.rows:
        return 0
    watch = current_watch()
    if watch is not None and watch.defer(connection, spec, part.names, part.columns, part.rows, mode):
        return len(part.rows)
    try:
        return logged.insert(connection, spec, part, mode)
    except (DuplicateError, IntegrityError) as error:
        explained = diagnose.explain(connection, spec, part.names, part.columns, error, mode)
        if explained is error:
            raise
        raise explained from error


def insert_query(
    connection: Connection, spec: TableSpec, query: QueryExpression, options: InsertOptions
) -> int:
    """Insert the result of a query without moving its rows through Python."""
    heading = query.heading
    names = [name for name in heading.names if name in spec.heading]
    extra = [name for name in heading.names if name not in spec.heading]
    if extra and not options.ignore_extra_fields:
        raise UnknownAttributeError(
            f"the query has attributes that the table lacks: {', '.join(extra)}",
            where=str(spec.name),
            try_="drop them with proj(), or pass ignore_extra_fields=True",
        )
    missing = [n for n, a in spec.heading.items() if n not in names and not a.has_default]
    if missing:
        raise MissingAttributeError(
            f"the query lacks required attributes: {', '.join(missing)}", where=str(spec.name)
        )
    announce_write(connection, spec.name, "insert")
    watch = current_watch()
    if watch is not None:
        watch.reading(connection, query.as_node())
    dialect = connection.dialect
    sql = compile_insert_select(spec, names, query.as_node(), dialect, options.mode)
    try:
        return logged.insert_query(connection, spec, query, sql)
    except (DuplicateError, IntegrityError) as error:
        error.where = error.where or spec.name.class_name
        raise


def faults_error(spec: TableSpec, faults: list[Fault], done: str = "inserted") -> FascicleError:
    """Build one error out of all faults: a narrow class when they are of one kind."""
    faults.sort(key=lambda fault: fault.row)
    kinds = {fault.kind for fault in faults}
    rows = len({fault.row for fault in faults})
    shown = [f"row {f.row}, {f.attribute}: {f.reason}" for f in faults[:MAX_SHOWN]]
    if len(faults) > MAX_SHOWN:
        shown.append(f"... and {len(faults) - MAX_SHOWN} more (all in error.details['faults'])")
    kind: type[FascicleError] = ValidationError
    if kinds == {"unknown"}:
        kind = UnknownAttributeError
    elif kinds == {"missing"}:
        kind = MissingAttributeError
    return kind(
        f"{rows} row{'s do' if rows != 1 else ' does'} not fit; nothing was {done}\n    "
        + "\n    ".join(shown),
        where=spec.name.class_name,
        try_=_remedy(kinds, spec),
        faults=faults,
    )


def _remedy(kinds: set[str], spec: TableSpec) -> str:
    if kinds == {"unknown"}:
        return f"the attributes are {', '.join(spec.heading.names)}; pass ignore_extra_fields=True to leave others out"
    return "correct the values named above and try again"
