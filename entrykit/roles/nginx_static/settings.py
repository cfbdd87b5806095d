"""The variables of the nginx-static role."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from entrykit.display import display
from entrykit.domains.apps import App
from entrykit.domains.plain_list import parse_domains_or_list
from entrykit.quoting.base import QuotedText
from entrykit.quoting.nginx import quote_nginx_literal, quote_nginx_path
from entrykit.roles.nginx_static.headers import (
    SECURITY_HEADERS,
    Headers,
    merge_headers,
    parse_headers,
)
from entrykit.roles.nginx_static.sites import Sites, check_app, select_sites
from entrykit.variables import types
from entrykit.variables.metadata import Alias
from entrykit.variables.quantities import parse_integer
from entrykit.variables.secret import Snippet
from entrykit.variables.settings import Settings

_NO_LINES: Final = Snippet("")
_SMALLEST_HASH: Final = 2048  # nginx's own
_LONGEST_LOG: Final = 251  # a file name has at most 255 bytes, and ends with .log
_SHORTER: Final = f"expected at most {_LONGEST_LOG} characters, or another NGINX_LOGS"
_LONGEST_PATH: Final = 1000  # bytes, so that one with a name after it fits into nginx.conf


def parse_workers(text: str) -> int | None:
    """Parse the number of workers; None for one per available processor."""
    return None if text.lower() == "auto" else parse_integer(text, 1, 999_999_999)


Domains = Annotated[
    tuple[App, ...],
    PlainValidator(parse_domains_or_list),
    types.TypeInfo("domain,domain … or app:domain,domain …"),
]
Logs = Annotated[Literal["combined", "json", "per-domain"], BeforeValidator(str.lower)]
Workers = Annotated[
    int | None,
    PlainValidator(parse_workers),
    types.TypeInfo(
        "number or auto",
        {"type": ["integer", "string"], "pattern": "^(auto|[1-9][0-9]{0,8})$", "minimum": 1},
    ),
]
HeaderMap = Annotated[Headers, PlainValidator(parse_headers), types.TypeInfo("map")]


class NginxSettings(Settings):
    """The variables of the nginx-static role."""

    config_dir: types.Folder = Field(
        default="/etc/nginx/entrykit",
        description="Directory of nginx.conf and the files that it refers to; "
        "nginx's pid file and temporary files are there too.",
    )
    domains: Domains = Field(
        description="The domains to serve: `domain,domain`; or HAProxy's map of apps, as "
        "`app:domain,domain` or in JSON or YAML, of which NGINX_APP is served.",
        examples=["example.com,example.org"],
    )
    nginx_app: Annotated[types.Line | None, Alias("APP")] = Field(
        default=None,
        description="The app of DOMAINS to serve; not needed if there is only one.",
        examples=["web"],
    )
    http_port: types.Port = Field(default=8080, description="Port for HTTP.")
    bind: types.Addresses = Field(
        default=(),
        description="Addresses to listen on; all of IPv4 and IPv6 unless set.",
        examples=["192.0.2.1,2001:db8::1"],
    )
    www_root: types.Folder = Field(
        default="/www", description="Directory with a directory of files for each domain."
    )
    spa: types.Switch = Field(
        default=False,
        description="Serve index.html for a path without a file, unless DOMAINS has another value "
        "for a domain.",
    )
    follow_symlinks: types.Switch = Field(
        default=False,
        description="Follow symbolic links in a site's directory, wherever they lead.",
    )
    security_headers: types.Switch = Field(
        default=True,
        description="Send X-Content-Type-Options, X-Frame-Options and Referrer-Policy.",
    )
    nginx_headers: Annotated[HeaderMap, Alias("HEADERS")] = Field(
        default=(),
        description="More response headers: a JSON or YAML map of names to values; an empty value "
        "removes a built-in header.",
        examples=[
            '{"Content-Security-Policy": "default-src \'self\'"}',
            '{"Cache-Control": "max-age=60", "X-Frame-Options": ""}',
        ],
    )
    nginx_logs: Annotated[Logs, Alias("LOGS")] = Field(
        default="combined",
        description="Access log: on stdout in the combined format or as JSON, or a file for each "
        "domain.",
    )
    log_dir: types.Folder = Field(
        default="/var/log/nginx",
        description="Directory of the files of NGINX_LOGS=per-domain, e.g. `example.com.log`.",
    )
    trusted_proxies: types.Networks = Field(
        default=(),
        description="Networks of proxies in front, whose X-Forwarded-For is trusted.",
        examples=["10.0.0.0/8,2001:db8::/32"],
    )
    accept_proxy: types.Switch = Field(
        default=False,
        description="Expect the PROXY protocol from every client; its address is trusted from "
        "TRUSTED_PROXIES only, if that is set.",
    )
    http2: types.Switch = Field(
        default=False,
        description="Accept HTTP/2 without TLS; before nginx 1.25.1 only HTTP/2.",
    )
    health_port: types.Port = Field(
        default=8402, description="Port on loopback where /healthz answers 200."
    )
    shutdown_timeout: types.Duration = Field(
        default="30s", description="Longest time that a graceful stop or an old worker may take."
    )
    worker_processes: Workers = Field(
        default=None,
        description="Number of workers, or `auto`; one for each available processor unless set.",
        examples=["2"],
    )
    nginx_extra_http: types.Snippet = Field(
        default=_NO_LINES, description="Raw lines at the end of the http section."
    )
    nginx_extra_server: types.Snippet = Field(
        default=_NO_LINES, description="Raw lines at the end of the server of all sites."
    )

    def conflicts(self) -> Iterator[str]:
        """Yield an error for values that exclude each other."""
        if self.health_port == self.http_port:
            yield f"HEALTH_PORT: {self.health_port} is also HTTP_PORT (expected another port)"
        for name in ("config_dir", "www_root", "log_dir"):
            if len(getattr(self, name).encode()) > _LONGEST_PATH:
                yield f"{name.upper()}: longer than {_LONGEST_PATH} bytes"
        if "$" in self.config_dir:
            yield "CONFIG_DIR: has a $, which begins a variable in nginx (expected none)"
        yield from check_app(self.domains, self.nginx_app)
        if self.nginx_logs == "per-domain":
            for name in self.sites.folders:
                if len(name) > _LONGEST_LOG:
                    yield f"DOMAINS: {display(name)}: too long for the name of its log ({_SHORTER})"

    @cached_property
    def sites(self) -> Sites:
        """The sites of the selected app of DOMAINS."""
        return select_sites(self.domains, self.nginx_app, spa=self.spa)

    @property
    def hash_size(self) -> int:
        """The size of the hashes of maps: nginx accepts twice the number of names."""
        return max(_SMALLEST_HASH, 2 * len(self.sites.folders))

    @property
    def all_headers(self) -> Headers:
        """The built-in headers and those of NGINX_HEADERS, without the built-in Cache-Control."""
        return merge_headers(SECURITY_HEADERS if self.security_headers else (), self.nginx_headers)

    @property
    def sets_cache_control(self) -> bool:
        """Whether the built-in Cache-Control is sent."""
        return not any(name.lower() == "cache-control" for name, _ in self.nginx_headers)

    @property
    def www_root_literal(self) -> QuotedText:
        """WWW_ROOT, where a $ does not begin a variable."""
        return quote_nginx_literal(self.www_root)

    @property
    def log_path(self) -> QuotedText:
        """The log file of a domain; nginx takes it as absolute by its first character alone."""
        return quote_nginx_path(self.log_dir, "/$log_name.log")
