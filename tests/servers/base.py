"""What both servers share: an unprivileged user, a folder, a port, a certificate, a start and an end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
USER = "fascicle"

_PR_SET_PDEATHSIG = 1


class Unavailable(Exception):
    """A server cannot be had here.

    Parameters
    ----------
    reason : str
        What is missing or went wrong.
    remedy : str
        How to get the server.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes
    ----------
    name : str
        ``"mariadb"`` or ``"postgres"``.
    url : str
        What `fascicle.connect` takes.
    pid : int
        The process that ends the server when signalled.
    folder : Path
        Data, log, socket and certificate; removed when the server ends.
    ca_file : Path or None
        The certificate to trust for TLS; None where the machine has no openssl.
    stop_signal : int
        What asks the server to end at once and in order.
    process : subprocess.Popen or None
        The handle of a server that this process started.
    """

    name: str
    url: str
    pid: int
    folder: Path
    ca_file: Path | None
    stop_signal: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False, compare=False)

    def is_running(self) -> bool:
        """Return whether the process is still this server."""
        return _is_ours(self.pid, self.folder)

    def stop(self) -> None:
        """End the server by its process id and remove its folder."""
        if self.is_running():
            _end(self.pid, self.stop_signal)
        if self.process is not None:
            self.process.wait(timeout=STOP_TIMEOUT_S)
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Account:
    """The user that a server runs as: ourselves, unless we are root."""

    uid: int
    gid: int

    @classmethod
    def choose(cls, preferred: str) -> Account:
        """Return our own account or, for root, that of `preferred` or of nobody."""
        if os.geteuid() != 0:
            return cls(os.getuid(), os.getgid())
        for name in (preferred, "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        msg = f"the servers refuse to run as root, and there is neither a user {preferred!r} nor 'nobody'"
        raise Unavailable(msg, f"create one: useradd --system {preferred}")

    def own(self, *paths: Path) -> None:
        """Give `paths` to the account, where they are not its own."""
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, self.uid, self.gid)

    def options(self) -> dict[str, object]:
        """Return the `subprocess` arguments that run a command as this account."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True)
class Site:
    """Where one server lives: account, folder, port, password and log."""

    account: Account
    folder: Path
    port: int
    password: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def make(cls, name: str, account: Account) -> Site:
        """Make a fresh folder that `account` can reach, with a free port."""
        # A short path: a Unix socket's may have 107 characters at most.
        parent = next((p for p in _temporary_parents() if _reachable(p)), None)
        folder = Path(tempfile.mkdtemp(prefix=f"fascicle-{name}-", dir=parent))
        account.own(folder)
        return cls(account, folder, free_port())

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        """Write a file that only the account can read, and return its path."""
        path = self.folder / name
        path.touch(mode=mode)
        path.write_text(text, encoding="utf-8")
        self.account.own(path)
        return path

    def run(self, command: Sequence[str | Path], env: Mapping[str, str]) -> None:
        """Run a preparing command to its end; on failure raise with the tail of what it printed."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            **self.account.options(),  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            raise Unavailable(f"{command[0]} failed: {done.stdout.strip()[-600:]}", "see the message")

    def spawn(
        self,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        ready: Callable[[], bool],
        *,
        detached: bool,
        stop_signal: int,
    ) -> subprocess.Popen[bytes]:
        """Start the server, wait until `ready`, and return its process."""
        with self.log.open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=None if detached else _die_with_parent(stop_signal),  # noqa: PLW1509
                **self.account.options(),  # type: ignore[call-overload]
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < deadline:
            if ready():
                return process
            time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        raise Unavailable(f"{command[0]} did not start: {self.tail()}", "see the message")

    def tail(self) -> str:
        """Return the end of the server's log."""
        return self.log.read_text(errors="replace").strip()[-600:] if self.log.exists() else ""

    def certificate(self) -> tuple[Path, Path] | None:
        """Make a self-signed certificate for localhost; None where there is no openssl."""
        openssl = shutil.which("openssl")
        if openssl is None:
            return None
        certificate, key = self.folder / "server.crt", self.folder / "server.key"
        command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
        command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        self.run([*command, "-keyout", key, "-out", certificate], dict(os.environ))
        key.chmod(0o600)
        certificate.chmod(0o644)
        return certificate, key


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _temporary_parents() -> list[Path]:
    return [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]


def _reachable(folder: Path) -> bool:
    """Return whether every user may pass through `folder`."""
    if os.geteuid() != 0:
        return os.access(folder, os.W_OK | os.X_OK)
    try:
        return all(path.stat().st_mode & 0o001 for path in (folder, *folder.resolve().parents))
    except OSError:
        return False


def _die_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """Return what a Linux child calls so that it ends with us even when we are killed."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)

    return arrange


def _is_ours(pid: int, folder: Path) -> bool:
    """Return whether `pid` is still the server of `folder` and not a later process with its number."""
    try:
        return str(folder) in Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except FileNotFoundError:
        return not Path("/proc/self").exists()  # without /proc, trust the number
    except OSError:
        return False


def _end(pid: int, stop_signal: int) -> None:
    for number, patience_s in ((stop_signal, STOP_TIMEOUT_S), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if _gone(pid):
                return
            time.sleep(0.02)


def _gone(pid: int) -> bool:
    """Return whether `pid` has ended, collecting it where it is our child."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
