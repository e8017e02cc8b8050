"""Pytest plugin: one suite on every database.

A test that takes `backend` runs on SQLite, MariaDB and PostgreSQL, and on MySQL where ``FASCICLE_TEST_MYSQL``
names a server. Servers start when the first test needs them. One that cannot be had skips its tests, and the
run ends with a line ``NOT RUN: ...``; where ``CI`` is set that is a failure.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.backend import Backend, drop_schemas, raw_connection
from tests.servers.base import Server, Unavailable
from tests.servers.running import SERVERS, start_server

EMBEDDED = "sqlite"
NAMED_ONLY = {"mysql": "name a MySQL 8 server in FASCICLE_TEST_MYSQL (mysql://user:password@host:3306)"}


class ServerPool:
    """The servers of one test session, started when first asked for."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._servers: list[Server] = []
        self._cleaners: dict[str, Any] = {}
        self.missing: dict[str, Unavailable] = {}

    def url(self, name: str) -> str:
        """Return the URL of a server, starting it where the environment names none.

        Raises
        ------
        Unavailable
            When it cannot be had; the same answer is given the second time, without a second try.
        """
        if name in self.missing:
            raise self.missing[name]
        if name not in self._urls:
            try:
                self._urls[name] = os.environ.get(f"FASCICLE_TEST_{name.upper()}") or self._start(name)
            except Unavailable as error:
                self.missing[name] = error
                raise
        return self._urls[name]

    def _start(self, name: str) -> str:
        if name in NAMED_ONLY:
            raise Unavailable("no server is named", NAMED_ONLY[name])
        server = start_server(name)
        self._servers.append(server)
        return server.url

    def drop(self, name: str, prefix: str) -> None:
        """Drop the schemas that one test made."""
        url = self.url(name)
        cleaner = self._cleaners.pop(name, None)
        if cleaner is not None:
            # A test may have cut every session of the server, this one too: then a new one does the work.
            with contextlib.suppress(Exception):
                drop_schemas(cleaner, url, prefix)
                self._cleaners[name] = cleaner
                return
            with contextlib.suppress(Exception):
                cleaner.close()
        self._cleaners[name] = raw_connection(url)
        drop_schemas(self._cleaners[name], url, prefix)

    def close(self) -> None:
        """End what was started here."""
        for cleaner in self._cleaners.values():
            with contextlib.suppress(Exception):
                cleaner.close()
        for server in self._servers:
            server.stop()
        self._cleaners.clear()
        self._servers.clear()


_POOL = pytest.StashKey[ServerPool]()


def backend_names() -> list[str]:
    """Return the backends that the suite is for, whether or not their servers can be had."""
    return [
        EMBEDDED,
        *SERVERS,
        *(name for name in NAMED_ONLY if os.environ.get(f"FASCICLE_TEST_{name.upper()}")),
    ]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_POOL] = ServerPool()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("backends")
        names = [name for name in backend_names() if only is None or name in only.args]
        metafunc.parametrize("backend", names, indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    pool = session.config.stash[_POOL]
    pool.close()
    if (
        pool.missing
        and os.environ.get("CI")
        and session.exitstatus in (0, pytest.ExitCode.NO_TESTS_COLLECTED)
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    pool = config.stash.get(_POOL, None)
    for name, error in (pool.missing if pool else {}).items():
        print(f"NOT RUN: {name} ({error.reason}; {error.remedy})")


@pytest.fixture(scope="session")
def server_pool(pytestconfig: pytest.Config) -> ServerPool:
    """Return the session's servers; ``server_pool.url(name)`` starts one or raises `Unavailable`."""
    return pytestconfig.stash[_POOL]


@pytest.fixture(scope="session")
def server_urls(server_pool: ServerPool) -> dict[str, str]:
    """Return the URLs of all servers that can be had, by backend name."""
    urls = {}
    for name in backend_names():
        with contextlib.suppress(Unavailable):
            if name != EMBEDDED:
                urls[name] = server_pool.url(name)
    return urls


@pytest.fixture
def backend(request: pytest.FixtureRequest, server_pool: ServerPool, tmp_path: Path) -> Iterator[Backend]:
    """Yield one database: on a server a prefix of its own, dropped afterwards; for SQLite a fresh file."""
    name: str = request.param
    prefix = f"t{secrets.token_hex(5)}"
    if name == EMBEDDED:
        here = Backend(name, f"sqlite:///{tmp_path / 'test.db'}", prefix)
        yield here
        here.close()
        return
    try:
        url = server_pool.url(name)
    except Unavailable as error:
        pytest.skip(f"{name}: {error}")
    here = Backend(name, url, prefix)
    yield here
    here.close()
    server_pool.drop(name, prefix)
