"""The diagram that users meet: a choice of tables, its algebra, and its pictures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property, reduce
from typing import Any, Self

from fascicle.diagram.build import build_drawing
from fascicle.diagram.drawing import DiagramGraph
from fascicle.diagram.picture import Picture
from fascicle.diagram.rows import ChosenRows, connection_of
from fascicle.diagram.source import DiagramSource, NodeInfo, find_source
from fascicle.diagram.style import Style
from fascicle.errors import DependencyError, FascicleError, MissingTableError
from fascicle.graph import DependencyGraph
from fascicle.model import TableName


class Diagram(ChosenRows, Picture):
    """A picture of tables and how they depend on one another.

    It knows every table that its source knows and shows some of them. Operators make new diagrams::

        Diagram(schema) + 1              one level of children more
        Diagram(Session) - 2             two levels of parents more
        Diagram(a) + Diagram(b)          both;  - without;  * what both show
        Diagram(a) + Diagram(b).collapse()   b as a single node

    Parameters
    ----------
    source : object
        A schema, a table class, a module that holds a schema, or another diagram.
    context : mapping, optional
        Accepted for programs that pass one; labels come from the source.
    via : DiagramSource, optional
        Who knows the tables; found through `source` by default.
    style : Style, optional
        Direction, theme and the like, for all pictures of this diagram.

    Raises
    ------
    DependencyError
        If `source` stands for no table.

    Notes
    -----
    Solid lines are foreign keys in the primary key, dashed ones others, thick ones are the child's
    whole primary key, orange ones rename an attribute. An underlined table adds to the key.
    """

    _graph: DependencyGraph
    _source: DiagramSource
    _infos: tuple[Callable[[TableName], NodeInfo], ...]
    _shown: frozenset[TableName]
    _expanded: frozenset[TableName]
    _notes: Mapping[TableName, str]

    def __init__(
        self,
        source: object,
        context: Mapping[str, Any] | None = None,
        *,
        via: DiagramSource | None = None,
        style: Style | None = None,
    ) -> None:
        del context
        if isinstance(source, Diagram):
            self._adopt(source)
            self._style = style or source._style
            return
        known = via if via is not None else find_source(source)
        shown = frozenset(n for n in known.nodes_for(source) if not n.table.startswith("~"))
        self._graph = known.graph()
        self._graph.known(shown)
        self._infos = (known.info,)
        self._source = known
        self._connection = connection_of(source)
        self._shown = shown
        self._expanded = shown
        self._notes = {}
        self._style = style or Style()

    def _adopt(self, other: Diagram) -> None:
        self._graph, self._infos, self._source = other._graph, other._infos, other._source
        self._shown, self._expanded = other._shown, other._expanded
        self._notes, self._style = other._notes, other._style
        self._choices, self._connection = other._choices, other._connection

    def _with(self, **changes: Any) -> Self:
        made = type(self).__new__(type(self))
        made._adopt(self)
        for name, value in changes.items():
            setattr(made, name, value)
        return made

    @classmethod
    def from_sequence(cls, sequence: Iterable[object], **options: Any) -> Diagram:
        """Union of the diagrams of several sources.

        Raises
        ------
        DependencyError
            If `sequence` is empty or holds something that stands for no table.
        """
        diagrams = [item if isinstance(item, Diagram) else cls(item, **options) for item in sequence]
        if not diagrams:
            raise DependencyError(
                "a diagram of nothing was asked for", try_="give at least one schema or table"
            )
        return reduce(lambda left, right: left + right, diagrams)

    # -- what it shows ------------------------------------------------------------------------

    @property
    def graph(self) -> DependencyGraph:
        """Every table known, shown or not."""
        return self._graph

    @property
    def shown(self) -> frozenset[TableName]:
        """The tables shown, those within collapsed schemas too."""
        return self._shown

    @property
    def collapsed(self) -> frozenset[TableName]:
        """The tables shown only as part of their schema's single node."""
        return self._shown - self._expanded

    @cached_property
    def _order(self) -> tuple[TableName, ...]:
        return self._graph.topological_sort(self._shown)

    def topological_sort(self) -> list[TableName]:
        """Tables shown, parents first and parts right after their masters."""
        return list(self._order)

    def __len__(self) -> int:
        return len(self._shown)

    def __bool__(self) -> bool:
        return bool(self._shown)

    def __contains__(self, table: object) -> bool:
        if isinstance(table, TableName):
            return table in self._shown
        if isinstance(table, str):
            return any(table in (str(name), self._info(name).label) for name in self._shown)
        try:
            found = self._source.nodes_for(table)
        except FascicleError:
            return False
        return bool(found) and found <= self._shown

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Diagram):
            return NotImplemented
        return (self._shown, self._expanded, self._graph) == (other._shown, other._expanded, other._graph)

    def __hash__(self) -> int:
        return hash((self._shown, self._expanded))

    def __repr__(self) -> str:
        tables = len(self._shown)
        names = ", ".join(self._info(name).label for name in self._order[:8])
        more = f", and {tables - 8} more" if tables > 8 else ""
        return f"<Diagram of {tables} table{'s' * (tables != 1)}: {names}{more}>"

    def _info(self, name: TableName) -> NodeInfo:
        for info in self._infos:
            try:
                return info(name)
            except MissingTableError:  # a source may know nothing of another's tables
                continue
        return NodeInfo.plain(name)

    # -- algebra ------------------------------------------------------------------------------

    def __add__(self, other: object) -> Self:
        """Add `other` levels of children, or all that another diagram or table shows."""
        if isinstance(other, int):
            return self._grown(_levels(other), downstream=True)
        return self._united(self._as_diagram(other))

    def __radd__(self, other: object) -> Self:
        """Let ``sum`` add diagrams up."""
        return self if other == 0 else self + other

    def __sub__(self, other: object) -> Self:
        """Add `other` levels of parents, or take away all that another diagram or table shows."""
        if isinstance(other, int):
            return self._grown(_levels(other), downstream=False)
        return self.only(self._shown - self._as_diagram(other)._shown)

    def __mul__(self, other: object) -> Self:
        """Keep what another diagram or table shows too."""
        return self._united(self._as_diagram(other)).only(self._shown & self._as_diagram(other)._shown)

    def _as_diagram(self, other: object) -> Diagram:
        return other if isinstance(other, Diagram) else Diagram(other, via=_own_source(other) or self._source)

    def _grown(self, levels: int, *, downstream: bool) -> Self:
        reached = self._graph.reach(sorted(self._shown), downstream=downstream, depth=levels)
        new = {name for name in reached if name not in self._shown and not name.table.startswith("~")}
        return self._with(_shown=self._shown | new, _expanded=self._expanded | new)

    def _united(self, other: Diagram) -> Self:
        return self._with(
            _graph=self._graph | other._graph,
            _infos=tuple(dict.fromkeys((*self._infos, *other._infos))),
            _shown=self._shown | other._shown,
            _expanded=self._expanded | other._expanded,
            _notes={**self._notes, **other._notes},
            _connection=self._connection or other._connection,
        )

    def only(self, tables: Collection[TableName]) -> Self:
        """Show exactly these tables; those that are collapsed stay so.

        Raises
        ------
        DependencyError
            If one of them is unknown.
        """
        chosen = frozenset(self._graph.known(tables))
        return self._with(_shown=chosen, _expanded=chosen - self.collapsed)

    def collapse(self) -> Self:
        """Draw each schema as a single node; added to a diagram, what that one shows stays expanded."""
        return self._with(_expanded=frozenset())

    def add_parts(self) -> Self:
        """Show the parts of every master shown."""
        parts = {part: master for master in self._shown for part in self._graph.parts_of(master)}
        open_parts = {part for part, master in parts.items() if master in self._expanded}
        return self._with(_shown=self._shown | parts.keys(), _expanded=self._expanded | open_parts)

    def with_notes(self, notes: Mapping[TableName, object]) -> Self:
        """Write a second line (a count, a state) into tables."""
        texts = {name: str(note) for name, note in notes.items()}
        return self._with(_notes={**self._notes, **texts})

    def with_style(self, **changes: Any) -> Self:
        """Change direction, theme, grouping or legend of all pictures; see `Style`."""
        return self._with(_style=self._style.evolve(**changes))

    @property
    def drawing(self) -> DiagramGraph:
        """Nodes and edges as they are drawn, collapsed schemas as one."""
        return build_drawing(self._graph, self._order, self._expanded, self._info, self._notes)


def _levels(count: int) -> int:
    if isinstance(count, bool) or count < 0:
        raise DependencyError(
            f"a diagram cannot grow by {count!r} levels",
            try_="add a whole number for children, subtract one for parents: diagram + 1 - 2",
        )
    return count


def _own_source(obj: object) -> DiagramSource | None:
    try:
        return find_source(obj)
    except DependencyError:
        return None
