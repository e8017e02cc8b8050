"""Keep servers up while developing: ``python -m tests.servers start | stop | status``.

`start` prints ``export`` lines for the shell; the tests then use those servers instead of starting their own.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.servers.base import Server, Unavailable
from tests.servers.running import SERVERS, start_server

_STATE = Path(__file__).parents[2] / ".servers"


def main() -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("verb", choices=("start", "stop", "status"))
    parser.add_argument(
        "names", nargs="*", metavar="server", help=f"any of {', '.join(SERVERS)}; all when none is named"
    )
    parser.add_argument(
        "--durable", action="store_true", help="commits reach the disk, as benchmarks want them"
    )
    arguments = parser.parse_args()
    names = arguments.names or list(SERVERS)
    unknown = sorted(set(names) - set(SERVERS))
    if unknown:
        parser.error(f"unknown server {unknown[0]!r}: choose from {', '.join(SERVERS)}")
    if arguments.verb == "start":
        return _start(names, durable=arguments.durable)
    for name in names:
        server = _load(name)
        if server is not None and arguments.verb == "stop":
            server.stop()
            _file(name).unlink()
        elif server is not None:
            print(_export(server))
    return 0


def _start(names: list[str], *, durable: bool) -> int:
    failed = 0
    for name in names:
        try:
            server = _load(name) or start_server(name, durable=durable, detached=True)
        except Unavailable as error:
            print(f"NOT RUN: {name} ({error.reason}; {error.remedy})", file=sys.stderr)
            failed = 1
            continue
        _STATE.mkdir(exist_ok=True)
        record = {
            "name": server.name,
            "url": server.url,
            "pid": server.pid,
            "folder": str(server.folder),
            "ca_file": str(server.ca_file) if server.ca_file else None,
            "stop_signal": int(server.stop_signal),
        }
        _file(name).touch(mode=0o600)
        _file(name).write_text(json.dumps(record), encoding="utf-8")
        print(_export(server))
    return failed


def _file(name: str) -> Path:
    return _STATE / f"{name}.json"


def _load(name: str) -> Server | None:
    """Return the server that an earlier `start` left, or None."""
    if not _file(name).exists():
        return None
    record = json.loads(_file(name).read_text(encoding="utf-8"))
    record["folder"] = Path(record["folder"])
    record["ca_file"] = Path(record["ca_file"]) if record["ca_file"] else None
    server = Server(**record)
    return server if server.is_running() else None


def _export(server: Server) -> str:
    lines = [f"export FASCICLE_TEST_{server.name.upper()}={server.url}"]
    if server.ca_file:
        lines.append(f"export FASCICLE_TEST_{server.name.upper()}_CA={server.ca_file}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
