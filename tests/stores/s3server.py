"""A real S3 server on loopback, which counts the requests and bytes that it moves.

``python -m tests.stores.s3server PORT`` serves until it is killed. ``GET /-/counts`` tells what went by since the
start: requests by method, bytes in and out.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

COUNTS: Counter[str] = Counter()
LOCK = threading.Lock()
ZERO = {"requests": 0, "in": 0, "out": 0}


def counted(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Wrap a WSGI application so that it counts."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/-/counts":
            start_response("200 OK", [("Content-Type", "application/json")])
            with LOCK:
                return [json.dumps({**ZERO, **COUNTS}).encode()]
        with LOCK:
            COUNTS["requests"] += 1
            COUNTS[environ["REQUEST_METHOD"]] += 1
            COUNTS["in"] += int(environ.get("CONTENT_LENGTH") or 0)
        return passed(application(environ, start_response))

    def passed(body: Iterable[bytes]) -> Iterator[bytes]:
        for piece in body:
            with LOCK:
                COUNTS["out"] += len(piece)
            yield piece

    return serve


def main() -> None:
    """Serve on the port of the command line."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    application = counted(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", int(sys.argv[1]), application, threaded=True)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
