"""The HTTP server behind `Listener`; a module of its own, as http.server is slow to import.

It is open to the internet where HAProxy is, so each connection has a deadline, a request
a largest size, and the connections together a largest number: the oldest makes room for
a new one, as a real request comes whole and is answered at once.
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
_PAUSE: Final = 0.05  # seconds after which deadlines, and a wish to end, are noticed


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
        """Bind, without asking a name server who we are as HTTPServer does."""
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
        """End a connection in an orderly way."""
        with self._lock:
            self._started.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """End the connections whose time is up."""
        self._end_connections(time.monotonic() - _TIMEOUT)

    def _end_connections(self, started_before: float) -> None:
        with self._lock:
            for connection, started in list(self._started.items()):
                if started < started_before:
                    self._end_connection(connection)

    def _end_connection(self, connection: socket.socket) -> None:
        """Have the thread that reads from a connection see its end, and close it."""
        del self._started[connection]
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as its base has it
        """Print a bug's traceback, but nothing of a client that has gone away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request; each connection has but one."""

    server: ChallengeServer
    protocol_version = default_request_version = "HTTP/1.1"
    timeout = _TIMEOUT
    rbufsize = 0  # a buffer comes around it in `setup`

    def setup(self) -> None:
        super().setup()
        self.rfile = _BoundedReader(cast("RawIOBase", self.rfile))

    def do_GET(self) -> None:
        self._respond(self.server.answers.get(self.path))

    def send_error(self, *_arguments: Any, **_named: Any) -> None:  # noqa: ANN401 -- as its base has it
        """Answer what is no GET, or no HTTP, as an unknown path."""
        self._respond(None)

    def _respond(self, text: str | None) -> None:
        body = (text or "").encode("latin-1")
        # Not `send_response`: who listens, and in which version, is for nobody to know.
        self.send_response_only(HTTPStatus.NOT_FOUND if text is None else HTTPStatus.OK)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: anybody may ask."""


class _BoundedReader(BufferedReader):
    """Reads lines until a request has become too long; then it has ended."""

    _left = _MAX_BYTES

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(min(self._left if size in (None, -1) else size, self._left))
        self._left -= len(line)
        return line
