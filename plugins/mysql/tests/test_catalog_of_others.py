"""Tables that other clients made: DataJoint before 2.0, and anyone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from secrets import token_hex
from uuid import UUID

import pytest

from fascicle.backend.connect import connect
from fascicle.backend.connection import Connection
from fascicle.definition import parse_type
from fascicle.model import (
    REQUIRED,
    Attribute,
    CodecRef,
    CoreType,
    CurrentTimestamp,
    ForeignKey,
    Index,
    TableName,
    TableSpec,
)
from fascicle.sql.statement import Sql
from tests.servers import Unavailable
from tests.servers.fixtures import ServerPool

LEGACY = """
CREATE TABLE {s}.`mouse` (
  `mouse_id` int unsigned NOT NULL AUTO_INCREMENT COMMENT 'number',
  `tag` varchar(12) NOT NULL DEFAULT 'it''s' COMMENT '',
  `sex` enum('M','F','it''s') NOT NULL DEFAULT 'M' COMMENT '',
  `weight` float DEFAULT NULL COMMENT 'grams: about',
  `tail` double NOT NULL DEFAULT '0.5' COMMENT '',
  `dose` decimal(5,2) unsigned NOT NULL DEFAULT '1.50' COMMENT '',
  `alive` tinyint(1) NOT NULL DEFAULT '1' COMMENT '',
  `level` smallint unsigned NOT NULL DEFAULT '3' COMMENT '',
  `born` date NOT NULL DEFAULT '2020-02-29' COMMENT '',
  `seen` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '',
  `fed` datetime DEFAULT NULL COMMENT '',
  `woken` time NOT NULL DEFAULT '06:30:00' COMMENT '',
  `story` text COMMENT '',
  `trace` longblob COMMENT 'packed',
  `small` blob NOT NULL COMMENT '',
  `guid` binary(16) NOT NULL COMMENT ':uuid:identity',
  `attached` longblob COMMENT ':attach:a file',
  `stored` binary(16) DEFAULT NULL COMMENT ':blob@raw:far away',
  `graph` longblob COMMENT ':<graph>:adapted',
  `born_in` year DEFAULT NULL,
  PRIMARY KEY (`mouse_id`, `tag`),
  UNIQUE KEY `guid` (`guid`),
  KEY `sex` (`sex`, `born`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='A mouse: small'
"""
EXTERNAL = (
    "CREATE TABLE {s}.`~external_raw` (`hash` binary(16) NOT NULL COMMENT ':uuid:', PRIMARY KEY (`hash`))"
)
CHILD = """
CREATE TABLE {s}.`_session` (
  `mouse_id` int unsigned NOT NULL COMMENT 'number',
  `label` varchar(12) CHARACTER SET latin1 NOT NULL COMMENT '',
  `n` tinyint unsigned NOT NULL COMMENT '',
  `data` binary(16) NOT NULL COMMENT ':blob@raw:',
  `guid` binary(16) DEFAULT NULL COMMENT ':uuid:identity',
  PRIMARY KEY (`mouse_id`, `label`, `n`),
  KEY `data` (`data`),
  CONSTRAINT `_session_ibfk_2` FOREIGN KEY (`data`) REFERENCES {s}.`~external_raw` (`hash`),
  CONSTRAINT `_session_ibfk_1` FOREIGN KEY (`mouse_id`, `label`) REFERENCES {s}.`mouse` (`mouse_id`, `tag`)
    ON DELETE RESTRICT ON UPDATE CASCADE,
  CONSTRAINT `_session_ibfk_3` FOREIGN KEY (`guid`) REFERENCES {s}.`mouse` (`guid`) ON UPDATE CASCADE
) ENGINE=InnoDB
"""


@pytest.fixture
def connection(server_pool: ServerPool) -> Iterator[Connection]:
    try:
        url = server_pool.url("mariadb")
    except Unavailable as error:
        pytest.skip(f"mariadb: {error}")
    with connect(url) as connection:
        yield connection


@pytest.fixture
def schema(connection: Connection) -> Iterator[str]:
    name = f"others_{token_hex(4)}"
    connection.execute(Sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"))
    yield name
    connection.execute(Sql(f"DROP DATABASE `{name}`"))


@pytest.fixture
def specs(connection: Connection, schema: str) -> dict[str, TableSpec]:
    for text in (LEGACY, EXTERNAL, CHILD):
        connection.execute(Sql(text.format(s=f"`{schema}`")))
    return {name.table: spec for name, spec in connection.catalog.load(schema).tables.items()}


EXPECTED = {
    "mouse_id": ("int64", REQUIRED, "number"),
    "tag": ("varchar(12)", "it's", ""),
    "sex": ("enum('M','F','it''s')", "M", ""),
    "weight": ("float32", None, "grams: about"),
    "tail": ("float64", 0.5, ""),
    "dose": ("decimal(5,2)", Decimal("1.50"), ""),
    "alive": ("int8", 1, ""),
    "level": ("int32", 3, ""),
    "born": ("date", date(2020, 2, 29), ""),
    "seen": ("datetime", CurrentTimestamp(), ""),
    "fed": ("datetime", None, ""),
    "story": ("text", None, ""),
    "trace": ("<blob>", None, "packed"),
    "small": ("<blob>", REQUIRED, ""),
    "guid": ("uuid", REQUIRED, "identity"),
    "attached": ("<attach>", None, "a file"),
    "stored": ("<blob@raw>", None, "far away"),
    "graph": ("<graph>", None, "adapted"),
    "born_in": ("int16", None, ""),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_attributes(specs: dict[str, TableSpec], name: str) -> None:
    text, default, comment = EXPECTED[name]
    attribute = specs["mouse"].full_heading[name]
    assert (attribute.codec or attribute.type) == parse_type(text)
    assert (attribute.default, attribute.comment) == (default, comment)
    assert attribute.nullable is (default is None)


def test_what_only_the_catalogue_knows(specs: dict[str, TableSpec]) -> None:
    mouse = specs["mouse"].full_heading
    assert mouse["mouse_id"].native == "int(10) unsigned"
    assert mouse["mouse_id"].autoincrement
    assert mouse["tag"].collation == "latin1_swedish_ci"
    assert specs["mouse"].comment == "A mouse: small"
    assert mouse["stored"].type == CoreType("uuid")
    assert [a.name for a in specs["mouse"].attributes if a.in_key] == ["mouse_id", "tag"]


def test_keys_and_indexes(specs: dict[str, TableSpec], schema: str) -> None:
    mouse, child = TableName(schema, "mouse"), specs["_session"]
    assert specs["mouse"].indexes == (Index(("guid",), unique=True), Index(("sex", "born")))
    assert child.foreign_keys == (
        ForeignKey(mouse, (("mouse_id", "mouse_id"), ("label", "tag")), in_key=True),
        ForeignKey(mouse, (("guid", "guid"),), nullable=True),
    )
    assert child.full_heading["guid"].type == CoreType("uuid")
    # The index that serves the column of a store stays; those of foreign keys are the keys' own.
    assert child.indexes == (Index(("data",)),)


def test_lineage_is_traced_where_no_table_keeps_it(specs: dict[str, TableSpec], schema: str) -> None:
    heading = specs["_session"].full_heading
    assert heading["label"].lineage == f"{schema}.mouse.tag"
    assert heading["n"].lineage == f"{schema}._session.n"
    assert heading["data"].lineage is None
    assert specs["mouse"].full_heading["weight"].lineage is None


def test_our_tables_can_refer_to_them(
    connection: Connection, specs: dict[str, TableSpec], schema: str
) -> None:
    name = TableName(f"{schema}_ours", "note")
    key = tuple(
        specs["mouse"].full_heading[column].evolve(autoincrement=False, default=REQUIRED)
        for column in ("mouse_id", "tag")
    )
    spec = TableSpec(
        name,
        (*key, Attribute("text", CoreType("varchar", (20,)))),
        (ForeignKey(TableName(schema, "mouse"), (("mouse_id", "mouse_id"), ("tag", "tag")), in_key=True),),
    )
    dialect = connection.dialect
    try:
        connection.execute_script(dialect.create_schema(name.schema))
        connection.execute_script(dialect.create_table(spec))
        found = connection.catalog.load(name.schema)[name]
        assert found.foreign_keys == spec.foreign_keys
        assert found.full_heading["tag"].collation == "latin1_swedish_ci"
        assert found.full_heading["text"].collation == "utf8mb4_nopad_bin"
        assert found.full_heading["mouse_id"].native == "int(10) unsigned"
    finally:
        connection.execute_script(dialect.drop_schema(name.schema))


def test_rows(connection: Connection, specs: dict[str, TableSpec], schema: str) -> None:
    spec = specs["mouse"]
    row = {"tag": "a", "small": b"\0", "guid": UUID(int=9).bytes, "woken": "01:02:03", "weight": 0.1}
    assert connection.bulk_insert(spec, tuple(row), [tuple(row.values())]) == 1
    dialect = connection.dialect
    heading = spec.full_heading
    names = ["mouse_id", "weight", "guid", "woken", "alive", "seen"]
    listed = ", ".join(dialect.output(heading[n], dialect.identifier(n)) for n in names)
    (values,) = connection.execute(Sql(f"SELECT {listed} FROM `{schema}`.mouse")).rows
    decoders = [dialect.decoder(heading[n]) for n in names]
    number, weight, guid, woken, alive, seen = (
        value if decode is None else decode(value) for value, decode in zip(values, decoders, strict=True)
    )
    assert (number, guid, woken.isoformat(), alive) == (1, UUID(int=9), "01:02:03", 1)
    assert weight == pytest.approx(0.1, abs=1e-8)
    assert abs((seen - datetime.utcnow()).total_seconds()) < 600


def test_json_is_known_without_a_marker(connection: Connection, schema: str) -> None:
    connection.execute(Sql(f"CREATE TABLE `{schema}`.t (id int PRIMARY KEY, j json, l longtext)"))
    heading = connection.catalog.load(schema)[TableName(schema, "t")].full_heading
    assert heading["j"].type == CoreType("json")
    assert heading["l"].type == CoreType("native", ("longtext",))


def test_zero_dates_are_left_as_text(connection: Connection, schema: str) -> None:
    table = f"`{schema}`.t"
    connection.execute(Sql(f"CREATE TABLE {table} (id int PRIMARY KEY, d date, t datetime)"))
    connection.execute(Sql("SET STATEMENT sql_mode = '' FOR INSERT INTO " + table + " VALUES (1, 0, 0)"))
    assert connection.execute(Sql(f"SELECT d, t FROM {table}")).rows == [
        ("0000-00-00", "0000-00-00 00:00:00")
    ]
    with connection.transaction:
        (batch,) = connection.stream(Sql(f"SELECT d, t FROM {table}"))
    assert batch == [("0000-00-00", "0000-00-00 00:00:00")]


def test_a_cycle_of_foreign_keys_is_read(connection: Connection, schema: str) -> None:
    a, b = (f"`{schema}`.{name}" for name in "ab")
    for text in (
        f"CREATE TABLE {a} (id int PRIMARY KEY, other int)",
        f"CREATE TABLE {b} (id int PRIMARY KEY, other int, FOREIGN KEY (other) REFERENCES {a} (id))",
        f"ALTER TABLE {a} ADD FOREIGN KEY (other) REFERENCES {b} (id)",
        f"ALTER TABLE {a} ADD FOREIGN KEY (id) REFERENCES {a} (id)",
    ):
        connection.execute(Sql(text))
    found = connection.catalog.load(schema)
    assert {len(spec.foreign_keys) for spec in found.tables.values()} == {1, 2}


def test_codecs_are_told_from_core_types() -> None:
    assert parse_type("<graph>") == CodecRef("graph")
