"""What answers on certbot's port while certbot does not."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

CHALLENGE_PATH: Final = "/.well-known/acme-challenge/"  # RFC 8555, 8.3
_MAX_BYTES: Final = 8192  # octets of a request that are read
_TIMEOUT: Final = 1.0  # seconds for one, and for each part of it


class Listener:
    """Answers on certbot's port while certbot does not.

    Args:
        port: plan.port; every address of the machine, as certbot's standalone.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._thread: Thread | None = None
        self._answers: dict[str, str] = {}

    def open(self) -> None:
        """Listen, if it does not yet.

        Raises:
            OSError: the port is somebody else's.
        """
        import socket

        if self._socket:
            return
        dual = socket.has_dualstack_ipv6()
        self._socket = socket.create_server(
            ("", self._port),
            family=socket.AF_INET6 if dual else socket.AF_INET,
            dualstack_ipv6=dual,
        )
        self._thread = Thread(target=self._serve, args=(self._socket,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leave the port to certbot."""
        import socket

        listening, self._socket = self._socket, None
        if listening and self._thread:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # to close alone does not end an accept(2)
            self._thread.join()
            listening.close()

    def expect(self, token: str) -> str:
        """Have a token answered, and return with what: it cannot be made from the request."""
        return self._answers.setdefault(token, f"{token}.{os.urandom(16).hex()}")

    def forget(self) -> None:
        """Answer none of the tokens any more."""
        self._answers.clear()

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            # One after the other: those behind HAProxy come with the whole request at once.
            with connection, suppress(OSError):
                connection.settimeout(_TIMEOUT)
                connection.sendall(self._answer(_read_head(connection)))

    def _answer(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        path = words[1] if len(words) == 3 and words[0] == "GET" else ""  # noqa: PLR2004 -- a request line's
        body = (
            self._answers.get(path.removeprefix(CHALLENGE_PATH))
            if path.startswith(CHALLENGE_PATH)
            else None
        )
        status = "200 OK" if body else "404 Not Found"
        text = body or ""
        return (
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
            f"Connection: close\r\n\r\n{text}"
        ).encode("latin-1")


def _read_head(connection: socket.socket) -> bytes:
    """Read a request until its empty line, but not for ever: who closes the port waits for us.

    Raises:
        OSError: it does not come.
    """
    until = time.monotonic() + _TIMEOUT
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MAX_BYTES and (more := connection.recv(4096)):
        head += more
        if time.monotonic() > until:
            raise TimeoutError
    return head
