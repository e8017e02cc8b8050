"""Codecs of one's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import fascicle as dj
from fascicle.codecs import default_registry


@pytest.fixture
def codecs() -> Iterator[None]:
    yield
    for name in ("interval", "interval_list"):
        default_registry().unregister(name)


@pytest.mark.parity(
    "dj.Codec",
    "Codec.name",
    "Codec.get_dtype",
    "Codec.encode",
    "Codec.encode(key=)",
    "Codec.encode(store_name=)",
    "Codec.decode",
    "Codec.decode(key=)",
    "Codec.validate",
    "Codec.referenced_paths",
    "a codec of your own",
    "chained codecs",
    "dj.list_codecs",
    "dj.get_codec",
)
def test_a_codec_of_your_own(schema: dj.Schema, codecs: None) -> None:
    class Interval(dj.Codec):
        name = "interval"

        def get_dtype(self, is_store):
            assert not is_store
            return "json"

        def encode(self, value, *, key=None, store_name=None):
            return {"from": value[0], "to": value[1]}

        def decode(self, stored, *, key=None):
            return (stored["from"], stored["to"])

        def validate(self, value):
            if value[1] < value[0]:
                raise dj.DataJointError("an interval ends before it begins")

    class IntervalList(dj.Codec):
        name = "interval_list"

        def get_dtype(self, is_store):
            return "<blob>"

        def encode(self, value, *, key=None, store_name=None):
            return [list(pair) for pair in value]

        def decode(self, stored, *, key=None):
            return [tuple(pair) for pair in stored]

    @schema
    class Epoch(dj.Manual):
        definition = """
        epoch : int32
        ---
        span : <interval>
        pauses = null : <interval_list>
        """

    Epoch.insert([(1, (0.5, 2.5), [(1, 2), (3, 4)]), (2, (3.0, 4.0), None)])
    assert (Epoch & "epoch = 1").fetch1("span", "pauses") == ((0.5, 2.5), [(1, 2), (3, 4)])
    assert (Epoch & "epoch = 2").to_dicts() == [{"epoch": 2, "span": (3.0, 4.0), "pauses": None}]
    with pytest.raises(dj.DataJointError, match="ends before"):
        Epoch.insert1((3, (2.0, 1.0), None))
    assert "<interval>" in Epoch.describe()
    assert Epoch.heading.blobs == ["span", "pauses"]
    assert {"blob", "interval", "interval_list"} <= set(dj.list_codecs())
    assert dj.get_codec("interval").get_dtype(False) == "json"
    assert dj.get_codec("interval").referenced_paths({}) == []
    with pytest.raises(dj.DataJointError, match="interval"):
        dj.get_codec("intervall")
