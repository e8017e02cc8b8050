"""What stands in the way of a pipeline, and what declaring it would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fascicle.errors import FascicleError, SchemaError
from fascicle.model import TableSpec
from fascicle.sql import Sql

if TYPE_CHECKING:
    from fascicle.backend.connection import Connection
    from fascicle.element.element import Element
    from fascicle.table import Table


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a pipeline.

    Parameters
    ----------
    element : str
        Name of the Element concerned.
    what : str
        What is wrong.
    where : str
        Port, table or link concerned.
    why, try_ : str, optional
        The cause, and what to do about it.
    is_warning : bool
        Whether the pipeline can be activated nevertheless.
    """

    element: str
    what: str
    where: str = ""
    why: str | None = None
    try_: str | None = None
    is_warning: bool = False

    @classmethod
    def of(cls, element: str, where: str, error: FascicleError) -> Problem:
        """Make the problem that an error tells of."""
        return cls(element, error.what, where, error.why, error.try_)

    def __str__(self) -> str:
        place = f"{self.element}.{self.where}" if self.where else self.element
        lines = [f"{'warning: ' if self.is_warning else ''}{place}: {self.what}"]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.try_:
            lines.append(f"  try: {self.try_}")
        return "\n".join(lines)


@dataclass(frozen=True)
class PlannedTable:
    """One table of a plan.

    Parameters
    ----------
    element : Element
    table : type
        The bound class.
    wanted : TableSpec
        What the class says.
    declared : TableSpec or None
        What the database has, if the table exists.
    statements : tuple of Sql
        What would declare it; empty if it exists.
    differences : tuple of str
        How the declared table differs from the class.
    """

    element: Element
    table: type[Table]
    wanted: TableSpec
    declared: TableSpec | None = None
    statements: tuple[Sql, ...] = ()
    differences: tuple[str, ...] = ()

    @property
    def spec(self) -> TableSpec:
        """What holds: the declared table where there is one."""
        return self.declared or self.wanted


@dataclass
class Plan:
    """What activating would do, and every problem at once.

    Attributes
    ----------
    connection : Connection
    elements : list of Element
        In the order in which they would be declared.
    tables : list of PlannedTable
    schemas : dict of str to list of Sql
        Schemas that would be made.
    problems : list of Problem
    """

    connection: Connection
    elements: list[Element] = field(default_factory=list)
    tables: list[PlannedTable] = field(default_factory=list)
    schemas: dict[str, list[Sql]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """Problems that stand in the way."""
        return [problem for problem in self.problems if not problem.is_warning]

    @property
    def warnings(self) -> list[Problem]:
        """Problems that do not."""
        return [problem for problem in self.problems if problem.is_warning]

    @property
    def ok(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.errors

    @property
    def missing(self) -> list[PlannedTable]:
        """Tables that would be declared."""
        return [table for table in self.tables if table.declared is None]

    @property
    def ddl(self) -> list[str]:
        """Statements that would be sent, without the values of the catalogue's own rows."""
        scripts = [*self.schemas.values(), *(table.statements for table in self.missing)]
        return [sql.text for script in scripts for sql in script]

    def of(self, element: Element) -> list[PlannedTable]:
        """Return the tables of one Element."""
        return [table for table in self.tables if table.element is element]

    def raise_for_errors(self) -> None:
        """Raise one error that lists everything that stands in the way.

        Raises
        ------
        SchemaError
            Its ``details["problems"]`` has them.
        """
        raise_for(self.errors)

    def __str__(self) -> str:
        lines = []
        for element in self.elements:
            own = self.of(element)
            new = [t for t in own if t.declared is None]
            lines.append(
                f"{element.name} ({element.label}) in the schema {element.schema_name}: "
                f"{len(own)} tables, {len(new)} to declare"
            )
            lines += [f"    {t.wanted.name.class_name}" for t in new]
        count = len(self.errors)
        lines.append(f"{count} problem{'s' if count != 1 else ''}" if count else "no problem")
        lines += [indented(problem) for problem in self.problems]
        return "\n".join(lines)


def indented(problem: Problem) -> str:
    """Print a problem as an item of a list."""
    return "  - " + str(problem).replace("\n", "\n    ")


def raise_for(problems: Iterable[Problem]) -> None:
    """Raise one error for several problems; nothing happens if there are none.

    Raises
    ------
    SchemaError
    """
    problems = list(problems)
    if not problems:
        return
    if len(problems) == 1:
        only = problems[0]
        place = f"{only.element}.{only.where}" if only.where else only.element
        raise SchemaError(only.what, where=place, why=only.why, try_=only.try_, problems=problems)
    listed = "\n".join(map(indented, problems))
    raise SchemaError(
        f"{len(problems)} problems stand in the way of the pipeline\n{listed}",
        try_="mend them, and look again with plan()",
        problems=problems,
    )
