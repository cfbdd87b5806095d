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
        default="", description="Folder of promises.cf; `inputs` in CFENGINE_WORKDIR unless set."
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
        description="Who may not connect, out of those who could.",
        examples=["10.0.9.0/24"],
    )
    cf_serverd_trustkeysfrom: acl.Acl = Field(
        default=(),
        description="From where unknown keys of clients are trusted and kept; from nowhere unless "
        "set.",
        examples=["10.0.9.0/24"],
    )
    cf_serverd_allowusers: cf_serverd_types.Users = Field(
        default=(), description="Users who may ask for runs with cf-runagent; nobody unless set."
    )
    cf_serverd_maxconnections: types.Count = Field(
        default=200, description="How many connections there may be at a time."
    )
    cf_serverd_allowtlsversion: Literal["1.2", "1.3"] = Field(
        default="1.2", description="The lowest version of TLS."
    )
    cf_serverd_allowciphers: cf_serverd_types.Ciphers | None = Field(
        default=None,
        description="Ciphers with `:` between them; suites of TLS 1.3 are those with TLS_, and "
        "without any of them there is no TLS 1.3.",
        examples=["TLS_AES_256_GCM_SHA384:AES256-GCM-SHA384"],
    )
    cf_serverd_denybadclocks: types.Switch | None = Field(
        default=None,
        description="Refuse clients whose clock is an hour off; CFEngine's own default unless set.",
    )
    cf_serverd_serverfacility: cf_serverd_types.Facility | None = Field(
        default=None, description="Facility of messages to syslog, where there is one."
    )
    cf_serverd_masterfiles: cf_serverd_types.Path | None = Field(
        default=None,
        description="Folder that is served as `masterfiles`; the one of that name in "
        "CFENGINE_WORKDIR unless set.",
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
        description="Who is served, by names that DNS gives for addresses; `.example.com` is all "
        "below it.",
    )
    cf_serverd_admit_keys: cf_serverd_types.Digests = Field(
        default=(),
        description="Who is served, by digests of keys as `cf-key -p` prints them.",
        examples=["MD5=9fb7556beb0e43386760e51cefb68018"],
    )
    cf_serverd_access: AccessList = Field(
        default=(),
        description="More that is served: a JSON list of objects with `path`, `shortcut`, "
        "`admit_ips`, `admit_hostnames`, `admit_keys`, `deny_ips` and so on.",
        examples=['[{"path": "/srv/data", "shortcut": "data"}]'],
    )
    cf_serverd_roles: RoleList = Field(
        default=(),
        description="Classes that users may have cf-runagent define: a JSON list of objects with "
        "`classes` and `authorize`.",
        examples=['[{"classes": "deploy_.*", "authorize": ["root"]}]'],
    )
    cf_serverd_log_level: cf_serverd_types.Level | None = Field(
        default=None, description="How much cf-serverd says; `info` tells of each connection."
    )
    cf_serverd_private_key: cf_serverd_types.Pem | None = Field(
        default=None,
        description="The hub's private key in PEM, if it is not to be made at the first start.",
    )
    cf_serverd_public_key: cf_serverd_types.Pem | None = Field(
        default=None, description="The hub's public key in PEM, of that pair."
    )
    cf_serverd_trusted_keys_dir: types.Folder | None = Field(
        default=None,
        description="Folder with public keys of clients that are trusted, each in a file `*.pub`.",
    )
    cfengine_workdir: cf_serverd_types.ShellSafePath = Field(
        default="",
        description="CFEngine's folder, of keys and state too; the one of the installed package "
        "unless set.",
    )
    promises: cf_serverd_types.Policy = Field(
        default=WholeFile(""),
        description="A whole promises.cf, which is checked and used as it is.",
    )
    mpf: types.Switch = Field(
        default=False,
        description="Serve with the Masterfiles Policy Framework in masterfiles: write def.json "
        "for it, and no promises.cf.",
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
        """The variable by which the policy is not the role's own, or not all of it; or nothing."""
        own = {
            "PROMISES": self.promises,
            "MPF": self.mpf,
            "ENTRYKIT_TEMPLATES": self.entrykit_templates,
        }
        return next((name for name, value in own.items() if value), "")

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
