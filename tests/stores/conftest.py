"""Stores on both kinds of place, for tables on every database."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fascicle as fc
from tests.architecture.tree import ROOT

KEYS = {"access_key": "test", "secret_key": "test"}


class S3Server:
    """A server process of this test session."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(1 << 20), "TMPDIR": str(folder)}
        command = [sys.executable, "-W", "ignore", "-m", "tests.stores.s3server", "0"]
        self.log = (folder / "s3.log").open("w")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (folder / "s3.log").read_text()
        self.endpoint = f"http://127.0.0.1:{line.split()[-1]}"

    def counts(self) -> dict[str, int]:
        """Requests, and bytes in and out, since the start."""
        with urllib.request.urlopen(f"{self.endpoint}/-/counts") as answer:
            return dict(json.load(answer))

    @contextlib.contextmanager
    def counting(self) -> Iterator[dict[str, int]]:
        """Yield a dict that holds the counts of the block once that has ended."""
        before, found = self.counts(), {}
        yield found
        after = self.counts()
        found.update({name: after[name] - before.get(name, 0) for name in after})

    def bucket(self) -> dict[str, Any]:
        """Make a bucket; return the settings of a store in it."""
        import boto3

        name = f"b{secrets.token_hex(6)}"
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_bucket(Bucket=name)
        client.close()
        return {"protocol": "s3", "endpoint": self.endpoint, "bucket": name, "location": "some/where", **KEYS}

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()
        self.log.close()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    pytest.importorskip("moto", reason="pip install 'moto[server]'")
    server = S3Server(tmp_path_factory.mktemp("s3"))
    yield server
    server.stop()


@pytest.fixture(params=["file", "s3"])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Settings of an empty store."""
    if request.param == "file":
        return {"protocol": "file", "location": str(tmp_path / "objects")}
    settings: dict[str, Any] = request.getfixturevalue("s3_server").bucket()
    return settings


def configure(connection: fc.Connection, settings: dict[str, Any], folder: Path) -> None:
    """Give a connection the store ``main``, which is also the default one, and a folder for downloads."""
    config = connection.runtime.config
    config["safemode"] = False
    config["stores"] = {"default": "main", "main": settings}
    config["download_path"] = str(folder / "downloads")


@pytest.fixture
def db(backend: Any, store_settings: dict[str, Any], tmp_path: Path) -> Iterator[fc.Connection]:
    """A connection whose default store is one of each kind."""
    connection = backend.connect()
    configure(connection, store_settings, tmp_path)
    yield connection
    if connection.runtime.stores is not None:
        connection.runtime.stores.close()
    connection.close()


@pytest.fixture
def schema(backend: Any, db: fc.Connection) -> fc.Schema:
    """An empty schema."""
    return fc.Schema(backend.schema_name("lab"), connection=db)
