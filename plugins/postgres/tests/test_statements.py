"""Statements: each can be parsed by a parser of the dialect that is not ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlglot

from fascicle.model import ForeignKey, Index, TableName, TableSpec
from fascicle.sql.statement import Sql
from fascicle.testing.backend.bench import attribute, session, subject
from fascicle.testing.backend.declarations import everything
from fascicle_postgres.dialect import DIALECT

PARENT = subject("lab")
ALTERED = PARENT.evolve(
    attributes=(
        PARENT.attributes[0],
        attribute("species", "varchar", 100, nullable=True, default=None, comment="it's 100%"),
        attribute("cage", "int32", default=4),
    ),
    indexes=(Index(("cage",), unique=True),),
    comment="other",
)
UNIQUE = TableSpec(
    TableName("lab", "__link"),
    session("lab").attributes,
    (ForeignKey(PARENT.name, (("subject_id", "subject_id"),), unique=True),),
)


def statements() -> Iterator[Sql]:
    yield from DIALECT.create_schema("lab")
    for spec in (PARENT, session("lab"), UNIQUE, everything("lab")):
        yield from DIALECT.create_table(spec)
        yield from DIALECT.drop_table(spec)
        columns = [a.name for a in spec.attributes][:2]
        for mode in ("error", "skip", "replace"):
            yield Sql(DIALECT.insert(spec, columns, mode, 2))
    yield from DIALECT.alter_table(PARENT, ALTERED)
    yield from DIALECT.drop_schema("lab")


@pytest.mark.parametrize("text", sorted({sql.text for sql in statements()}))
def test_parses(text: str) -> None:
    (parsed,) = sqlglot.parse(text.replace("%s", "?").replace("%%", "%"), dialect=DIALECT_NAME)
    assert parsed is not None
    assert not isinstance(parsed, sqlglot.exp.Command) or any(word in text for word in UNKNOWN)


DIALECT_NAME = "postgres"
UNKNOWN = ("DO $fascicle", " SET STORAGE EXTERNAL")
