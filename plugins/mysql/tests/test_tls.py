"""TLS: what the URL asks for is what the session does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fascicle.backend.connect import connect
from fascicle.backend.url import DatabaseUrl
from fascicle.errors import ConfigError, FascicleError
from fascicle.sql.statement import Sql
from fascicle_mysql.tls import mode_of, tls_of
from tests.servers import Unavailable
from tests.servers.fixtures import ServerPool

CIPHER = Sql("SHOW STATUS LIKE 'Ssl_cipher'")


@pytest.fixture
def url(server_pool: ServerPool) -> str:
    try:
        return server_pool.url("mariadb")
    except Unavailable as error:
        pytest.skip(f"mariadb: {error}")


@pytest.fixture
def ca_file(url: str, server_pool: ServerPool) -> str:
    named = os.environ.get("FASCICLE_TEST_MARIADB_CA")
    path = named or next((s.ca_file for s in server_pool._servers if s.url == url), None)
    if path is None or not Path(path).exists():
        pytest.skip("the server has no certificate")
    return str(path)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("mysql://127.0.0.1", "disabled"),
        ("mysql://localhost", "disabled"),
        ("mysql://db.lab.org", "preferred"),
        ("mysql://db.lab.org?unix_socket=/run/m.sock", "disabled"),
        ("mysql://db.lab.org?use_tls=false", "disabled"),
        ("mysql://localhost?use_tls=true", "required"),
        ("mysql://localhost?use_tls=true&ssl_ca=x.pem", "verify_ca"),
        ("mysql://localhost?ssl_ca=x.pem", "verify_ca"),
        ("mysql://localhost?ssl_mode=VERIFY_IDENTITY&ssl_ca=x.pem", "verify_identity"),
        ("mysql://localhost?sslmode=verify-full&ssl_ca=x.pem", "verify_identity"),
        ("mysql://localhost?sslmode=require", "required"),
    ],
)
def test_modes(text: str, mode: str) -> None:
    assert mode_of(DatabaseUrl.parse(text)) == mode


def test_unknown_modes_and_missing_files_are_told() -> None:
    with pytest.raises(ConfigError, match="verify_ca"):
        mode_of(DatabaseUrl.parse("mysql://h?ssl_mode=maybe"))
    with pytest.raises(ConfigError, match="certificate"):
        tls_of(DatabaseUrl.parse("mysql://h?ssl_ca=/nowhere/ca.pem"))


def test_no_context_without_tls() -> None:
    assert tls_of(DatabaseUrl.parse("mysql://localhost")).context is None


def test_plain_by_default_on_this_machine(url: str) -> None:
    with connect(url) as connection:
        assert connection.execute(CIPHER).rows[0][1] == ""


@pytest.mark.parametrize("mode", ["preferred", "required"])
def test_encrypted(url: str, ca_file: str, mode: str) -> None:
    with connect(url, ssl_mode=mode) as connection:
        assert connection.execute(CIPHER).rows[0][1] != ""


def test_the_server_is_verified(url: str, ca_file: str, tmp_path: Path) -> None:
    with connect(url, ssl_ca=ca_file) as connection:
        assert connection.execute(CIPHER).rows[0][1] != ""
    with pytest.raises(FascicleError, match=r"(?i)certificate"):
        connect(url, ssl_mode="verify_ca")
