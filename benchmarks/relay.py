"""Round trips counted on the wire: a relay before a server that notes each change of direction."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Passes bytes between clients and a server on this machine, counting how often a client had to speak anew.

    Parameters
    ----------
    host, port
        The server.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.trips = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                spoken = threading.Event()  # set while the client is the one who spoke last
                threading.Thread(target=self._ask, args=(client, server, spoken), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client, spoken), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, spoken: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 20):
                if not spoken.is_set():
                    spoken.set()
                    with self._lock:
                        self.trips += 1
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket, spoken: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 20):
                spoken.clear()
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Take no more clients."""
        self._listener.close()
