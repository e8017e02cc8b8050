"""Connections, transactions, instances."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

import fascicle as dj
from fascicle import _default


def parts_of(backend: Any) -> dict[str, Any]:
    """What a program passes piece by piece, of the URL of this test's database."""
    url = urlsplit(backend.url)
    if backend.name == "sqlite":
        return {
            "host": backend.url,
            "user": None,
            "password": None,
            "port": None,
            "backend": None,
            "database_name": None,
        }
    return {
        "host": url.hostname,
        "user": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "port": url.port,
        "backend": "postgresql" if backend.name == "postgres" else "mysql",
        "database_name": url.path.lstrip("/") or None,
    }


class Interrupted(Exception):
    """What goes wrong within a transaction."""


def insert_in_vain(table: Any, row: dict[str, Any]) -> None:
    """Insert a row in a transaction that fails."""
    before = len(table)
    with table.connection.transaction:
        assert table.connection.in_transaction
        table.insert1(row)
        assert len(table) == before + 1
        raise Interrupted


@pytest.mark.parity(
    "dj.Connection",
    "Connection(port=)",
    "Connection(use_tls=)",
    "Connection(database_name=)",
    "Connection(backend=)",
    "Connection.connect",
    "Connection.close",
    "Connection.ping",
    "Connection.is_connected",
    "Connection.get_user",
    "with Connection",
)
def test_connection(backend: Any) -> None:
    parts = parts_of(backend)
    with dj.Connection(
        parts["host"],
        parts["user"],
        parts["password"],
        port=parts["port"],
        use_tls=None if backend.name == "sqlite" else False,
        database_name=parts["database_name"],
        backend=parts["backend"],
    ) as connection:
        connection.connect()
        connection.ping()
        assert connection.is_connected
        assert "@" in connection.get_user()
        assert isinstance(connection, dj.Connection)
        schema = dj.Schema(backend.schema_name("s"), connection=connection)
        assert schema.exists
    assert not connection.is_connected
    connection.close()


@pytest.mark.parity("Connection('host:port')")
def test_port_beside_the_host(backend: Any) -> None:
    parts = parts_of(backend)
    place = parts["host"] if backend.name == "sqlite" else f"{parts['host']}:{parts['port']}"
    with dj.Connection(place, parts["user"], parts["password"], backend=parts["backend"]) as connection:
        assert connection.is_connected


@pytest.mark.parity("dj.conn(host=)", "dj.conn(user=)", "dj.conn(password=)", "dj.conn(use_tls=)")
def test_conn_with_parts(backend: Any) -> None:
    parts = parts_of(backend)
    config = dj.Config(read_files=False, environ={})
    if backend.name == "sqlite":
        config["database.url"] = backend.url
        arguments = {"user": None, "password": None, "use_tls": None}
    else:
        arguments = {name: parts[name] for name in ("host", "user", "password")} | {"use_tls": False}
        config["database.backend"] = parts["backend"]
        config["database.port"] = parts["port"]
        config["database.name"] = parts["database_name"]
    token = _default.use(_default.Default(config))
    try:
        connection = dj.conn(**arguments)
        assert connection.is_connected
        assert dj.conn() is connection
        connection.close()
    finally:
        _default.restore(token)


@pytest.mark.parity("dj.conn", "dj.conn(reset=)")
def test_conn(settings: dj.Config) -> None:
    connection = dj.conn()
    assert dj.conn() is connection
    other = dj.conn(reset=True)
    assert other is not connection
    assert not connection.is_connected
    assert other.is_connected


@pytest.mark.parity(
    "Connection.query",
    "Connection.query(args=)",
    "Connection.query(as_dict=)",
    "Connection.query(suppress_warnings=)",
    "Connection.query(reconnect=)",
)
def test_raw_queries(lab: Any) -> None:
    table = lab.Session.full_table_name
    count = dj.conn().query(f"SELECT count(*) FROM {table}").fetchone()[0]
    assert count == 4
    text = f"SELECT session_id FROM {table} WHERE subject_id = %s ORDER BY session_id"
    rows = dj.conn().query(text, args=(1,), as_dict=True, suppress_warnings=True, reconnect=True).fetchall()
    assert rows == [{"session_id": 1}, {"session_id": 2}, {"session_id": 3}]
    assert [row[0] for row in dj.conn().query(text, (2,))] == [1]


@pytest.mark.parity(
    "Connection.transaction",
    "Connection.in_transaction",
    "Connection.start_transaction",
    "Connection.cancel_transaction",
    "Connection.commit_transaction",
    "nested transactions",
)
def test_transactions(lab: Any) -> None:
    connection = dj.conn()
    row = {"subject_id": 4, "species": "rat"}
    with pytest.raises(Interrupted):
        insert_in_vain(lab.Subject, row)
    assert not connection.in_transaction
    assert len(lab.Subject) == 3
    connection.start_transaction()
    lab.Subject.insert1(row)
    connection.cancel_transaction()
    assert len(lab.Subject) == 3
    connection.start_transaction()
    lab.Subject.insert1(row)
    connection.commit_transaction()
    assert len(lab.Subject) == 4
    with connection.transaction:
        lab.Subject.insert1({"subject_id": 5, "species": "rat"})
        with pytest.raises(Interrupted):
            insert_in_vain(lab.Subject, {"subject_id": 6, "species": "rat"})
    assert lab.Subject.to_arrays("subject_id", order_by="KEY").tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parity(
    "dj.Instance",
    "Instance(port=)",
    "Instance(use_tls=)",
    "Instance(backend=)",
    "Instance.config",
    "Instance.Schema",
    "Instance.Schema(context=)",
    "Instance.Schema(create_schema=)",
    "Instance.Schema(create_tables=)",
    "Instance.Schema(add_objects=)",
)
def test_instance(backend: Any) -> None:
    parts = parts_of(backend)
    options = (
        {}
        if backend.name == "sqlite"
        else {"port": parts["port"], "use_tls": False, "backend": parts["backend"]}
    )
    if parts["database_name"]:
        options["database__name"] = parts["database_name"]
    name = backend.schema_name("own")
    with dj.Instance(parts["host"], parts["user"], parts["password"], safemode=False, **options) as instance:
        assert instance.config["safemode"] is False
        context: dict[str, Any] = {}
        schema = instance.Schema(
            name, context=context, create_schema=True, create_tables=True, add_objects={"unused": 1}
        )

        @schema
        class Rig(dj.Manual):
            definition = """
            rig : varchar(8)
            """

        Rig.insert1(("a",))
        assert Rig.connection is instance.connection
        assert Rig.delete() == 1
        assert instance.FreeTable(Rig.full_table_name).heading.names == ["rig"]


@pytest.mark.parity("dj.ThreadSafetyError", "DJ_THREAD_SAFE", "errors.ThreadSafetyError")
def test_thread_safe_mode(backend: Any) -> None:
    config = dj.Config(read_files=False, environ={"DJ_THREAD_SAFE": "1"})
    token = _default.use(_default.Default(config))
    try:
        for shared in (dj.conn, lambda: dj.config, lambda: dj.Schema("x")):
            with pytest.raises(dj.ThreadSafetyError):
                shared()
        with dj.Instance(backend.url) as instance:
            schema = instance.Schema(backend.schema_name("s"))
            assert schema.exists
    finally:
        _default.restore(token)
