"""HAProxy in a pod, seen from a client."""

from __future__ import annotations

from haproxy.client import ask, connect, written
from haproxy.ports import free_port

HOST = "example.com"


class Edge:
    """Where one replica of HAProxy listens, and what it answers there."""

    def __init__(self, web):
        self.http, self.https, self.health = free_port(), free_port(), free_port()
        self.environ = {
            "BIND": "127.0.0.1",
            "DOMAINS": f"127.0.0.1:{web}:{HOST},www.{HOST}",
            "HTTP_PORT": str(self.http),
            "HTTPS_PORT": str(self.https),
            "HEALTH_PORT": str(self.health),
        }

    def plain(self, path):
        with connect(self.http) as connection:
            return ask(connection, written(HOST, path))

    def secured(self, context, path="/"):
        """Ask with TLS: the answer and the serial number of what was presented."""
        with connect(self.https) as plain, context.wrap_socket(plain, server_hostname=HOST) as tls:
            return ask(tls, written(HOST, path)), tls.getpeercert()["serialNumber"]
