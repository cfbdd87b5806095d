"""A name server of the tests' own: IPv4 addresses over UDP, and the ways in which it may fail."""

from __future__ import annotations

import socket
import struct
from threading import Thread

IN_A = (1, 1)  # class and type (RFC 1035, 3.2)
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


class NameServer:
    """Answers on port 53 of an address of 127.0.0.0/8; resolv.conf cannot name another port.

    Attributes:
        address: where it listens.
        records: name to IPv4 addresses; a test may change them at any time.
        failing: answer SERVFAIL whatever the question.
        silent: do not answer.
    """

    def __init__(self, address):
        self.address = address
        self.records = {}
        self.failing = self.silent = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._thread = Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._socket.sendto(b"", (self.address, 53))  # ends the loop
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            query, client = self._socket.recvfrom(4096)
            if not query:
                return
            if not self.silent:
                self._socket.sendto(self._answer(query), client)

    def _answer(self, query):
        name, kind, end = _question(query)
        addresses = [] if self.failing else self.records.get(name, [])
        code = SERVFAIL if self.failing else NOERROR if addresses else NXDOMAIN
        records = addresses if kind == IN_A else []
        header = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        return header + query[12:end] + b"".join(map(_record, records))


def _question(query):
    """Read the name, the class and type, and where they end (RFC 1035, 4.1.2)."""
    labels, place = [], 12
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length].decode().lower())
        place += 1 + length
    kind, family = struct.unpack_from("!HH", query, place + 1)
    return ".".join(labels), (family, kind), place + 5


def _record(address):
    """Write an address for the name in the question, 12 bytes from the start of the message."""
    return struct.pack("!HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(address)
