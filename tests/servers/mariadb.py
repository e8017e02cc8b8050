"""A private MariaDB server."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

from tests.servers.base import USER, Account, Server, Site
from tests.servers.install import Programs

NAME = "mariadb"
BINARY = "mariadbd"
PACKAGES = ("mariadb-server-core", "mariadb-client-core")
REMEDY = "install MariaDB 10.6 or newer (apt-get install mariadb-server) or name one in FASCICLE_TEST_MARIADB"

# What a freshly installed Debian server has; a bare mariadbd would fall back to latin1.
_REALISTIC = ("--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci")
_FAST = ("--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0", "--innodb-flush-method=nosync")


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
    site = Site.make(NAME, Account.choose("mysql"))
    _prepare(site, programs)
    pair = site.certificate()
    command: list[str | Path] = [
        programs.path(BINARY),
        "--no-defaults",
        *_layout(site, programs),
        *_REALISTIC,
    ]
    command += [] if durable else _FAST
    command += [f"--port={site.port}", "--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin"]
    command += ["--max-connections=200", "--max-allowed-packet=256M", "--innodb-buffer-pool-size=256M"]
    command += [f"--init-file={site.write('init.sql', _accounts(site.password))}"]
    if pair is not None:
        command += [f"--ssl-cert={pair[0]}", f"--ssl-key={pair[1]}", f"--ssl-ca={pair[0]}"]
    process = site.spawn(
        command,
        programs.environment(),
        lambda: _greets(site.port),
        detached=detached,
        stop_signal=signal.SIGTERM,
    )
    url = f"mysql://{USER}:{site.password}@127.0.0.1:{site.port}"
    return Server(NAME, url, process.pid, site.folder, pair[0] if pair else None, signal.SIGTERM, process)


def _layout(site: Site, programs: Programs) -> list[str]:
    """Return the options that keep everything inside the site's folder and the binaries' own tree."""
    options = [f"--datadir={site.folder / 'data'}", f"--socket={site.folder / 'server.sock'}"]
    options += [f"--pid-file={site.folder / 'server.pid'}", f"--tmpdir={site.folder}"]
    if programs.prefix != Path("/"):
        usr = programs.prefix / "usr"
        options += [f"--basedir={usr}", f"--lc-messages-dir={usr / 'share/mysql'}"]
        options += [
            f"--plugin-dir={usr / 'lib/mysql/plugin'}",
            f"--character-sets-dir={usr / 'share/mysql/charsets'}",
        ]
    return options


def _prepare(site: Site, programs: Programs) -> None:
    """Fill the data folder with the system tables."""
    command: list[str | Path] = [programs.path("mariadb-install-db"), "--no-defaults", "--skip-test-db"]
    command += [
        "--auth-root-authentication-method=normal",
        "--skip-name-resolve",
        f"--datadir={site.folder / 'data'}",
    ]
    command += ["--innodb-flush-method=nosync", f"--tmpdir={site.folder}"]
    if programs.prefix != Path("/"):
        command.append(f"--basedir={programs.prefix / 'usr'}")
    if os.geteuid() != 0:
        import pwd

        command.append(f"--user={pwd.getpwuid(os.getuid()).pw_name}")
    site.run(command, programs.environment())


def _accounts(password: str) -> str:
    """Return the statements of the init file, one a line as the server wants them."""
    lines = []
    for host in ("127.0.0.1", "localhost"):
        lines.append(f"CREATE USER '{USER}'@'{host}' IDENTIFIED BY '{password}';")
        lines.append(f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'{host}' WITH GRANT OPTION;")
    return "\n".join(lines) + "\n"


def _greets(port: int) -> bool:
    """Return whether the server speaks: it listens a while before it answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as probe:
            return len(probe.recv(5)) == 5
    except OSError:
        return False
