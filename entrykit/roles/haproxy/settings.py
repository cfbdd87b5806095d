"""The variables of the haproxy role."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from typing import Final, Literal

from pydantic import Field

from entrykit.roles.haproxy.backends import Backend, make_acme_backend, make_backend
from entrykit.roles.haproxy.types import Domains, Thumbprint, User
from entrykit.variables import types
from entrykit.variables.secret import Snippet
from entrykit.variables.settings import Settings

_HTTP: Final = 80
_HTTPS: Final = 443
# Somewhat less than half of the connections that HAProxy derives from 50,000 open files.
_MAXCONN_TLS: Final = 12_000
_NO_LINES: Final = Snippet("")


class HaproxySettings(Settings):
    """The variables of the haproxy role."""

    config_dir: types.Folder = Field(
        default="/usr/local/etc/haproxy",
        description="Directory of haproxy.cfg and the files that it refers to.",
    )
    domains: Domains = Field(
        description="Which app serves which domains: `app:domain,domain`, separated by blanks, "
        "with a port as `app:9000:domain`; or a JSON or YAML map of apps. "
        "An app is a DNS name or an IP address; its port is 80 unless given, "
        "443 with TLS passed through.",
        examples=["web:example.com,www.example.com api:9000:api.example.com"],
    )
    http_port: types.Port = Field(default=_HTTP, description="Port for HTTP.")
    https_port: types.Port = Field(default=_HTTPS, description="Port for HTTPS.")
    public_https_port: types.Port = Field(
        default=_HTTPS,
        description="Port on which clients reach HTTPS, used in redirects.",
    )
    bind: types.Addresses = Field(
        default=(),
        description="Addresses to listen on; all of IPv4 and IPv6 unless set.",
        examples=["192.0.2.1,2001:db8::1"],
    )
    certs_dir: types.Folder | None = Field(
        default=None,
        description="Directory of PEM files, each with chain and key; `certs` in CONFIG_DIR unless "
        "set. The crt-list is written there too, if it is writable.",
        examples=["/certs"],
    )
    https_redirect: types.Switch = Field(
        default=True, description="Redirect HTTP to HTTPS, except ACME challenges."
    )
    www_redirect: types.Switch = Field(
        default=False,
        description="Redirect www.example.com to example.com where DOMAINS has both.",
    )
    acme_backend: types.HostPort = Field(
        default="certbot:8080",
        description="Address of the ACME client that answers challenges over HTTP.",
    )
    acme_thumbprint: Thumbprint | None = Field(
        default=None,
        description="Thumbprint of the ACME account: HAProxy then answers challenges itself.",
        examples=["LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"],
    )
    trusted_proxies: types.Networks = Field(
        default=(),
        description="Networks of proxies in front, whose X-Forwarded headers are kept.",
        examples=["10.0.0.0/8,2001:db8::/32"],
    )
    accept_proxy: types.Switch = Field(
        default=False,
        description="Expect the PROXY protocol: from TRUSTED_PROXIES only, where that is set, "
        "from every client otherwise.",
    )
    tls_profile: Literal["intermediate", "modern"] = Field(
        default="intermediate",
        description="Mozilla's TLS configuration; modern is TLS 1.3 only.",
    )
    hsts_max_age: types.Seconds = Field(
        default=0,
        description="max-age of Strict-Transport-Security; 0 sends no such header.",
        examples=["63072000"],
    )
    http3: types.Switch = Field(default=False, description="Serve HTTP/3 as well.")
    log_format: Literal["haproxy", "json"] = Field(
        default="haproxy", description="Access log on stdout: HAProxy's own format, or JSON."
    )
    timeout_connect: types.Duration = Field(default="5s", description="Time to connect to an app.")
    timeout_client: types.Duration = Field(
        default="1m", description="Time that a client may be silent."
    )
    timeout_server: types.Duration = Field(
        default="1m", description="Time that an app may be silent."
    )
    timeout_request: types.Duration = Field(
        default="10s", description="Time for a client to send a request's headers."
    )
    timeout_keep_alive: types.Duration = Field(
        default="10s", description="Time that a connection stays open between requests."
    )
    timeout_tunnel: types.Duration = Field(
        default="1h", description="Time that a WebSocket or passed-through TLS may be silent."
    )
    haproxy_maxconn: types.Count | None = Field(
        default=None,
        description="Connections at a time; from the limit of open files unless set.",
        examples=["20000"],
    )
    haproxy_hard_stop_after: types.Duration = Field(
        default="30s", description="Longest time that a graceful stop or an old worker may take."
    )
    health_port: types.Port = Field(
        default=8401, description="Port on loopback where /healthz answers 200."
    )
    stats_port: types.Port | None = Field(
        default=None,
        description="Port of the statistics page; on loopback only unless STATS_PASSWORD is set.",
        examples=["8404"],
    )
    stats_user: User = Field(default="admin", description="User of the statistics page.")
    stats_password: types.Secret | None = Field(
        default=None, description="Password of the statistics page."
    )
    metrics_port: types.Port | None = Field(
        default=None,
        description="Port where /metrics answers Prometheus.",
        examples=["8405"],
    )
    admin_socket: types.SocketPath | None = Field(
        default=None,
        description="Path of HAProxy's admin socket, mode 600: for changes without a reload.",
        examples=["/run/haproxy/admin.sock"],
    )
    haproxy_extra_global: types.Snippet = Field(
        default=_NO_LINES, description="Raw lines at the end of the global section."
    )
    haproxy_extra_defaults: types.Snippet = Field(
        default=_NO_LINES, description="Raw lines at the end of the defaults section."
    )
    haproxy_extra_frontend: types.Snippet = Field(
        default=_NO_LINES,
        description="Raw lines in the HTTP and HTTPS frontends, before requests are routed.",
    )
    haproxy_extra_backend: types.Snippet = Field(
        default=_NO_LINES, description="Raw lines in each app's backend."
    )

    def conflicts(self) -> Iterator[str]:
        """Yield an error for values that exclude each other."""
        yield from self._check_ports()
        if self.http3 and self.accept_proxy:
            yield "HTTP3: on, and so is ACCEPT_PROXY (expected one: QUIC has no PROXY protocol)"
        if self.stats_password and not self.stats_port:
            yield "STATS_PASSWORD: set, but STATS_PORT is not (expected both or none)"
        tls = os.path.join(os.path.normpath(self.config_dir), "tls")
        if self.certs_dir and f"{os.path.normpath(self.certs_dir)}/".startswith(f"{tls}/"):
            yield f"CERTS_DIR: within {tls}, which entrykit replaces (expected another directory)"

    def _check_ports(self) -> Iterator[str]:
        owners: dict[int, str] = {}
        for name in ("http_port", "https_port", "health_port", "stats_port", "metrics_port"):
            port = getattr(self, name)
            if port is not None and (owner := owners.setdefault(port, name)) != name:
                yield f"{name.upper()}: {port} is also {owner.upper()} (expected another port)"

    @cached_property
    def backends(self) -> list[Backend]:
        """A backend for each app and port, in the order of DOMAINS."""
        return [make_backend(app) for app in self.domains]

    @property
    def all_backends(self) -> list[Backend]:
        """The apps, and the backend for ACME challenges unless HAProxy answers them itself."""
        acme = [] if self.acme_thumbprint else [make_acme_backend(self.acme_backend)]
        return self.backends + acme

    @property
    def expects_proxy_always(self) -> bool:
        """Whether every connection begins with the PROXY protocol."""
        return self.accept_proxy and not self.trusted_proxies

    @property
    def expects_proxy_from_trusted(self) -> bool:
        """Whether connections from the trusted proxies begin with the PROXY protocol."""
        return self.accept_proxy and bool(self.trusted_proxies)

    @property
    def internal_socket(self) -> str:
        """The abstract socket from the frontend `tls` to `https`, unique by address and port."""
        return f"entrykit-{self.bind[0] if self.bind else '*'}-{self.https_port}"

    @property
    def maxconn_tls(self) -> int:
        """The maximum of connections of the frontend `tls`."""
        return max(self.haproxy_maxconn // 2, 1) if self.haproxy_maxconn else _MAXCONN_TLS

    @cached_property
    def hosts(self) -> dict[str, str]:
        """Domain to backend, for terminated TLS and HTTP."""
        return self._map_domains("http")

    @cached_property
    def servernames(self) -> dict[str, str]:
        """Domain to backend, for TLS passthrough."""
        return self._map_domains("tcp")

    @cached_property
    def has_wildcards(self) -> bool:
        """Whether any domain is a wildcard."""
        return any(domain[0] == "*" for app in self.domains for domain in app.domains)

    def _map_domains(self, kind: str) -> dict[str, str]:
        routes: dict[str, str] = {}
        for backend in self.backends:
            if backend.kind == kind:
                routes |= dict.fromkeys(backend.domains, backend.name)
        return routes
