"""Races between transactions, each with an outcome that only serial execution gives.

Every function is one contestant; a race runs several at once, in threads or in processes.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from typing import Any

from fascicle.backend.connect import connect
from fascicle.backend.connection import Connection
from fascicle.backend.url import DatabaseUrl
from fascicle.model import TableName
from fascicle.sql.statement import Sql
from fascicle.testing.backend.bench import insert, session

Contestant = Callable[[Connection, str, int], None]
_THINKING = 0.02
_ROUNDS = 3
_PATIENCE = 60


def increment(connection: Connection, schema: str, contestant: int) -> None:
    """Add to one row what was read a moment before: a lost update would leave too small a sum."""

    def once() -> None:
        amount = _amounts(connection, schema, 1)[0]
        time.sleep(_THINKING)
        _set_amount(connection, schema, 1, amount + 1)

    for _ in range(_ROUNDS):
        connection.retrying(once, isolation="serializable", attempts=50)


def leave_duty(connection: Connection, schema: str, contestant: int) -> None:
    """Go off duty if somebody else stays: with write skew nobody would."""

    def once() -> None:
        on_duty = sum(_amounts(connection, schema, 1, 2))
        time.sleep(_THINKING)
        if on_duty > 1:
            _set_amount(connection, schema, contestant + 1, 0)

    connection.retrying(once, isolation="serializable", attempts=50)


def claim(connection: Connection, schema: str, contestant: int) -> None:
    """Insert a row if there is none yet in the range: with a phantom both would."""
    table = connection.dialect.table(TableName(schema, "session"))

    def once() -> None:
        taken = connection.execute(Sql(f"SELECT COUNT(*) FROM {table} WHERE number BETWEEN 100 AND 200"))
        time.sleep(_THINKING)
        if taken.rows[0][0] == 0:
            rows = [{"subject_id": "m1", "number": 100 + contestant, "amount": 1}]
            insert(connection, session(schema), rows)

    connection.retrying(once, isolation="serializable", attempts=50)


def _amounts(connection: Connection, schema: str, *numbers: int) -> list[int]:
    table = connection.dialect.table(TableName(schema, "session"))
    mark = connection.dialect.placeholder
    marks = ", ".join([mark] * len(numbers))
    rows = connection.execute(Sql(f"SELECT amount FROM {table} WHERE number IN ({marks})", numbers)).rows
    return [amount for (amount,) in rows]


def _set_amount(connection: Connection, schema: str, number: int, amount: int) -> None:
    table = connection.dialect.table(TableName(schema, "session"))
    mark = connection.dialect.placeholder
    connection.execute(Sql(f"UPDATE {table} SET amount = {mark} WHERE number = {mark}", (amount, number)))


def race_threads(connection: Connection, schema: str, contestant: Contestant, number: int) -> None:
    """Run `number` contestants in threads of one connection; raise the first of their errors."""
    barrier = threading.Barrier(number)
    errors: list[BaseException] = []

    def run(index: int) -> None:
        try:
            barrier.wait(_PATIENCE)
            contestant(connection, schema, index)
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
    if errors:
        raise errors[0]


def race_processes(url: DatabaseUrl, schema: str, contestant: Contestant, number: int) -> None:
    """Run `number` contestants in processes of their own; raise if one fails.

    Raises
    ------
    RuntimeError
        If a contestant failed or did not end in time.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(number)
    contestants = [
        context.Process(target=_run_process, args=(url, schema, contestant, index, barrier), daemon=True)
        for index in range(number)
    ]
    for process in contestants:
        process.start()
    for process in contestants:
        process.join(_PATIENCE)
    codes = [process.exitcode for process in contestants]
    for process in contestants:
        if process.is_alive():
            process.kill()
            process.join()
    if any(codes):
        raise RuntimeError(f"contestants ended with {codes}; their errors are printed above")


def _run_process(url: DatabaseUrl, schema: str, contestant: Contestant, index: int, barrier: Any) -> None:
    with connect(url) as connection:
        barrier.wait(_PATIENCE)
        contestant(connection, schema, index)
