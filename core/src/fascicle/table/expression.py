"""Queries as people write them: immutable, composed with operators, run only when fetched."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

from fascicle.errors import QueryError
from fascicle.model import Heading
from fascicle.query import nodes, operators
from fascicle.query.values import Not
from fascicle.table.dual import dualmethod, dualproperty
from fascicle.table.fetch import columns, frames, legacy, preview

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from fascicle.backend.connection import Connection


class QueryExpression:
    """A relation over one connection.

    Built by operators on tables; holds no data.  Every operator returns a new expression and checks it at once,
    without I/O; ``len``, ``bool``, iteration and the ``to_...`` methods ask the database.
    """

    _expression_node: nodes.Node
    _expression_connection: Connection

    def __init__(self, connection: Connection, node: nodes.Node) -> None:
        self._expression_connection = connection
        self._expression_node = node

    # --- what it is ----------------------------------------------------------------------------------------
    @dualmethod
    def as_node(self) -> nodes.Node:
        """Return the algebra node behind the expression."""
        node: nodes.Node = self._expression_node
        return node

    @dualproperty
    def connection(self) -> Connection:
        """Connection on which the expression runs."""
        return self._expression_connection

    @dualproperty
    def heading(self) -> Heading:
        """Attributes of the result."""
        heading: Heading = self.as_node().heading
        return heading

    @dualproperty
    def primary_key(self) -> list[str]:
        """Names of the primary key."""
        return list(self.heading.primary_key)

    @dualmethod
    def make_sql(self, fields: Sequence[str] | None = None) -> str:
        """Return the SELECT that a fetch would send, with its placeholders (for reading, not for running).

        Parameters
        ----------
        fields : sequence of str, optional
            Attributes to select; all by default.
        """
        names = None if fields is None else columns.expand(self, fields)
        return columns.compile_fetch(self, names, columns.Slice()).sql.text

    # --- operators -----------------------------------------------------------------------------------------
    def _same(self, node: nodes.Node) -> Self:
        """Copy with another node of the same heading: a restricted table is still that table."""
        other = copy.copy(self)
        other._expression_node = node
        return other

    def _derive(self, node: nodes.Node, other: Any = None) -> QueryExpression:
        self._check_same_connection(other)
        return QueryExpression(self._expression_connection, node)

    def _check_same_connection(self, other: Any) -> None:
        """Refuse a query of another connection, wherever it stands in a condition."""
        if isinstance(other, (list, tuple, set, frozenset)):
            for item in other:
                if type(item) is not dict:  # keys come by the thousand
                    self._check_same_connection(item)
            return
        if isinstance(other, Not):
            self._check_same_connection(other.restriction)
            return
        connection = self._expression_connection
        theirs = getattr(other, "connection", None) if hasattr(other, "as_node") else None
        if theirs is not None and theirs is not connection:
            raise QueryError(
                "the two sides of the query live on different connections",
                why=f"one is on {connection.url}, the other on {theirs.url}",
                try_="bind both tables to one connection",
            )

    @dualmethod
    def with_node(self, node: nodes.Node) -> QueryExpression:
        """Wrap another node of the algebra as a query on the same connection."""
        return self._derive(node)

    def _known_names(self) -> set[str]:
        """Names of attributes anywhere in the catalogue in memory (never I/O)."""
        known = self._expression_connection.catalog.known
        return {attribute.name for spec in known.tables.values() for attribute in spec.attributes}

    @dualmethod
    def restrict(self, restriction: Any, semantic_check: bool = True) -> Self:
        """Keep the rows that meet a condition; ``query & restriction``.

        Parameters
        ----------
        restriction : str, dict, bool, query, table class, sequence, DataFrame, structured array, AndList, Not, Top
            A sequence means any of its members, an `AndList` all of them; ``None`` and an empty sequence keep
            nothing; a dict means equality in the attributes it names.
        semantic_check : bool
            Match attributes by origin.  ``False`` matches by name alone.

        Raises
        ------
        UnknownAttributeError
            If the condition names something that is no attribute.
        LineageError
            If namesakes of different origin would be matched.
        """
        self._check_same_connection(restriction)
        node = operators.restrict(
            self._expression_node, restriction, semantic_check=semantic_check, known_names=self._known_names
        )
        return self._same(node)

    @dualmethod
    def exclude(self, restriction: Any, semantic_check: bool = True) -> Self:
        """Drop the rows that meet a condition; ``query - restriction``."""
        self._check_same_connection(restriction)
        node = operators.restrict(
            self._expression_node,
            restriction,
            negate=True,
            semantic_check=semantic_check,
            known_names=self._known_names,
        )
        return self._same(node)

    @dualmethod
    def proj(self, /, *attributes: Any, **named: Any) -> QueryExpression:
        """Choose, rename and compute attributes; the primary key always stays.

        Parameters
        ----------
        *attributes : str or Ellipsis
            Names to keep; ``...`` keeps all; ``"-name"`` drops one.
        **named : str
            ``new="old"`` renames, ``new="(old)"`` duplicates, anything else is an expression.
        """
        return self._derive(operators.project(self._expression_node, *attributes, **named))

    @dualmethod
    def join(
        self,
        other: Any,
        semantic_check: bool = True,
        left: bool = False,
        allow_nullable_pk: bool = False,
    ) -> QueryExpression:
        """Combine rows that agree in the attributes of common origin; ``a * b``.

        Parameters
        ----------
        other : query or table class
        semantic_check : bool
            Match by origin (default) or by name alone.
        left : bool
            Keep rows without a match, with NULL in the other side's attributes.
        allow_nullable_pk : bool
            Admit a left join whose key may hold NULL.
        """
        node = operators.join(
            self._expression_node,
            _node_of(other),
            semantic_check=semantic_check,
            left_outer=left,
            allow_nullable_pk=allow_nullable_pk,
        )
        return self._derive(node, other)

    @dualmethod
    def extend(self, other: Any, semantic_check: bool = True) -> QueryExpression:
        """Add the attributes of `other` to every row (a left join that keeps the rows of this query)."""
        node = operators.extend(self._expression_node, _node_of(other), semantic_check=semantic_check)
        return self._derive(node, other)

    @dualmethod
    def aggr(
        self,
        /,
        group: Any,
        *attributes: Any,
        exclude_nonmatching: bool = False,
        keep_all_rows: bool | None = None,
        **named: Any,
    ) -> QueryExpression:
        """Summarise, for each row of this query, the matching rows of `group`.

        Parameters
        ----------
        group : query or table class
            Rows to summarise; must contain this query's primary key.
        *attributes : str
            Attributes of this query to keep.
        exclude_nonmatching : bool
            Leave out rows without a match in `group`.
        keep_all_rows : bool, optional
            The older spelling: the opposite of `exclude_nonmatching`.
        **named : str
            Aggregate expressions, e.g. ``n="count(session_id)"``.
        """
        if keep_all_rows is not None:
            exclude_nonmatching = not keep_all_rows
        node = operators.aggregate(
            self._expression_node,
            _node_of(group),
            *attributes,
            exclude_nonmatching=exclude_nonmatching,
            **named,
        )
        return self._derive(node, group)

    aggregate = aggr

    @dualmethod
    def union(self, other: Any) -> QueryExpression:
        """Rows of either query; where both have a key, this query's values win; ``a + b``."""
        return self._derive(operators.union(self._expression_node, _node_of(other)), other)

    def __and__(self, restriction: Any) -> Self:
        return cast(Self, self.restrict(restriction))

    def __sub__(self, restriction: Any) -> Self:
        return cast(Self, self.exclude(restriction))

    def __xor__(self, restriction: Any) -> Self:
        return cast(Self, self.restrict(restriction, semantic_check=False))

    def __mul__(self, other: Any) -> QueryExpression:
        return self.join(other)

    def __matmul__(self, other: Any) -> QueryExpression:
        return self.join(other, semantic_check=False)

    def __add__(self, other: Any) -> QueryExpression:
        return self.union(other)

    def __neg__(self) -> Any:
        return Not(self)

    # --- asking the database -------------------------------------------------------------------------------
    def __len__(self) -> int:
        return columns.count(self)

    def __bool__(self) -> bool:
        return columns.exists(self)

    def __contains__(self, key: Any) -> bool:
        return bool(self & key)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return columns.stream(self)

    @dualmethod
    def to_dicts(
        self,
        *attributes: str,
        order_by: Any = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
    ) -> list[dict[str, Any]]:
        """Fetch rows as dicts.

        Parameters
        ----------
        *attributes : str
            Attributes to fetch; all when none is named.
        order_by : str or sequence of str, optional
            ``"attr"``, ``"attr desc"``, ``"KEY"``.
        limit, offset : int, optional
            Slice of the ordered rows (by key unless `order_by` says otherwise).
        squeeze : bool
            Drop axes of length one from arrays.
        """
        return columns.to_dicts(self, attributes, columns.Slice(order_by, limit, offset), squeeze)

    @dualmethod
    def to_arrays(
        self,
        *attributes: str,
        include_key: bool = False,
        order_by: Any = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
    ) -> Any:
        """Fetch as arrays: one structured array, or one array for each attribute named.

        Parameters
        ----------
        *attributes : str
            Attributes to fetch; none gives one structured array of all.
        include_key : bool
            Return the keys (list of dicts) first.
        order_by, limit, offset, squeeze
            As in `to_dicts`.

        Returns
        -------
        numpy.ndarray or list of numpy.ndarray
            Shape ``(n_rows,)``; a list if several attributes are named.
        """
        part = columns.Slice(order_by, limit, offset)
        return frames.to_arrays(self, attributes, part, squeeze, include_key)

    @dualmethod
    def to_pandas(
        self,
        *attributes: str,
        order_by: Any = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
    ) -> pd.DataFrame:
        """Fetch as a pandas DataFrame indexed by the primary key."""
        return frames.to_pandas(self, attributes, columns.Slice(order_by, limit, offset), squeeze)

    @dualmethod
    def to_polars(
        self,
        *attributes: str,
        order_by: Any = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
    ) -> pl.DataFrame:
        """Fetch as a polars DataFrame."""
        return frames.to_polars(self, attributes, columns.Slice(order_by, limit, offset), squeeze)

    @dualmethod
    def to_arrow(
        self,
        *attributes: str,
        order_by: Any = None,
        limit: int | None = None,
        offset: int | None = None,
        squeeze: bool = False,
    ) -> pa.Table:
        """Fetch as an Arrow table."""
        return frames.to_arrow(self, attributes, columns.Slice(order_by, limit, offset), squeeze)

    @dualmethod
    def keys(
        self, order_by: Any = None, limit: int | None = None, offset: int | None = None
    ) -> list[dict[str, Any]]:
        """Fetch primary keys as dicts."""
        return columns.keys(self, columns.Slice(order_by, limit, offset))

    @dualmethod
    def head(self, /, limit: int = 25, **options: Any) -> list[dict[str, Any]]:
        """Fetch the first rows by key."""
        return self.to_dicts(order_by="KEY", limit=limit, **options)

    @dualmethod
    def tail(self, /, limit: int = 25, **options: Any) -> list[dict[str, Any]]:
        """Fetch the last rows by key, in key order."""
        rows = self.to_dicts(order_by="KEY DESC", limit=limit, **options)
        return rows[::-1]

    @dualmethod
    def fetch1(self, *attributes: str, squeeze: bool = False) -> Any:
        """Fetch the only row.

        Parameters
        ----------
        *attributes : str
            None gives a dict of the row, one its value, several a tuple; ``"KEY"`` the primary key as a dict.

        Raises
        ------
        FetchError
            If there is no row, or more than one.
        """
        return columns.fetch1(self, attributes, squeeze)

    @dualmethod
    def fetch(
        self,
        *attributes: str,
        offset: int | None = None,
        limit: int | None = None,
        order_by: Any = None,
        format: str | None = None,  # noqa: A002  (the published name)
        as_dict: bool | None = None,
        squeeze: bool = False,
        download_path: str = ".",
    ) -> Any:
        """Fetch in the manner of DataJoint 0.14.

        Parameters
        ----------
        *attributes : str
            Attributes; ``"KEY"`` stands for the primary key as dicts.
        offset, limit, order_by, squeeze
            As in `to_dicts`.
        format : {"array", "frame"}, optional
            Structured array (default) or DataFrame when no attribute is named.
        as_dict : bool, optional
            Return a list of dicts.
        download_path : str
            Folder for attachments.

        Returns
        -------
        numpy.ndarray, pandas.DataFrame, list of dict, or list of those
        """
        part = columns.Slice(order_by, limit, offset)
        return legacy.fetch(self, attributes, part, format, as_dict, squeeze)

    @dualmethod
    def cursor(
        self,
        *attributes: str,
        as_dict: bool = False,
        order_by: Any = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Iterator[Any]:
        """Iterate over rows in bounded memory, as tuples or dicts."""
        part = columns.Slice(order_by, limit, offset)
        return columns.stream(self, attributes, part, as_dict=as_dict)

    # --- showing -------------------------------------------------------------------------------------------
    def __repr__(self) -> str:
        return preview.text(self)

    def _repr_html_(self) -> str:
        return preview.html(self)

    @dualmethod
    def preview(self, limit: int | None = None, width: int | None = None) -> str:
        """Return the first rows as text."""
        return preview.text(self, limit, width)


def _node_of(other: Any) -> nodes.Node:
    as_node = getattr(other, "as_node", None)
    if as_node is None:
        raise QueryError(
            f"a query is expected here, not {type(other).__name__}",
            try_="give a table class or an expression of tables",
        )
    node: nodes.Node = as_node()
    return node
