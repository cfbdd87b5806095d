"""Words with HAProxy over its admin socket."""

from __future__ import annotations

import socket

from haproxy.client import TIMEOUT


def told(edge, command):
    """Send a command, with its payload if it has one, and return all of the answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(edge.environ["ADMIN_SOCKET"])
        connection.sendall(f"{command}\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
