"""A server that keeps what is sent to it."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from haproxy.ports import free_port


class _Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, self.headers, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Listener:
    """What was sent to a server of the test's own.

    Attributes:
        url: its own, without a path.
        heard: path, headers and body of each POST, in their order.
    """

    def __init__(self, server):
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.heard = server.heard


@contextmanager
def listener():
    """Run one for as long as the block runs."""
    with ThreadingHTTPServer(("127.0.0.1", free_port()), _Listener) as server:
        server.heard = []
        Thread(target=server.serve_forever, daemon=True).start()
        yield Listener(server)
        server.shutdown()
