"""Small apps on loopback, which say who they are and what they were asked."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from haproxy.ports import free_port
from haproxy.websocket import accept


class App:
    """An HTTP app; it answers JSON with its own name and the request it has seen.

    Attributes:
        name: what it calls itself.
        health: the status that it answers with below /health; a test may change it.
        requests: `METHOD path` of each one so far, but for those below /health.
        checks: method, path and host of each of those.
    """

    def __init__(self, name, address="127.0.0.1", port=None, tls=None):
        self.name = name
        self.health = 200
        self.requests, self.checks = [], []
        self.port = port or free_port()
        self.host = address
        handler = type("Handler", (_Handler,), {"app": self})
        server = _Server6 if ":" in address else _Server
        self._server = server((address, self.port), handler)
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self):
        """As DOMAINS names it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def serves(self, *domains):
        """Its entry in DOMAINS."""
        return f"{self.address}:{','.join(domains)}"

    def described(self, *domains, **options):
        """Its key and value in a map of DOMAINS."""
        return self.address, {"domains": domains, **options}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """Say nothing of a client that has gone: health checks do that all the time."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    app: App
    protocol_version = "HTTP/1.1"
    timeout = 10

    def _answer(self):
        if self.path.startswith("/health"):
            self.app.checks.append((self.command, self.path, self.headers["Host"]))
            self._say(self.app.health)
            return
        self.app.requests.append(f"{self.command} {self.path}")
        if self.headers.get("Upgrade"):
            self._upgrade()
        else:
            self._say(200)

    def _say(self, status):
        length = int(self.headers.get("Content-Length", 0))
        seen = {
            "app": self.app.name,
            "method": self.command,
            "path": self.path,
            "headers": self.headers.items(),
            "body": self.rfile.read(length).decode(),
        }
        body = json.dumps(seen).encode()
        self.send_response(status)
        self.send_header("X-App", self.app.name)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _upgrade(self):
        """Shake hands for a WebSocket, then send each line back without its framing."""
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "websocket")
        self.send_header("Sec-WebSocket-Accept", accept(self.headers["Sec-WebSocket-Key"]))
        self.end_headers()
        for line in self.rfile:
            self.wfile.write(line)
        self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_CONNECT = _answer  # noqa: N815 -- the library's names

    def log_message(self, *_):
        """Keep quiet."""
