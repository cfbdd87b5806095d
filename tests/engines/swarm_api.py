"""The little of an engine's API that `docker stack deploy` asks, which keeps what it is told."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer

# By the end of a path; all else is a list of nothing. No node and no task comes of it.
ANSWERS = {
    "/_ping": "OK",
    "/info": {"Swarm": {"ControlAvailable": True, "LocalNodeState": "active"}},
    "/secrets": [{"ID": "1", "Spec": {"Name": "stats-password"}}],
}


class Engine(ThreadingUnixStreamServer):
    """What was asked for: specs of services by their names, and configs as a list has them."""

    def __init__(self, socket):
        self.services, self.configs = {}, []
        super().__init__(str(socket), Asked)


class Asked(BaseHTTPRequestHandler):
    def address_string(self):
        return ""  # a socket has none

    def log_message(self, *_):
        pass

    def answer(self, what, code=200):
        body = json.dumps(what).encode()
        self.send_response(code)
        self.send_header("Api-Version", "1.47")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def do_GET(self):
        path = self.path.partition("?")[0]
        name = path[path.rindex("/") :]
        if "/configs/" in path:
            self.answer({"message": "no such config"}, 404)
        else:
            self.answer(self.server.configs if name == "/configs" else ANSWERS.get(name, []))

    do_HEAD = do_GET  # noqa: N815 -- the base class calls it so

    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "/configs/" in self.path:
            self.server.configs.append({"ID": told["Name"], "Spec": told})
        if "/services/" in self.path:
            self.server.services[told["Name"]] = told
        self.answer({"ID": "1"}, 201)


@contextmanager
def engine(socket):
    """Answer on a socket until the `with` block ends; gives the specs of services by name."""
    with Engine(socket) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.services
        finally:
            server.shutdown()
            thread.join()
