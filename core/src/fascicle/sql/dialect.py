"""What the compiler must know of a database: the dialect protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Flag, auto
from typing import TYPE_CHECKING, Any, Protocol

from fascicle.model import Attribute, CoreType, TableName, TableSpec
from fascicle.sql.statement import Sql

if TYPE_CHECKING:
    from fascicle.query.scalar import Call, Cast, JsonPath, KeySet, Like
    from fascicle.sql.render import Rendered, Renderer


class Capability(Flag):
    """What a database can do beyond the common ground."""

    NONE = 0
    TRANSACTIONAL_DDL = auto()
    RETURNING = auto()
    SKIP_LOCKED = auto()
    COMMENTS = auto()
    SCHEMAS = auto()
    NULLS_FIRST_CLAUSE = auto()
    PIPELINE = auto()


class Dialect(Protocol):
    """Text and types of one database; stateless."""

    name: str
    capabilities: Capability
    placeholder: str
    max_identifier: int
    max_parameters: int

    # names -------------------------------------------------------------------------------------------------
    def identifier(self, name: str) -> str:
        """Quote an identifier."""

    def table(self, name: TableName) -> str:
        """Quote a table's full name."""

    # values ------------------------------------------------------------------------------------------------
    def encoder(self, attribute: Attribute) -> Callable[[Any], Any] | None:
        """Return the function that turns a checked Python value into what the driver binds (``None``: as is)."""

    def decoder(self, attribute: Attribute) -> Callable[[Any], Any] | None:
        """Return the function that turns a driver's value into the Python value (``None``: as is)."""

    def bind(self, value: Any, type_: CoreType | None) -> Any:
        """Turn a literal of a restriction into what the driver binds."""

    # scalars (fascicle.sql.scalars.CommonScalars holds what the dialects share) -------------------------------
    def literal(self, sql_placeholder: str, value: Any, type_: CoreType | None) -> str:
        """Text for a bound literal: the placeholder, or the placeholder inside a cast where types need it."""

    def bound(self, value: Any, type_: CoreType | None) -> Rendered:
        """Render a checked value as a bound literal."""

    def null(self, type_: CoreType | None) -> str:
        """Text for NULL of a type."""

    def convert(self, operand: Rendered, target: CoreType) -> Rendered:
        """Turn a value into another type."""

    def comparable(self, operand: Rendered, target: CoreType | None) -> Rendered:
        """Make an operand comparable with values of a type."""

    def unified(self, operand: Rendered, target: CoreType | None) -> Rendered:
        """Turn one of several values that stand in for one another into their common type."""

    def number(self, operand: Rendered) -> Rendered:
        """Turn a truth value that takes part in arithmetic into 0 or 1."""

    def truth(self, operand: Rendered) -> Rendered:
        """Render a value as a condition."""

    def sortable(self, operand: Rendered) -> Rendered:
        """Render a value so that it sorts alike on every database."""

    def exclusive(self, left: Rendered, right: Rendered) -> Rendered:
        """Render XOR of two conditions."""

    def negative(self, op: str, operand: Rendered, type_: CoreType | None) -> Rendered:
        """Render a sign."""

    def call(self, node: Call, args: Sequence[Rendered], render: Renderer) -> Rendered:
        """Render a function of the portable catalogue."""

    def binary(self, op: str, left: Rendered, right: Rendered) -> Rendered:
        """Render a comparison or an arithmetic operator."""

    def cast(self, node: Cast, operand: Rendered) -> Rendered:
        """Render a cast."""

    def like(self, node: Like, operand: Rendered, pattern: Rendered) -> Rendered:
        """Render a pattern match (not its negation)."""

    def json_path(self, node: JsonPath, operand: Rendered) -> Rendered:
        """Render a look-up inside JSON."""

    def key_set(self, node: KeySet, columns: Sequence[Rendered], render: Renderer) -> Rendered:
        """Render membership in a set of checked keys without NULLs as one indexed set."""

    # the server's clock ------------------------------------------------------------------------------------
    def clock(self) -> str:
        """Text of the present moment by the server's clock.

        It is UTC, like a ``datetime(3)`` column, and moves within a transaction.
        """

    def clock_after(self) -> str:
        """Text of the moment so many seconds from now; it has one placeholder, for the seconds."""

    # statements --------------------------------------------------------------------------------------------
    def limit(self, limit: int | None, offset: int) -> str:
        """Text of the LIMIT and OFFSET clause (either may be absent)."""

    def order(self, rendered: str, descending: bool) -> str:
        """One ORDER BY term; NULLs come first when ascending, last when descending, on every database."""

    def output(self, attribute: Attribute, text: str) -> str:
        """Text of a plain column in the list of what is selected, so that its value arrives as it is stored."""

    def column_type(self, attribute: Attribute) -> str:
        """Column type in a CREATE TABLE."""

    def create_schema(self, schema: str) -> list[Sql]:
        """Statements that create a schema if it is missing."""

    def drop_schema(self, schema: str) -> list[Sql]:
        """Statements that drop an emptied schema."""

    def create_table(self, spec: TableSpec) -> list[Sql]:
        """Statements that create a table with its keys, indexes, comments and lineage."""

    def alter_table(self, old: TableSpec, new: TableSpec) -> list[Sql]:
        """Statements that turn `old` into `new` (secondary attributes, indexes, comments)."""

    def drop_table(self, spec: TableSpec) -> list[Sql]:
        """Statements that drop a table and what is kept about it elsewhere."""

    def record_lineage(self, spec: TableSpec) -> Sequence[Sql]:
        """Statements that write what is known of the origin of a table's attributes."""

    def insert(self, spec: TableSpec, columns: Sequence[str], mode: str, n_rows: int) -> str:
        """Text of an INSERT of `n_rows` rows.

        `mode` is ``"error"``, ``"skip"`` (rows whose *primary key* exists are left out; other unique
        conflicts still raise) or ``"replace"`` (the row of that primary key is replaced).
        """

    def conflict_clause(self, spec: TableSpec, columns: Sequence[str], mode: str) -> str:
        """Text to append to an INSERT for what happens to rows whose primary key exists."""
