"""Expressions drawn at random have the same values on every database."""

from __future__ import annotations

import datetime as dt
import math
import re
import uuid
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fascicle as fc
from fascicle.model import Attribute, CoreType, Heading, TableName, TableSpec
from fascicle.query.inference import infer
from fascicle.query.parser import parse_expression
from fascicle.query.scalar import Column, Scalar
from fascicle.sql.render import Rendered, Renderer
from fascicle.sql.statement import Sql

T = CoreType


def optional(name: str, type_: CoreType) -> Attribute:
    return Attribute(name, type_, nullable=True, default=None)


ATTRIBUTES = (
    Attribute("k", T("int32"), in_key=True),
    optional("i", T("int32")),
    Attribute("b", T("int64")),
    optional("y", T("float64")),
    Attribute("f", T("float32")),
    optional("p", T("decimal", (8, 2))),
    Attribute("q", T("decimal", (6, 3))),
    optional("s", T("varchar", (20,))),
    Attribute("r", T("varchar", (20,))),
    optional("ok", T("bool")),
    optional("d", T("date")),
    Attribute("t", T("datetime", (3,))),
    Attribute("t0", T("datetime")),
    Attribute("e", T("enum", ("b", "a"))),
    Attribute("u", T("uuid")),
    Attribute("j", T("json")),
)
HEADING = Heading(ATTRIBUTES)
DT, DAY, ID = dt.datetime, dt.date, uuid.UUID
NESTED = {"a": 1, "b": "x", "c": [1, 2.5, True, None]}
ROWS = [
    (
        *(0, 3, 10**10, 2.5, 0.5, D("12.34"), D("1.005"), "Mouse", "abc", True, DAY(2024, 2, 29)),
        *(DT(2024, 2, 29, 23, 59, 59, 999000), DT(2026, 1, 1), "a", ID(int=7), NESTED),
    ),
    (
        *(1, -7, -5, -0.75, -1.25, D("-0.01"), D("-2.500"), "été_%", "a%c", False, DAY(2026, 1, 31)),
        *(DT(2026, 1, 31), DT(2025, 12, 31, 12, 30, 1), "b", ID(int=2**100), {"a": -2.5, "b": None, "c": []}),
    ),
    (
        *(2, None, 0, None, 0.0, None, D(0), None, "", None, None),
        *(DT(1999, 12, 31, 1, 2, 3, 450000), DT(1970, 1, 1), "a", ID(int=0), {"b": "12"}),
    ),
    (
        *(3, 0, 1, 1e6, 100.0, D("999999.99"), D("999.999"), "  pad ", "12.5", True, DAY(2000, 12, 31)),
        *(
            DT(2000, 3, 1, 10, 20, 30, 1000),
            DT(2038, 1, 19, 3, 14, 8),
            "b",
            ID(int=3),
            {"a": "str", "c": {"z": 0}},
        ),
    ),
    (
        *(4, 100, 7, 0.1, 0.1, D(5), D("-0.125"), "2026-01-05", "X", False, DAY(1999, 1, 1)),
        *(DT(2026, 6, 30, 23), DT(2026, 6, 30, 23), "a", ID(int=4), {}),
    ),
]

# What each kind of expression may be, between semicolons; [N] stands for another number, and so on.
FORMS = {
    "NUMBER": """
        i; b; y; f; p; q; 3; -2; 0; 2.5; 0.125; 7; j.a:int; j.a:float; j.c[0]:int; j.c[1]:decimal(5,2); j.b:int;
        json_length(j); ([N] + [N]); ([N] - [N]); ([N] * [N]); ([N] / [N]); ([N] // [N]); ([N] % [N]); ([W] & [W]);
        ([W] | [W]); (-[N]); abs([N]); sign([N]); floor([N]); ceil([N]); round([N]); round([N], 1); round([N], -1);
        truncate([N], 1); truncate([N], -1); coalesce([N], [N]); greatest([N], [N]); least([N], [N]);
        if([C], [N], [N]); CASE WHEN [C] THEN [N] END; length([T]); CAST([N] AS int); CAST([T] AS float64);
        CAST([N] AS decimal(12,2)); CAST([T] AS int); sqrt([N]); nullif([N], [N]); year([M]); month([M]); day([M]);
        quarter([M]); dayofweek([M]); weekday([M]); dayofyear([M]); weekofyear([M]); hour(t); second(t0);
        microsecond(t); unix_timestamp([M]); datediff([M], [M]); timestampdiff(second, [M], [M]);
        timestampdiff(day, [M], [M]); timestampdiff(week, [M], [M]); timestampdiff(month, [M], [M]);
        timestampdiff(year, [M], [M]); instr([T], [T])
    """,
    "WHOLE": """
        i; b; 3; 12; -1; ([W] + [W]); ([W] - [W]); ([W] // [W]); ([W] % [W]); length([T]); sign([N]); ([C]) + [W];
        round([W], -1)
    """,
    "TEXT": """
        s; r; e; 'abc'; ''; 'é%'; ' x '; j.b; j.c[0]; j.c[2]; j.a; concat([T], [T]); concat([T], [W]);
        concat([T], [M]); lower([T]); upper([T]); trim([T]); ltrim([T]); rtrim([T]); reverse([T]); substring([T], 2);
        substring([T], -2); substring([T], 0); substring([T], 2, 1); left([T], 2); left([T], -1); right([T], 2);
        right([T], 0); replace([T], 'a', 'z'); lpad([T], 4, '*'); rpad([T], 4, '*'); coalesce([T], [T]);
        CASE WHEN [C] THEN [T] ELSE [T] END; CAST([M] AS char); CAST([C] AS char); CAST(u AS char); CAST(p AS char);
        concat_ws('-', [T], [T]); [T] || [T]; nullif([T], [T]); repeat([T], 2); md5([T]);
        date_format([M], '%Y-%j %H:%i:%s.%f %a %b')
    """,
    "MOMENT": """
        d; t; t0; '2024-02-29'; '2026-01-31 10:11:12'; (d + INTERVAL i DAY); (t - INTERVAL 1 MONTH);
        (t0 + INTERVAL 1 YEAR); (t + INTERVAL 30 SECOND); (d - INTERVAL 2 QUARTER); (d + INTERVAL 7 HOUR);
        (t0 + INTERVAL y MINUTE); (t + INTERVAL q DAY); date([M]); CAST([M] AS date); CAST([M] AS datetime);
        CAST([M] AS datetime(2)); CAST([M] AS datetime(6)); CASE WHEN [C] THEN d ELSE t END; greatest(t, t0);
        least(d, t); CAST(s AS date); CAST(s AS datetime)
    """,
    "CONDITION": """
        ok; i > 2; y < 1; p >= 5; s = 'Mouse'; d > '2020-01-01'; t0 < t; e = 'a'; e < 'b'; i IN (3, 0); f = 0.1;
        j.a = 1; j.c[2] = TRUE; ([C] AND [C]); ([C] OR [C]); ([C] XOR [C]); (NOT [C]); ([N] = [N]); ([N] != [N]);
        ([N] < [N]); ([N] >= [N]); ([N] <=> [N]); ([T] = [T]); ([T] < [T]); ([T] >= [T]); ([T] <=> [T]); (d < t);
        (t0 >= d); ([T] LIKE '%a%'); ([T] NOT LIKE '_b%'); ([T] ILIKE '%A_'); ([T] LIKE r); ([N] IN ([N], 3, 2.5));
        ([N] BETWEEN [N] AND [N]); ([T] IS NULL); ([N] IS NOT NULL); ([C] IS TRUE); ([C] IS NOT FALSE);
        starts_with([T], [T]); CAST([N] AS bool); CAST([T] AS bool)
    """,
}
KINDS = {f"[{name[0]}]": name for name in FORMS}


def expressions(kind: str, depth: int) -> st.SearchStrategy[str]:
    forms = [form.strip() for form in FORMS[kind].split(";")]
    flat = [form for form in forms if not any(place in form for place in KINDS)]
    return st.sampled_from(flat if depth == 0 else forms).flatmap(lambda form: filled(form, depth))


def filled(form: str, depth: int) -> st.SearchStrategy[str]:
    pieces = re.split(r"(\[[A-Z]\])", form)
    return st.tuples(*(expressions(KINDS[p], depth - 1) if p in KINDS else st.just(p) for p in pieces)).map(
        "".join
    )


class Place:
    """The table on one database."""

    def __init__(self, connection: Any, schema: str) -> None:
        self.connection, self.dialect = connection, connection.dialect
        self.spec = TableSpec(TableName(schema, "agree"), ATTRIBUTES)
        for statement in (*self.dialect.create_schema(schema), *self.dialect.create_table(self.spec)):
            connection.execute(statement)
        encoders = [self.dialect.encoder(a) or (lambda value: value) for a in ATTRIBUTES]
        rows = [tuple(None if v is None else e(v) for v, e in zip(r, encoders, strict=True)) for r in ROWS]
        connection.bulk_insert(self.spec, list(HEADING), rows, "error")
        self.renderer = Renderer(self.dialect, self)

    def column(self, name: str) -> Rendered:
        return Rendered(self.dialect.identifier(name), (), HEADING[name].type)

    def type_of(self, name: str) -> Attribute:
        return HEADING[name]

    def exists(self, node: Any) -> Rendered:
        raise AssertionError(node)

    def values(self, scalar: Scalar) -> list[Any]:
        rendered = self.renderer.value(scalar)
        type_ = infer(scalar, HEADING).type or T("varchar")
        table = self.dialect.table(self.spec.name)
        plain = isinstance(scalar, Column)
        text = self.dialect.output(HEADING[scalar.name], rendered.text) if plain else rendered.text
        statement = Sql(f"SELECT {text} FROM {table} ORDER BY k", rendered.params)
        decode = self.dialect.decoder(Attribute("v", type_, nullable=True, computed=True))
        found = [row[0] for row in self.connection.execute(statement).rows]
        return [v if v is None or decode is None else decode(v) for v in found]

    def drop(self) -> None:
        for statement in (
            *self.dialect.drop_table(self.spec),
            *self.dialect.drop_schema(self.spec.name.schema),
        ):
            self.connection.execute(statement)
        self.connection.close()


@pytest.fixture(scope="module")
def places(
    server_urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Place]]:
    urls = {"sqlite": f"sqlite:///{tmp_path_factory.mktemp('agree') / 'agree.db'}", **server_urls}
    if len(urls) == 1:
        pytest.skip("no server to agree with")
    schema = f"tagree{uuid.uuid4().hex[:8]}"
    made = {name: Place(fc.connect(url), schema) for name, url in urls.items()}
    yield made
    for place in made.values():
        place.drop()


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return type(a) is type(b) and bool(a == b)


def outcome(place: Place, scalar: Scalar) -> list[Any] | None:
    try:
        return place.values(scalar)
    except fc.FascicleError:
        return None  # an overflow, which all must see


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.sampled_from(sorted(FORMS)).flatmap(lambda kind: expressions(kind, 3)))
def test_random_expressions_agree(places: dict[str, Place], text: str) -> None:
    try:
        scalar = parse_expression(text, HEADING)
    except fc.FascicleError:
        return  # types that do not fit, the same for all
    found = {name: outcome(place, scalar) for name, place in places.items()}
    here = found["sqlite"]
    for name, values in found.items():
        assert (values is None) == (here is None), (text, name, found)
        if values is not None and here is not None:
            assert all(map(same, values, here)), (text, name, found)
