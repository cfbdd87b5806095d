"""The HTTP server of `Listener`, in a module of its own because http.server imports slowly.

The port may be open to the internet, so there are limits on the time of a connection, the
size of a request and the number of connections. The oldest connection is closed in favour
of a new one: HAProxy sends a whole request at once, so it is answered long before.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader, RawIOBase
from socketserver import TCPServer
from threading import Lock
from typing import Any, Final, cast

_TIMEOUT: Final = 1.0  # seconds for a connection, from its beginning to its end
_MAX_CONNECTIONS: Final = 64
_MAX_BYTES: Final = 8192  # of a request that are read
_PAUSE: Final = 0.05  # seconds between two looks at the deadlines, and at whether to stop


class ChallengeServer(ThreadingHTTPServer):
    """Answers GET for some paths with a text, and everything else with 404.

    Args:
        port: on every address of the host, as certbot's standalone.
        answers: the text for each path; it may change while this runs.

    Raises:
        OSError: the port is taken.
    """

    request_queue_size = 128

    def __init__(self, port: int, answers: Mapping[str, str]) -> None:
        dual = socket.has_dualstack_ipv6()
        self.address_family = socket.AF_INET6 if dual else socket.AF_INET
        self.answers = answers
        self._lock = Lock()
        self._started: dict[socket.socket, float] = {}  # open connections, the oldest first
        super().__init__(("", port), _Handler)

    def server_bind(self) -> None:
        """Bind, but do not look up the name of this host as HTTPServer does: it may take long."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        TCPServer.server_bind(self)

    def run(self) -> None:
        """Serve until `stop` is called from another thread."""
        self.serve_forever(_PAUSE)

    def stop(self) -> None:
        """Release the port and end all connections."""
        self.shutdown()
        self.server_close()
        self._end_connections(float("inf"))

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as its base has it
        """Answer in a thread of its own."""
        with self._lock:
            if len(self._started) >= _MAX_CONNECTIONS:
                self._end_connection(next(iter(self._started)))
            self._started[request] = time.monotonic()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 -- as its base has it
        """Close a connection in an orderly way."""
        with self._lock:
            self._started.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Close the connections whose time is up."""
        self._end_connections(time.monotonic() - _TIMEOUT)

    def _end_connections(self, started_before: float) -> None:
        with self._lock:
            for connection, started in list(self._started.items()):
                if started < started_before:
                    self._end_connection(connection)

    def _end_connection(self, connection: socket.socket) -> None:
        """Make the thread of a connection read its end, and close it."""
        del self._started[connection]
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as its base has it
        """Print the traceback of a bug, but not that a client has gone away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers the one request of a connection."""

    server: ChallengeServer
    protocol_version = default_request_version = "HTTP/1.1"
    timeout = _TIMEOUT
    rbufsize = 0  # `setup` adds the buffer

    def setup(self) -> None:
        super().setup()
        self.rfile = _BoundedReader(cast("RawIOBase", self.rfile))

    def do_GET(self) -> None:
        self._respond(self.server.answers.get(self.path))

    def send_error(self, *_arguments: Any, **_named: Any) -> None:  # noqa: ANN401 -- as its base has it
        """Answer other methods, and what is not HTTP, like an unknown path."""
        self._respond(None)

    def _respond(self, text: str | None) -> None:
        body = (text or "").encode("latin-1")
        # Unlike `send_response` this does not disclose the version of Python.
        self.send_response_only(HTTPStatus.NOT_FOUND if text is None else HTTPStatus.OK)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: the requests come from anywhere."""


class _BoundedReader(BufferedReader):
    """Reads lines up to the largest size of a request, and ends there."""

    _left = _MAX_BYTES

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(min(self._left if size in (None, -1) else size, self._left))
        self._left -= len(line)
        return line
