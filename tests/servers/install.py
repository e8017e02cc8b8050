"""Find the server binaries or, where they are missing, fetch them without touching the system.

Debian's packages are downloaded with apt and unpacked into a private folder: no root is needed, no service is
started, no cluster is created, and nothing outside the folder changes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.servers.base import Unavailable

_FOLDERS = ("usr/sbin", "usr/bin", "usr/local/sbin", "usr/local/bin", "usr/libexec", "opt/homebrew/bin")
_APT_TIMEOUT_S = 600


@dataclass(frozen=True)
class Programs:
    """The binaries of one server.

    Attributes
    ----------
    home : Path
        The folder of the server binary itself.
    prefix : Path
        The root of the tree that the binaries were unpacked into; ``/`` for installed ones.
    """

    home: Path
    prefix: Path = Path("/")

    def path(self, name: str) -> Path:
        """Return the full path of a program of this server."""
        for folder in (self.home, self.prefix / "usr/bin", self.prefix / "usr/sbin"):
            if (folder / name).exists():
                return folder / name
        found = shutil.which(name)
        if found is None:
            raise Unavailable(
                f"{name} is missing beside {self.home}", f"install the package that holds {name}"
            )
        return Path(found)

    def environment(self) -> dict[str, str]:
        """Return the environment of the server's programs: nothing of the user's settings reaches them."""
        path = [str(self.home), str(self.prefix / "usr/bin"), "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        environment = {"PATH": os.pathsep.join(path), "LC_ALL": "C", "TZ": "UTC"}
        if self.prefix != Path("/"):
            libraries = [self.prefix / "usr/lib", self.prefix / "lib"]
            libraries += [folder for base in list(libraries) for folder in base.glob("*-linux-gnu*")]
            environment["LD_LIBRARY_PATH"] = os.pathsep.join(str(folder) for folder in libraries)
        return environment


def ensure(binary: str, packages: tuple[str, ...], remedy: str) -> Programs:
    """Return the programs of a server, fetching them when they are missing and fetching is permitted.

    Parameters
    ----------
    binary : str
        The server's own binary.
    packages : tuple of str
        The Debian packages that hold it.
    remedy : str
        What a person can do where this fails.

    Raises
    ------
    Unavailable
        When the binary is missing and cannot be fetched.
    """
    found = _find(binary, Path("/")) or _find(binary, _cache())
    if found is not None:
        return found
    if os.environ.get("FASCICLE_INSTALL_SERVERS", "1") == "0":
        raise Unavailable(
            f"{binary} is not installed and FASCICLE_INSTALL_SERVERS=0 forbids fetching it", remedy
        )
    if not all(shutil.which(tool) for tool in ("apt-get", "dpkg-deb")):
        raise Unavailable(f"{binary} is not installed and this is no Debian system to fetch it on", remedy)
    _unpack(_cache(), packages, remedy)
    found = _find(binary, _cache())
    if found is None:
        raise Unavailable(f"the packages {', '.join(packages)} brought no {binary}", remedy)
    return found


def _find(binary: str, prefix: Path) -> Programs | None:
    """Return the newest server of that name under `prefix`."""
    postgres = sorted(prefix.glob("usr/lib/postgresql/*/bin"), key=_version, reverse=True)
    for folder in (*postgres, *(prefix / name for name in _FOLDERS)):
        if (folder / binary).exists():
            return Programs((folder / binary).resolve().parent, prefix)
    found = shutil.which(binary) if prefix == Path("/") else None
    return Programs(Path(found).resolve().parent) if found else None


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _cache() -> Path:
    """Return where fetched servers are kept between runs."""
    # The servers that root starts run as somebody else, who could not read root's home.
    if os.geteuid() == 0:
        return Path("/var/cache/fascicle/servers")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fascicle/servers"


def _unpack(root: Path, packages: tuple[str, ...], remedy: str) -> None:
    """Download `packages` and what they need beyond the installed system, and unpack all into `root`."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state, cache = root / "apt/state", root / "apt/cache"
        for folder in (state / "lists/partial", cache / "archives/partial"):
            folder.mkdir(parents=True, exist_ok=True)
        options = [f"Dir::State={state}", f"Dir::Cache={cache}", "Dir::State::status=/var/lib/dpkg/status"]
        options += ["Debug::NoLocking=1", "APT::Sandbox::User=", "Acquire::Languages=none"]
        apt = ["apt-get", "-qq", *(part for option in options for part in ("-o", option))]
        _run([*apt, "update"], remedy)
        _run([*apt, "install", "--yes", "--download-only", "--no-install-recommends", *packages], remedy)
        for archive in sorted((cache / "archives").glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(archive), str(root)], remedy)
        shutil.rmtree(root / "apt", ignore_errors=True)


def _run(command: list[str], remedy: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_APT_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} took longer than {_APT_TIMEOUT_S} s", remedy) from None
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise Unavailable(f"{command[0]} could not fetch the server ({last})", remedy)
