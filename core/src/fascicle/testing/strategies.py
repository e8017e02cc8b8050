"""Hypothesis strategies for small schemas, their rows, and queries over them."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from fascicle.definition import singleton_attribute
from fascicle.errors import HeadingError, QueryError
from fascicle.model import REQUIRED, Attribute, CoreType, ForeignKey, Heading, TableName, TableSpec
from fascicle.query.nodes import Node, Relation
from fascicle.query.operators import (
    aggregate,
    extend,
    join,
    project,
    restrict,
    union,
    universe_aggregate,
    universe_restrict,
)
from fascicle.query.values import AndList, Not, Top
from fascicle.testing.oracle import evaluate

Row = dict[str, Any]

INT, TEXT, FLOAT = CoreType("int32"), CoreType("varchar", (8,)), CoreType("float64")
BOOL, DATE, BYTES = CoreType("bool"), CoreType("date"), CoreType("bytes")

_VALUES: dict[str, tuple[Any, ...]] = {
    "int32": (0, 1, 2, 3, -1),
    "varchar": ("a", "B", "b", "", "ab", "Z"),
    "float64": (0.0, 0.5, 1.5, -2.0),
    "bool": (True, False),
    "bytes": (b"", b"\x00\xff", b"a"),
    "date": (datetime.date(2024, 2, 29), datetime.date(2025, 1, 1), datetime.date(2025, 1, 2)),
}
# Names that several tables share without meaning the same, and some that none shares.
_SECONDARY = (
    ("notes", TEXT),
    ("v", INT),
    ("w", TEXT),
    ("x", FLOAT),
    ("flag", BOOL),
    ("day", DATE),
    ("raw", BYTES),
)


# schemas ---------------------------------------------------------------------------------------------------


@dataclass
class _Draft:
    """A table while its attributes are chosen."""

    name: TableName
    attributes: dict[str, Attribute] = field(default_factory=dict)
    foreign_keys: list[ForeignKey] = field(default_factory=list)

    def refer(self, parent: TableSpec, rng: random.Random, *, in_key: bool) -> None:
        """Add a foreign key; names that are taken by something else are changed."""
        prefix = f"{parent.name.table}_of_" if rng.random() < 0.3 else ""
        nullable = not in_key and rng.random() < 0.7
        columns: list[tuple[str, str]] = []
        for name in parent.heading.primary_key:
            source = parent.heading[name]
            child = prefix + name
            taken = self.attributes.get(child)
            if taken is not None and (taken.lineage != source.lineage or taken.in_key != in_key or nullable):
                child = f"other{len(self.foreign_keys)}_{name}"
            if child not in self.attributes:
                self.attributes[child] = source.evolve(
                    name=child, in_key=in_key, nullable=nullable, default=None if nullable else REQUIRED
                )
            columns.append((child, name))
        self.foreign_keys.append(ForeignKey(parent.name, tuple(columns), in_key, nullable))

    def own_key(self, index: int, rng: random.Random) -> None:
        """Add a key attribute that starts here."""
        name = f"k{index}" + ("t" if rng.random() < 0.3 else "")
        lineage = f"{self.name}.{name}"
        type_ = TEXT if name.endswith("t") else INT
        self.attributes[name] = Attribute(name, type_, in_key=True, lineage=lineage)

    def spec(self) -> TableSpec:
        """Return the declaration."""
        ordered = sorted(self.attributes.values(), key=lambda a: not a.in_key)
        return TableSpec(self.name, tuple(ordered), tuple(self.foreign_keys))


def schema_from_seed(seed: int, schema: str = "algebra") -> tuple[TableSpec, ...]:
    """Return the tables of a small schema, parents first; the same seed gives the same ones.

    There are foreign keys in the key and outside it (nullable mostly, so that rows have no parent), renamed
    ones, two to one parent, keys that merge, and plain attributes that several tables have.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible shapes, no secrets
    specs: list[TableSpec] = []
    for index in range(rng.randint(4, 6)):
        draft = _Draft(TableName(schema, f"tab{seed}_{index}"))
        referable = [spec for spec in specs if len(spec.heading.primary_key) < 4]
        n_parents = 0 if index < 2 or not referable else rng.choice((0, 1, 1, 2))
        for _ in range(n_parents):
            draft.refer(rng.choice(referable), rng, in_key=True)
        if n_parents == 0 or rng.random() < 0.6:
            draft.own_key(index, rng)
        if index and referable and rng.random() < 0.6:
            draft.refer(rng.choice(referable), rng, in_key=False)
        for name, type_ in rng.sample(_SECONDARY, rng.randint(0, 3)):
            nullable = rng.random() < 0.6
            default = None if nullable else REQUIRED
            draft.attributes[name] = Attribute(name, type_, nullable=nullable, default=default)
        specs.append(draft.spec())
    if rng.random() < 0.5:
        specs.append(_singleton(TableName(schema, f"tab{seed}_one"), rng))
    return tuple(specs)


def _singleton(name: TableName, rng: random.Random) -> TableSpec:
    """Return a table of one row at most: its key is hidden."""
    names = rng.sample(_SECONDARY, 2)
    attributes = [Attribute(n, type_, nullable=True, default=None) for n, type_ in names]
    return TableSpec(name, (singleton_attribute(name), *attributes))


def relation(spec: TableSpec) -> Relation:
    """Return the node of a table."""
    return Relation(spec.name, spec.heading)


# rows ------------------------------------------------------------------------------------------------------


@st.composite
def rows_of(draw: st.DrawFn, specs: Sequence[TableSpec]) -> dict[TableName, list[Row]]:
    """Return rows for each table that keep its keys: none to six, with NULLs and duplicate values."""
    tables: dict[TableName, list[Row]] = {}
    for spec in specs:
        wanted = draw(st.sampled_from((3, 4, 5, 6, 0, 2, 4, 5)))
        found: dict[tuple[Any, ...], Row] = {}
        for _ in range(wanted):
            row = _row(draw, spec, tables)
            if row is not None:
                found.setdefault(tuple(row[name] for name in spec.heading.primary_key), row)
        tables[spec.name] = list(found.values())
    return tables


def _row(draw: st.DrawFn, spec: TableSpec, tables: Mapping[TableName, list[Row]]) -> Row | None:
    row: Row = {}
    for fk in spec.foreign_keys:
        fixed = {parent: row[child] for child, parent in fk.columns if child in row}
        parents = [p for p in tables[fk.parent] if all(p[name] == fixed[name] for name in fixed)]
        if fk.nullable and (not parents or draw(st.booleans())):
            row.update({child: None for child, _ in fk.columns})
        elif not parents:
            return None
        else:
            parent = draw(st.sampled_from(parents))
            row.update({child: parent[name] for child, name in fk.columns})
    for name, attribute in spec.heading.items():
        if name not in row:
            values = _VALUES[attribute.type.name]
            row[name] = draw(st.sampled_from((None, *values) if attribute.nullable else values))
    return {name: row[name] for name in spec.heading}


# text ------------------------------------------------------------------------------------------------------


def literal(value: Any) -> str:
    """Write a value as the restriction language has it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return f"'{value}'" if isinstance(value, (str, datetime.date)) else repr(value)


def _named(heading: Heading, *types: str) -> list[str]:
    return [a.name for a in heading.values() if a.type.name in types]


@st.composite
def comparisons(draw: st.DrawFn, heading: Heading) -> str:
    """Return the text of one test of one attribute."""
    usable = _named(heading, *_VALUES)
    if not usable:
        return draw(st.sampled_from(("1 = 1", "1 = 0")))
    name = draw(st.sampled_from(usable))
    values = _VALUES[heading[name].type.name]
    one = literal(draw(st.sampled_from(values)))
    two = literal(draw(st.sampled_from(values)))
    if heading[name].type.name == "bool":
        return draw(st.sampled_from((name, f"NOT {name}", f"{name} = {one}", f"{name} IS NULL")))
    return draw(
        st.sampled_from(
            (
                f"{name} = {one}",
                f"{name} <> {one}",
                f"{name} < {one}",
                f"{name} >= {one}",
                f"{name} IN ({one}, {two})",
                f"{name} NOT IN ({one}, {two})",
                f"{name} BETWEEN {one} AND {two}",
                f"{name} IS NULL",
                f"{name} IS NOT NULL",
            )
        )
    )


@st.composite
def texts(draw: st.DrawFn, heading: Heading) -> str:
    """Return the text of a condition."""
    first = draw(comparisons(heading))
    shape = draw(st.integers(0, 4))
    if shape == 0:
        return f"{first} AND {draw(comparisons(heading))}"
    if shape == 1:
        return f"{first} OR {draw(comparisons(heading))}"
    if shape == 2:
        return f"NOT ({first} AND {draw(comparisons(heading))})"
    return first


@st.composite
def expressions(draw: st.DrawFn, heading: Heading) -> str:
    """Return the text of an expression without aggregate functions."""
    numbers = _named(heading, "int32", "int64")
    words = _named(heading, "varchar")
    shapes: list[Callable[[], str]] = [lambda: str(draw(st.integers(-3, 3)))]
    if numbers:
        shapes += [
            lambda: f"{draw(st.sampled_from(numbers))} + 1",
            lambda: f"{draw(st.sampled_from(numbers))} - {draw(st.sampled_from(numbers))}",
            lambda: f"coalesce({draw(st.sampled_from(numbers))}, 7)",
            lambda: (
                f"CASE WHEN {draw(comparisons(heading))} THEN {draw(st.sampled_from(numbers))} ELSE 9 END"
            ),
        ]
    if words:
        shapes.append(lambda: f"coalesce({draw(st.sampled_from(words))}, 'none')")
    return draw(st.sampled_from(shapes))()


@st.composite
def summaries(draw: st.DrawFn, heading: Heading, group: Sequence[str] = ()) -> str:
    """Return the text of an expression with an aggregate function."""
    numbers = _named(heading, "int32", "int64")
    comparable = _named(heading, "int32", "int64", "varchar", "date", "float64")
    shapes = ["count(*)"]
    if len(heading):
        shapes.append(f"count({draw(st.sampled_from(list(heading)))})")
    if comparable:
        name = draw(st.sampled_from(comparable))
        shapes += [f"min({name})", f"max({name})", f"count(DISTINCT {name})"]
    if numbers:
        name = draw(st.sampled_from(numbers))
        shapes += [f"sum({name})", f"avg({name})", f"coalesce(sum({name} + 1), 0) - 1"]
    shared = [name for name in numbers if name in group]
    if shared:
        shapes.append(f"count(*) + {draw(st.sampled_from(shared))}")
    return draw(st.sampled_from(shapes))


# queries ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """Tables to query and the values in them (for restrictions that hit)."""

    specs: tuple[TableSpec, ...]
    rows: Mapping[TableName, list[Row]]

    def __repr__(self) -> str:
        lines = []
        for spec in self.specs:
            names = [f"{a.name}{'*' if a.in_key else ''}{'?' if a.nullable else ''}" for a in spec.attributes]
            lines.append(
                f"{spec.name.table}({', '.join(names)}): {[tuple(r.values()) for r in self.rows[spec.name]]}"
            )
        return "\n".join(lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # Hypothesis would print every field of every attribute


@st.composite
def worlds(draw: st.DrawFn, schema: str = "algebra", seeds: int = 12) -> World:
    """Return one of a number of sets of tables in a schema, with rows."""
    specs = schema_from_seed(draw(st.integers(0, seeds - 1)), schema)
    return World(specs, draw(rows_of(specs)))


@st.composite
def queries(draw: st.DrawFn, world: World, depth: int = 4) -> Node:
    """Return a query over a world, built by the operators from a tree of up to `depth` levels.

    Where the operator drawn does not apply (a union of unlike keys, say), its left operand stands instead;
    so it does, mostly, where the operator leaves no rows: nothing can go wrong with no rows.
    """
    node: Node = relation(draw(st.sampled_from(world.specs)))
    for level in range(depth, 0, -1):
        operator = draw(st.sampled_from(_OPERATORS))
        try:
            result = operator(draw, world, node, level)
        except (QueryError, HeadingError):
            continue
        if evaluate(result, world.rows) or draw(st.integers(0, 9)) == 9:
            node = result
    return node


def _other(draw: st.DrawFn, world: World, depth: int) -> Node:
    return draw(queries(world, draw(st.integers(0, min(depth, 3) - 1))))


def _text(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    return restrict(node, draw(texts(node.heading)), negate=draw(st.booleans()))


def _dicts(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    if not len(node.heading):
        return restrict(node, {})
    names = draw(st.lists(st.sampled_from(sorted(node.heading)), min_size=1, max_size=3, unique=True))
    values = [(None, *_VALUES.get(node.heading[name].type.name, (1, 2))) for name in names]
    choices: list[st.SearchStrategy[tuple[Any, ...]]] = [st.tuples(*map(st.sampled_from, values))]
    present = [tuple(row[name] for name in names) for row in evaluate(node, world.rows)]
    if present:
        choices.insert(0, st.sampled_from(present))
    rows = draw(st.lists(st.one_of(choices), min_size=1, max_size=4))
    dicts = [dict(zip(names, row, strict=True)) for row in rows]
    condition = draw(st.sampled_from((dicts, dicts[0], AndList(dicts), Not(dicts), Not(dicts[0]))))
    return restrict(node, condition, negate=draw(st.booleans()))


def _query(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    natural = draw(st.integers(0, 3)) == 0
    other = _other(draw, world, depth)
    return restrict(node, other, negate=draw(st.booleans()), semantic_check=not natural)


def _mixture(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    parts = [draw(texts(node.heading)), draw(texts(node.heading)), _other(draw, world, depth)]
    if draw(st.integers(0, 3)) == 0:
        parts.append(draw(st.sampled_from((True, False, None, []))))
    condition = AndList(parts) if draw(st.booleans()) else parts
    return restrict(node, Not(condition) if draw(st.booleans()) else condition)


def _top(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    names = (
        draw(st.lists(st.sampled_from(sorted(node.heading)), max_size=2, unique=True))
        if len(node.heading)
        else []
    )
    order = [f"{name}{draw(st.sampled_from(('', ' DESC')))}" for name in names]
    limit = draw(st.sampled_from((None, 3, 2, 1, 4, 0)))
    return restrict(
        node,
        Top(limit, draw(st.sampled_from((order or "KEY", "KEY", None))), draw(st.sampled_from((0, 0, 1, 2)))),
    )


def _join(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    other = _other(draw, world, depth)
    if draw(st.integers(0, 2)) == 0:
        # A constant must turn to NULL where a left join finds no partner.
        other = project(other, ..., c="5", d=draw(expressions(other.heading)))
    natural = draw(st.integers(0, 4)) == 0
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return extend(node, other)
    return join(node, other, semantic_check=not natural, left_outer=kind == 1, allow_nullable_pk=True)


def _project(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    heading = node.heading
    named: dict[str, str] = {}
    for _ in range(draw(st.integers(0, 2))):
        if len(heading) and draw(st.booleans()):
            old = draw(st.sampled_from(sorted(heading)))
            named[f"r{len(named)}_{len(old)}"] = f"({old})" if draw(st.integers(0, 2)) == 0 else old
        else:
            named[f"e{draw(st.integers(0, 99))}"] = draw(expressions(heading))
    attributes: list[Any] = []
    if draw(st.booleans()):
        attributes.append(...)
        dropped = (
            draw(st.lists(st.sampled_from(heading.secondary_attributes), max_size=1))
            if heading.secondary_attributes
            else []
        )
        attributes += [f"-{name}" for name in dropped]
    elif heading.secondary_attributes:
        attributes += draw(st.lists(st.sampled_from(heading.secondary_attributes), max_size=2, unique=True))
    return project(node, *attributes, **named)


def _aggregate(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    lineages = {node.heading[name].lineage for name in node.primary_key}
    holders = [spec for spec in world.specs if lineages <= {a.lineage for a in spec.attributes}]
    if holders and draw(st.integers(0, 3)) > 0:
        other = _having(draw, relation(draw(st.sampled_from(holders))))
    else:
        other = _other(draw, world, depth)
    group = node.heading.primary_key
    named: dict[str, Any] = {
        f"s{i}": draw(summaries(other.heading, group)) for i in range(draw(st.integers(1, 2)))
    }
    kept = (...,) if draw(st.booleans()) else ()
    how: dict[str, Any] = {"exclude_nonmatching": draw(st.booleans())}
    return _having(draw, aggregate(node, other, *kept, **how, **named))


def _having(draw: st.DrawFn, node: Node) -> Node:
    return restrict(node, draw(texts(node.heading))) if draw(st.booleans()) else node


def _universe(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    names = (
        draw(st.lists(st.sampled_from(sorted(node.heading)), max_size=2, unique=True))
        if len(node.heading)
        else []
    )
    if draw(st.booleans()):
        return universe_restrict(tuple(names), node)
    named = {f"u{i}": draw(summaries(node.heading, names)) for i in range(draw(st.integers(1, 2)))}
    return _having(draw, universe_aggregate(tuple(names), node, **named))


def _union(draw: st.DrawFn, world: World, node: Node, depth: int) -> Node:
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return union(node, _other(draw, world, depth))
    if kind < 3 and len(node.heading):
        # Keys of values that occur: they may be NULL.
        names = tuple(
            draw(st.lists(st.sampled_from(sorted(node.heading)), min_size=1, max_size=2, unique=True))
        )
        counted = universe_aggregate(names, _having(draw, node), n="count(*)")
        other = draw(st.sampled_from((node, _other(draw, world, depth))))
        values = universe_restrict(names, _having(draw, other))
        named = {f"m{draw(st.integers(0, 1))}": "7"} if draw(st.booleans()) else {}
        values = project(values, **named)
        return union(counted, values) if draw(st.booleans()) else union(values, counted)
    # Operands of one origin: parts of the same query, one of them without the attributes that would clash.
    other = _having(draw, project(node))
    if draw(st.booleans()):
        other = restrict(other, Top(draw(st.sampled_from((2, 1, 3)))))
    left = _having(draw, node)
    return union(other, left) if draw(st.booleans()) else union(left, other)


_Operator = Callable[[st.DrawFn, World, Node, int], Node]
_OPERATORS: tuple[_Operator, ...] = (
    _text,
    _dicts,
    _query,
    _query,
    _mixture,
    _top,
    _join,
    _join,
    _project,
    _aggregate,
    _universe,
    _union,
)
