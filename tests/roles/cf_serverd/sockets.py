"""Where a process listens, by the kernel: a connection to find out would change what it does."""

from __future__ import annotations

import re
import socket
import struct
from pathlib import Path

from programs import opened

_LISTEN = "0A"  # net/tcp_states.h


def listening(pid):
    """The addresses and ports of TCP that a process listens on."""
    own = {found[1] for name in opened(pid) if (found := re.match(r"socket:\[(\d+)\]", name))}
    return {
        place
        for table in ("tcp", "tcp6")
        for place, inode in _listeners(Path(f"/proc/{pid}/net/{table}").read_text())
        if inode in own
    }


def _listeners(table):
    for line in table.splitlines()[1:]:
        _, place, _, state, *_, inode = line.split()[:10]
        if state == _LISTEN:
            yield _place(place), inode


def _place(text):
    """proc(5): each 32 bits of the address are in the host's byte order."""
    address, _, port = text.partition(":")
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words)), int(port, 16)
