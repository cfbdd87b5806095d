"""Apps as HAProxy has them: backends and their servers."""

from __future__ import annotations

from typing import Final, NamedTuple

from entrykit.domains.apps import App
from entrykit.variables.hostnames import is_address

DEFAULT_PORTS: Final = {"terminate": 80, "passthrough": 443}


class Backend(NamedTuple):
    """One app on one port, or the one that answers ACME challenges.

    A tuple, because templates read the fields of a named tuple fastest.

    Attributes:
        name: `app:port`; the colon keeps it apart from `acme`.
        kind: `http`, `tcp` where the app speaks TLS itself, or `acme`.
        host: what its servers resolve: a name or an address.
        address: host and port as a server line has them.
        replicas: how many addresses of the name are used at most.
        check: path of the health check over HTTP, or None for one over TCP.
        domains: the domains that it serves.
        check_host: the Host, and SNI, of a health check over HTTP: one of its domains, or a
            name that its wildcard covers.
    """

    name: str
    kind: str
    host: str
    address: str
    replicas: int = 1
    check: str | None = None
    domains: tuple[str, ...] = ()
    check_host: str = ""

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address, so that there is nothing to resolve."""
        return is_address(self.host)


def make_backend(app: App) -> Backend:
    """Return the backend of an app."""
    port = app.port or DEFAULT_PORTS[app.tls]
    return Backend(
        name=f"{app.name}:{port}",
        kind="tcp" if app.tls == "passthrough" else "http",
        host=app.name,
        address=f"[{app.name}]:{port}" if ":" in app.name else f"{app.name}:{port}",
        replicas=app.replicas,
        check=app.check,
        domains=app.domains,
        check_host=_check_host(app.domains),
    )


def _check_host(domains: tuple[str, ...]) -> str:
    return next((name for name in domains if name[0] != "*"), f"health{domains[0][1:]}")


def make_acme_backend(address: str) -> Backend:
    """Return the backend of `host:port`, which answers ACME challenges."""
    host = address.rpartition(":")[0].removeprefix("[").removesuffix("]")
    return Backend("acme", "acme", host, address)
