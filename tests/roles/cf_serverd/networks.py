"""Hosts on cables: each has a network of its own, and a hub has a cable to each client."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack

from haproxy.polling import eventually


class Host:
    """A network of its own for as long as the `with` block lasts.

    Attributes:
        prefix: words that have a command run in it.
    """

    def __enter__(self):
        self._process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        path = f"/proc/{self._process.pid}/ns/net"
        eventually(lambda: os.readlink(path) != os.readlink("/proc/self/ns/net"))
        self.prefix = ("nsenter", f"--net={path}")
        self.ip("link", "set", "lo", "up")
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    @property
    def pid(self):
        return self._process.pid

    def ip(self, *words):
        """Run ip(8) in it."""
        subprocess.run([*self.prefix, "ip", *map(str, words)], check=True, capture_output=True)


class Network:
    """A hub's network and its clients'.

    Attributes:
        hub: the hub's host.
    """

    def __enter__(self):
        with ExitStack() as stack:
            self.hub = stack.enter_context(Host())
            self._clients = []
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def client(self):
        """Connect one more host.

        Returns:
            It, with `address` and `hub` being its own and the hub's on that cable, and `address6`
            and `hub6` the same of IPv6.
        """
        host = self._stack.enter_context(Host())
        number = len(self._clients)
        self._clients.append(host)
        _cable(f"c{number}", self.hub, host)
        host.hub, host.address = f"10.77.{number}.1", f"10.77.{number}.2"
        host.hub6, host.address6 = f"fd77:{number}::1", f"fd77:{number}::2"
        for end, places in (
            (self.hub, (host.hub, host.hub6)),
            (host, (host.address, host.address6)),
        ):
            end.ip("addr", "add", f"{places[0]}/24", "dev", f"c{number}")
            end.ip("addr", "add", f"{places[1]}/64", "dev", f"c{number}", "nodad")
            end.ip("link", "set", f"c{number}", "up")
        return host


def _cable(name, one, other):
    ends = ("netns", one.pid, "type", "veth", "peer", "name", name, "netns", other.pid)
    subprocess.run(["ip", "link", "add", name, *map(str, ends)], check=True, capture_output=True)
