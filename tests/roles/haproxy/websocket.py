"""As much of a WebSocket (RFC 6455) as a proxy has to do with: the handshake, then bytes."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from contextlib import contextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived
from haproxy.client import written

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def accept(key):
    """The server's answer to the client's key."""
    return b64encode(hashlib.sha1(key.encode() + _MAGIC).digest()).decode()


@contextmanager
def websocket(connection, host):
    """Shake hands over a connection; what is sent from then on comes back line by line."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": _KEY,
        "Sec-WebSocket-Version": "13",
    }
    with connection:
        connection.sendall(written(host, headers=headers.items()))
        answer = connection.recv(4096).decode()
        assert answer.startswith("HTTP/1.1 101 ")
        assert accept(_KEY) in answer
        yield connection


def echoed_over_http_2(connection, host, line):
    """Shake hands within HTTP/2 (RFC 8441), send a line, and return what comes back of it."""
    names = {":protocol": "websocket", ":scheme": "https", ":path": "/"}
    headers = names | {":authority": host, "sec-websocket-version": "13"}
    http, events = _connected(connection, headers)
    for event in events:
        if isinstance(event, ResponseReceived):
            http.send_data(1, line)
        if isinstance(event, DataReceived):
            return event.data
    raise AssertionError("it was closed")


def connected_over_http_2(connection, host):
    """Ask for a tunnel within HTTP/2 (RFC 9113, 8.5), and return the status."""
    _, events = _connected(connection, {":authority": host})
    answer = next(event for event in events if isinstance(event, ResponseReceived))
    return int(dict(answer.headers)[b":status"])


def _connected(connection, headers):
    """Send a CONNECT over HTTP/2; its connection, and the events that follow."""
    http = H2Connection(H2Configuration(validate_outbound_headers=False))
    http.initiate_connection()
    http.send_headers(1, [(":method", "CONNECT"), *headers.items()])
    return http, _events(connection, http)


def _events(connection, http):
    while True:
        connection.sendall(http.data_to_send())
        data = connection.recv(16384)
        assert data
        yield from http.receive_data(data)
