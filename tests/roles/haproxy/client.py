"""One HTTP/1 request, byte for byte as the test wants it, and its answer."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from dataclasses import dataclass
from email.message import Message

TIMEOUT = 10


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: of the response.
        headers: of the response; names in any case.
        body: decoded.
        certificate: the names in the server's certificate; none without TLS.
        protocol: what ALPN agreed on.
    """

    status: int
    headers: Message
    body: bytes
    certificate: tuple[str, ...] = ()
    protocol: str | None = None

    @property
    def app(self):
        """The name of the app that answered; None if none did."""
        return self.seen["app"] if self.headers.get("X-App") else None

    @property
    def seen(self):
        """The request as the app has seen it."""
        return json.loads(self.body)

    @property
    def location(self):
        return self.headers.get("Location")

    def forwarded(self, name):
        """The values of a request header as the app has seen them, in order."""
        return [value for key, value in self.seen["headers"] if key.lower() == name.lower()]


def written(host, path="/", method="GET", headers=(), body=b""):
    """Write a request; a host of None sends no such header. All texts may be bytes."""
    fields = [*([] if host is None else [("Host", host)]), *headers]
    if body:
        fields.append(("Content-Length", str(len(body))))
    lines = [b"%b %b HTTP/1.1" % (_bytes(method), _bytes(path))]
    lines += [b"%b: %b" % (_bytes(name), _bytes(value)) for name, value in fields]
    return b"\r\n".join([*lines, b"", body])


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def connect(port, address="127.0.0.1", source=None, preface=b""):
    """Open a connection; `preface` goes first, as the PROXY protocol does."""
    origin = None if source is None else (source, 0)
    connection = socket.create_connection((address, port), TIMEOUT, source_address=origin)
    if preface:
        connection.sendall(preface)
    return connection


def ask(connection, request, method="GET"):
    """Send a request over a connection, TLS or not, and read the answer."""
    connection.sendall(request)
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        body = response.read()
    finally:
        response.close()
    return Answer(response.status, response.headers, body, *_tls(connection))


def _tls(connection):
    if not isinstance(connection, ssl.SSLSocket):
        return ()
    names = connection.getpeercert().get("subjectAltName", ())
    return tuple(name for _, name in names), connection.selected_alpn_protocol()
