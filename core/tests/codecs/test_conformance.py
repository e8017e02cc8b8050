"""Our own codecs pass the suite that every codec must pass, and a chained one of a third party does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fascicle as fc
from fascicle.codecs import BlobCodec
from fascicle.codecs.attach import AttachCodec
from fascicle.codecs.hash import HashCodec
from fascicle.codecs.npy import NpyCodec
from fascicle.codecs.object import ObjectCodec
from fascicle.codecs.zarr import ZarrCodec
from fascicle.testing.codec_suite import CodecSuite

ARRAYS = (np.arange(12.0).reshape(3, 4), np.zeros((0, 2)), np.array(3), np.array(["a", "bc"]))


class ArraySuite(CodecSuite):
    places = ("@",)
    values = ARRAYS

    def equal(self, got: Any, value: Any) -> bool:
        return bool(np.array_equal(got, value)) and got.dtype == value.dtype


class TestNpy(ArraySuite):
    codec = NpyCodec
    bad_values = (3, [1, 2], np.array([None]), Path("none.npy"))


class TestZarr(ArraySuite):
    codec = ZarrCodec
    bad_values = (3, [1, 2], np.array([None]), "none.zarr")


class TestBlob(CodecSuite):
    codec = BlobCodec
    values = ({"a": [1, 2.5, None]}, "text", b"bytes", (1, {2, 3}))
    bad_values = (object(),)


class TestHash(CodecSuite):
    codec = HashCodec
    places = ("@",)
    values = (b"", b"abc", b"abc", bytes(100_000))
    bad_values = ("text", 3)


class TestObject(CodecSuite):
    codec = ObjectCodec
    places = ("@",)
    values = (b"", b"abc", (".csv", b"1,2"))
    bad_values = (3, "no such file", ("a/b", b""))

    def equal(self, got: Any, value: Any) -> bool:
        return bool(got.read() == (value if isinstance(value, bytes) else value[1]))


class TestAttach(CodecSuite):
    codec = AttachCodec
    bad_values = ("no such file", 3)

    @pytest.fixture(autouse=True)
    def files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("one.txt", "two.txt"):
            (tmp_path / name).write_text(name)
        monkeypatch.setattr(type(self), "values", (str(tmp_path / "one.txt"), tmp_path / "two.txt"))

    def equal(self, got: Any, value: Any) -> bool:
        return Path(got).read_bytes() == Path(value).read_bytes()


class Polygon:
    """A value of a third party."""

    def __init__(self, corners: list[tuple[float, float]]) -> None:
        self.corners = corners

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polygon) and other.corners == self.corners

    __hash__ = None  # type: ignore[assignment]


class PolygonCodec(fc.Codec, register=False):
    name = "polygon"

    def get_dtype(self, is_store: bool) -> str:
        return "<blob>"

    def validate(self, value: Any) -> None:
        if not isinstance(value, Polygon):
            raise TypeError("a polygon is stored here")

    def encode(self, value: Any, *, key: Any = None, store_name: Any = None) -> Any:
        return value.corners

    def decode(self, stored: Any, *, key: Any = None) -> Polygon:
        return Polygon(stored)


class TestPolygon(CodecSuite):
    codec = PolygonCodec
    values = (Polygon([]), Polygon([(0.0, 1.0), (2.0, 3.0)]))
    bad_values = ([(0.0, 1.0)],)
