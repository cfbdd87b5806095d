"""Variables of the sections `log` and `http`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from entrykit.roles.registry.variables import maps, records
from entrykit.roles.registry.variables import types as registry_types
from entrykit.variables import types
from entrykit.variables.settings import Settings

_LEVELS = Annotated[Literal["error", "warn", "info", "debug"], BeforeValidator(str.lower)]
_NOSNIFF: Final[dict[str, object]] = {"X-Content-Type-Options": ["nosniff"]}


class ServerVariables(Settings):
    """The sections `log` and `http`."""

    registry_log_level: _LEVELS = Field(default="info", description="Lowest level that is logged.")
    registry_log_formatter: Literal["text", "json", "logstash"] = Field(
        default="text", description="Format of the log."
    )
    registry_log_accesslog_disabled: types.Switch = Field(
        default=False, description="Turn off the access log on stdout."
    )
    registry_log_fields: maps.Fields | None = Field(
        default=None,
        description="Fields added to every log line: a JSON or YAML map.",
        examples=['{"service": "registry"}'],
    )
    registry_log_hooks: records.Hooks | None = Field(
        default=None, description="Hooks that send log lines by mail: a JSON or YAML list of maps."
    )
    registry_log_reportcaller: types.Switch | None = Field(
        default=None, description="Log the line of code as well; 3.x only.", examples=["off"]
    )
    registry_http_addr: registry_types.Address = Field(
        default=":5000",
        description="Address to listen on: `:port`, `address:port` or the path of a socket.",
    )
    registry_http_net: Literal["tcp", "unix"] = Field(
        default="tcp", description="Network of REGISTRY_HTTP_ADDR."
    )
    registry_http_host: registry_types.Origin | None = Field(
        default=None,
        description="URL that clients use, behind a proxy that terminates TLS; used in Location "
        "headers. For a path, set REGISTRY_HTTP_PREFIX.",
        examples=["https://registry.example.com"],
    )
    registry_http_prefix: registry_types.Prefix | None = Field(
        default=None, description="Path below which the registry answers.", examples=["/registry/"]
    )
    registry_http_relativeurls: types.Switch = Field(
        default=False, description="Send relative URLs in Location headers."
    )
    registry_http_secret: types.Secret | None = Field(
        default=None,
        description="Secret that signs the state of uploads, the same for all replicas; a new "
        "one at each start by default.",
    )
    registry_http_draintimeout: registry_types.Duration = Field(
        default="30s", description="How long SIGTERM waits for running requests."
    )
    registry_http_tls_certificate: registry_types.Path | None = Field(
        default=None,
        description="PEM file of the certificate and its chain; without it, plain HTTP.",
        examples=["/certs/registry.crt"],
    )
    registry_http_tls_key: registry_types.Path | None = Field(
        default=None, description="PEM file of its key.", examples=["/certs/registry.key"]
    )
    registry_http_tls_clientcas: registry_types.Paths | None = Field(
        default=None,
        description="PEM files of CAs; only clients with a certificate of one of them are let in.",
        examples=["/certs/clients.pem"],
    )
    registry_http_tls_clientauth: (
        Literal[
            "require-and-verify-client-cert",
            "verify-client-cert-if-given",
            "require-any-client-cert",
            "request-client-cert",
        ]
        | None
    ) = Field(
        default=None,
        description="How clients are verified with CLIENTCAS; 3.x only.",
        examples=["require-and-verify-client-cert"],
    )
    registry_http_tls_minimumtls: Literal["tls1.2", "tls1.3"] | None = Field(
        default=None, description="Lowest version of TLS; 1.2 by default.", examples=["tls1.2"]
    )
    registry_http_tls_ciphersuites: registry_types.Items | None = Field(
        default=None,
        description="Cipher suites of TLS 1.2, with their names in Go.",
        examples=["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
    )
    registry_http_tls_letsencrypt_cachefile: types.Folder | None = Field(
        default=None,
        description="Directory for the certificates of Let's Encrypt; 3.x only.",
        examples=["/var/lib/acme"],
    )
    registry_http_tls_letsencrypt_email: types.Line | None = Field(
        default=None,
        description="Email address of the account at Let's Encrypt.",
        examples=["me@example.com"],
    )
    registry_http_tls_letsencrypt_hosts: registry_types.Items | None = Field(
        default=None,
        description="Host names of the certificates.",
        examples=["registry.example.com"],
    )
    registry_http_tls_letsencrypt_directoryurl: registry_types.Url | None = Field(
        default=None,
        description="Directory URL of another ACME server; 3.x only.",
        examples=["https://ca.internal/acme/directory"],
    )
    registry_http_headers: maps.Headers = Field(
        default=_NOSNIFF,
        description="Response headers: a JSON or YAML map of names to values or lists of values.",
        examples=['{"X-Content-Type-Options": ["nosniff"]}'],
    )
    registry_http_debug_addr: registry_types.Address | None = Field(
        default=None,
        description="Address of the debug server, which shows profiles, metrics and variables with "
        "secrets; needs a host, e.g. `127.0.0.1:5001`.",
        examples=["127.0.0.1:5001"],
    )
    registry_http_debug_prometheus_enabled: types.Switch | None = Field(
        default=None,
        description="Serve metrics for Prometheus on the debug server.",
        examples=["on"],
    )
    registry_http_debug_prometheus_path: registry_types.Path | None = Field(
        default=None, description="Path of the metrics; /metrics by default.", examples=["/metrics"]
    )
    registry_http_http2_disabled: types.Switch = Field(
        default=False, description="Turn off HTTP/2."
    )
    registry_http_h2c_enabled: types.Switch | None = Field(
        default=None, description="Support HTTP/2 without TLS (h2c); 3.x only.", examples=["on"]
    )
