"""From nodes to SELECTs: flat where possible, nested where the meaning needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from fascicle.model import Attribute, Heading, TableName
from fascicle.query.inference import contains_aggregate
from fascicle.query.nodes import Aggregate, Distinct, Join, Limit, Node, Project, Relation, Restrict, Union
from fascicle.query.scalar import TRUE, Call, Column, Every, Exists, Raw, Scalar
from fascicle.query.walk import children, columns_of, holds, is_constant
from fascicle.sql.dialect import Dialect
from fascicle.sql.fragments import Rendered
from fascicle.sql.render import Renderer
from fascicle.sql.select import Entry, Item, Made, Plain, Select, Writer

DEEPEST = 8  # expressions within one another: parsers limit how deep they nest
ROWS = "~rows"  # hidden count beside an aggregation: no attribute can be called so


class Scope:
    """What names mean where a scalar stands; what the renderer of scalars asks."""

    __slots__ = ("attributes", "entries", "lowering", "renderer")

    def __init__(self, lowering: Lowering, entries: dict[str, Entry], heading: Heading) -> None:
        self.lowering = lowering
        self.entries = entries
        self.attributes = heading.attributes
        self.renderer = Renderer(lowering.dialect, self)

    def column(self, name: str) -> Rendered:
        """Return the text of an attribute."""
        return self.entries[name].rendered()

    def type_of(self, name: str) -> Attribute:
        """Return the attribute itself."""
        return self.attributes[name]

    def exists(self, node: Exists) -> Rendered:
        """Return the text of a test whether a relation has a row that agrees with this one."""
        return self.lowering.exists(node, self)

    def value(self, scalar: Scalar) -> Rendered:
        """Return the text of a value."""
        return self.renderer.value(scalar)

    def conditions(self, scalar: Scalar) -> list[Rendered]:
        """Return the texts of conditions that hold together."""
        return [self.renderer.condition(term) for term in conjuncts(scalar)]

    def order(self, order_by: Iterable[tuple[str, bool]]) -> list[Rendered]:
        """Return ORDER BY terms; what is the same in every row orders nothing, and a number would be a position."""
        return [
            self.renderer.order_term(Column(name), descending)
            for name, descending in order_by
            if not (isinstance(entry := self.entries[name], Made) and _is_the_same_everywhere(entry.scalar))
        ]


def _is_the_same_everywhere(scalar: Scalar) -> bool:
    return is_constant(scalar) and not contains_aggregate(scalar)


def conjuncts(scalar: Scalar) -> Iterable[Scalar]:
    """Yield the terms of a conjunction, nested ones too."""
    if isinstance(scalar, Every):
        for term in scalar.terms:
            yield from conjuncts(term)
    else:
        yield scalar


class Lowering:
    """One statement's worth of lowering: numbers its aliases, so that the same query has the same text."""

    def __init__(self, dialect: Dialect, target: TableName | None = None) -> None:
        self.dialect = dialect
        self.count = 0
        # A table that the statement changes: subqueries that read it must be computed apart.
        self.target = target
        self._quoted: dict[str, str] = {}

    # pieces ------------------------------------------------------------------------------------------------
    def quote(self, name: str) -> str:
        """Quote an identifier, once for each name."""
        quoted = self._quoted.get(name)
        if quoted is None:
            quoted = self._quoted[name] = self.dialect.identifier(name)
        return quoted

    def _alias(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def columns_of(
        self, item: Item, attributes: Iterable[Attribute], prefix: str | None = None
    ) -> dict[str, Entry]:
        """Return entries for the columns of an item."""
        prefix = item.alias if prefix is None else prefix
        return {a.name: Plain(item, a.name, a, f"{prefix}.{self.quote(a.name)}") for a in attributes}

    def nest(self, select: Select, node: Node) -> Select:
        """Wrap a SELECT of the columns of `node` as a derived table."""
        if not select.is_limited:
            select.order = []
        item = Item(self._alias(), bodies=(select,), names=tuple(node.heading))
        return Select([item], self.columns_of(item, node.heading.attributes.values()))

    def _materialise(self, select: Select, node: Node, names: Sequence[str]) -> Select:
        """Wrap a SELECT so that the database computes it apart, by LIMIT or else DISTINCT, which keep it whole."""
        attributes = [node.heading[name] for name in dict.fromkeys(names)]
        apart = not select.is_limited
        if apart:
            select.order = []
        item = Item(
            self._alias(), bodies=(select,), names=tuple(a.name for a in attributes), materialised=apart
        )
        return Select([item], self.columns_of(item, attributes))

    def flat(self, node: Node) -> Select:
        """Lower a node to a SELECT to which joins and groups may be added."""
        select = self.lower(node)
        if not select.is_flat:
            return self.nest(select, node)
        select.order = []  # an order without a limit is an order of the final result alone
        return select

    # nodes -------------------------------------------------------------------------------------------------
    def lower(self, node: Node) -> Select:
        """Lower any node."""
        return _LOWER[type(node)](self, node)

    def relation(self, node: Relation) -> Select:
        """A table."""
        item = Item(self._alias(), self.dialect.table(node.name))
        return Select([item], self.columns_of(item, node.heading.attributes.values()))

    def restrict(self, node: Restrict) -> Select:
        """A condition goes to WHERE, one on aggregates to HAVING."""
        select = self.lower(node.source)
        if node.condition == TRUE:
            return select
        if select.is_limited or not self._takes(select, node.condition):
            select = self.nest(select, node.source)
        self._add_conditions(select, node.condition, node.heading)
        select.order = []  # an order is one of the rows that were ordered, not of those that remain
        return select

    def _takes(self, select: Select, condition: Scalar) -> bool:
        """Whether a condition can be added to a SELECT as it stands."""
        if holds(condition, Raw) and not _keeps_names(select):
            return False  # raw text names columns, which only one item may offer
        if select.group is None:
            return True
        # Not every database correlates a subquery of HAVING.
        return not any(holds(term, Exists) and not _by_group(select, term) for term in conjuncts(condition))

    def _add_conditions(self, select: Select, condition: Scalar, heading: Heading) -> None:
        scope = Scope(self, select.entries, heading)
        if select.group is None:
            select.where += scope.conditions(condition)
            return
        for term in conjuncts(condition):
            # What a group has in common can be asked of each of its rows, before they are gathered.
            (select.where if _by_group(select, term) else select.having).extend(scope.conditions(term))

    def project(self, node: Project) -> Select:
        """New names for entries, and expressions over them."""
        select = self.lower(node.source)
        if (any(holds(scalar, Raw) for _, scalar in node.columns) and not _keeps_names(select)) or _is_bulky(
            node, select
        ):
            select = self.nest(select, node.source)
        select.entries = self._map(select.entries, node.columns, node.source)
        return select

    def _map(
        self, entries: dict[str, Entry], columns: Sequence[tuple[str, Scalar]], source: Node
    ) -> dict[str, Entry]:
        scope: Scope | None = None
        mapped: dict[str, Entry] = {}
        for name, scalar in columns:
            if isinstance(scalar, Column):
                mapped[name] = entries[scalar.name]
            else:
                scope = scope or Scope(self, entries, source.heading)
                below = [entries[inner] for inner in columns_of(scalar)]
                depth = 1 + max([entry.depth for entry in below if isinstance(entry, Made)], default=0)
                mapped[name] = Made(scalar, scope, depth)
        return mapped

    def join(self, node: Join) -> Select:
        """Items side by side; a derived table only where one side groups, limits, or would hide its NULLs."""
        left = self.flat(node.left)
        right = self.flat(node.right)
        if node.outer and not _can_follow_outer(right):
            right = self.nest(right, node.right)
        matched = {name: (left.entries[name], right.entries[name]) for name in node.on}
        first = right.items[0]
        for name in node.on:
            self._match(left, first, matched[name], outer=node.outer)
        first.join = "LEFT JOIN" if node.outer else "JOIN"
        if node.outer:
            first.on += right.where
        else:
            left.where += right.where
        left.items += right.items
        entries = right.entries | left.entries
        left.entries = {name: entries[name] for name in node.heading}
        return left

    def _match(self, left: Select, first: Item, pair: tuple[Entry, Entry], *, outer: bool) -> None:
        ours, theirs = pair
        term = equal(ours.rendered(), theirs.rendered())
        # Only the item just joined is known where its ON stands; the rest of an inner join can wait for WHERE.
        in_place = outer or (isinstance(theirs, Plain) and theirs.item is first)
        (first.on if in_place else left.where).append(term)

    def aggregate(self, node: Aggregate) -> Select:
        """GROUP BY plain columns."""
        select = self.flat(node.source)
        if not all(isinstance(select.entries[name], Plain) for name in node.group):
            # Two equal expressions with parameters are not seen to be equal: group by columns only.
            select = self.nest(select, node.source)
        group = [entry for name in node.group if isinstance(entry := select.entries[name], Plain)]
        for entry in group:
            entry.rendered()
        source = select.entries
        select.group = group
        select.entries = self._map(source, node.columns, node.source)
        return select if group else self._one_row(select, source, node)

    def _one_row(self, select: Select, source: dict[str, Entry], node: Aggregate) -> Select:
        """Wrap a SELECT that aggregates without GROUP BY, so that it does so whatever is asked of it."""
        select.entries[ROWS] = Made(Call("count", (), star=True), Scope(self, source, node.source.heading))
        item = Item(self._alias(), bodies=(select,), names=(*node.heading, ROWS))
        nested = Select([item], self.columns_of(item, node.heading.attributes.values()))
        item.used.add(ROWS)
        if not node.single:
            # SQL makes one row even of no rows.
            nested.where.append(Rendered(f"{item.alias}.{self.quote(ROWS)} > 0"))
        return nested

    def distinct(self, node: Distinct) -> Select:
        """GROUP BY, so that what is selected may differ from what is distinct."""
        source = node.source
        if set(node.names).issuperset(source.heading.primary_key):
            select = self.lower(source)
            if select.is_limited:
                select = self.nest(select, source)
            select.order = []
            select.entries = {name: select.entries[name] for name in node.names}
            return select
        if not node.names:
            # The universe without attributes has one element if there is any row at all.
            columns: tuple[tuple[str, Scalar], ...] = ()
            return self.aggregate(Aggregate(source, (), columns, node.heading))
        return self.aggregate(
            Aggregate(source, node.names, tuple((name, Column(name)) for name in node.names), node.heading)
        )

    def union(self, node: Union) -> Select:
        """The keys of every operand, without duplicates, and beside each key what the operands say of it."""
        operands = list(_operands(node))
        keys = tuple(node.primary_key)
        bodies = tuple([self._closed(operand) for operand in operands])
        item = Item(self._alias(), bodies=bodies, names=keys)
        select = Select([item], self.columns_of(item, [node.heading[name] for name in keys]))
        for operand in operands:
            if operand.heading.secondary_attributes:
                self._beside(select, operand, keys)
        select.entries = {name: select.entries[name] for name in node.heading}
        return select

    def _closed(self, node: Node) -> Select:
        select = self.lower(node)
        if select.is_limited:
            # Databases differ in whether a part of a union may be ordered and limited.
            return self.nest(select, node)
        select.order = []
        return select

    def _beside(self, select: Select, operand: Node, keys: tuple[str, ...]) -> None:
        """Left join the rows of one operand of a union to the keys of all."""
        other = self.flat(operand)
        if not _can_follow_outer(other):
            other = self.nest(other, operand)
        item = other.items[0]
        item.join = "LEFT JOIN"
        item.on = [self._same_key(select, other, name, operand) for name in keys] + other.where
        select.items.append(item)
        select.entries = other.entries | select.entries

    def _same_key(self, a: Select, b: Select, name: str, node: Node) -> Rendered:
        left, right = a.entries[name].rendered(), b.entries[name].rendered()
        # Keys made of values that occur may hold NULL, which is one value among the others there.
        return self.dialect.binary("<=>", left, right) if node.heading[name].nullable else equal(left, right)

    def limit(self, node: Limit) -> Select:
        """ORDER BY and LIMIT, then the primary key, so that every database takes the same rows."""
        select = self.lower(node.source)
        if select.is_limited:
            select = self.nest(select, node.source)
        select.order = self.order(select, node, node.order_by)
        select.limit, select.offset = node.limit, node.offset
        return select

    def order(
        self, select: Select, node: Node, order_by: Sequence[tuple[str, bool]], *, whole: bool = True
    ) -> list[Rendered]:
        """Return ORDER BY terms; for the `whole` order, the rest of the primary key last."""
        named = dict(order_by)
        rest = [(name, False) for name in node.heading.primary_key if whole and name not in named]
        return Scope(self, select.entries, node.heading).order([*order_by, *rest])

    # subqueries --------------------------------------------------------------------------------------------
    def exists(self, node: Exists, scope: Scope) -> Rendered:
        """Return ``[NOT] EXISTS (SELECT 1 ...)`` correlated with the row of `scope`."""
        relation: Node = node.relation
        target = self.target
        apart = target is not None and mentions(relation, target)
        if apart:
            self.target = None
        select = self.lower(relation)
        self.target = target
        if apart:
            select = self._materialise(select, relation, [inner for _, inner in node.on])
        elif node.on and (select.is_limited or not _groups_hold(select, [inner for _, inner in node.on])):
            select = self.nest(select, relation)
        for outer, inner in node.on:
            select.where.append(equal(select.entries[inner].rendered(), scope.column(outer)))
        return self.exists_text(select, negated=node.negated)

    def exists_text(self, select: Select, *, negated: bool = False) -> Rendered:
        """Return the text of an existence test of the rows of a SELECT."""
        if select.is_limited:
            # MariaDB takes no notice of an OFFSET beside GROUP BY right inside EXISTS.
            select = Select([Item(self._alias(), bodies=(select,))], {})
        writer = Writer(self.dialect)
        writer.add("NOT EXISTS (" if negated else "EXISTS (")
        writer.select(select, [])
        writer.add(")")
        return Rendered("".join(writer.pieces), tuple(writer.params))


def equal(left: Rendered, right: Rendered) -> Rendered:
    """Return the equality of two plain or already enclosed values."""
    return Rendered(f"{left.text} = {right.text}", left.params + right.params)


def mentions(node: Node, table: TableName) -> bool:
    """Whether a node reads a table, in its conditions too."""
    if isinstance(node, Relation):
        return node.name == table
    if isinstance(node, Restrict) and _reads(node.condition, table):
        return True
    return any(mentions(source, table) for source in node.sources)


def _reads(scalar: Scalar, table: TableName) -> bool:
    if isinstance(scalar, Exists):
        return mentions(scalar.relation, table)
    return any(_reads(child, table) for child in children(scalar))


def _operands(node: Node) -> Iterator[Node]:
    """Yield the operands of a chain of unions."""
    if isinstance(node, Union):
        yield from _operands(node.left)
        yield from _operands(node.right)
    else:
        yield node


def _keeps_names(select: Select) -> bool:
    return len(select.items) == 1 and all(
        isinstance(entry, Plain) and entry.name == name for name, entry in select.entries.items()
    )


def _by_group(select: Select, term: Scalar) -> bool:
    """Whether a condition asks only for what all rows of a group have in common."""
    return not holds(term, Raw) and _groups_hold(select, columns_of(term))


def _groups_hold(select: Select, names: Iterable[str]) -> bool:
    if select.group is None:
        return True
    return all(select.entries[name] in select.group for name in names)


def _can_follow_outer(select: Select) -> bool:
    """Whether a SELECT can be the right side of a left join as it stands: one item, columns that turn to NULL."""
    return len(select.items) == 1 and all(isinstance(entry, Plain) for entry in select.entries.values())


def _is_bulky(node: Project, select: Select) -> bool:
    """Whether expressions would double in text at every step, or stand too deep within one another."""
    made = {name: entry for name, entry in select.entries.items() if isinstance(entry, Made)}
    if not made:
        return False
    uses = [
        name for _, scalar in node.columns if not isinstance(scalar, Column) for name in columns_of(scalar)
    ]
    return any(uses.count(name) > 1 or made[name].depth > DEEPEST for name in uses if name in made)


_LOWER: dict[type, Callable[[Lowering, Any], Select]] = {
    Relation: Lowering.relation,
    Restrict: Lowering.restrict,
    Project: Lowering.project,
    Join: Lowering.join,
    Aggregate: Lowering.aggregate,
    Distinct: Lowering.distinct,
    Union: Lowering.union,
    Limit: Lowering.limit,
}
