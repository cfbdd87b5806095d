"""The variables of the certbot role."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field, PlainValidator

from entrykit.domains.apps import App
from entrykit.domains.plain_list import parse_domains_or_list
from entrykit.errors import InvalidValue
from entrykit.quoting.base import QuotingError
from entrykit.quoting.certbot import quote_certbot_ini
from entrykit.roles.certbot import types as certbot_types
from entrykit.roles.certbot.grouping import CertPer, find_unorderable, group_domains
from entrykit.roles.certbot.plan import Group
from entrykit.variables import types
from entrykit.variables.metadata import Alias
from entrykit.variables.settings import Settings

CONFIG_DIR: Final = "/etc/letsencrypt"
_PRODUCTION: Final = "https://acme-v02.api.letsencrypt.org/directory"
_STAGING: Final = "https://acme-staging-v02.api.letsencrypt.org/directory"
_HTTP_PORT: Final = 8080
_HAPROXY_GID: Final = 99

Domains = Annotated[
    tuple[App, ...],
    PlainValidator(parse_domains_or_list),
    types.TypeInfo("domain,domain … or app:domain,domain …"),
]


class CertbotSettings(Settings):
    """The variables of the certbot role."""

    config_dir: types.Folder = Field(
        default=CONFIG_DIR,
        description="certbot's directory: accounts, certificates and the configuration that "
        "entrykit writes. Its work and log directories are in there too, unless it is the "
        "default and /var/lib/letsencrypt and /var/log/letsencrypt can be written.",
    )
    domains: Domains = Field(
        description="The domains that get certificates: the same map of apps as HAProxy's, "
        "as `app:domain,domain` or in JSON or YAML; or just `domain,domain`.",
        examples=["web:example.com,www.example.com"],
    )
    cert_per: CertPer = Field(
        default="app", description="What gets its own certificate, of at most 100 names."
    )
    email: certbot_types.Email | None = Field(
        default=None,
        description="Email address for the account at the CA; optional.",
        examples=["me@example.com"],
    )
    acme_staging: Annotated[types.Switch, Alias("STAGING", "TEST")] = Field(
        default=False,
        description="Use Let's Encrypt's staging server, whose certificates browsers do not trust.",
    )
    acme_server: certbot_types.Directory | None = Field(
        default=None,
        description="URL of another ACME server's directory; Let's Encrypt unless set.",
        examples=["https://ca.internal/acme/directory"],
    )
    acme_ca_bundle: certbot_types.Path | None = Field(
        default=None,
        description="PEM file of the CAs to verify the ACME server's own certificate with.",
        examples=["/run/ca/root.pem"],
    )
    key_type: Literal["ecdsa", "rsa"] = Field(
        default="ecdsa", description="Key type of the certificates."
    )
    eab_kid: types.Line | None = Field(
        default=None,
        description="Key id for external account binding, where the CA requires it.",
        examples=["kid-1"],
    )
    eab_hmac_key: certbot_types.HmacKey | None = Field(
        default=None, description="Key for external account binding, in base64url."
    )
    preferred_chain: types.Line | None = Field(
        default=None,
        description="Common name of the topmost issuer, where the CA offers several chains.",
        examples=["ISRG Root X1"],
    )
    cert_profile: certbot_types.Profile | None = Field(
        default=None,
        description="Certificate profile to request, where the CA has it; needs certbot 4.0 or "
        "newer.",
        examples=["shortlived"],
    )
    challenge: Literal["standalone", "stateless"] = Field(
        default="standalone",
        description="Who answers challenges over HTTP: certbot on ACME_PORT, or HAProxy itself "
        "with the account's thumbprint.",
    )
    acme_port: Annotated[types.Port, Alias("PORT")] = Field(
        default=_HTTP_PORT,
        description="Port on which certbot answers challenges; HAProxy's ACME_BACKEND leads there.",
    )
    dns_plugin: certbot_types.Plugin | None = Field(
        default=None,
        description="certbot's plugin for challenges over DNS, without `dns-`; required for "
        "wildcards.",
        examples=["cloudflare"],
    )
    dns_credentials: certbot_types.HiddenPath | None = Field(
        default=None,
        description="Path of the plugin's credentials file.",
        examples=["/run/secrets/cloudflare.ini"],
    )
    certs_dir: types.Folder | None = Field(
        default=None,
        description="Directory that HAProxy reads PEM files from, the same as its CERTS_DIR; "
        "without it, nothing is delivered.",
        examples=["/certs"],
    )
    certs_group: certbot_types.Group = Field(
        default=_HAPROXY_GID,
        description="Id of the group that may read the PEM files; 99 is that of the official "
        "HAProxy image.",
    )
    admin_socket: types.SocketPath | None = Field(
        default=None,
        description="Path of HAProxy's admin socket, the same as its ADMIN_SOCKET: new "
        "certificates are loaded without a reload.",
        examples=["/run/haproxy/admin.sock"],
    )
    master_socket: types.SocketPath | None = Field(
        default=None,
        description="Path of HAProxy's master socket, to reload HAProxy where the admin socket is "
        "not enough.",
        examples=["/run/haproxy/master.sock"],
    )
    haproxy_url: certbot_types.Origin = Field(
        default="http://haproxy",
        description="URL of HAProxy's HTTP port: each name is tested there before it is ordered.",
    )
    haproxy_wait: certbot_types.Interval = Field(
        default="5m", description="How long to wait for HAProxy before the first order."
    )
    haproxy_container: certbot_types.Container | None = Field(
        default=None,
        description="Name of HAProxy's container, to send it HUP through Docker's socket; a last "
        "resort.",
        examples=["haproxy"],
    )
    renew_interval: certbot_types.Interval = Field(
        default="12h",
        description="Time between two checks for what is due; 0 to check once and exit.",
    )
    prune: Literal["keep", "delete"] = Field(
        default="keep",
        description="What happens to certificates whose names have left DOMAINS: kept on the "
        "disk but no longer renewed, or deleted.",
    )
    thumbprint_file: certbot_types.Path | None = Field(
        default=None,
        description="File to write the account's thumbprint to, for HAProxy's "
        "ACME_THUMBPRINT_FILE.",
        examples=["/certs/thumbprint"],
    )

    def conflicts(self) -> Iterator[str]:
        """Yield a message for each combination that is not valid."""
        yield from self._check_account()
        yield from self._check_challenge()
        yield from self._check_quoting()
        for name in ("admin_socket", "master_socket", "haproxy_container"):
            if getattr(self, name) and not self.certs_dir:
                yield f"{name.upper()} is set, but CERTS_DIR is not; set both"
        try:
            _ = self.groups
        except InvalidValue as error:
            yield from (f"CERT_PER: {message}" for message in error.messages)

    def _check_account(self) -> Iterator[str]:
        if self.acme_staging and self.acme_server:
            yield "ACME_STAGING and ACME_SERVER are both set; set only one"
        if (self.eab_kid is None) != (self.eab_hmac_key is None):
            yield "EAB_KID and EAB_HMAC_KEY: only one of them is set; set both or neither"

    def _check_challenge(self) -> Iterator[str]:
        if self.dns_plugin and "challenge" in self.model_fields_set:
            yield "CHALLENGE and DNS_PLUGIN are both set; set only one"
        if self.dns_credentials and not self.dns_plugin:
            yield "DNS_CREDENTIALS is set, but DNS_PLUGIN is not; set both"

    def _check_quoting(self) -> Iterator[str]:
        for name in ("config_dir", "email", "eab_kid", "preferred_chain", "dns_credentials"):
            try:
                quote_certbot_ini(getattr(self, name) or "")
            except QuotingError as error:
                yield f"{name.upper()}: {error}"

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The wanted certificates."""
        return group_domains(self.domains, self.cert_per, wildcards=self.proves_wildcards)

    @property
    def unorderable_names(self) -> list[str]:
        """The names that no certificate can be ordered for."""
        return list(find_unorderable(self.domains, wildcards=self.proves_wildcards))

    @property
    def proves_wildcards(self) -> bool:
        """Whether CAs accept the challenge for wildcards."""
        return self.dns_plugin is not None

    @property
    def challenge_method(self) -> Literal["standalone", "stateless", "dns"]:
        """The method that answers challenges."""
        return "dns" if self.dns_plugin else self.challenge

    @property
    def server(self) -> str:
        """The URL of the ACME server's directory."""
        return self.acme_server or (_STAGING if self.acme_staging else _PRODUCTION)
