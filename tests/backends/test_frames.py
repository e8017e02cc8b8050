"""Frames hold every value as it is, and what they cannot hold they refuse."""

from __future__ import annotations

from typing import Any

import pytest

import fascicle as fc

DEFINITION = """
row : int32
---
extra = null : json
image = null : <blob>
code = null : uuid
"""
VALUES: list[Any] = [{"a": 1}, {"b": None}, [1, "x"], "text", 5, None]


@pytest.fixture
def filled(schema: fc.Schema) -> Any:
    table = schema(type("Extra", (fc.Manual,), {"definition": DEFINITION}))
    table.insert({"row": number, "extra": value} for number, value in enumerate(VALUES))
    return table


def test_json_in_arrow_comes_back_as_it_was(schema: fc.Schema, filled: Any) -> None:
    pytest.importorskip("pyarrow", minversion="19")
    frame = filled.to_arrow()
    other = schema(type("Other", (fc.Manual,), {"definition": DEFINITION}))
    other.insert(frame)
    assert list(other.to_arrays("extra", order_by="row")) == VALUES
    # The type does not depend on the rows.
    assert (filled & "row > 99").to_arrow("extra").schema == filled.to_arrow("extra").schema


def test_values_without_an_arrow_type(filled: Any) -> None:
    pytest.importorskip("pyarrow")
    filled.insert([{"row": 10, "image": [1, 2]}, {"row": 11, "image": "text"}])
    with pytest.raises(fc.errors.FetchError, match="image"):
        filled.to_arrow()


@pytest.mark.backends("mariadb", "mysql")
def test_numbers_beyond_int64_of_tables_made_by_others(schema: fc.Schema, db: fc.Connection) -> None:
    db.query(f"CREATE TABLE `{schema.database}`.big (id int PRIMARY KEY, n bigint unsigned, t time)")
    db.query(f"INSERT INTO `{schema.database}`.big VALUES (1, 18446744073709551615, '100:00:00')")
    big = fc.VirtualModule("there", schema.database, connection=db).Big
    assert list(big.to_arrays("n")) == [18446744073709551615]
    assert big.to_pandas()["n"].tolist() == [18446744073709551615]


@pytest.mark.backends("postgres")
def test_types_that_the_driver_does_not_read(schema: fc.Schema, db: fc.Connection) -> None:
    db.query(
        f'CREATE TABLE "{schema.database}".odd (id int PRIMARY KEY, p point, b bit(3), m money, a text[])'
    )
    db.query(f"INSERT INTO \"{schema.database}\".odd VALUES (1, '(1,2)', B'101', 2, '{{x}}')")
    odd = fc.VirtualModule("there", schema.database, connection=db).Odd
    assert odd.fetch1() == {"id": 1, "p": "(1,2)", "b": "101", "m": "$2.00", "a": ["x"]}
