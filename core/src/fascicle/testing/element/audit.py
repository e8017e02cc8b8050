"""What is missing where an Element was filled: empty tables, and columns without a single value."""

from __future__ import annotations

from fascicle.element import Element
from fascicle.query import U
from fascicle.table import Table


def empty_tables(element: Element) -> list[str]:
    """Names of declared tables without rows."""
    return [unit.key for unit in element.table_units() if not unit.table()]


def null_columns(element: Element) -> list[str]:
    """Names of columns that are NULL in every row, as ``Table.attribute``."""
    found = []
    for unit in element.table_units():
        found += [f"{unit.key}.{name}" for name in all_null(unit.table)]
    return found


def all_null(table: type[Table]) -> list[str]:
    """Attributes of a table that are NULL in every row; none for an empty table."""
    names = [name for name, attribute in table.heading.items() if attribute.nullable]
    if not names or not table():
        return []
    # One pass over the table: an attribute that is never NULL is seen in the first rows.
    counts = U().aggr(table(), **{f"n_{i}": f"count({name})" for i, name in enumerate(names)}).fetch1()
    return [name for i, name in enumerate(names) if counts[f"n_{i}"] == 0]
