"""Values: every core type there and back, at its extremes, and what is refused."""

# ruff: noqa: D102, S101 - these are tests, and their names say what they hold
from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from fascicle.errors import FascicleError
from fascicle.model import CoreType, CurrentTimestamp
from fascicle.testing.backend.base import BackendFixtures
from fascicle.testing.backend.bench import Bench, attribute, single

TEXTS = [
    "",
    " ",
    "plain",
    "Größe µm ½ 漢字 🧠",
    'it\'s "quoted" `so` \\ 100% ? :x %s {y}',
    "a\nb\tc\r\n",
    "' OR 1=1; --",
]
_F32 = struct.Struct("<f")


def as_float32(value: float) -> float:
    """The nearest float32."""
    return _F32.unpack(_F32.pack(value))[0]  # type: ignore[no-any-return]


ROUND_TRIPS: dict[CoreType, Sequence[Any]] = {
    CoreType("int8"): [-128, 0, 127],
    CoreType("int16"): [-(2**15), 0, 2**15 - 1],
    CoreType("int32"): [-(2**31), 0, 2**31 - 1],
    CoreType("int64"): [-(2**63), -1, 0, 2**63 - 1, 2**53 + 1],
    CoreType("float64"): [0.0, -0.5, 0.1, 1 / 3, 1e-300, 1.7976931348623157e308, 5e-324, 123456789.123456789],
    CoreType("float32"): [
        as_float32(v) for v in (0.0, 0.1, -1 / 3, 3.4028234663852886e38, 1e-38, 16777217.0)
    ],
    CoreType("bool"): [True, False],
    CoreType("decimal", (5, 2)): [Decimal("-999.99"), Decimal("0.00"), Decimal("0.01"), Decimal("999.99")],
    CoreType("decimal", (18, 0)): [Decimal(-(10**18) + 1), Decimal(10**18 - 1)],
    CoreType("decimal", (18, 18)): [Decimal("0.999999999999999999"), Decimal("-0.000000000000000001")],
    CoreType("char", (8,)): ["", "abc", "12345678", "µ½漢🧠"],
    CoreType("varchar", (64,)): [*TEXTS, "x" * 64, "🧠" * 64, "trailing  "],
    CoreType("enum", ("left", "it's", "100%", "back\\slash", "µ")): [
        "left",
        "it's",
        "100%",
        "back\\slash",
        "µ",
    ],
    CoreType("date"): [date(1000, 1, 1), date(2024, 2, 29), date(9999, 12, 31)],
    CoreType("datetime"): [
        datetime(1000, 1, 1),
        datetime(2026, 11, 20, 23, 59, 59),
        datetime(9999, 12, 31, 23, 59),
    ],
    CoreType("datetime", (3,)): [datetime(2026, 1, 2, 3, 4, 5, 678000), datetime(2026, 1, 2)],
    CoreType("datetime", (6,)): [datetime(2026, 1, 2, 3, 4, 5, 678901), datetime(2026, 1, 2, 0, 0, 0, 1)],
    CoreType("json"): [
        {},
        [],
        {"a": [1, 2.5, None, True, "µ'\"\\%"], "b": {"c": {}}},
        [[]],
        "text",
        0,
        1.5,
        True,
    ],
    CoreType("uuid"): [UUID(int=0), UUID(int=2**128 - 1), UUID("12345678-1234-5678-1234-567812345678")],
    CoreType("bytes"): [b"", b"\0", bytes(range(256)), b"'; DROP TABLE x; --", b"\\%_" * 1000],
}

REFUSED: list[tuple[CoreType, Any]] = [
    (CoreType("int8"), 128),
    (CoreType("int8"), -129),
    (CoreType("int16"), 2**15),
    (CoreType("int32"), 2**31),
    (CoreType("int64"), 2**63),
    (CoreType("int32"), "many"),
    (CoreType("varchar", (4,)), "12345"),
    (CoreType("char", (4,)), "12345"),
    (CoreType("enum", ("left", "right")), "up"),
    (CoreType("enum", ("left", "right")), "LEFT"),
    (CoreType("decimal", (5, 2)), Decimal("1000.00")),
    (CoreType("decimal", (5, 2)), Decimal("999.995")),
    (CoreType("float32"), 1e39),
    (CoreType("date"), "yesterday"),
    (CoreType("datetime"), "2026-02-30 00:00:00"),
    (CoreType("uuid"), "no-uuid"),
    (CoreType("json"), float("nan")),
]

ROUNDED: list[tuple[CoreType, Any, Any]] = [
    (CoreType("float32"), 0.1, as_float32(0.1)),
    (CoreType("float32"), 16777217.0, 16777216.0),
    (CoreType("float64"), 3, 3.0),
    (CoreType("decimal", (5, 2)), Decimal("1.005"), Decimal("1.01")),
    (CoreType("decimal", (5, 2)), Decimal("-1.005"), Decimal("-1.01")),
    (CoreType("datetime"), datetime(2026, 1, 1, 0, 0, 0, 500000), datetime(2026, 1, 1, 0, 0, 1)),
    (CoreType("datetime", (3,)), datetime(2026, 1, 1, 0, 0, 0, 499), datetime(2026, 1, 1)),
    (CoreType("datetime", (3,)), datetime(2026, 1, 1, 0, 0, 0, 999500), datetime(2026, 1, 1, 0, 0, 1)),
]


class ValueTests(BackendFixtures):
    """Core types as columns."""

    @pytest.mark.parametrize("type_", ROUND_TRIPS, ids=str)
    def test_round_trip(self, bench: Bench, type_: CoreType) -> None:
        spec = single(
            bench.schema, "t", attribute("value", type_.name, *type_.args, nullable=True, default=None)
        )
        bench.declare(spec)
        values = [*ROUND_TRIPS[type_], None]
        bench.insert(spec, *({"id": i, "value": value} for i, value in enumerate(values)))
        fetched = [row["value"] for row in bench.fetch(spec)]
        assert fetched == values
        assert [type(value) for value in fetched] == [type(value) for value in values]

    @pytest.mark.parametrize(("type_", "value"), REFUSED, ids=str)
    def test_refused(self, bench: Bench, type_: CoreType, value: Any) -> None:
        spec = single(bench.schema, "t", attribute("value", type_.name, *type_.args))
        bench.declare(spec)
        with pytest.raises((FascicleError, ValueError, TypeError)):
            bench.insert(spec, {"id": 1, "value": value})
        assert bench.fetch(spec) == []

    @pytest.mark.parametrize(("type_", "given", "kept"), ROUNDED, ids=str)
    def test_rounded(self, bench: Bench, type_: CoreType, given: Any, kept: Any) -> None:
        spec = single(bench.schema, "t", attribute("value", type_.name, *type_.args))
        bench.declare(spec)
        bench.insert(spec, {"id": 1, "value": given})
        assert bench.fetch(spec) == [{"id": 1, "value": kept}]

    def test_text_keys_compare_by_code_point(self, bench: Bench) -> None:
        spec = single(bench.schema, "t", attribute("name", "varchar", 16))
        name = spec.name
        spec = spec.evolve(
            attributes=(attribute("name", "varchar", 16, in_key=True, lineage=f"{name}.name"),)
        )
        bench.declare(spec)
        words = ["a", "A", "b", "B", "a ", "ä", "a\u0308", "ß", "ss", "🧠"]
        bench.insert(spec, *({"name": word} for word in words))
        assert [row["name"] for row in bench.fetch(spec)] == sorted(words)

    def test_defaults(self, bench: Bench) -> None:
        defaults = {
            "a": (CoreType("int32"), -5),
            "b": (CoreType("float64"), 0.25),
            "c": (CoreType("bool"), True),
            "d": (CoreType("decimal", (6, 2)), Decimal("12.50")),
            "e": (CoreType("varchar", (40,)), 'it\'s "100%" \\ µ'),
            "f": (CoreType("enum", ("x", "y'")), "y'"),
            "g": (CoreType("date"), date(2026, 1, 2)),
            "h": (CoreType("datetime", (3,)), datetime(2026, 1, 2, 3, 4, 5, 600000)),
            "i": (CoreType("uuid"), UUID(int=5)),
            "j": (CoreType("varchar", (4,)), ""),
        }
        attributes = [attribute(n, t.name, *t.args, default=v) for n, (t, v) in defaults.items()]
        spec = single(bench.schema, "t", *attributes)
        bench.declare(spec)
        bench.insert(spec, {"id": 1})
        assert bench.fetch(spec) == [{"id": 1, **{name: value for name, (_, value) in defaults.items()}}]

    @pytest.mark.parametrize("digits", [0, 3, 6])
    def test_the_present_as_default(self, bench: Bench, digits: int) -> None:
        args = (digits,) if digits else ()
        spec = single(bench.schema, "t", attribute("at", "datetime", *args, default=CurrentTimestamp(digits)))
        bench.declare(spec)
        bench.insert(spec, {"id": 1})
        (row,) = bench.fetch(spec)
        # Generous to a server whose clock differs, yet not by a time zone.
        now = datetime.utcnow()  # noqa: DTZ003 - columns hold naive UTC
        assert abs((row["at"] - now).total_seconds()) < 600
