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
from entrykit.roles.nginx_static.headers import SECURITY_HEADERS, Headers, headers, merge_headers
from entrykit.roles.nginx_static.sites import Sites, check_app, select_sites
from entrykit.variables import types
from entrykit.variables.metadata import Alias
from entrykit.variables.quantities import parse_integer
from entrykit.variables.secret import Snippet
from entrykit.variables.settings import Settings

_NO_LINES: Final = Snippet("")
_SMALLEST_HASH: Final = 2048  # nginx's own
_LONGEST_LOG: Final = 251  # a file's name has 255 octets at most, and ends with .log
_SHORTER: Final = f"expected at most {_LONGEST_LOG} characters, or another NGINX_LOGS"
_LONGEST_PATH: Final = 1000  # octets, so that one with a name after it fits into nginx.conf


def parse_workers(text: str) -> int | None:
    """Parse how many workers there are; None for as many as there are processors for us."""
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
HeaderMap = Annotated[Headers, PlainValidator(headers), types.TypeInfo("map")]


class NginxSettings(Settings):
    """What the nginx-static role can be told."""

    config_dir: types.Folder = Field(
        default="/etc/nginx/entrykit",
        description="Folder of nginx.conf and the files that it names; "
        "nginx's pid file and temporary files are there too.",
    )
    domains: Domains = Field(
        description="The domains that are served: `domain,domain`; or the whole map of apps that "
        "HAProxy has, as `app:domain,domain` or in JSON or YAML, of which NGINX_APP is served.",
        examples=["example.com,example.org"],
    )
    nginx_app: Annotated[types.Line | None, Alias("APP")] = Field(
        default=None,
        description="Which app of DOMAINS this is; not needed where there is one only.",
        examples=["web"],
    )
    http_port: types.Port = Field(default=8080, description="Port for HTTP.")
    bind: types.Addresses = Field(
        default=(),
        description="Addresses to listen on; all of IPv4 and IPv6 unless set.",
        examples=["192.0.2.1,2001:db8::1"],
    )
    www_root: types.Folder = Field(
        default="/www", description="Folder with a folder of files for each domain."
    )
    spa: types.Switch = Field(
        default=False,
        description="Show index.html for a path that has no file, unless DOMAINS says otherwise "
        "for a domain.",
    )
    follow_symlinks: types.Switch = Field(
        default=False, description="Follow symbolic links inside of a site's folder, anywhere."
    )
    security_headers: types.Switch = Field(
        default=True,
        description="Send X-Content-Type-Options, X-Frame-Options and Referrer-Policy.",
    )
    nginx_headers: Annotated[HeaderMap, Alias("HEADERS")] = Field(
        default=(),
        description="More response headers: a JSON or YAML map of names to values; an empty value "
        "takes one of ours away.",
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
        description="Folder of the files of NGINX_LOGS=per-domain, `example.com.log` and so on.",
    )
    trusted_proxies: types.Networks = Field(
        default=(),
        description="Networks of proxies in front, whose word for the client's address is taken.",
        examples=["10.0.0.0/8,2001:db8::/32"],
    )
    accept_proxy: types.Switch = Field(
        default=False,
        description="Expect the PROXY protocol from everybody; its address is believed from "
        "TRUSTED_PROXIES only, where that is set.",
    )
    http2: types.Switch = Field(
        default=False,
        description="Speak HTTP/2 without TLS; before nginx 1.25.1 nothing else then.",
    )
    health_port: types.Port = Field(
        default=8402, description="Port on loopback where /healthz answers 200."
    )
    shutdown_timeout: types.Duration = Field(
        default="30s", description="Longest time that a graceful stop or an old worker may take."
    )
    worker_processes: Workers = Field(
        default=None,
        description="How many workers; one for each processor that is ours unless set, or `auto`.",
        examples=["2"],
    )
    nginx_extra_http: types.Snippet = Field(
        default=_NO_LINES, description="Raw lines at the end of the http section."
    )
    nginx_extra_server: types.Snippet = Field(
        default=_NO_LINES, description="Raw lines at the end of the server of all sites."
    )

    def conflicts(self) -> Iterator[str]:
        """Yield what does not go together."""
        if self.health_port == self.http_port:
            yield f"HEALTH_PORT: {self.health_port} is also HTTP_PORT (expected another port)"
        for name in ("config_dir", "www_root", "log_dir"):
            if len(getattr(self, name).encode()) > _LONGEST_PATH:
                yield f"{name.upper()}: longer than {_LONGEST_PATH} bytes"
        if "$" in self.config_dir:
            yield "CONFIG_DIR: has a $, with which nginx begins a variable (expected none)"
        yield from check_app(self.domains, self.nginx_app)
        if self.nginx_logs == "per-domain":
            for name in self.sites.folders:
                if len(name) > _LONGEST_LOG:
                    yield f"DOMAINS: {display(name)}: too long for the name of its log ({_SHORTER})"

    @cached_property
    def sites(self) -> Sites:
        """What is served: the domains of our part of DOMAINS."""
        return select_sites(self.domains, self.nginx_app, spa=self.spa)

    @property
    def hash_size(self) -> int:
        """For the hashes of maps: with twice as many as there are names nginx has no complaint."""
        return max(_SMALLEST_HASH, 2 * len(self.sites.folders))

    @property
    def all_headers(self) -> Headers:
        """Every header that people or we want, but Cache-Control of our own."""
        return merge_headers(SECURITY_HEADERS if self.security_headers else (), self.nginx_headers)

    @property
    def caching(self) -> bool:
        """Whether Cache-Control is ours to say."""
        return not any(name.lower() == "cache-control" for name, _ in self.nginx_headers)

    @property
    def www_root_literal(self) -> QuotedText:
        """WWW_ROOT, where no $ is a variable's."""
        return quote_nginx_literal(self.www_root)

    @property
    def log_path(self) -> QuotedText:
        """The log file of a domain; nginx takes it for absolute by its first character alone."""
        return quote_nginx_path(self.log_dir, "/$log_name.log")
