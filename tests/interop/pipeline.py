"""One pipeline that both packages can declare from the same text, and rows for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np

OWNER = UUID("12345678-1234-5678-1234-567812345678")


def declare(package: Any, schema: Any) -> SimpleNamespace:
    """Declare the pipeline with `package`, which is fascicle or datajoint."""

    @schema
    class Owner(package.Lookup):
        definition = """
        # who keeps animals
        owner : uuid              # as the registry says
        ---
        full_name : varchar(60)
        unique index (full_name)
        """

    @schema
    class Subject(package.Manual):
        definition = """
        # an animal
        subject_id : varchar(32)  # name on the cage: short
        side : enum('left', 'right')
        ---
        -> [nullable] Owner
        species = 'mus' : varchar(64)
        weight = null : float64
        ratio = 0.5 : float32     # of something
        count = 3 : int16
        tiny = null : int8
        big = 9 : int64
        price = 1.25 : decimal(9,2)
        code = 'abc' : char(6)
        born_on = null : date
        seen_at = null : datetime
        seen_exactly = null : datetime(3)
        params = null : json
        raw = null : bytes
        trace = null : <blob>
        alive = 1 : bool
        index (species, born_on)
        """

    @schema
    class Session(package.Manual):
        definition = """
        -> Subject
        number : int32            # running number
        ---
        -> [unique, nullable] Owner.proj(guest='owner')
        started_at = CURRENT_TIMESTAMP : datetime
        """

    @schema
    class Pairing(package.Manual):
        definition = """
        -> Session.proj(first='number')
        -> Session.proj(second='number')
        ---
        note = '' : varchar(100)
        """

    @schema
    class Scan(package.Manual):
        definition = """
        -> Session
        """

        class Field(package.Part):
            definition = """
            -> master
            field : int16
            ---
            mask : <blob>
            """

    @schema
    class Setting(package.Manual):
        definition = """
        # one row at most
        ---
        threshold : float64
        """

    return SimpleNamespace(
        Owner=Owner,
        Subject=Subject,
        Session=Session,
        Pairing=Pairing,
        Scan=Scan,
        Field=Scan.Field,
        Setting=Setting,
    )


TABLES = {
    "Owner": "#owner",
    "Subject": "subject",
    "Session": "session",
    "Pairing": "pairing",
    "Scan": "scan",
    "Field": "scan__field",
    "Setting": "setting",
}

ROWS: dict[str, list[dict[str, Any]]] = {
    "Owner": [{"owner": OWNER, "full_name": "Ana Größe"}],
    "Subject": [
        {
            "subject_id": "m1",
            "side": "left",
            "owner": OWNER,
            "species": "it's 100% \\ 漢字 🧠",
            "weight": 20.25,
            "ratio": 0.25,
            "count": -7,
            "tiny": -128,
            "big": 2**53 + 1,
            "price": Decimal("12.50"),
            "code": "xy",
            "born_on": dt.date(2025, 2, 28),
            "seen_at": dt.datetime(2026, 1, 2, 3, 4, 5),
            "seen_exactly": dt.datetime(2026, 1, 2, 3, 4, 5, 678000),
            "params": {"a": [1, 2.5, None, "µ"]},
            "raw": bytes(range(256)),
            "trace": np.arange(6, dtype="float32").reshape(2, 3),
            "alive": True,
        },
        {
            "subject_id": "m2",
            "side": "right",
            "owner": None,
            "species": "rat",
            "weight": None,
            "ratio": 0.5,
            "count": 3,
            "tiny": None,
            "big": 9,
            "price": Decimal("1.25"),
            "code": "abc",
            "born_on": None,
            "seen_at": None,
            "seen_exactly": None,
            "params": None,
            "raw": None,
            "trace": None,
            "alive": False,
        },
    ],
    "Session": [
        {
            "subject_id": "m1",
            "side": "left",
            "number": number,
            "guest": OWNER if number == 1 else None,
            "started_at": dt.datetime(2026, 1, 1, number),
        }
        for number in (1, 2)
    ],
    "Pairing": [{"subject_id": "m1", "side": "left", "first": 1, "second": 2, "note": "before"}],
    "Scan": [{"subject_id": "m1", "side": "left", "number": 1}],
    "Field": [
        {"subject_id": "m1", "side": "left", "number": 1, "field": 0, "mask": {"x": [1, 2], "y": (3, None)}}
    ],
    "Setting": [{"threshold": 0.125}],
}


def fill(tables: SimpleNamespace) -> None:
    """Insert the rows, parents first."""
    for name, rows in ROWS.items():
        getattr(tables, name).insert(rows)


def comparable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose arrays compare by type, shape and content."""
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.shape, value.tolist())
    return value
