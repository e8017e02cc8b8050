"""Every statement that queries compile to is one of its database's language, as an independent parser reads it."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fascicle.backend.sqlite import SqliteDialect
from fascicle.query.matching import NamesakeWarning
from fascicle.query.operators import restrict
from fascicle.sql.compiler import compile_count, compile_exists, compile_select
from fascicle.sql.modify import compile_delete, compile_insert_select
from fascicle.sql.statement import Sql
from fascicle.testing.strategies import queries, relation, worlds


def dialect_of(name: str) -> Any:
    if name == "sqlite":
        return SqliteDialect()
    plugin = {"mysql": "fascicle_mysql", "postgres": "fascicle_postgres"}[name]
    return pytest.importorskip(plugin).BACKEND.dialect


def parse(sql: Sql, language: str, placeholder: str) -> None:
    """Parse a statement; a driver's placeholders stand as values do."""
    text = sql.text
    if placeholder == "%s":
        assert text.replace("%%", "").count("%s") == len(sql.params)
        text = text.replace("%%", "%").replace("%s", "NULL")
    else:
        assert text.count("?") == len(sql.params)
    (statement,) = sqlglot.parse(text, read=language)
    assert statement is not None
    assert not isinstance(statement, sqlglot.exp.Command), text


@pytest.mark.parametrize("language", ["sqlite", "mysql", "postgres"])
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_statements_parse(language: str, data: st.DataObject) -> None:
    dialect = dialect_of(language)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NamesakeWarning)
        world = data.draw(worlds())
        node = data.draw(queries(world))
        target = data.draw(st.sampled_from(world.specs))
        restricted = restrict(relation(target), node)
    shared = [name for name in node.heading if name in target.heading]
    statements = [
        compile_select(node, dialect, order_by="KEY", limit=3, offset=1).sql,
        compile_count(node, dialect),
        compile_exists(node, dialect),
        compile_delete(restricted, dialect),
    ]
    if shared:
        mode = data.draw(st.sampled_from(("error", "skip", "replace")))
        statements.append(compile_insert_select(target, shared, node, dialect, mode))
    for sql in statements:
        parse(sql, language, dialect.placeholder)


@pytest.mark.parametrize("language", ["sqlite", "mysql", "postgres"])
def test_the_same_query_has_the_same_text(language: str) -> None:
    dialect = dialect_of(language)

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def same(data: st.DataObject) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NamesakeWarning)
            world = data.draw(worlds())
            node = data.draw(queries(world))
        first = compile_select(node, dialect).sql
        assert compile_select(node, dialect).sql == first

    same()
