"""Several processes start a pipeline at once: each declares what may be there already."""

from __future__ import annotations

import threading
from secrets import token_hex

import pytest

from fascicle.backend.connect import connect
from fascicle.model import TableName
from fascicle.testing.backend.bench import session, subject
from fascicle.testing.backend.declarations import everything
from tests.servers import Unavailable
from tests.servers.fixtures import ServerPool

WORKERS = 6


def test_all_find_the_tables_declared(server_pool: ServerPool) -> None:
    try:
        url = server_pool.url("postgres")
    except Unavailable as error:
        pytest.skip(f"postgres: {error}")
    schema = f"at_once_{token_hex(4)}"
    specs = [subject(schema), session(schema), everything(schema)]
    barrier = threading.Barrier(WORKERS)
    faults: list[BaseException] = []

    def declare() -> None:
        try:
            with connect(url) as connection:
                barrier.wait(20)
                connection.execute_script(connection.dialect.create_schema(schema))
                for spec in specs:
                    connection.execute_script(connection.dialect.create_table(spec))
        except BaseException as error:  # noqa: BLE001 - shown by the main thread
            faults.append(error)

    threads = [threading.Thread(target=declare) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with connect(url) as connection:
        try:
            assert not faults
            found = connection.catalog.load(schema)
            assert set(found) == {spec.name for spec in specs}
            assert found[TableName(schema, "session")].foreign_keys == specs[1].foreign_keys
            assert found[TableName(schema, "__every_thing")].indexes == specs[2].indexes
        finally:
            connection.execute_script(connection.dialect.drop_schema(schema))
