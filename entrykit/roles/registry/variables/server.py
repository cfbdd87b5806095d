"""The variables of the server itself: its log, and how it is reached."""

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
    """What the `log` and `http` sections say."""

    registry_log_level: _LEVELS = Field(default="info", description="Least level that is logged.")
    registry_log_formatter: Literal["text", "json", "logstash"] = Field(
        default="text", description="How the log looks."
    )
    registry_log_accesslog_disabled: types.Switch = Field(
        default=False, description="Write no line for each request on stdout."
    )
    registry_log_fields: maps.Fields | None = Field(
        default=None,
        description="Fields for every line of the log: a JSON or YAML map.",
        examples=['{"service": "registry"}'],
    )
    registry_log_hooks: records.Hooks | None = Field(
        default=None, description="Mails for lines of the log: a JSON or YAML list of maps."
    )
    registry_log_reportcaller: types.Switch | None = Field(
        default=None, description="Have the log name the line of code; 3.x only.", examples=["off"]
    )
    registry_http_addr: registry_types.Address = Field(
        default=":5000", description="Where it listens: `:port`, `address:port`, a socket's path."
    )
    registry_http_net: Literal["tcp", "unix"] = Field(
        default="tcp", description="Kind of REGISTRY_HTTP_ADDR."
    )
    registry_http_host: registry_types.Origin | None = Field(
        default=None,
        description="URL by which clients reach it, behind a proxy that ends TLS: locations are "
        "made of that. A path is REGISTRY_HTTP_PREFIX.",
        examples=["https://registry.example.com"],
    )
    registry_http_prefix: registry_types.Prefix | None = Field(
        default=None, description="Path below which it answers.", examples=["/registry/"]
    )
    registry_http_relativeurls: types.Switch = Field(
        default=False, description="Answer with locations without a host."
    )
    registry_http_secret: types.Secret | None = Field(
        default=None,
        description="Secret that uploads are signed with: the same for all replicas; made anew "
        "at each start unless set.",
    )
    registry_http_draintimeout: registry_types.Duration = Field(
        default="30s", description="Longest time that requests are finished in after SIGTERM."
    )
    registry_http_tls_certificate: registry_types.Path | None = Field(
        default=None,
        description="PEM file of the certificate and its chain; HTTP without TLS unless set.",
        examples=["/certs/registry.crt"],
    )
    registry_http_tls_key: registry_types.Path | None = Field(
        default=None, description="PEM file of its key.", examples=["/certs/registry.key"]
    )
    registry_http_tls_clientcas: registry_types.Paths | None = Field(
        default=None,
        description="PEM files of the CAs whose clients are let in; then nobody else is.",
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
        description="What is asked of clients with CLIENTCAS; 3.x only.",
        examples=["require-and-verify-client-cert"],
    )
    registry_http_tls_minimumtls: Literal["tls1.2", "tls1.3"] | None = Field(
        default=None, description="Least version of TLS: 1.2 unless set.", examples=["tls1.2"]
    )
    registry_http_tls_ciphersuites: registry_types.Items | None = Field(
        default=None,
        description="Cipher suites of TLS 1.2, by the names that Go has for them.",
        examples=["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
    )
    registry_http_tls_letsencrypt_cachefile: types.Folder | None = Field(
        default=None,
        description="Folder where certificates of Let's Encrypt are kept; 3.x only.",
        examples=["/var/lib/acme"],
    )
    registry_http_tls_letsencrypt_email: types.Line | None = Field(
        default=None, description="Address for the account there.", examples=["me@example.com"]
    )
    registry_http_tls_letsencrypt_hosts: registry_types.Items | None = Field(
        default=None,
        description="The names that get certificates.",
        examples=["registry.example.com"],
    )
    registry_http_tls_letsencrypt_directoryurl: registry_types.Url | None = Field(
        default=None,
        description="URL of another ACME server's directory; 3.x only.",
        examples=["https://ca.internal/acme/directory"],
    )
    registry_http_headers: maps.Headers = Field(
        default=_NOSNIFF,
        description="Response headers: a JSON or YAML map of names to values or lists of them.",
        examples=['{"X-Content-Type-Options": ["nosniff"]}'],
    )
    registry_http_debug_addr: registry_types.Address | None = Field(
        default=None,
        description="Where profiles, variables (secrets among them) and metrics are shown; name "
        "the address, as in `127.0.0.1:5001`.",
        examples=["127.0.0.1:5001"],
    )
    registry_http_debug_prometheus_enabled: types.Switch | None = Field(
        default=None, description="Show metrics for Prometheus there.", examples=["on"]
    )
    registry_http_debug_prometheus_path: registry_types.Path | None = Field(
        default=None, description="Path of the metrics: /metrics unless set.", examples=["/metrics"]
    )
    registry_http_http2_disabled: types.Switch = Field(
        default=False, description="Speak HTTP/1.1 only."
    )
    registry_http_h2c_enabled: types.Switch | None = Field(
        default=None, description="Speak HTTP/2 without TLS as well; 3.x only.", examples=["on"]
    )
