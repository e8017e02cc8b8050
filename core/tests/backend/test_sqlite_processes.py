"""Several processes on one file: nobody is locked out, nothing is lost, every reader sees whole transactions."""

import multiprocessing
import time

import pytest

from fascicle.backend.connect import connect
from fascicle.sql.statement import Sql

WRITERS, READERS, ROUNDS = 3, 1, 60


def write(url, worker, barrier, failures):
    """Move amounts between rows, one short transaction after another, and add rows alone."""
    try:
        with connect(url) as connection:
            barrier.wait(30)
            for i in range(ROUNDS):
                with connection.transaction:
                    connection.execute(Sql("UPDATE account SET amount = amount - 1 WHERE id = ?", (worker,)))
                    connection.execute(Sql("UPDATE account SET amount = amount + 1 WHERE id = 99"))
                connection.execute(Sql("INSERT INTO log VALUES (?, ?)", (worker, i)))
    except BaseException as error:  # noqa: BLE001 - shown by the parent
        failures.put(f"writer: {error!r}")


def read(url, barrier, failures, stop):
    """See the same sum all the time."""
    try:
        with connect(url) as connection:
            barrier.wait(30)
            while not stop.is_set():
                with connection.transaction(read_only=True):
                    amounts = connection.execute(Sql("SELECT amount FROM account")).rows
                    again = connection.execute(Sql("SELECT amount FROM account")).rows
                assert amounts == again
                assert sum(amount for (amount,) in amounts) == 0
                sizes = [len(rows) for rows in connection.stream(Sql("SELECT * FROM log"), batch=50)]
                assert all(sizes)
    except BaseException as error:  # noqa: BLE001 - shown by the parent
        failures.put(f"reader: {error!r}")


@pytest.mark.timeout(120)
def test_four_processes_share_a_file(tmp_path):
    url = f"sqlite:///{tmp_path}/lab.db"
    context = multiprocessing.get_context("spawn")
    barrier, failures, stop = context.Barrier(WRITERS + READERS), context.Queue(), context.Event()
    with connect(url) as connection:
        connection.execute(Sql("CREATE TABLE account (id INT PRIMARY KEY, amount INT)"))
        connection.execute(Sql("CREATE TABLE log (worker INT, i INT, PRIMARY KEY (worker, i))"))
        for i in (*range(WRITERS), 99):
            connection.execute(Sql("INSERT INTO account VALUES (?, 0)", (i,)))
    writers = [
        context.Process(target=write, args=(url, worker, barrier, failures), daemon=True)
        for worker in range(WRITERS)
    ]
    reader = context.Process(target=read, args=(url, barrier, failures, stop), daemon=True)
    for process in (*writers, reader):
        process.start()
    for process in writers:
        process.join(60)
    stop.set()
    reader.join(30)
    reported = []
    while not failures.empty():
        reported.append(failures.get())
    assert reported == []
    assert [process.exitcode for process in (*writers, reader)] == [0] * (WRITERS + READERS)
    with connect(url) as connection:
        assert connection.execute(Sql("SELECT COUNT(*) FROM log")).rows == [(WRITERS * ROUNDS,)]
        assert connection.execute(Sql("SELECT amount FROM account WHERE id = 99")).rows == [
            (WRITERS * ROUNDS,)
        ]


def open_at_once(path, barrier, failures):
    """Open a file that does not exist yet, at the same moment as others."""
    try:
        barrier.wait(30)
        with connect(f"sqlite:///{path}") as connection:
            connection.execute_script(connection.dialect.create_schema("lab"))
    except BaseException as error:  # noqa: BLE001 - shown by the parent
        failures.put(repr(error))


@pytest.mark.timeout(120)
def test_a_new_file_is_opened_by_many_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier, failures = context.Barrier(4), context.Queue()
    processes = [
        context.Process(target=open_at_once, args=(tmp_path / "new.db", barrier, failures), daemon=True)
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    time.sleep(0.05)
    assert failures.empty(), failures.get()
    with connect(tmp_path / "new.db") as connection:
        assert connection.schemas == ["lab"]
