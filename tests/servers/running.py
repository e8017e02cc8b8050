"""Servers by name: named by the environment, or started here and ended at the block's end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from tests.servers import mariadb, postgres
from tests.servers.base import Server, Unavailable
from tests.servers.install import ensure

SERVERS: Mapping[str, ModuleType] = MappingProxyType({mariadb.NAME: mariadb, postgres.NAME: postgres})


def start_server(name: str, *, durable: bool = False, detached: bool = False) -> Server:
    """Start the server `name`, fetching its binaries when they are missing and that is permitted.

    Parameters
    ----------
    name : str
        ``"mariadb"`` or ``"postgres"``.
    durable : bool, optional
        Whether commits reach the disk: yes for benchmarks, no for tests.
    detached : bool, optional
        Whether the server outlives this process.

    Raises
    ------
    Unavailable
        When the server cannot be had here, saying why and what would help.
    """
    module = SERVERS[name]
    programs = ensure(module.BINARY, module.PACKAGES, module.REMEDY)
    try:
        server: Server = module.start(programs, durable=durable, detached=detached)
    except OSError as error:
        raise Unavailable(f"{module.BINARY} could not be run ({error})", module.REMEDY) from error
    return server


@contextlib.contextmanager
def running_servers(*names: str, durable: bool = False) -> Iterator[dict[str, str]]:
    """Start servers for the length of a block and yield their URLs by name.

    Parameters
    ----------
    *names : str
        Which servers; all when none is named.
    durable : bool, optional
        Whether commits reach the disk: yes for benchmarks, no for tests.

    Raises
    ------
    Unavailable
        When one of them cannot be had here.
    """
    with contextlib.ExitStack() as stack:
        urls = {}
        for name in names or SERVERS:
            server = start_server(name, durable=durable)
            stack.callback(server.stop)
            urls[name] = server.url
        yield urls
