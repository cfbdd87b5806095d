"""Prefixes for a command that is to see another machine: its own mounts, its own network.

They need root; a process keeps its PID and its signals, because everything is exec.
"""

from __future__ import annotations

import ctypes
import os
import socket
from concurrent.futures import ThreadPoolExecutor

CLONE_NEWNET = 0x40000000  # sched.h

_MOUNTS = ("unshare", "--mount", "--propagation", "private", "sh", "-ec")


def read_only(folder):
    """Make a folder read-only, for root too."""
    return (*_MOUNTS, 'mount --bind -o ro "$0" "$0"; exec "$@"', str(folder))


def another_etc(folder):
    """Put a folder in place of /etc, with no other file than what lies in it."""
    return (*_MOUNTS, 'mount --bind "$0" /etc; exec "$@"', str(folder))


def own_network():
    """Give it a network of its own with nothing but loopback."""
    return ("unshare", "--net", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh")


def connected(pid, address, port, timeout=10):
    """Open a connection within the network of another process.

    setns(2) moves a thread, and a socket stays in the network that it was made in.
    """

    def connect():
        with open(f"/proc/{pid}/ns/net", "rb") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return socket.create_connection((address, port), timeout)

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(connect).result()
