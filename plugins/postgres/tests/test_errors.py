"""Errors: what the server says, told in terms of tables and attributes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from secrets import token_hex

import psycopg
import pytest

from fascicle.backend.connect import connect
from fascicle.backend.connection import Connection
from fascicle.errors import (
    AccessError,
    DuplicateError,
    FascicleError,
    IntegrityError,
    LockError,
    LostConnectionError,
    MissingParentError,
    MissingTableError,
    QueryError,
    SchemaError,
    TransactionError,
    ValidationError,
)
from fascicle.model import Index, TableName, TableSpec
from fascicle.sql.statement import Sql
from fascicle.testing.backend.bench import Bench, attribute, key, session, single, subject
from fascicle_postgres.errors import is_retryable, translate
from tests.servers import Unavailable
from tests.servers.fixtures import ServerPool


@pytest.fixture
def url(server_pool: ServerPool) -> str:
    try:
        return server_pool.url("postgres")
    except Unavailable as error:
        pytest.skip(f"postgres: {error}")


@pytest.fixture
def bench(url: str) -> Iterator[Bench]:
    with connect(url) as connection:
        schema = f"errors_{token_hex(4)}"
        connection.execute_script(connection.dialect.create_schema(schema))
        yield Bench(connection, schema)
        connection.execute_script(connection.dialect.drop_schema(schema))


def failure(bench: Bench, text: str) -> FascicleError:
    with pytest.raises(FascicleError) as caught:
        bench.connection.query(text.replace("{s}", f'"{bench.schema}"'))
    return caught.value


def test_a_duplicate_names_key_and_values(bench: Bench) -> None:
    spec = subject(bench.schema).evolve(indexes=(Index(("species",), unique=True),))
    bench.declare(spec)
    bench.insert(spec, {"subject_id": "a"})
    with pytest.raises(DuplicateError, match="primary key") as caught:
        bench.insert(spec, {"subject_id": "a", "species": "x"})
    assert (caught.value.details["columns"], caught.value.details["values"]) == (("subject_id",), "a")
    assert "skip_duplicates" in str(caught.value)
    with pytest.raises(DuplicateError, match="species") as caught:
        bench.insert(spec, {"subject_id": "b"})
    assert caught.value.details["values"] == "mus"
    with pytest.raises(DuplicateError, match="species"):
        bench.insert(spec, {"subject_id": "b"}, mode="skip")


def test_a_missing_parent_names_table_and_attributes(bench: Bench) -> None:
    bench.declare(subject(bench.schema), session(bench.schema))
    with pytest.raises(MissingParentError) as caught:
        bench.insert(session(bench.schema), {"subject_id": "nobody", "number": 1})
    assert caught.value.details["columns"] == ("subject_id",)
    assert caught.value.details["parent"] == "subject"
    assert "(subject_id) = (nobody)" in str(caught.value)


def test_a_row_in_use_names_the_child(bench: Bench) -> None:
    bench.declare(subject(bench.schema), session(bench.schema))
    bench.insert(subject(bench.schema), {"subject_id": "a"})
    bench.insert(session(bench.schema), {"subject_id": "a", "number": 1})
    fault = failure(bench, "DELETE FROM {s}.subject")
    assert isinstance(fault, IntegrityError)
    assert fault.details["child"] == f"{bench.schema}.session"


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("SELECT * FROM {s}.nothing", MissingTableError, "nothing"),
        ("SELECT * FROM nothing", MissingTableError, "nothing"),
        ("DROP TABLE {s}.nothing", MissingTableError, "nothing"),
        ("CREATE TABLE no_such_schema_at_all.t (id int)", SchemaError, "no_such_schema_at_all"),
        ("SELECT nothing(1)", QueryError, "nothing"),
        ("SELECT 1 UNION SELECT 1, 2", QueryError, "number of columns"),
        ("SELECT 1 / 0", QueryError, "division by zero"),
        ("SELECT 'x'::int", QueryError, "integer"),
        ("SELECT chr(0)", FascicleError, "null character"),
        ("SET no_such_variable = 1", FascicleError, "no_such_variable"),
    ],
)
def test_statements(bench: Bench, text: str, kind: type[FascicleError], says: str) -> None:
    fault = failure(bench, text)
    assert isinstance(fault, kind)
    assert says in str(fault)


def test_values_that_do_not_fit_name_the_attribute(bench: Bench) -> None:
    spec = single(bench.schema, "t", attribute("small", "int8"), attribute("text", "varchar", 3, default=""))
    bench.declare(spec)
    for row in ({"id": 1, "small": 300}, {"id": 1, "small": 1, "text": "long"}):
        with pytest.raises(ValidationError) as caught:
            bench.insert(spec, row)
        assert "fit" in caught.value.what


def test_a_wrong_password_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(AccessError) as caught:
        connect(url, password="not-this-s3cret")
    assert "s3cret" not in str(caught.value)


def test_no_such_database(url: str) -> None:
    with pytest.raises(SchemaError, match="does not exist"):
        connect(url, database="no_such_database_at_all")


def test_privileges(bench: Bench, url: str) -> None:
    user = f"guest_{token_hex(4)}"
    bench.declare(subject(bench.schema))
    bench.connection.query(f"CREATE USER {user} PASSWORD 'pw'")
    try:
        with connect(url, user=user, password="pw") as other, pytest.raises(AccessError, match="privileges"):
            other.query(f'SELECT * FROM "{bench.schema}".subject')
        with connect(url, user=user, password="pw") as other, pytest.raises(AccessError):
            other.execute_script(other.dialect.create_schema(f"{bench.schema}_x"))
    finally:
        bench.connection.query(f"DROP USER {user}")


def test_nobody_listens(url: str) -> None:
    with pytest.raises(LostConnectionError, match="made"):
        connect("postgresql://u:s3cret@127.0.0.1:1")
    with pytest.raises(LostConnectionError) as caught:
        connect("postgresql://u:s3cret@no-such-host.invalid")
    assert "s3cret" not in str(caught.value)


def test_locks(bench: Bench, url: str) -> None:
    spec = single(bench.schema, "t", attribute("v", "int32"))
    bench.declare(spec)
    bench.insert(spec, {"id": 1, "v": 1}, {"id": 2, "v": 2})
    update = f'UPDATE "{bench.schema}".t SET v = 5 WHERE id = %s'
    with connect(url) as other, bench.connection.transaction:
        bench.connection.execute(Sql(update, (1,)))
        with other.transaction:
            other.execute(Sql("SET LOCAL lock_timeout = 100"))
            with pytest.raises(LockError):
                other.execute(Sql(update, (1,)))


def test_deadlocks_may_be_tried_again(bench: Bench, url: str) -> None:
    spec = single(bench.schema, "t", attribute("v", "int32"))
    bench.declare(spec)
    bench.insert(spec, {"id": 1, "v": 1}, {"id": 2, "v": 2})
    update = f'UPDATE "{bench.schema}".t SET v = v + 1 WHERE id = %s'
    barrier = threading.Barrier(2)
    faults: list[FascicleError] = []

    def cross(connection: Connection, first: int, second: int) -> None:
        try:
            with connection.transaction(isolation="read committed"):
                connection.execute(Sql(update, (first,)))
                barrier.wait(20)
                connection.execute(Sql(update, (second,)))
        except FascicleError as fault:
            faults.append(fault)

    with connect(url) as other:
        threads = [
            threading.Thread(target=cross, args=args) for args in ((bench.connection, 1, 2), (other, 2, 1))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    (fault,) = faults
    assert isinstance(fault, TransactionError)
    assert bench.connection.is_retryable(fault)


def test_a_snapshot_is_not_overwritten(bench: Bench, url: str) -> None:
    spec = single(bench.schema, "t", attribute("v", "int32"))
    bench.declare(spec)
    bench.insert(spec, {"id": 1, "v": 1})
    update = Sql(f'UPDATE "{bench.schema}".t SET v = v + 1')
    with (  # noqa: PT012 - the transaction fails at its last statement
        connect(url) as other,
        pytest.raises(TransactionError) as caught,
        bench.connection.transaction(isolation="snapshot"),
    ):
        bench.fetch(spec)
        other.execute(update)
        bench.connection.execute(update)
    assert bench.connection.is_retryable(caught.value)


def test_what_may_be_tried_again() -> None:
    assert is_retryable(psycopg.errors.SerializationFailure())
    assert is_retryable(psycopg.errors.DeadlockDetected())
    assert not is_retryable(psycopg.errors.LockNotAvailable())
    assert not is_retryable(ValueError())


def test_statements_are_shown_without_values() -> None:
    fault = translate(psycopg.NotSupportedError("odd"), Sql("SELECT %s", ("s3cret",)))
    assert "SELECT %s" in str(fault)
    assert "s3cret" not in str(fault)
    ours = FascicleError("ours")
    assert translate(ours, None) is ours


def test_skipping_counts_what_was_inserted(bench: Bench) -> None:
    spec = subject(bench.schema)
    bench.declare(spec)
    assert bench.insert(spec, {"subject_id": "a"}, mode="skip") == 1
    assert bench.insert(spec, {"subject_id": "a"}, mode="skip") == 0
    assert bench.insert(spec, {"subject_id": "a"}, {"subject_id": "b"}, {"subject_id": "b"}, mode="skip") == 1
    assert bench.insert(spec, {"subject_id": "a"}, {"subject_id": "c"}, mode="replace") == 2
    assert bench.insert(spec, {"subject_id": "a"}, mode="replace") == 1


def test_a_key_all_of_defaults(bench: Bench) -> None:
    name = TableName(bench.schema, "setting")
    spec = TableSpec(
        name,
        (key("_singleton", "bool", origin=name).evolve(default=True), attribute("v", "int32", default=7)),
    )
    bench.declare(spec)
    connection = bench.connection
    assert connection.bulk_insert(spec, (), [()], "error") == 1
    assert connection.bulk_insert(spec, (), [()], "skip") == 0
    assert connection.bulk_insert(spec, ("v",), [(8,)], "replace") == 1
    assert bench.fetch(spec) == [{"_singleton": True, "v": 8}]
    with pytest.raises(DuplicateError):
        connection.bulk_insert(spec, ("v",), [(9,)], "error")
