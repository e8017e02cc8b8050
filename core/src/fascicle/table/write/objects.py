"""Values that go to object stores: written before their row, and taken back if the row does not come to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fascicle.backend.rows import ColumnRows
from fascicle.codecs import CodecChain
from fascicle.codecs.context import CodecContext, Journal
from fascicle.codecs.staging import Staged
from fascicle.errors import CodecError, LostConnectionError
from fascicle.model import Attribute, TableSpec
from fascicle.table.runtime import runtime_of
from fascicle.table.storage import QUIET, context_of, stores_of
from fascicle.table.write.cells import CellError
from fascicle.table.write.checks import Fault

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.table.write.insert import Prepared


class Uploads:
    """The objects of one insert or update; a context manager around all of it.

    Left by an exception, the objects are removed unless the row may have been committed.  Left normally inside a
    transaction, they are removed if that rolls back.

    Parameters
    ----------
    connection : Connection
    spec : TableSpec
    """

    def __init__(self, connection: Connection, spec: TableSpec) -> None:
        self.connection = connection
        self.spec = spec
        self.journal = Journal()

    def stored(
        self, prepared: Prepared, faults: list[Fault], numbers: Sequence[int] | None = None
    ) -> Prepared:
        """Write the values that wait for it, several rows at once, and return rows that refer to them."""
        if not prepared.pending:
            return prepared
        keys = keys_of(self.spec, prepared.names, prepared.columns, len(prepared.rows))
        columns, encoded = list(prepared.columns), list(prepared.rows.columns)
        for name in prepared.pending:
            place = prepared.names.index(name)
            attribute = self.spec.heading[name]
            values = self._column(attribute, prepared.columns[place], keys, faults, numbers)
            encode = self.connection.dialect.encoder(attribute)
            columns[place] = values
            encoded[place] = [v if v is None or encode is None else encode(v) for v in values]
        rows = ColumnRows(encoded, len(prepared.rows))
        return replace(prepared, columns=columns, rows=rows, pending=())

    def _column(
        self,
        attribute: Attribute,
        column: Sequence[Any],
        keys: Sequence[dict[str, Any]],
        faults: list[Fault],
        numbers: Sequence[int] | None,
    ) -> list[Any]:
        assert attribute.codec is not None  # noqa: S101  (only such attributes wait)
        chain = runtime_of(self.connection).codecs.chain(attribute.codec)
        context = context_of(self.connection, self.spec, attribute.name, self.journal)

        def one(number: int) -> Any:
            try:
                return encoded_cell(chain, column[number], keys[number], context)
            except CellError as error:
                faults.append(Fault(numbers[number] if numbers else number, attribute.name, str(error)))
                return None

        count = range(len(column))
        if len(column) == 1:
            return [one(0)]
        moved = stores_of(self.connection).parallel(one, count)
        if len(column) <= QUIET:
            return list(moved)
        with runtime_of(self.connection).interaction.progress(
            len(column), f"storing {attribute.name}"
        ) as shown:
            values = []
            for value in moved:
                values.append(value)
                shown.advance()
            return values

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.journal.written:
            return
        if error is None:
            take_back_on_rollback(self.connection, self.journal.take_back)
        elif is_undone(self.connection, error):
            self.journal.take_back()


def take_back_on_rollback(connection: Connection, undo: Callable[[], None]) -> None:
    """Call `undo` if the transaction in which this happens rolls back for certain."""
    transaction = connection.transactions.current
    if transaction is not None:
        connection.on_rollback(lambda: None if transaction.in_doubt else undo())


def is_undone(connection: Connection, error: BaseException) -> bool:
    """Whether an error leaves no doubt that nothing was committed.

    Outside of a transaction a connection lost, or a person's interrupt, may have come after the database had
    committed: then the objects stay, and garbage collection finds those that no row refers to.
    """
    if connection.in_transaction:
        return True
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, LostConnectionError) or not isinstance(link, Exception):
            return False
        link = link.__cause__ or link.__context__
    return True


def keys_of(
    spec: TableSpec, names: Sequence[str], columns: Sequence[Sequence[Any]], length: int
) -> list[dict[str, Any]]:
    """Return the primary key of each row, as far as the row gives it."""
    key = [(name, columns[names.index(name)]) for name in spec.heading.primary_key if name in names]
    return [{name: column[number] for name, column in key} for number in range(length)]


def validated_column(
    attribute: Attribute,
    column: Sequence[Any],
    numbers: Sequence[int],
    chain: CodecChain,
    faults: list[Fault],
) -> Sequence[Any]:
    """Check values that will go to a store, without writing any."""
    for number, value in zip(numbers, column, strict=True):
        if isinstance(value, Staged):
            continue
        try:
            if value is not None:
                chain.validate(value)
            elif not attribute.nullable:
                raise CellError("a value is required; the attribute is not nullable and has no default")
        except (CellError, CodecError) as error:
            faults.append(Fault(number, attribute.name, str(error)))
    return column


def encoded_cell(chain: CodecChain, value: Any, key: dict[str, Any] | None, context: CodecContext) -> Any:
    """Encode one value with its row's key.

    Raises
    ------
    CellError
        If the codec refuses it.
    """
    if isinstance(value, Staged):
        return value.metadata
    try:
        return chain.encode(value, key=key, context=context)
    except CodecError as error:
        raise CellError(str(error)) from error
