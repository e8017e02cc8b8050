"""A private PostgreSQL server."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from tests.servers.base import USER, Account, Server, Site, Unavailable
from tests.servers.install import Programs

NAME = "postgres"
BINARY = "postgres"
PACKAGES = ("postgresql",)
REMEDY = "install PostgreSQL 15 or newer (apt-get install postgresql) or name one in FASCICLE_TEST_POSTGRES"

_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def start(programs: Programs, *, durable: bool, detached: bool) -> Server:
    """Start a server and return it.

    Parameters
    ----------
    programs : Programs
        Where the binaries are.
    durable : bool
        Whether a commit reaches the disk, as in production; tests do without.
    detached : bool
        Whether the server outlives this process.
    """
    site = Site.make(NAME, Account.choose("postgres"))
    _prepare(site, programs)
    pair = site.certificate()
    settings = [f"port={site.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={site.folder}"]
    settings += ["max_connections=200", "shared_buffers=256MB", "logging_collector=off"]
    settings += [] if durable else _FAST
    if pair is not None:
        settings += ["ssl=on", f"ssl_cert_file={pair[0]}", f"ssl_key_file={pair[1]}"]
    command: list[str | Path] = [programs.path(BINARY), "-D", site.folder / "data"]
    for setting in settings:
        command += ["-c", setting]
    process = site.spawn(
        command,
        programs.environment(),
        lambda: _answers(programs, site.port),
        detached=detached,
        stop_signal=signal.SIGINT,
    )
    url = f"postgresql://{USER}:{site.password}@127.0.0.1:{site.port}/{USER}"
    _run_sql(site, programs, f"CREATE DATABASE {USER}")
    return Server(NAME, url, process.pid, site.folder, pair[0] if pair else None, signal.SIGINT, process)


def _prepare(site: Site, programs: Programs) -> None:
    """Make the cluster, with a linguistic default collation where the build has ICU.

    A default that sorts as people do, not by code point, is what most laboratories run, and shows where a
    column of ours would miss its own collation.
    """
    command: list[str | Path] = [programs.path("initdb"), "-D", site.folder / "data", "-U", USER, "--no-sync"]
    command += [
        "--auth=scram-sha-256",
        f"--pwfile={site.write('password', site.password)}",
        "--encoding=UTF8",
    ]
    icu = ["--locale=C", "--locale-provider=icu", "--icu-locale=en-US"]
    try:
        site.run([*command, *icu], programs.environment())
    except Unavailable:
        site.run([*command, "--locale=C"], programs.environment())


def _answers(programs: Programs, port: int) -> bool:
    probe = [str(programs.path("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(probe, env=programs.environment(), check=False).returncode == 0


def _run_sql(site: Site, programs: Programs, statement: str) -> None:
    environment = {**programs.environment(), "PGPASSWORD": site.password, "HOME": str(site.folder)}
    command: list[str | Path] = [
        programs.path("psql"),
        "-q",
        "-X",
        "-h",
        "127.0.0.1",
        "-p",
        str(site.port),
        "-U",
        USER,
    ]
    site.run([*command, "-d", "postgres", "-c", statement], environment)
