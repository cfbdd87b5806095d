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
from entrykit.variables.aliases import Alias
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
    """What the certbot role can be told."""

    config_dir: types.Folder = Field(
        default=CONFIG_DIR,
        description="certbot's own folder: accounts, certificates and what entrykit tells it. "
        "Its work and log folders are in there too, unless it is the default and "
        "/var/lib/letsencrypt and /var/log/letsencrypt can be written.",
    )
    domains: Domains = Field(
        description="The domains that get certificates: the whole map of apps that HAProxy has, "
        "as `app:domain,domain` or in JSON or YAML; or just `domain,domain`.",
        examples=["web:example.com,www.example.com"],
    )
    cert_per: CertPer = Field(
        default="app", description="What has a certificate of its own, of at most 100 names."
    )
    email: certbot_types.Email | None = Field(
        default=None,
        description="Address for the account at the CA; there is an account without it, too.",
        examples=["me@example.com"],
    )
    acme_staging: Annotated[types.Switch, Alias("STAGING", "TEST")] = Field(
        default=False,
        description="Take Let's Encrypt's staging server, whose certificates nobody trusts.",
    )
    acme_server: certbot_types.Directory | None = Field(
        default=None,
        description="URL of another ACME server's directory; Let's Encrypt unless set.",
        examples=["https://ca.internal/acme/directory"],
    )
    acme_ca_bundle: certbot_types.Path | None = Field(
        default=None,
        description="File of the CAs in PEM that the ACME server's own certificate is judged by.",
        examples=["/run/ca/root.pem"],
    )
    key_type: Literal["ecdsa", "rsa"] = Field(
        default="ecdsa", description="Kind of the certificates' keys."
    )
    eab_kid: types.Line | None = Field(
        default=None,
        description="Key id for external account binding, where the CA wants that.",
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
        description="Profile to ask for, where the CA has it; needs certbot 4.0 or newer.",
        examples=["shortlived"],
    )
    challenge: Literal["standalone", "stateless"] = Field(
        default="standalone",
        description="Who answers challenges over HTTP: certbot on ACME_PORT, or HAProxy itself by "
        "the account's thumbprint.",
    )
    acme_port: Annotated[types.Port, Alias("PORT")] = Field(
        default=_HTTP_PORT,
        description="Port where certbot answers challenges: HAProxy's ACME_BACKEND.",
    )
    dns_plugin: certbot_types.Plugin | None = Field(
        default=None,
        description="certbot's plugin for challenges over DNS, without `dns-`; wildcards need it.",
        examples=["cloudflare"],
    )
    dns_credentials: certbot_types.HiddenPath | None = Field(
        default=None,
        description="Path of the plugin's credentials file.",
        examples=["/run/secrets/cloudflare.ini"],
    )
    certs_dir: types.Folder | None = Field(
        default=None,
        description="Folder that HAProxy reads PEM files from, the same as its CERTS_DIR; "
        "nothing is delivered unless set.",
        examples=["/certs"],
    )
    certs_group: certbot_types.Group = Field(
        default=_HAPROXY_GID,
        description="Number of the group that may read the PEM files; 99 is the official HAProxy "
        "image's.",
    )
    admin_socket: types.SocketPath | None = Field(
        default=None,
        description="Path of HAProxy's admin socket, the same as its ADMIN_SOCKET: new "
        "certificates are put in place without a reload.",
        examples=["/run/haproxy/admin.sock"],
    )
    master_socket: types.SocketPath | None = Field(
        default=None,
        description="Path of HAProxy's master socket, for the reload where the other socket "
        "cannot do it.",
        examples=["/run/haproxy/master.sock"],
    )
    haproxy_url: certbot_types.Origin = Field(
        default="http://haproxy",
        description="Where HAProxy answers HTTP: each name is tried there before it is ordered.",
    )
    haproxy_wait: certbot_types.Interval = Field(
        default="5m", description="Longest wait for HAProxy to answer before the first order."
    )
    haproxy_container: certbot_types.Container | None = Field(
        default=None,
        description="HAProxy's container, to send it HUP over Docker's socket: the last resort.",
        examples=["haproxy"],
    )
    renew_interval: certbot_types.Interval = Field(
        default="12h",
        description="Time between two looks at what is due; 0 for one look, and an exit.",
    )
    prune: Literal["keep", "delete"] = Field(
        default="keep",
        description="What becomes of certificates whose names have left DOMAINS: kept on the "
        "disk but no longer renewed, or deleted.",
    )
    thumbprint_file: certbot_types.Path | None = Field(
        default=None,
        description="File to write the account's thumbprint to: HAProxy's ACME_THUMBPRINT_FILE.",
        examples=["/certs/thumbprint"],
    )

    def conflicts(self) -> Iterator[str]:
        """Yield what does not go together."""
        yield from self._check_account()
        yield from self._check_challenge()
        yield from self._check_quoting()
        for name in ("admin_socket", "master_socket", "haproxy_container"):
            if getattr(self, name) and not self.certs_dir:
                yield f"{name.upper()}: set, but CERTS_DIR is not (expected both)"
        try:
            _ = self.groups
        except InvalidValue as error:
            yield from (f"CERT_PER: {fault}" for fault in error.messages)

    def _check_account(self) -> Iterator[str]:
        if self.acme_staging and self.acme_server:
            yield "ACME_STAGING: on, and ACME_SERVER is set (expected one of the two)"
        if (self.eab_kid is None) != (self.eab_hmac_key is None):
            yield "EAB_KID, EAB_HMAC_KEY: one of them is set (expected both or none)"

    def _check_challenge(self) -> Iterator[str]:
        if self.dns_plugin and "challenge" in self.model_fields_set:
            yield f"CHALLENGE: {self.challenge}, and DNS_PLUGIN is set (expected one of the two)"
        if self.dns_credentials and not self.dns_plugin:
            yield "DNS_CREDENTIALS: set, but DNS_PLUGIN is not (expected both or none)"

    def _check_quoting(self) -> Iterator[str]:
        for name in ("config_dir", "email", "eab_kid", "preferred_chain", "dns_credentials"):
            try:
                quote_certbot_ini(getattr(self, name) or "")
            except QuotingError as error:
                yield f"{name.upper()}: {error}"

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The certificates that are wanted."""
        return group_domains(self.domains, self.cert_per, wildcards=self.proves_wildcards)

    @property
    def left_out(self) -> list[str]:
        """The names that no certificate can be ordered for."""
        return list(find_unorderable(self.domains, wildcards=self.proves_wildcards))

    @property
    def proves_wildcards(self) -> bool:
        """Whether the challenge is one that CAs take for wildcards."""
        return self.dns_plugin is not None

    @property
    def challenge_method(self) -> Literal["standalone", "stateless", "dns"]:
        """How challenges are answered."""
        return "dns" if self.dns_plugin else self.challenge

    @property
    def server(self) -> str:
        """The URL of the ACME server's directory."""
        return self.acme_server or (_STAGING if self.acme_staging else _PRODUCTION)
