"""A push over the registry's HTTP interface, which a test can hold in the middle."""

from __future__ import annotations

import hashlib
import socket
from contextlib import closing
from urllib.parse import urlsplit

from haproxy.polling import eventually

BLOB = bytes(range(256)) * 4096
DIGEST = f"sha256:{hashlib.sha256(BLOB).hexdigest()}"


def begin_upload(registry, **how):
    """Begin an upload; the path and query of where its bytes go."""
    answer = registry.client.post("/v2/app/blobs/uploads/", **how)
    assert answer.status_code == 202, answer.text
    return target(answer)


def target(answer):
    """The path and query of where an upload goes on."""
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


class HalfPush:
    """An upload that has sent half of its bytes, all of which the registry has written.

    It ends with the `with` block.
    """

    def __init__(self, registry):
        self._registry = registry
        path = begin_upload(registry)
        self._socket = socket.create_connection(("127.0.0.1", registry.port), 30)
        head = (
            f"PUT {path}&digest={DIGEST} HTTP/1.1\r\nHost: {registry.host}\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {len(BLOB)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + BLOB[: len(BLOB) // 2])
        eventually(self._is_written)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _is_written(self):
        return any(path.stat().st_size for path in self._registry.data.glob("**/_uploads/*/data"))

    def finish(self):
        """Send the other half; return the first line of the answer, empty without an answer."""
        try:
            self._socket.sendall(BLOB[len(BLOB) // 2 :])
            with self._socket.makefile("rb") as answer:
                return answer.readline().decode().strip()
        except ConnectionError:
            return ""


def is_listening(registry):
    """Whether anything accepts connections to its port."""
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", registry.port)) == 0
