"""The S3 store against a server process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest

from fascicle.errors import BucketInaccessible, ConfigError, StoreError
from fascicle.stores import Stores
from fascicle.testing.store_suite import StoreSuite
from fascicle_s3 import S3Store
from fascicle_s3.settings import Settings


class TestS3Store(StoreSuite):
    @pytest.fixture
    def store(self, s3_server: Any) -> Iterator[S3Store]:
        with S3Store.from_settings("main", s3_server.bucket()) as store:
            yield store


class TestS3StoreOfAWholeBucket(StoreSuite):
    @pytest.fixture
    def store(self, s3_server: Any) -> Iterator[S3Store]:
        with S3Store.from_settings("main", {**s3_server.bucket(), "location": ""}) as store:
            yield store


def _fail_after(stream: BinaryIO, count: int) -> None:
    stream.write(bytes(count))
    raise RuntimeError("stop")


def test_an_aborted_upload_leaves_no_parts(s3_server: Any) -> None:
    with S3Store.from_settings("main", s3_server.bucket()) as store:
        with pytest.raises(RuntimeError), store.writer("x") as stream:
            _fail_after(stream, 30 << 20)
        assert not store.client.list_multipart_uploads(Bucket=store.settings.bucket).get("Uploads")


def test_a_range_moves_only_its_bytes(s3_server: Any) -> None:
    with S3Store.from_settings("main", s3_server.bucket()) as store:
        store.put("x", bytes(10 << 20))
        with s3_server.counting() as counts:
            assert store.read("x", 5 << 20, (5 << 20) + 100) == bytes(100)
        assert counts["requests"] == 1
        assert counts["out"] == 100


def test_a_missing_bucket_and_a_missing_server(s3_server: Any) -> None:
    settings = s3_server.bucket()
    with S3Store.from_settings("main", {**settings, "bucket": "nosuchbucket"}) as store:
        with pytest.raises(BucketInaccessible, match="NoSuchBucket"):
            store.put("x", b"")
        with pytest.raises(BucketInaccessible):
            list(store.entries())
    away = {**settings, "endpoint": "http://127.0.0.1:9", "attempts": 1}
    with S3Store.from_settings("main", away) as store, pytest.raises(BucketInaccessible) as caught:
        store.read("x")
    assert "test" not in str(caught.value).replace("tests", "")


def test_settings() -> None:
    table = {"bucket": "b", "endpoint": "minio.lab.org:9000", "location": "/a/b/"}
    settings = Settings.read("m", table)
    assert settings.endpoint == "https://minio.lab.org:9000"
    assert settings.addressing == "path"
    assert Settings.read("m", {**table, "secure": False}).endpoint == "http://minio.lab.org:9000"
    assert S3Store("m", settings).location == "https://minio.lab.org:9000/b/a/b"
    assert S3Store("m", Settings("b")).location == "s3://b"
    assert "hush" not in repr(Settings("b", access_key="hush", secret_key="hush"))
    for bad in (
        {"endpoint": "http://"},
        {"endpoint": "ftp://x"},
        {"endpoint": "x:port"},
        {"access_key": "a"},
    ):
        with pytest.raises(ConfigError):
            Settings.read("m", {"bucket": "b", **bad})
    with pytest.raises(ConfigError, match="lacks the setting 'bucket'"):
        Stores(lambda: {"m": {"protocol": "s3"}})["m"]
    assert issubclass(BucketInaccessible, StoreError)
