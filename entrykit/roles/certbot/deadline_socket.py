"""A socket with one time limit for everything that is read from it."""

from __future__ import annotations

import socket
import time
from typing import Any


class DeadlineSocket(socket.socket):
    """A socket for http.client that raises TimeoutError once its time is up.

    The usual time limit is one for each recv(2): a peer that sends an octet now and then,
    as a stream of events does, would keep its reader for ever.
    """

    _deadline = float("inf")

    def limit(self, seconds: float) -> None:
        """Set the time limit: for each other operation, and for all reading from now on."""
        self.settimeout(seconds)
        self._deadline = time.monotonic() + seconds

    def recv_into(self, *arguments: Any) -> int:  # noqa: ANN401 -- those of socket.socket
        """Read, as `socket.socket` does; http.client reads with this alone."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.settimeout(left)
        return super().recv_into(*arguments)


def connect_tcp(host: str, port: int, seconds: float) -> DeadlineSocket:
    """Connect to a host; the time limit is the one for reading as well.

    Raises:
        OSError: it cannot be reached.
    """
    connection = socket.create_connection((host, port), timeout=seconds)
    limited = DeadlineSocket(fileno=connection.detach())
    limited.limit(seconds)
    return limited


def connect_unix(path: str, seconds: float) -> DeadlineSocket:
    """Connect to a Unix socket; the time limit is the one for reading as well.

    Raises:
        OSError: nothing listens there, or this user may not connect.
    """
    connection = DeadlineSocket(socket.AF_UNIX)
    connection.limit(seconds)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise OSError(error.errno, error.strerror or str(error), path) from None
    return connection
