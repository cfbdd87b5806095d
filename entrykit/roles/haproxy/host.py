"""Facts about the host that HAProxy's files depend on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from entrykit.role import HostFacts
from entrykit.roles.haproxy.backends import Backend
from entrykit.variables.hostnames import is_address


@dataclass(frozen=True, slots=True)
class HaproxyHostFacts(HostFacts):
    """The network of this host.

    Attributes:
        ipv6: whether the kernel has IPv6 at all: without it `bind [::]` is fatal.
        name_servers: whether HAProxy finds a name server in /etc/resolv.conf.
        hosts: lower-case names that the hosts file knows; HAProxy's own
            resolvers do not read it.
        hosts_ipv4: those of them that have an address of IPv4 there.
    """

    ipv6: bool = True
    name_servers: bool = True
    hosts: frozenset[str] = frozenset()
    hosts_ipv4: frozenset[str] = frozenset()

    @classmethod
    def observe(
        cls,
        _environ: Mapping[str, str],
        hosts: str = "/etc/hosts",
        resolv_conf: str = "/etc/resolv.conf",
        ipv6: str = "/proc/net/if_inet6",
    ) -> Self:
        """Observe this host."""
        entries = list(_parse_hosts(_read_text(hosts)))
        return cls(
            ipv6=os.path.exists(ipv6),
            name_servers=any(map(_is_accepted, _parse_name_servers(_read_text(resolv_conf)))),
            hosts=frozenset(name for name, _ in entries),
            hosts_ipv4=frozenset(name for name, address in entries if ":" not in address),
        )

    def bind_addresses(self, bind: Iterable[str]) -> list[str]:
        """Return the addresses of BIND for bind lines; every address if it is unset."""
        everywhere = ("0.0.0.0", "::") if self.ipv6 else ("0.0.0.0",)  # noqa: S104
        return [f"[{address}]" if ":" in address else address for address in bind or everywhere]

    def lookup(self, backend: Backend) -> str:
        """Return how the servers of a backend are found.

        Returns:
            `address`; `ipv4` or `hosts` for the hosts file, with an address of IPv4 or without;
            or `dns`.
        """
        if backend.is_literal:
            return "address"
        name = backend.host.lower()
        if name in self.hosts_ipv4:
            return "ipv4"
        return "hosts" if name in self.hosts else "dns"

    def with_lookup(self, backends: Iterable[Backend]) -> Iterator[tuple[str, Backend]]:
        """Yield each backend after how its servers are found."""
        return ((self.lookup(backend), backend) for backend in backends)


def _read_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _parse_name_servers(resolv_conf: str) -> Iterator[str]:
    """Yield what stands behind each `nameserver` that begins a line (resolv.conf(5))."""
    for line in resolv_conf.split("\n"):
        words = line.split()
        if len(words) > 1 and line.startswith(words[0]) and words[0] == "nameserver":
            yield words[1]


def _is_accepted(address: str) -> bool:
    """Whether HAProxy accepts it as a name server; it skips others, e.g. fe80::1%eth0.

    Tried with 2.6 and 3.2: whatever inet_aton(3) and inet_pton(3) accept.
    """
    if ":" not in address and is_address(address):
        return True  # nearly always, and without an import
    from socket import AF_INET6, inet_aton, inet_pton

    try:
        inet_pton(AF_INET6, address) if ":" in address else inet_aton(address)
    except (OSError, ValueError):
        return False
    return True


def _parse_hosts(hosts: str) -> Iterator[tuple[str, str]]:
    """Yield each name of a hosts file, in lower case, and its address (hosts(5))."""
    for line in hosts.splitlines():
        words = line.partition("#")[0].split()
        for name in words[1:]:
            yield name.lower(), words[0]
