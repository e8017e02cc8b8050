"""A person who may do little: what is allowed works, what is not is refused in plain words."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

import fascicle as fc

pytestmark = pytest.mark.backends("mariadb", "mysql", "postgres")


@pytest.fixture
def guest(backend: Any, db: fc.Connection) -> Iterator[SimpleNamespace]:
    """A new user: ``connect()``, and ``grant(privileges, schema)`` by the administrator."""
    name, password = f"g{secrets.token_hex(4)}", secrets.token_hex(8)
    opened: list[fc.Connection] = []
    parts = urlsplit(backend.url)
    url = urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.netloc.rpartition('@')[2]}"))
    on_postgres = backend.name == "postgres"

    def connect() -> fc.Connection:
        opened.append(fc.connect(url))
        opened[-1].runtime.config["safemode"] = False
        return opened[-1]

    def grant(privileges: str, schema: str) -> None:
        if on_postgres:
            db.query(f'GRANT USAGE ON SCHEMA "{schema}" TO {name}')
            db.query(f'GRANT {privileges} ON ALL TABLES IN SCHEMA "{schema}" TO {name}')
        else:
            db.query(f"GRANT {privileges} ON `{schema}`.* TO {name}")

    if on_postgres:
        db.query(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
    else:
        db.query(f"CREATE USER {name} IDENTIFIED BY '{password}'")
    yield SimpleNamespace(connect=connect, grant=grant, name=name)
    for connection in opened:
        connection.close()
    db.query(f"DROP OWNED BY {name}" if on_postgres else "SELECT 1")
    db.query(f"DROP ROLE {name}" if on_postgres else f"DROP USER {name}")


@pytest.fixture
def closed(backend: Any, db: fc.Connection, lab: Any) -> Any:
    """Another schema, with a table that refers to a session; the guest may not use it."""
    elsewhere = fc.Schema(backend.schema_name("closed"), connection=db)

    class Secret(fc.Manual):
        definition = """
        -> Session
        """

    elsewhere(Secret, context={"Session": lab.Session})
    Secret.insert1({"subject_id": "m1", "session_id": 3})
    return Secret


def refused(action: Callable[[], Any]) -> None:
    with pytest.raises(fc.FascicleError) as caught:
        action()
    text = str(caught.value)
    assert isinstance(caught.value, fc.errors.AccessError) or "dropped so far: none" in text
    assert "privileges" in text


def test_who_may_read_reads(lab: Any, closed: Any, guest: SimpleNamespace) -> None:
    guest.grant("SELECT", lab.schema.database)
    connection = guest.connect()
    assert lab.schema.database in connection.schemas
    assert closed.database not in connection.schemas
    schema = fc.Schema(lab.schema.database, connection=connection)
    assert "session" in schema.list_tables()
    there = fc.VirtualModule("there", lab.schema.database, connection=connection)
    assert len(there.Session) == 5
    assert there.Scan.Field.describe() == lab.Field.describe()
    assert len(fc.Diagram(schema)) >= 5
    for action in (
        lambda: there.Subject.insert1({"subject_id": "m9"}),
        lambda: there.Subject.insert([{"subject_id": f"n{i}"} for i in range(3000)]),
        lambda: there.Subject.update1({"subject_id": "m1", "notes": "x"}),
        (there.Note & "note_id = 1").delete,
        lambda: there.Note.drop(prompt=False),
        lambda: fc.Schema(lab.schema.database + "_new", connection=connection),
    ):
        refused(action)
    assert len(lab.Subject) == 3


def test_a_plan_is_not_carried_out_past_what_it_cannot_see(
    lab: Any, closed: Any, guest: SimpleNamespace
) -> None:
    guest.grant("SELECT, INSERT, UPDATE, DELETE", lab.schema.database)
    there = fc.VirtualModule("there", lab.schema.database, connection=guest.connect())
    with pytest.raises(fc.IntegrityError, match="privilege"):
        (there.Session & {"subject_id": "m1"}).delete()
    assert len(lab.Session) == 5
    assert len(lab.Scan) == 4
    assert (there.Session & {"subject_id": "m2"}).delete() == 2


def test_an_empty_schema_made_for_the_guest(backend: Any, db: fc.Connection, guest: SimpleNamespace) -> None:
    name = backend.schema_name("theirs")
    fc.Schema(name, connection=db)
    if backend.name == "postgres":
        db.query(f'GRANT USAGE, CREATE ON SCHEMA "{name}" TO {guest.name}')
    else:
        db.query(f"GRANT ALL ON `{name}`.* TO {guest.name}")
    theirs = fc.Schema(name, connection=guest.connect())

    @theirs
    class Mouse(fc.Manual):
        definition = """
        mouse : int32
        """

    Mouse.insert1((1,))
    assert len(Mouse) == 1
    Mouse.drop_quick()
