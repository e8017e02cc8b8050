"""Several sessions insert the same keys at once, in different orders."""

from __future__ import annotations

import random
import threading
from secrets import token_hex

import pytest

from fascicle.backend.connect import connect
from fascicle.backend.protocol import Mode
from fascicle.testing.backend.bench import Bench, attribute, insert, single
from tests.servers import Unavailable
from tests.servers.fixtures import ServerPool

WORKERS = 6
ROWS = 600


@pytest.mark.parametrize("mode", ["skip", "replace"])
def test_each_key_is_inserted_once(server_pool: ServerPool, mode: Mode) -> None:
    try:
        url = server_pool.url("postgres")
    except Unavailable as error:
        pytest.skip(f"postgres: {error}")
    counts: list[int] = []
    faults: list[BaseException] = []
    barrier = threading.Barrier(WORKERS)
    with connect(url) as connection:
        bench = Bench(connection, f"at_once_{token_hex(4)}")
        connection.execute_script(connection.dialect.create_schema(bench.schema))
        spec = single(bench.schema, "t", attribute("v", "int32"))
        bench.declare(spec)

        def work(worker: int) -> None:
            try:
                rows = [{"id": i, "v": worker} for i in range(ROWS)]
                random.Random(worker).shuffle(rows)
                with connect(url) as own:
                    own.ping()
                    barrier.wait(20)
                    counts.extend(insert(own, spec, rows[at : at + 100], mode) for at in range(0, ROWS, 100))
            except BaseException as error:  # noqa: BLE001 - shown by the main thread
                faults.append(error)

        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        try:
            assert not faults
            assert [row["id"] for row in bench.fetch(spec)] == list(range(ROWS))
            assert sum(counts) == (ROWS if mode == "skip" else WORKERS * ROWS)
        finally:
            bench.drop_all()
