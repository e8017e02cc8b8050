"""Private MariaDB and PostgreSQL servers for tests and benchmarks.

Each server has a temporary folder, a free port on 127.0.0.1, a random password, and ends by its own
process id; no service manager is involved and nothing outside the folder is written. As root, the servers
run as an unprivileged user.
"""

from tests.servers.base import Server, Unavailable
from tests.servers.running import SERVERS, running_servers, start_server

__all__ = ["SERVERS", "Server", "Unavailable", "running_servers", "start_server"]
