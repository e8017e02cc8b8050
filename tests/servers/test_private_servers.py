"""The private servers themselves: they start, hold what they promise, and leave nothing behind."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.servers import SERVERS, Unavailable, start_server
from tests.servers.backend import Backend, drop_schemas, raw_connection
from tests.servers.install import ensure

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=sorted(SERVERS))
def server(request):
    try:
        started = start_server(request.param)
    except Unavailable as error:
        pytest.skip(str(error))
    yield started
    started.stop()


def scalar(connection, query):
    cursor = connection.cursor()
    cursor.execute(query)
    return cursor.fetchone()[0]


def test_a_server_runs_as_nobody_special(server):
    owner = Path(f"/proc/{server.pid}").stat().st_uid
    assert owner != 0
    assert server.folder.stat().st_mode & 0o077 == 0


def test_the_defaults_sort_as_people_do(server):
    """Case counts little in what the servers do by default, so that a missing collation of ours shows."""
    connection = raw_connection(server.url)
    assert bool(scalar(connection, "SELECT 'a' < 'B'"))
    connection.close()


def test_tls_with_the_certificate_of_the_server(server):
    if server.ca_file is None:
        pytest.skip("no openssl here")
    if server.name == "postgres":
        import psycopg

        url = f"{server.url}?sslmode=verify-full&sslrootcert={server.ca_file}"
        with psycopg.connect(url) as connection:
            assert connection.pgconn.ssl_in_use
    else:
        import ssl
        from urllib.parse import urlsplit

        import pymysql

        parts = urlsplit(server.url)
        connection = pymysql.connect(
            host=parts.hostname,
            port=parts.port,
            user=parts.username,
            password=parts.password,
            ssl=ssl.create_default_context(cafile=str(server.ca_file)),
        )
        cursor = connection.cursor()
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1]
        connection.close()


def test_schemas_of_one_prefix_are_dropped_and_no_others(server):
    connection = raw_connection(server.url)
    cursor = connection.cursor()
    for name in ("t1_a", "t1_b", "t1xb", "t12_a"):
        cursor.execute(f"CREATE SCHEMA {name}")
    drop_schemas(connection, server.url, "t1")
    cursor.execute("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 't1%'")
    assert sorted(name for (name,) in cursor.fetchall()) == ["t12_a", "t1xb"]
    connection.close()


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_a_stopped_server_leaves_nothing(name):
    try:
        started = start_server(name)
    except Unavailable as error:
        pytest.skip(str(error))
    assert started.is_running()
    started.stop()
    assert not started.is_running()
    assert not started.folder.exists()


def test_a_server_ends_with_a_killed_parent(tmp_path):
    """A test run that is killed cannot tidy up; its servers must end all the same."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells a child that its parent died")
    program = textwrap.dedent("""
        import os, signal
        from tests.servers import start_server
        server = start_server("mariadb")
        print(server.pid, server.folder, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "Unavailable" in done.stderr:
        pytest.skip("no MariaDB here")
    pid, folder = done.stdout.split()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and folder in _command_line(pid):
        time.sleep(0.05)
    assert folder not in _command_line(pid)
    subprocess.run(["rm", "-rf", folder], check=True)


def _command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_a_missing_binary_says_why_and_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("FASCICLE_INSTALL_SERVERS", "0")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Unavailable, match=r"no-such-server is not installed.*buy one"):
        ensure("no-such-server", ("no-such-package",), "buy one")


def test_a_backend_names_its_own_schemas(tmp_path):
    one = Backend("sqlite", f"sqlite:///{tmp_path / 'a.db'}", "t1")
    assert one.schema_name("lab") == "t1_lab"
    with one.raw() as connection:
        connection.execute("CREATE TABLE t (a)")
    assert (tmp_path / "a.db").exists()


PROBE = """
def test_probe(backend):
    assert backend.url
"""


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_a_run_without_a_server_says_so_and_fails_in_ci(tmp_path, ci, status):
    """In a run of its own: postgres cannot be had there, sqlite can."""
    probe = tmp_path / "test_probe.py"
    probe.write_text(PROBE)
    program = textwrap.dedent(f"""
        import sys, pytest
        from tests.servers import running
        from tests.servers.base import Unavailable
        def refuse(*names, **options):
            raise Unavailable("it is not installed", "install it")
        running.ensure = refuse
        options = ["-p", "no:cacheprovider", "-p", "tests.servers.fixtures"]
        options += ["-c", "pyproject.toml", "--rootdir", "."]
        sys.exit(pytest.main([*options, {os.fspath(probe)!r}]))
    """)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FASCICLE_TEST_")}
    environment["CI"] = ci
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.rstrip().splitlines()[-2:] == [
        "NOT RUN: mariadb (it is not installed; install it)",
        "NOT RUN: postgres (it is not installed; install it)",
    ], done.stdout + done.stderr
    assert "1 passed, 2 skipped" in done.stdout
    assert done.returncode == status
