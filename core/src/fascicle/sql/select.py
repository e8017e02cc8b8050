"""The parts of one SELECT while it is put together, and their text.

Columns are kept as entries: what a name means inside the SELECT.  An entry is rendered when something asks for
it, and a derived table selects only the columns that were asked of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fascicle.model import Attribute
from fascicle.sql.fragments import Rendered, bracketed
from fascicle.sql.statement import Sql

if TYPE_CHECKING:
    from fascicle.query.scalar import Scalar
    from fascicle.sql.dialect import Dialect
    from fascicle.sql.lower import Scope

ALWAYS = Rendered("1 = 1")
ALL_ROWS = 2**63 - 1  # two of the databases have no OFFSET without a LIMIT


class Item:
    """One element of FROM: a table, or a derived table made of one SELECT or of a union of several.

    Parameters
    ----------
    alias : str
        Its name in the statement.
    table : str or None
        Quoted table name, ``None`` for a derived table.
    bodies : tuple of Select
        What a derived table selects.
    names : tuple of str
        Every column that a derived table can provide.
    materialised : bool
        Whether the database must compute a derived table by itself (DISTINCT keeps it from being merged).
    """

    __slots__ = ("alias", "bodies", "join", "materialised", "names", "on", "table", "used")

    def __init__(
        self,
        alias: str,
        table: str | None = None,
        bodies: tuple[Select, ...] = (),
        names: tuple[str, ...] = (),
        materialised: bool = False,
    ) -> None:
        self.alias = alias
        self.table = table
        self.bodies = bodies
        self.names = names
        self.materialised = materialised
        self.join = "JOIN"
        self.on: list[Rendered] = []
        self.used: set[str] = set()

    def provided(self) -> list[str]:
        """Columns that a derived table must select; a union without duplicates needs them all."""
        if self.materialised or len(self.bodies) > 1:
            return list(self.names)
        return [name for name in self.names if name in self.used]


class Plain:
    """A column of an item."""

    __slots__ = ("attribute", "item", "name", "text")

    def __init__(self, item: Item, name: str, attribute: Attribute, text: str) -> None:
        self.item = item
        self.name = name
        self.attribute = attribute
        self.text = text

    def rendered(self) -> Rendered:
        """Text of the column, which its item then has to provide."""
        self.item.used.add(self.name)
        return Rendered(self.text, (), self.attribute.type)


class Made:
    """The value of a scalar in the scope of the SELECT where it was written."""

    __slots__ = ("cache", "depth", "scalar", "scope")

    def __init__(self, scalar: Scalar, scope: Scope, depth: int = 1) -> None:
        self.scalar = scalar
        self.scope = scope
        self.depth = depth  # how many expressions stand within one another in its text
        self.cache: Rendered | None = None

    def rendered(self) -> Rendered:
        """Text of the expression."""
        if self.cache is None:
            self.cache = self.scope.value(self.scalar)
        return self.cache


Entry = Plain | Made


class Select:
    """A SELECT under construction; `group` is ``None`` where rows are not grouped."""

    __slots__ = ("entries", "group", "having", "items", "limit", "offset", "order", "where")

    def __init__(self, items: list[Item], entries: dict[str, Entry]) -> None:
        self.items = items
        self.entries = entries
        self.where: list[Rendered] = []
        self.group: list[Plain] | None = None
        self.having: list[Rendered] = []
        self.order: list[Rendered] = []
        self.limit: int | None = None
        self.offset = 0

    @property
    def is_limited(self) -> bool:
        """Whether it takes some rows only."""
        return self.limit is not None or self.offset > 0

    @property
    def is_flat(self) -> bool:
        """Whether joins and groups may be added to it."""
        return self.group is None and not self.is_limited


class Writer:
    """Text and parameters of statements, in the order in which they stand in the text."""

    __slots__ = ("dialect", "params", "pieces")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.pieces: list[str] = []
        self.params: list[Any] = []

    def add(self, text: str) -> None:
        """Append text."""
        self.pieces.append(text)

    def put(self, part: Rendered) -> None:
        """Append rendered text with its parameters."""
        self.pieces.append(part.text)
        if part.params:
            self.params.extend(part.params)

    def put_all(self, parts: Iterable[Rendered], separator: str) -> None:
        """Append several, with a separator."""
        first = True
        for part in parts:
            if not first:
                self.pieces.append(separator)
            first = False
            self.put(part)

    def select(
        self, select: Select, outputs: Sequence[tuple[Rendered, str | None]], distinct: bool = False
    ) -> None:
        """Append a whole SELECT of `outputs`, each rendered already, with its name if it has one."""
        self.add("SELECT DISTINCT " if distinct else "SELECT ")
        self._outputs(outputs)
        self._from(select.items)
        self._conditions(" WHERE ", select.where)
        if select.group:
            self.add(" GROUP BY " + ", ".join([entry.rendered().text for entry in select.group]))
        self._conditions(" HAVING ", select.having)
        if select.order:
            self.add(" ORDER BY ")
            self.put_all(select.order, ", ")
        if select.is_limited:
            limit = ALL_ROWS if select.limit is None else select.limit
            self.add(f" {self.dialect.limit(limit, select.offset)}")

    def _outputs(self, outputs: Sequence[tuple[Rendered, str | None]]) -> None:
        first = True
        for part, name in outputs:
            if not first:
                self.pieces.append(", ")
            first = False
            self.put(part)
            if name is not None:
                self.pieces.append(f" AS {self.dialect.identifier(name)}")
        if first:
            self.pieces.append("1")

    def _conditions(self, keyword: str, terms: list[Rendered]) -> None:
        if terms:
            self.pieces.append(keyword)
            self.put_all(bracketed(terms, " AND "), " AND ")

    def _from(self, items: list[Item]) -> None:
        for position, item in enumerate(items):
            self.add(f" {item.join} " if position else " FROM ")
            if item.table is not None:
                self.add(f"{item.table} AS {item.alias}")
            else:
                self._derived(item)
            if position:
                self._conditions(" ON ", item.on or [ALWAYS])

    def _derived(self, item: Item) -> None:
        names = item.provided()
        self.add("(")
        for position, body in enumerate(item.bodies):
            if position:
                self.add(" UNION ")
            self.select(
                body, [(body.entries[name].rendered(), name) for name in names], distinct=item.materialised
            )
        self.add(f") AS {item.alias}")

    def finish(self) -> Sql:
        """Return the statement."""
        return Sql("".join(self.pieces), tuple(self.params))
