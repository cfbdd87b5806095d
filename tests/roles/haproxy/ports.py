"""Ports of our own.

HAProxy binds with SO_REUSEPORT: two of them would share a port and answer in
turns, with no error. So no port is given out twice in a run, none is one that
the kernel gives to clients, and none is in use.
"""

from __future__ import annotations

import itertools
import os
import socket
import zlib

# Below the ports that the kernel takes for clients (ip_local_port_range: 32768 and above).
FIRST, LAST = 10240, 32000

# Several processes may run tests (pytest-xdist): each has every n-th number of the same run's.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_RUN = zlib.crc32(os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid())).encode())

_numbers = itertools.count(_RUN + _WORKER, _WORKERS)


def free_port():
    """Return a port that nobody listens on, TCP or UDP, and that was not given out before."""
    while True:
        port = FIRST + next(_numbers) % (LAST - FIRST)
        if all(_is_free(kind, port) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            return port


def _is_free(kind, port):
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True
