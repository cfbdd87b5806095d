"""What HAProxy's files have to know of the machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from entrykit.role import Machine
from entrykit.roles.haproxy.backends import Backend


@dataclass(frozen=True, slots=True)
class HaproxyMachine(Machine):
    """The network as this machine has it.

    Attributes:
        ipv6: whether the kernel has IPv6 at all: without it `bind [::]` is fatal.
        name_servers: whether /etc/resolv.conf can be given to HAProxy.
        hosts: lower-case names that the hosts file knows; HAProxy's own
            resolvers do not read it.
    """

    ipv6: bool = True
    name_servers: bool = True
    hosts: frozenset[str] = frozenset()

    @classmethod
    def observe(
        cls,
        _environ: Mapping[str, str],
        hosts: str = "/etc/hosts",
        resolv_conf: str = "/etc/resolv.conf",
        ipv6: str = "/proc/net/if_inet6",
    ) -> Self:
        """Look at this machine."""
        return cls(
            ipv6=os.path.exists(ipv6),
            name_servers=_usable(resolv_conf),
            hosts=frozenset(_names(_text(hosts))),
        )

    def listen(self, bind: Iterable[str]) -> list[str]:
        """Write the addresses of BIND as bind lines have them; every address if it is unset."""
        everywhere = ("0.0.0.0", "::") if self.ipv6 else ("0.0.0.0",)  # noqa: S104
        return [f"[{address}]" if ":" in address else address for address in bind or everywhere]

    def lookup(self, backend: Backend) -> str:
        """Say how the servers of a backend are found: by `address`, `hosts` file or `dns`."""
        if backend.is_literal:
            return "address"
        return "hosts" if backend.host.lower() in self.hosts else "dns"

    def placed(self, backends: Iterable[Backend]) -> Iterator[tuple[str, Backend]]:
        """Yield each backend, and how its servers are found."""
        return ((self.lookup(backend), backend) for backend in backends)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _usable(resolv_conf: str) -> bool:
    """Whether HAProxy will start with `parse-resolv-conf`: a file that is absent is fatal."""
    return "nameserver" in _text(resolv_conf)


def _names(hosts: str) -> list[str]:
    lines = (line.partition("#")[0].split() for line in hosts.splitlines())
    return [name.lower() for words in lines for name in words[1:]]
