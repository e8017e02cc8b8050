"""Large values: stored as they come where a codec has packed them, and copied rather than bound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from secrets import token_hex

import pytest

from fascicle.backend.connect import connect
from fascicle.model import CodecRef
from fascicle.sql.statement import Sql
from fascicle.testing.backend.bench import Bench, attribute, single
from tests.servers import Unavailable
from tests.servers.fixtures import ServerPool

STORAGE = """SELECT a.attname::text, a.attstorage::text FROM pg_attribute a
WHERE a.attrelid = to_regclass(%s) AND a.attname IN ('packed', 'raw', 'later') ORDER BY 1"""


@pytest.fixture
def bench(server_pool: ServerPool) -> Iterator[Bench]:
    try:
        url = server_pool.url("postgres")
    except Unavailable as error:
        pytest.skip(f"postgres: {error}")
    with connect(url) as connection:
        schema = f"large_{token_hex(4)}"
        connection.execute_script(connection.dialect.create_schema(schema))
        made = Bench(connection, schema)
        yield made
        made.drop_all()


def storage(bench: Bench) -> dict[str, str]:
    rows = bench.connection.execute(Sql(STORAGE, (f"{bench.schema}.recording",))).rows
    return dict(rows)


def test_the_server_packs_only_what_no_codec_has(bench: Bench) -> None:
    packed = attribute("packed", "bytes", codec=CodecRef("blob"), nullable=True, default=None)
    spec = single(bench.schema, "recording", packed, attribute("raw", "bytes"))
    bench.declare(spec)
    assert storage(bench) == {"packed": "e", "raw": "x"}
    longer = spec.evolve(attributes=(*spec.attributes, packed.evolve(name="later")))
    bench.connection.execute_script(bench.connection.dialect.alter_table(spec, longer))
    assert storage(bench) == {"later": "e", "packed": "e", "raw": "x"}


@pytest.mark.parametrize(("size", "trips"), [(1000, 1), (200_000, 2)])
def test_few_rows_are_copied_where_they_are_heavy(bench: Bench, size: int, trips: int) -> None:
    spec = single(bench.schema, "recording", attribute("raw", "bytes"))
    bench.declare(spec)
    rows = [{"id": n, "raw": os.urandom(size)} for n in range(3)]
    before = bench.connection.round_trips
    assert bench.insert(spec, *rows) == 3
    assert bench.connection.round_trips - before == trips
    assert bench.fetch(spec) == rows


def test_heavy_rows_may_be_skipped_and_replaced(bench: Bench) -> None:
    spec = single(bench.schema, "recording", attribute("raw", "bytes"))
    bench.declare(spec)
    old, new = os.urandom(300_000), os.urandom(300_000)
    bench.insert(spec, {"id": 1, "raw": old})
    assert bench.insert(spec, {"id": 1, "raw": new}, {"id": 2, "raw": new}, mode="skip") == 1
    assert bench.fetch(spec) == [{"id": 1, "raw": old}, {"id": 2, "raw": new}]
    bench.insert(spec, {"id": 1, "raw": new}, mode="replace")
    assert bench.fetch(spec)[0] == {"id": 1, "raw": new}
