"""TLS: what the URL asks for is what the session does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fascicle.backend.connect import connect
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import ConfigError, FascicleError
from fascicle.sql.statement import Sql
from fascicle_postgres.tls import parameters
from tests.servers import Unavailable
from tests.servers.fixtures import ServerPool

ENCRYPTED = Sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")


@pytest.fixture
def url(server_pool: ServerPool) -> str:
    try:
        return server_pool.url("postgres")
    except Unavailable as error:
        pytest.skip(f"postgres: {error}")


@pytest.fixture
def ca_file(url: str, server_pool: ServerPool) -> str:
    named = os.environ.get("FASCICLE_TEST_POSTGRES_CA")
    path = named or next((s.ca_file for s in server_pool._servers if s.url == url), None)
    if path is None or not Path(path).exists():
        pytest.skip("the server has no certificate")
    return str(path)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("postgresql://h", "prefer"),
        ("postgresql://h?use_tls=false", "disable"),
        ("postgresql://h?use_tls=true", "require"),
        ("postgresql://h?use_tls=true&ssl_ca=x.pem", "verify-ca"),
        ("postgresql://h?sslrootcert=x.pem", "verify-ca"),
        ("postgresql://h?ssl_mode=VERIFY_IDENTITY&ssl_ca=x.pem", "verify-full"),
        ("postgresql://h?sslmode=verify-full&ssl_ca=x.pem", "verify-full"),
        ("postgresql://h?ssl_mode=required", "require"),
    ],
)
def test_modes(text: str, mode: str) -> None:
    assert parameters(DatabaseUrl.parse(text))["sslmode"] == mode


def test_files_are_passed_on() -> None:
    given = parameters(DatabaseUrl.parse("postgresql://h?ssl_ca=a&ssl_cert=b&ssl_key=c&ssl_key_password=d"))
    names = ("sslrootcert", "sslcert", "sslkey", "sslpassword")
    assert [given[name] for name in names] == ["a", "b", "c", "d"]


def test_unknown_modes_are_told() -> None:
    with pytest.raises(ConfigError, match="verify_ca"):
        parameters(DatabaseUrl.parse("postgresql://h?ssl_mode=maybe"))


@pytest.mark.parametrize(
    ("mode", "encrypted"), [("disabled", False), ("preferred", True), ("required", True)]
)
def test_encrypted(url: str, ca_file: str, mode: str, encrypted: bool) -> None:
    with connect(url, ssl_mode=mode) as connection:
        assert connection.execute(ENCRYPTED).rows == [(encrypted,)]


def test_the_server_is_verified(url: str, ca_file: str, tmp_path: Path) -> None:
    with connect(url, ssl_ca=ca_file) as connection:
        assert connection.execute(ENCRYPTED).rows == [(True,)]
    other = tmp_path / "other.pem"
    other.write_text("no certificate")
    with pytest.raises(FascicleError, match=r"(?i)certificate"):
        connect(url, ssl_ca=str(other))
