"""Requests over TLS to a port of loopback, by a client that trusts one root and nothing else."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager
from http.client import HTTPConnection


class Client:
    """Somebody who knows a root, and names for a port.

    Args:
        port: on 127.0.0.1.
        root: PEM as text.
    """

    def __init__(self, port, root):
        self._port = port
        self._context = ssl.create_default_context(cadata=root)

    @contextmanager
    def connected(self, name):
        """A connection, if the certificate is trusted and the name's own; else an OSError."""
        with (
            socket.create_connection(("127.0.0.1", self._port), 5) as plain,
            self._context.wrap_socket(plain, server_hostname=name) as tls,
        ):
            yield tls

    def get(self, name, path="/"):
        """Ask once: status, location, body."""
        connection = HTTPConnection(name)
        with self.connected(name) as connection.sock:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.headers["location"], answer.read().decode()

    def serial(self, name):
        """The serial number of the certificate that is presented."""
        with self.connected(name) as tls:
            return tls.getpeercert()["serialNumber"]
