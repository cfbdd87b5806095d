"""The variables of the cf-serverd role: fields, and properties that are derived from them."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, PrivateAttr

from entrykit.roles.cf_serverd import acl
from entrykit.roles.cf_serverd import types as cf_serverd_types
from entrykit.roles.cf_serverd.access import AccessList, Lists, RoleList
from entrykit.variables import types
from entrykit.variables.secret import WholeFile
from entrykit.variables.settings import Settings

ACL_EXAMPLE: Final = "10.0.0.0/8,2001:db8::/32"


class CfServerdVariables(Settings):
    """The variables of the cf-serverd role, and what follows from them."""

    config_dir: cf_serverd_types.ShellSafePath = Field(
        default="", description="Directory of promises.cf; `inputs` in CFENGINE_WORKDIR unless set."
    )
    cf_serverd_acl: acl.Acl = Field(
        default=(),
        description="Addresses and networks that may connect and are served; required unless "
        "PROMISES is set.",
        examples=[ACL_EXAMPLE],
    )
    cf_serverd_port: types.Port = Field(default=5308, description="Port to listen on.")
    cf_serverd_bindtointerface: cf_serverd_types.Interface | None = Field(
        default=None,
        description="The one address to listen on; all of IPv4 and IPv6 unless set.",
        examples=["192.0.2.1"],
    )
    cf_serverd_allowconnects: acl.Acl = Field(
        default=(),
        description="Who may connect, if not all of CF_SERVERD_ACL.",
        examples=["10.0.0.0/16"],
    )
    cf_serverd_allowallconnects: acl.Acl = Field(
        default=(),
        description="Who may have several connections at a time; all who may connect unless set.",
        examples=["10.0.0.0/16"],
    )
    cf_serverd_denyconnects: acl.Acl = Field(
        default=(),
        description="Exceptions: who may not connect.",
        examples=["10.0.9.0/24"],
    )
    cf_serverd_trustkeysfrom: acl.Acl = Field(
        default=(),
        description="Addresses from which unknown client keys are trusted and kept; none unless "
        "set.",
        examples=["10.0.9.0/24"],
    )
    cf_serverd_allowusers: cf_serverd_types.Users = Field(
        default=(), description="Users who may request runs with cf-runagent; none unless set."
    )
    cf_serverd_maxconnections: types.Count = Field(
        default=200, description="Limit of simultaneous connections."
    )
    cf_serverd_allowtlsversion: Literal["1.2", "1.3"] = Field(
        default="1.2", description="Lowest TLS version."
    )
    cf_serverd_allowciphers: cf_serverd_types.Ciphers | None = Field(
        default=None,
        description="OpenSSL ciphers, separated by `:`; names with TLS_ are suites of TLS 1.3, and "
        "without any of them there is no TLS 1.3.",
        examples=["TLS_AES_256_GCM_SHA384:AES256-GCM-SHA384"],
    )
    cf_serverd_denybadclocks: types.Switch | None = Field(
        default=None,
        description="Refuse clients whose clock is off by an hour; CFEngine's default unless set.",
    )
    cf_serverd_serverfacility: cf_serverd_types.Facility | None = Field(
        default=None, description="Syslog facility, if there is a syslog."
    )
    cf_serverd_masterfiles: cf_serverd_types.Path | None = Field(
        default=None,
        description="Directory that is served as `masterfiles`; `masterfiles` in CFENGINE_WORKDIR "
        "unless set.",
        examples=["/srv/masterfiles"],
    )
    cf_serverd_admit_ips: acl.Acl = Field(
        default=(),
        description="Who is served; CF_SERVERD_ACL unless this or another CF_SERVERD_ADMIT_… is "
        "set.",
        examples=["10.0.0.0/16"],
    )
    cf_serverd_admit_hostnames: cf_serverd_types.Hostnames = Field(
        default=(),
        description="Who is served, by the names that DNS has for their addresses; `.example.com` "
        "means all hosts below it.",
    )
    cf_serverd_admit_keys: cf_serverd_types.Digests = Field(
        default=(),
        description="Who is served, by key digests as `cf-key -p` prints them.",
        examples=["MD5=9fb7556beb0e43386760e51cefb68018"],
    )
    cf_serverd_access: AccessList = Field(
        default=(),
        description="Further paths to serve: a JSON list of objects with `path`, `shortcut`, "
        "`admit_ips`, `admit_hostnames`, `admit_keys`, `deny_ips` and so on.",
        examples=['[{"path": "/srv/data", "shortcut": "data"}]'],
    )
    cf_serverd_roles: RoleList = Field(
        default=(),
        description="Classes that users may define with cf-runagent: a JSON list of objects with "
        "`classes` and `authorize`.",
        examples=['[{"classes": "deploy_.*", "authorize": ["root"]}]'],
    )
    cf_serverd_log_level: cf_serverd_types.Level | None = Field(
        default=None, description="Log level of cf-serverd; `info` logs each connection."
    )
    cf_serverd_private_key: cf_serverd_types.Pem | None = Field(
        default=None,
        description="The hub's private key in PEM; generated at the first start unless set.",
    )
    cf_serverd_public_key: cf_serverd_types.Pem | None = Field(
        default=None, description="The hub's public key in PEM, the other half of that pair."
    )
    cf_serverd_trusted_keys_dir: types.Folder | None = Field(
        default=None,
        description="Directory with public keys of trusted clients, each in a file `*.pub`.",
    )
    cfengine_workdir: cf_serverd_types.ShellSafePath = Field(
        default="",
        description="CFEngine's work directory, which also contains keys and state; the installed "
        "package's unless set.",
    )
    promises: cf_serverd_types.Policy = Field(
        default=WholeFile(""),
        description="A complete promises.cf, which is checked and used as it is.",
    )
    mpf: types.Switch = Field(
        default=False,
        description="Use the Masterfiles Policy Framework in masterfiles: write a def.json for it, "
        "and no promises.cf.",
    )

    # Of the environment, no more than a start needs: the rest may hold secrets.
    _search_path: str = PrivateAttr("")
    _private_key_file: str = PrivateAttr("")

    @property
    def search_path(self) -> str:
        """The PATH by which CFEngine's programs are found."""
        return self._search_path

    @property
    def private_key_file(self) -> str:
        """The file that CF_SERVERD_PRIVATE_KEY_FILE names; empty if it is not set."""
        return self._private_key_file

    @property
    def external_policy(self) -> str:
        """The variable that replaces the built-in policy or parts of it; empty if none does."""
        sources = {
            "PROMISES": self.promises,
            "MPF": self.mpf,
            "ENTRYKIT_TEMPLATES": self.entrykit_templates,
        }
        return next((name for name, value in sources.items() if value), "")

    @property
    def connect_acl(self) -> tuple[str, ...]:
        """Who may connect."""
        return self.cf_serverd_allowconnects or self.cf_serverd_acl

    @property
    def admit_lists(self) -> Lists:
        """Who is served: any one of these lists is enough for a client."""
        lists = (
            ("admit_ips", self.cf_serverd_admit_ips),
            ("admit_hostnames", self.cf_serverd_admit_hostnames),
            ("admit_keys", self.cf_serverd_admit_keys),
        )
        return tuple(one for one in lists if one[1]) or (("admit_ips", self.cf_serverd_acl),)
