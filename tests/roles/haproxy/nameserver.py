"""A name server of the tests' own: addresses over UDP, and the ways in which it may fail."""

from __future__ import annotations

import socket
import struct
from threading import Thread

IN, A, AAAA = 1, 1, 28  # RFC 1035, 3.2; RFC 3596, 2.1
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


class NameServer:
    """Answers on port 53 of an address of 127.0.0.0/8; resolv.conf cannot name another port.

    Attributes:
        address: where it listens.
        records: name to addresses of IPv4, of IPv6 or of both; a test may change them at any time.
        failure: a code to answer to all questions, and no address; 0 is none.
        silent: do not answer.
    """

    def __init__(self, address):
        self.address = address
        self.records = {}
        self.failure, self.silent = NOERROR, False
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
        addresses = [] if self.failure else self.records.get(name, [])
        code = self.failure or (NOERROR if addresses else NXDOMAIN)
        records = [record for each in addresses for record in _records(each, kind)]
        header = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        return header + query[12:end] + b"".join(records)


def _question(query):
    """Read the name, the type, and where they end (RFC 1035, 4.1.2)."""
    labels, place = [], 12
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length].decode().lower())
        place += 1 + length
    kind, _ = struct.unpack_from("!HH", query, place + 1)
    return ".".join(labels), kind, place + 5


def _records(address, kind):
    """Write an address, if it is of that kind, for the name 12 bytes from the message's start."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if kind == (AAAA if ":" in address else A):
        data = socket.inet_pton(family, address)
        yield struct.pack("!HHHIH", 0xC00C, kind, IN, 0, len(data)) + data
